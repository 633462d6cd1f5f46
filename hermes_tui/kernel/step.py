"""One model request: reserve, stream, keep what was paid for, try again where that helps."""

from __future__ import annotations

import asyncio
from dataclasses import field
from typing import Final

from hermes_tui.domain.errors import FailureReason, LimitReached, NoProvider, ProviderError, StreamTruncated
from hermes_tui.domain.events import (
    ModelAwaited,
    ModelChosen,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    RetryScheduled,
)
from hermes_tui.domain.ids import RequestId
from hermes_tui.domain.messages import Message, Role
from hermes_tui.domain.parts import (
    ModelRequest,
    StopReason,
)
from hermes_tui.domain.ports import Brain, CallEnd, Weigh, Weight
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.usage import Bound, Usage, cost_usd
from hermes_tui.domain.values import frozen, mutable, replace
from hermes_tui.kernel import billing, budget, context, loop_guard, retry
from hermes_tui.kernel.billing import Due
from hermes_tui.kernel.context import Build, Filled
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.reply import Reply
from hermes_tui.kernel.weight import asked_of, weigh

ELSEWHERE_S: Final = 0.5
"""How often a call looks again whether one of another session, close to the day's cap, has ended."""


@frozen(kw_only=False)
class _Attempt:
    """One attempt at a request."""

    request_id: RequestId
    request: ModelRequest
    brain: Brain
    bound: Bound
    place: Place
    call_prefix: str
    request_bytes: int


@frozen(kw_only=False)
class _Ended:
    """How an attempt ended: its record, the error if it failed, and whether its brain may be asked again."""

    due: Due
    error: ProviderError | None = None
    again: bool = False


@mutable
class _Step:
    """A step on its way through the brains that may answer; `tried` says why the ones before could not."""

    kit: Kit
    place: Place
    role: str
    tier: str
    brain: Brain
    build: Build
    weigh: Weigh
    tried: dict[str, str] = field(default_factory=dict[str, str])
    attempt: int = 1

    @staticmethod
    async def begin(kit: Kit, place: Place, role: str, build: Build) -> _Step:
        """Choose who is asked first; the operator is told where that is not who answered before.

        Raises:
            NoProvider: nobody can answer.
        """
        size, tier = context.next_size(kit, place), kit.session.state.brains.tiers.get(place.agent, "")
        state = kit.session.state

        def weighed() -> Weight:
            return weigh(asked_of(state, place, role, size))

        brain = await kit.brains.choose(role, {}, size_bytes=size, tier=tier, weigh=weighed)
        step = _Step(kit, place, role, tier, brain, build, weighed)
        await step._take(step.brain, step.brain.why)
        return step

    async def after(self, failed: _Attempt, ended: _Ended, error: ProviderError) -> None:
        """Get ready for the next attempt: the same brain later, or another one now.

        Raises:
            NoProvider: no brain is left.
            ProviderError: the request itself is at fault.
        """
        patience = retry.patience(error.reason)
        if patience is retry.Patience.STOP:
            raise error
        delay_s = retry.delay_s(error, self.attempt) if ended.again else None
        if patience is retry.Patience.WAIT and delay_s is not None and delay_s <= retry.PATIENT_S:
            return await self._wait(failed, error, delay_s)
        size = failed.request_bytes
        try:
            tried = {**self.tried, self.brain.name: error.message}
            other = await self.kit.brains.choose(self.role, tried, size_bytes=size, tier=self.tier, weigh=self.weigh)
        except NoProvider:
            if delay_s is None:
                raise
            return await self._wait(failed, error, delay_s)
        if delay_s is not None and delay_s <= other.ready_in_s:
            return await self._wait(failed, error, delay_s)
        self.tried[self.brain.name] = error.message
        return await self._take(other, f"{self.brain.name} could not: {error.message}")

    async def _take(self, brain: Brain, why: str) -> None:
        """Go on with `brain`, once its rate limit allows it; who answers first is told by its request."""
        role = brain.role or self.role
        before = self.kit.session.state.brains.of(self.place.agent, role)
        if before and before != brain.name:
            self.kit.session.emit(ModelChosen(role=role, model=brain.name, why=why, before=before), self.place)
        if brain.ready_in_s > 0:
            awaited = ModelAwaited(role=role, model=brain.name, delay_s=brain.ready_in_s, why=brain.why)
            self.kit.session.emit(awaited, self.place)
            await self.kit.clock.sleep(brain.ready_in_s)
        if not brain.loaded:
            loading = ModelAwaited(role=role, model=brain.name, delay_s=0.0, why="loading model…")
            self.kit.session.emit(loading, self.place)
        self.brain, self.attempt = brain, 1

    async def _wait(self, failed: _Attempt, error: ProviderError, delay_s: float) -> None:
        self.attempt += 1
        again = RetryScheduled(
            request_id=failed.request_id,
            model=self.brain.name,
            reason=error.reason,
            attempt=self.attempt,
            delay_s=delay_s,
            message=error.message,
        )
        self.kit.session.emit(again, self.place)
        await self.kit.clock.sleep(delay_s)


async def take_step(kit: Kit, place: Place, role: str, build: Build | None = None) -> tuple[Record, Brain]:
    """Ask the brain for `role` for the next reply; return its durable record, and who gave it.

    Raises:
        LimitReached, NoProvider, ProviderError: as `ask`.
    """
    due, brain = await ask(kit, place, role, build)
    await due.settle()
    return due.record, brain


async def ask(kit: Kit, place: Place, role: str, build: Build | None = None) -> tuple[Due, Brain]:
    """Ask the brain for `role` for the next reply, or the next brain where it fails.

    Returns the reply, to be settled before anything is done that it asks for, and who gave it. An agent that was raised
    to a tier is answered from there.

    `build` puts the request together for the brain that is asked; by default it is the whole conversation.

    Raises:
        LimitReached: a cap does not leave room for the call.
        NoProvider: no brain, or none could answer.
        ProviderError: the request itself is at fault.
    """
    await kit.gate.passed()
    step = await _Step.begin(kit, place, role, build if build is not None else context.whole(kit, place))
    while True:
        try:
            attempt = await _begin(step)
        except (LimitReached, NoProvider, ProviderError, asyncio.CancelledError):
            kit.brains.ended(step.brain, CallEnd(reason=FailureReason.CANCELLED))
            raise
        try:
            ended = await _attempt(kit, attempt)
        finally:
            kit.session.room.leave(attempt.request_id)
        if ended.error is None:
            return ended.due, step.brain
        await step.after(attempt, ended, ended.error)


async def _begin(step: _Step) -> _Attempt:
    """Reserve what the attempt may cost and make it known before anything is sent."""
    kit, place = step.kit, step.place
    await kit.gate.passed()
    budget.check_time(kit)
    budget.check_steps(kit, place.agent)
    draft = await _drafted(step)
    while (reserved := await _reserved(step, draft)) is None:
        draft = await _drafted(step)
    asked, record = reserved
    try:
        await kit.session.commit(record)
    except asyncio.CancelledError:
        _withdraw(kit, asked, place)
        raise
    ready = context.with_output(draft.request, asked.max_tokens)
    name = _safe(_prefix(place, asked.step))
    return _Attempt(asked.request_id, ready, step.brain, asked.bound, place, name, draft.size)


@frozen
class _Draft:
    """A request that is put together; `heard` is how many messages its agent had by then."""

    filled: Filled
    request: ModelRequest
    size: int
    heard: int


async def _drafted(step: _Step) -> _Draft:
    """Put the request together.

    Raises:
        ProviderError: it is larger than the brain's window.
    """
    heard = _heard(step)
    filled = await step.build(step.brain)
    warmth = loop_guard.warmer(filled.request.temperature, step.kit.session.state.guard.of(step.place.agent))
    request = replace(filled.request, temperature=warmth)
    size = filled.size_bytes or context.size_bytes(request)
    if not _has_room(step, size):
        raise _too_long(step.brain, size)
    return _Draft(filled=filled, request=request, size=size, heard=heard)


def _heard(step: _Step) -> int:
    return len(step.kit.session.state.talk.of(step.place.agent).messages)


def _prefix(place: Place, number: int) -> str:
    return f"{place.agent}-s{number}"[-34:]


async def _reserved(step: _Step, draft: _Draft) -> tuple[ModelRequested, Record] | None:
    """Reserve as soon as there is room for the call beside those under way.

    Returns None where the agent was told something since the draft: the reply would stand behind words that its model
    never read.

    Raises:
        LimitReached: a cap does not leave room for the call.
    """
    kit, place = step.kit, step.place
    told = False
    while True:
        with kit.session.deciding:
            if _heard(step) != draft.heard:
                return None
            elsewhere = budget.has_room(kit, step.brain, draft.size, place)
            if elsewhere and (reserved := _reserve(step, draft)) is not None:
                return reserved
            if not told:
                why = "beside the calls under way it could pass a cap"
                awaited = ModelAwaited(role=step.role, model=step.brain.name, delay_s=0.0, why=why)
                kit.session.emit(awaited, place)
            kit.session.room.close()
            told = True
        await (kit.clock.sleep(ELSEWHERE_S) if elsewhere else kit.session.room.freed())


def _reserve(step: _Step, draft: _Draft) -> tuple[ModelRequested, Record] | None:
    kit, place = step.kit, step.place
    state = kit.session.state
    number = state.talk.of(place.agent).steps + 1
    request_id = RequestId(f"{_prefix(place, number)}-{state.seq}")
    reserved = budget.reserve(kit, step.brain, draft.size, place, request_id)
    if reserved is None:
        return None
    bound, output_tokens = reserved
    asked = ModelRequested(
        request_id=request_id,
        model=step.brain.name,
        role=step.brain.role or step.role,
        why=step.brain.why,
        bound=bound,
        request_bytes=draft.size,
        max_tokens=output_tokens,
        step=number,
        attempt=step.attempt,
        task_class=step.brain.task_class,
        route=step.brain.route,
        effort=draft.request.effort,
    )
    kit.session.room.enter(asked.request_id, budget.ceiling_of(state, step.brain, draft.size, output_tokens))
    if draft.filled.portions:
        kit.session.emit(context.filling(kit, step.brain, draft.filled, asked), place)
    return asked, kit.session.emit(asked, place)


def _withdraw(kit: Kit, asked: ModelRequested, place: Place) -> None:
    """Book nothing for a request that was stopped before it was sent."""
    stopped = ModelFailed(
        request_id=asked.request_id,
        model=asked.model,
        reason=FailureReason.CANCELLED,
        message="Stopped before it was sent.",
        fragment="",
        usage=Usage(),
        usd=0.0,
        seconds=0.0,
    )
    billing.book(kit, kit.session.emit(stopped, place))
    kit.session.room.leave(asked.request_id)


def _has_room(step: _Step, size: int) -> bool:
    """Whether a request fits for sure, by what the brain's earlier replies measured, or else by what is typical."""
    most = budget.input_bound(step.kit.session.state, step.brain, size) + budget.LEAST_OUTPUT_TOKENS
    return most <= step.brain.window_tokens or context.fits(step.brain, size)


def _too_long(brain: Brain, size: int) -> NoProvider:
    tokens = int(size / context.TYPICAL_BYTES_PER_TOKEN)
    said = f"{brain.name} has a window of {brain.window_tokens:,} tokens, and the conversation takes about {tokens:,}."
    return NoProvider(f"No brain can take the conversation: {said}", hint="Name a model with a larger window by -m.")


def _safe(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in text)


async def _attempt(kit: Kit, attempt: _Attempt) -> _Ended:
    """Stream one reply and settle it, whole or failed."""
    reply = Reply(prefix=attempt.call_prefix)
    began = kit.clock.monotonic()
    try:
        async for part in attempt.brain.provider.stream(attempt.request):
            if reply.first_token_s is None:
                reply.first_token_s = kit.clock.monotonic() - began
            reply.take(part)
            kit.session.hear(attempt.place, part)
        if reply.stop is None:
            raise StreamTruncated("The stream ended without its end.", reason=FailureReason.TRUNCATED)
    except ProviderError as error:
        due = _ended(kit, _failed(attempt, reply, error, kit.clock.monotonic() - began), attempt)
        await due.settle()
        end = CallEnd(reason=error.reason, message=error.message, retry_after_s=error.retry_after_s)
        return _Ended(due, error, again=kit.brains.ended(attempt.brain, end))
    except asyncio.CancelledError:
        stopped = ProviderError("Interrupted.", reason=FailureReason.CANCELLED)
        billing.book(
            kit, kit.session.emit(_failed(attempt, reply, stopped, kit.clock.monotonic() - began), attempt.place)
        )
        kit.brains.ended(attempt.brain, CallEnd(reason=FailureReason.CANCELLED))
        raise
    return _Ended(_finished(kit, attempt, reply, kit.clock.monotonic() - began))


def _finished(kit: Kit, attempt: _Attempt, reply: Reply, seconds: float) -> Due:
    usage = reply.usage or billing.estimated(attempt.request, reply)
    finished = ModelFinished(
        request_id=attempt.request_id,
        model=attempt.brain.name,
        message=Message(role=Role.MODEL, content=tuple(reply.content)),
        stop=reply.stop or StopReason.END,
        usage=usage,
        usd=cost_usd(usage, attempt.brain.price),
        first_token_s=reply.first_token_s or 0.0,
        seconds=seconds,
    )
    end = CallEnd(first_token_s=finished.first_token_s, seconds=seconds, output_tokens=usage.output_tokens)
    if not usage.asked:
        end = CallEnd(reason=FailureReason.CANCELLED)
    kit.brains.ended(attempt.brain, end)
    return _ended(kit, finished, attempt)


def _failed(attempt: _Attempt, reply: Reply, error: ProviderError, seconds: float) -> ModelFailed:
    nothing_came = reply.first_token_s is None
    usage = reply.usage or (Usage() if nothing_came else billing.estimated(attempt.request, reply))
    return ModelFailed(
        request_id=attempt.request_id,
        model=attempt.brain.name,
        reason=error.reason,
        message=error.message,
        fragment=reply.fragment(),
        usage=usage,
        usd=cost_usd(usage, attempt.brain.price),
        seconds=seconds,
    )


def _ended(kit: Kit, ended: ModelFinished | ModelFailed, attempt: _Attempt) -> Due:
    """Put the end of a call on record, with a word where it passed its bound."""
    with kit.session.deciding:
        record = kit.session.emit(ended, attempt.place)
        if (passed := billing.past_bound(attempt.bound, ended)) is not None:
            kit.session.emit(passed, attempt.place)
    return Due(kit, record)
