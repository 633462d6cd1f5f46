"""Reserve the worst case before a call; refuse the call that could pass a cap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hermes_tui.domain.errors import LimitReached
from hermes_tui.domain.events import BudgetRefused, OutputLowered
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.usage import MILLION, Bound
from hermes_tui.kernel.kit import Kit

LEAST_OUTPUT_TOKENS: Final = 256
BYTES_PER_TOKEN: Final = 2.0
"""No tokenizer makes more than one token of two bytes of ordinary text; calibrated per model by reported usage."""
MARGIN: Final = 1.2


@dataclass(frozen=True, slots=True)
class Left:
    """What may still be spent; None is no cap."""

    usd: float | None
    tokens: int | None


def left(state: SessionState) -> Left:
    """Return what the run's caps leave after what is spent and reserved."""
    limits, spend = state.run.limits, state.spend
    usd = None if limits.usd is None else limits.usd - spend.run.usd - spend.reserved_usd
    tokens = None if limits.tokens is None else limits.tokens - spend.run.usage.total_tokens - spend.reserved_tokens
    return Left(usd=usd, tokens=tokens)


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


def reserve(kit: Kit, brain: Brain, request_bytes: int, place: Place) -> tuple[Bound, int]:
    """Return the bound of a call and the output tokens to ask for.

    Raises:
        LimitReached: even the least output would pass a cap of the run or of the day.
    """
    state = kit.session.state
    prompt = input_bound(state, brain, request_bytes)
    wanted = min(brain.max_tokens or kit.max_output_tokens, max(LEAST_OUTPUT_TOKENS, brain.window_tokens - prompt))
    fits = min(wanted, _affordable(left(state), brain, prompt))
    if fits < LEAST_OUTPUT_TOKENS:
        raise _refused(kit, bound_of(brain, prompt, LEAST_OUTPUT_TOKENS), place)
    if fits < wanted:
        kit.session.emit(OutputLowered(wanted_tokens=wanted, sent_tokens=fits, limit="run"), place)
    bound = bound_of(brain, prompt, fits)
    kit.day.draw(bound.usd or 0.0, bound.tokens)
    return bound, fits


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


def _refused(kit: Kit, bound: Bound, place: Place) -> LimitReached:
    rest = left(kit.session.state)
    money = bound.usd is not None and rest.usd is not None and bound.usd > rest.usd
    limit = "usd" if money else "tokens"
    kit.session.emit(BudgetRefused(limit=limit, bound=bound, left_usd=rest.usd, left_tokens=rest.tokens), place)
    spent = kit.session.state.spend.run
    if money:
        said = f"${spent.usd:.4f} is spent and the next call may cost up to ${bound.usd:.4f}"
    else:
        said = f"{spent.usage.total_tokens:,} tokens are spent and the next call may take {bound.tokens:,}"
    message = f"Stopped at the run cap: {said}. Work is kept."
    return LimitReached(message, limit=limit, hint="Run it again with a higher --budget-usd to go on.")


def check_time(kit: Kit) -> None:
    """Stop where the run's steps or seconds are used up.

    Raises:
        LimitReached: no step or second is left.
    """
    run, state = kit.session.state.run, kit.session.state
    steps = sum(conversation.steps for conversation in state.talk.by_agent.values()) - run.steps_before
    if run.limits.steps is not None and steps >= run.limits.steps:
        message = f"Stopped after {steps} steps, the run's cap. Work is kept."
        raise LimitReached(message, limit="steps", hint="Run it again with a higher --max-steps to go on.")
    used_s = kit.clock.now() - run.resumed_at - run.paused_s
    if run.limits.seconds is not None and used_s >= run.limits.seconds:
        message = f"Stopped after {used_s:.0f} s, the run's time limit. Work is kept."
        raise LimitReached(message, limit="seconds", hint="Run it again to go on, or raise --time-limit.")
