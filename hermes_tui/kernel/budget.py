"""Reserve the worst case before a call; refuse the call that could pass a cap."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, Literal, TypeVar

from hermes_tui.domain.errors import LimitReached
from hermes_tui.domain.events import BudgetRefused, OutputLowered
from hermes_tui.domain.ids import MAIN_AGENT, AgentId, RequestId, owner_of
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.agents import AgentStatus
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.usage import MILLION, Bound, Limits
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.kit import Kit

LEAST_OUTPUT_TOKENS: Final = 256
BYTES_PER_TOKEN: Final = 2.0
"""No tokenizer makes more than one token of two bytes of ordinary text; calibrated per model by reported usage."""
MARGIN: Final = 1.2
N = TypeVar("N", int, float)


@frozen(kw_only=False)
class Left:
    """What may still be spent; None is no cap."""

    usd: float | None
    tokens: int | None

    def at_most(self, other: Left) -> Left:
        """Return the lesser of both, each for itself."""
        return Left(usd=_least(self.usd, other.usd), tokens=_least(self.tokens, other.tokens))


def _least(one: N | None, other: N | None) -> N | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def left(state: SessionState, agent: AgentId = MAIN_AGENT) -> Left:
    """Return what `agent` may still spend: what its own slice and every cap above it leave.

    A cap leaves what is not spent, not reserved by a call under way, and not set aside for another child's slice.
    """
    run, own = _lefts(state, owner_of(agent))
    return run.at_most(own)


def _lefts(state: SessionState, agent: AgentId) -> tuple[Left, Left]:
    """Return what the run's caps leave to `agent`, and what the slices of it and of its parents do."""
    spend = state.spend
    above = tuple(state.agents.above(agent))
    asides = _asides(state, {status.agent for status in above})
    run = _Pool(spend.run.usd + spend.reserved_usd, spend.run.usage.total_tokens + spend.reserved_tokens)
    own = Left(usd=None, tokens=None)
    for status in above:
        own = own.at_most(_of_slice(state, status, asides))
    return run.less(asides, None).under(state.run.limits), own


def _of_slice(state: SessionState, status: AgentStatus, asides: Mapping[AgentId, _Pool]) -> Left:
    """Return what the slice of one child leaves."""
    below = state.agents.below(status.agent)
    return _used(state, below).less(asides, below).under(status.spawned.limits)


@frozen(kw_only=False)
class _Pool:
    """What is gone from a cap: spent, reserved, set aside."""

    usd: float = 0.0
    tokens: int = 0

    def less(self, asides: Mapping[AgentId, _Pool], below: frozenset[AgentId] | None) -> _Pool:
        """Return the pool with what is set aside for the children in `below`, for all of them if that is None."""
        taken = [aside for agent, aside in asides.items() if below is None or agent in below]
        return _Pool(self.usd + sum(one.usd for one in taken), self.tokens + sum(one.tokens for one in taken))

    def under(self, limits: Limits) -> Left:
        """Return what `limits` leave of it."""
        return Left(
            usd=None if limits.usd is None else limits.usd - self.usd,
            tokens=None if limits.tokens is None else limits.tokens - self.tokens,
        )


def _used(state: SessionState, agents: frozenset[AgentId]) -> _Pool:
    """Return what `agents` spent, and what their calls under way may cost."""
    spent = [state.spend.by_agent[agent] for agent in agents if agent in state.spend.by_agent]
    asked = [one.bound for key, one in state.spend.reserved.items() if state.spend.askers.get(key) in agents]
    usd = sum(one.usd for one in spent) + sum(bound.usd or 0.0 for bound in asked)
    return _Pool(usd, sum(one.usage.total_tokens for one in spent) + sum(bound.tokens for bound in asked))


def _asides(state: SessionState, mine: Collection[AgentId]) -> dict[AgentId, _Pool]:
    """Return what is still set aside for each live child's slice, but for `mine` and for slices inside a slice."""
    sliced = {one.agent for one in state.agents.live() if one.spawned.limits != Limits() and one.agent not in mine}
    asides: dict[AgentId, _Pool] = {}
    for status in state.agents.live():
        inside = any(above.agent in sliced for above in state.agents.above(status.agent) if above is not status)
        if status.agent not in sliced or inside:
            continue
        limits, used = status.spawned.limits, _used(state, state.agents.below(status.agent))
        asides[status.agent] = _Pool(
            max(0.0, (limits.usd or 0.0) - used.usd), max(0, (limits.tokens or 0) - used.tokens)
        )
    return asides


def input_bound(state: SessionState, brain: Brain, request_bytes: int) -> int:
    """Return the most input tokens that `request_bytes` can be for this brain."""
    known = state.spend.bytes_per_token.get(brain.name)
    per_token = BYTES_PER_TOKEN if known is None else max(known / MARGIN, 1.0)
    return int(request_bytes / per_token) + 1


def bound_of(brain: Brain, input_tokens: int, output_tokens: int) -> Bound:
    """Return the worst case of a call: all input at its dearest price, all output used."""
    tokens = input_tokens + output_tokens
    if brain.price is None:
        return Bound(tokens=tokens, usd=None)
    due = brain.price.at(input_tokens)
    dearest = max(due.input_usd, due.cache_write_usd)
    return Bound(tokens=tokens, usd=(input_tokens * dearest + output_tokens * due.output_usd) / MILLION)


def ceiling_of(state: SessionState, brain: Brain, request_bytes: int, output_tokens: int) -> Bound:
    """Return what a call can cost even if its bound is wrong.

    No tokenizer makes more than one token of a byte, and what a provider adds itself its earlier counts have shown. Of
    a model that has not answered yet only the window is sure.
    """
    known = state.spend.bytes_per_token.get(brain.name)
    if known is None:
        return bound_of(brain, brain.window_tokens, output_tokens)
    prompt = int(request_bytes * max(1.0, MARGIN / known)) + 1
    return bound_of(brain, min(prompt, brain.window_tokens), output_tokens)


def has_room(kit: Kit, brain: Brain, request_bytes: int, place: Place) -> bool:
    """Whether a call may start beside those under way, as no cap could be passed even if all their bounds are wrong.

    Alone under a cap a call may always start: then a wrong bound passes the cap by that one call.
    """
    state = kit.session.state
    mine = ceiling_of(state, brain, request_bytes, brain.max_tokens or kit.max_output_tokens)
    return all(_fits_beside(kit, mine, rest, others) for rest, others in _shared(state, brain, place))


def _fits_beside(kit: Kit, mine: Bound, rest: Left, others: Collection[RequestId]) -> bool:
    """Whether a cap that leaves `rest`, with the bounds of `others` taken off, would hold at everybody's ceiling."""
    ceilings = kit.session.room.ceilings(others)
    if not ceilings:
        return True
    bounds = [kit.session.state.spend.reserved[request_id].bound for request_id in ceilings]
    beyond_usd = sum(one.usd or 0.0 for one in ceilings.values()) - sum(one.usd or 0.0 for one in bounds)
    if rest.usd is not None and mine.usd is not None and mine.usd + beyond_usd > rest.usd:
        return False
    if rest.tokens is None or (mine.usd is not None and rest.usd is not None):
        return True
    beyond_tokens = sum(one.tokens for one in ceilings.values()) - sum(one.tokens for one in bounds)
    return mine.tokens + beyond_tokens <= rest.tokens


def _shared(state: SessionState, brain: Brain, place: Place) -> Iterator[tuple[Left, Collection[RequestId]]]:
    """Yield what each cap that other calls share leaves, and those of them that are under way."""
    spend, agent = state.spend, owner_of(place.agent)
    yield _lefts(state, agent)[0], spend.reserved.keys()
    above = tuple(state.agents.above(agent))
    asides = _asides(state, {status.agent for status in above}) if above else {}
    for status in above:
        below = state.agents.below(status.agent)
        yield _of_slice(state, status, asides), [key for key, asker in spend.askers.items() if asker in below]
    of_role = [key for key, asked in spend.reserved.items() if asked.role == brain.role]
    yield _of_role(state, brain.role).under(brain.role_cap), of_role


@frozen(kw_only=False)
class _Cap:
    """What one cap leaves for the next call; `name` is the run (its slices included), the role or the call."""

    name: Literal["run", "role", "call"]
    left: Left


def reserve(
    kit: Kit, brain: Brain, request_bytes: int, place: Place, request_id: RequestId
) -> tuple[Bound, int] | None:
    """Return the bound of a call and the output tokens to ask for; None where a call of another session is in the way.

    Raises:
        LimitReached: even the least output would pass a cap of the call, the role, the run or the day.
    """
    state = kit.session.state
    prompt = input_bound(state, brain, request_bytes)
    wanted = min(brain.max_tokens or kit.max_output_tokens, max(LEAST_OUTPUT_TOKENS, brain.window_tokens - prompt))
    cap, affordable = min(
        ((cap, _affordable(cap.left, brain, prompt)) for cap in _caps(state, brain, place)), key=lambda pair: pair[1]
    )
    fits = min(wanted, affordable)
    if fits < LEAST_OUTPUT_TOKENS:
        raise _refused(kit, brain, bound_of(brain, prompt, LEAST_OUTPUT_TOKENS), cap, place)
    bound = bound_of(brain, prompt, fits)
    at_most = ceiling_of(state, brain, request_bytes, fits)
    if not kit.day.draw(bound.usd or 0.0, bound.tokens, call=request_id, at_most=at_most):
        return None
    if fits < wanted:
        kit.session.emit(OutputLowered(wanted_tokens=wanted, sent_tokens=fits, limit=cap.name), place)
    return bound, fits


def _caps(state: SessionState, brain: Brain, place: Place) -> tuple[_Cap, ...]:
    """Return every cap that the next call has to keep; of equally tight ones the first is named."""
    return (
        _Cap("run", left(state, place.agent)),
        _Cap("role", _of_role(state, brain.role).under(brain.role_cap)),
        _Cap("call", _Pool().under(brain.call_cap)),
    )


def _of_role(state: SessionState, role: str) -> _Pool:
    """Return what a role spent in this run, and what its calls under way may cost."""
    spent = state.spend.by_role.get(role, Spent())
    bounds = [asked.bound for asked in state.spend.reserved.values() if asked.role == role]
    usd = spent.usd + sum(bound.usd or 0.0 for bound in bounds)
    return _Pool(usd, spent.usage.total_tokens + sum(bound.tokens for bound in bounds))


def _affordable(rest: Left, brain: Brain, prompt: int) -> int:
    """Return the output tokens that fit in what is left, at most a window."""
    most = brain.window_tokens
    if rest.tokens is not None and (brain.price is None or rest.usd is None):
        most = min(most, rest.tokens - prompt)
    if rest.usd is not None and brain.price is not None:
        after_input = rest.usd - (bound_of(brain, prompt, 0).usd or 0.0)
        output_usd = brain.price.at(prompt).output_usd
        if output_usd > 0:
            most = min(most, int(after_input * MILLION / output_usd))
        elif after_input < 0:
            most = 0
    return most


def _refused(kit: Kit, brain: Brain, bound: Bound, cap: _Cap, place: Place) -> LimitReached:
    rest = cap.left
    money = bound.usd is not None and rest.usd is not None and bound.usd > rest.usd
    unit = "usd" if money else "tokens"
    limit = unit if cap.name == "run" else f"{cap.name}_{unit}"
    kit.session.emit(BudgetRefused(limit=limit, bound=bound, left_usd=rest.usd, left_tokens=rest.tokens), place)
    spend = kit.session.state.spend
    if cap.name == "call":
        most = f"${brain.call_cap.usd:g}" if money else f"{brain.call_cap.tokens:,} tokens"
        message = f"Stopped at the cap of a single call, {most}: the next one {_may_cost(bound, unit)}. Work is kept."
        return LimitReached(message, limit=limit, hint=f"Raise budgets.call.{unit} in config.yaml to go on.")
    if cap.name == "role":
        said = _said(spend.by_role.get(brain.role, Spent()), bound, unit)
        message = f"Stopped at the cap of the role {brain.role}: {said}. Work is kept."
        return LimitReached(message, limit=limit, hint=f"Raise brains.{brain.role}.budget.{unit} to go on.")
    said = _said(spend.run, bound, unit)
    if _is_slice(kit.session.state, place.agent, limit):
        message = f"Stopped at the subagent's slice: {said} in the run."
        return SliceUsed(message, limit=limit, hint="Give it a larger slice, or a smaller task.")
    message = f"Stopped at the run cap: {said}. Work is kept."
    how = "F6, /cap USD or --budget-usd" if money else "more `tokens` in the goal's `budget`, or in budgets.run"
    return LimitReached(message, limit=limit, hint=f"Raise it to go on: {how}.")


def _said(spent: Spent, bound: Bound, unit: str) -> str:
    gone = f"${spent.usd:.4f} is spent" if unit == "usd" else f"{spent.usage.total_tokens:,} tokens are spent"
    return f"{gone} and the next call {_may_cost(bound, unit)}"


def _may_cost(bound: Bound, unit: str) -> str:
    return f"may cost up to ${bound.usd or 0.0:.4f}" if unit == "usd" else f"may take {bound.tokens:,}"


class SliceUsed(LimitReached):
    """A child's own slice is used up: the child ends, the run goes on."""


def _is_slice(state: SessionState, agent: AgentId, limit: str) -> bool:
    """Whether the slice of a child, not the run's own cap, left too little."""
    run, own = _lefts(state, owner_of(agent))
    mine, whole = (own.usd, run.usd) if limit == "usd" else (own.tokens, run.tokens)
    return mine is not None and (whole is None or mine <= whole)


def check_steps(kit: Kit, agent: AgentId) -> None:
    """Stop a child that has used up the steps it was given.

    Raises:
        SliceUsed: no step is left.
    """
    state = kit.session.state
    status = state.agents.by_id.get(agent)
    most = status.spawned.limits.steps if status is not None else None
    if status is not None and most is not None and status.steps >= most:
        raise SliceUsed(f"Stopped after {most} steps, all that it was given.", limit="steps")


def check_time(kit: Kit) -> None:
    """Stop where the run's steps or seconds are used up.

    Raises:
        LimitReached: no step or second is left.
    """
    run, steps = kit.session.state.run, kit.session.state.steps
    if run.limits.steps is not None and steps >= run.limits.steps:
        message = f"Stopped after {steps} steps, the run's cap. Work is kept."
        raise LimitReached(message, limit="steps", hint="Run it again with a higher --max-steps to go on.")
    check_seconds(kit)


def check_seconds(kit: Kit) -> None:
    """Stop where the run's seconds are used up; what undoes a run that was given up is never too late.

    Raises:
        LimitReached: no second is left.
    """
    run = kit.session.state.run
    if run.abandoned or run.limits.seconds is None:
        return
    used_s = kit.clock.now() - run.resumed_at - run.paused_s
    if used_s >= run.limits.seconds:
        message = f"Stopped after {used_s:.0f} s, the run's time limit. Work is kept."
        raise LimitReached(message, limit="seconds", hint="Run it again to go on, or raise --time-limit.")
