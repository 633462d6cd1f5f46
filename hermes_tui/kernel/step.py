"""One model request: reserve, stream, keep what was paid for, try again where that helps."""

from __future__ import annotations

import asyncio
from dataclasses import field

from hermes_tui.domain.errors import FailureReason, LimitReached, NoProvider, ProviderError, StreamTruncated
from hermes_tui.domain.events import (
    ModelAwaited,
    ModelChosen,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    RetryScheduled,
)
from hermes_tui.domain.ids import CallId, RequestId
from hermes_tui.domain.messages import Content, Message, Opaque, Role, Text, Thinking, ToolCall
from hermes_tui.domain.parts import (
    ModelRequest,
    Part,
    Stop,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from hermes_tui.domain.ports import Brain, CallEnd
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.usage import Bound, Usage, cost_usd
from hermes_tui.domain.values import frozen, mutable, replace
from hermes_tui.kernel import budget, context, loop_guard, retry
from hermes_tui.kernel.context import Build
from hermes_tui.kernel.kit import Kit


@mutable
class _Reply:
    """A reply as it grows."""

    prefix: str
    content: list[Content] = field(default_factory=list[Content])
    text: list[str] = field(default_factory=list[str])
    thinking: list[str] = field(default_factory=list[str])
    calls: int = 0
    usage: Usage | None = None
    stop: StopReason | None = None
    first_token_s: float = 0.0

    def take(self, part: Part) -> None:
        """Add one part."""
        match part:
            case TextDelta():
                self._close_thinking()
                self.text.append(part.text)
            case ThinkingDelta():
                self.thinking.append(part.text)
            case Opaque():
                self._close()
                self.content.append(part)
            case ToolCallFinished():
                self._close()
                call_id = CallId(f"{self.prefix}-{self.calls}")
                self.calls += 1
                self.content.append(ToolCall(call_id=call_id, name=part.name, arguments=part.arguments))
            case Usage():
                self.usage = part
            case Stop():
                self._close()
                self.stop = part.reason
            case ToolCallStarted() | ToolCallDelta():
                pass

    def _close_thinking(self) -> None:
        if self.thinking:
            self.content.append(Thinking(text="".join(self.thinking)))
            self.thinking.clear()

    def _close(self) -> None:
        self._close_thinking()
        if self.text:
            self.content.append(Text(text="".join(self.text)))
            self.text.clear()

    def fragment(self) -> str:
        """Return the text so far, as evidence."""
        self._close()
        return Message(role=Role.MODEL, content=tuple(self.content)).text


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
    """How an attempt ended: its durable record, the error if it failed, and whether its brain may be asked again."""

    record: Record
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
    tried: dict[str, str] = field(default_factory=dict[str, str])
    attempt: int = 1

    @staticmethod
    async def begin(kit: Kit, place: Place, role: str, build: Build) -> _Step:
        """Choose who is asked first; the operator is told where that is not who answered before.

        Raises:
            NoProvider: nobody can answer.
        """
        size, tier = context.next_size(kit, place), kit.session.state.brains.tiers.get(place.agent, "")
        brain = await kit.brains.choose(role, {}, size_bytes=size, tier=tier)
        step = _Step(kit, place, role, tier, brain, build)
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
            other = await self.kit.brains.choose(self.role, tried, size_bytes=size, tier=self.tier)
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
    """Ask the brain for `role` for the next reply, or the next brain where it fails.

    `build` puts the request together for the brain that is asked; by default it is the whole conversation.

    Returns the durable record of the reply, and who gave it. An agent that was raised to a tier is answered from there.

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
        except (LimitReached, NoProvider, ProviderError):
            kit.brains.ended(step.brain, CallEnd(reason=FailureReason.CANCELLED))
            raise
        ended = await _attempt(kit, attempt)
        if ended.error is None:
            return ended.record, step.brain
        await step.after(attempt, ended, ended.error)


async def _begin(step: _Step) -> _Attempt:
    """Reserve what the attempt may cost and make it known before anything is sent."""
    kit, place = step.kit, step.place
    await kit.gate.passed()
    budget.check_time(kit)
    budget.check_steps(kit, place.agent)
    filled = await step.build(step.brain)
    warmth = loop_guard.warmer(filled.request.temperature, kit.session.state.guard.of(place.agent))
    request = replace(filled.request, temperature=warmth)
    size = filled.size_bytes or context.size_bytes(request)
    if not _has_room(step, size):
        raise _too_long(step.brain, size)
    number = kit.session.state.talk.of(place.agent).steps + 1
    prefix = f"{place.agent}-s{number}"[-34:]
    with kit.session.deciding:
        bound, output_tokens = budget.reserve(kit, step.brain, size, place)
        asked = ModelRequested(
            request_id=RequestId(f"{prefix}-{kit.session.state.seq}"),
            model=step.brain.name,
            role=step.brain.role or step.role,
            why=step.brain.why,
            bound=bound,
            request_bytes=size,
            max_tokens=output_tokens,
            step=number,
            attempt=step.attempt,
            task_class=step.brain.task_class,
            route=step.brain.route,
            effort=request.effort,
        )
        if filled.portions:
            kit.session.emit(context.filling(kit, step.brain, filled, asked), place)
        record = kit.session.emit(asked, place)
    await kit.session.commit(record)
    ready = context.with_output(request, output_tokens)
    return _Attempt(asked.request_id, ready, step.brain, bound, place, _safe(prefix), size)


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
    reply = _Reply(prefix=attempt.call_prefix)
    began = kit.clock.monotonic()
    try:
        async for part in attempt.brain.provider.stream(attempt.request):
            if not reply.first_token_s:
                reply.first_token_s = kit.clock.monotonic() - began
            reply.take(part)
            kit.session.hear(attempt.place, part)
        if reply.stop is None:
            raise StreamTruncated("The stream ended without its end.", reason=FailureReason.TRUNCATED)
    except ProviderError as error:
        record = await _settle(kit, _failed(attempt, reply, error, kit.clock.monotonic() - began), attempt.place)
        end = CallEnd(reason=error.reason, message=error.message, retry_after_s=error.retry_after_s)
        return _Ended(record, error, again=kit.brains.ended(attempt.brain, end))
    except asyncio.CancelledError:
        stopped = ProviderError("Interrupted.", reason=FailureReason.CANCELLED)
        _book(kit, kit.session.emit(_failed(attempt, reply, stopped, kit.clock.monotonic() - began), attempt.place))
        kit.brains.ended(attempt.brain, CallEnd(reason=FailureReason.CANCELLED))
        raise
    return _Ended(await _finished(kit, attempt, reply, kit.clock.monotonic() - began))


async def _finished(kit: Kit, attempt: _Attempt, reply: _Reply, seconds: float) -> Record:
    usage = reply.usage or _estimate(attempt, reply)
    finished = ModelFinished(
        request_id=attempt.request_id,
        model=attempt.brain.name,
        message=Message(role=Role.MODEL, content=tuple(reply.content)),
        stop=reply.stop or StopReason.END,
        usage=usage,
        usd=cost_usd(usage, attempt.brain.price),
        first_token_s=reply.first_token_s,
        seconds=seconds,
    )
    end = CallEnd(first_token_s=reply.first_token_s, seconds=seconds, output_tokens=usage.output_tokens)
    kit.brains.ended(attempt.brain, end)
    return await _settle(kit, finished, attempt.place)


def _failed(attempt: _Attempt, reply: _Reply, error: ProviderError, seconds: float) -> ModelFailed:
    streamed = bool(reply.first_token_s)
    usage = reply.usage or (_estimate(attempt, reply) if streamed else Usage())
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


async def _settle(kit: Kit, ended: ModelFinished | ModelFailed, place: Place) -> Record:
    """Make the end of a call durable, then book it against the day; a stop during the wait loses no cost."""
    record = kit.session.emit(ended, place)
    try:
        return await kit.session.commit(record)
    finally:
        _book(kit, record)


def _book(kit: Kit, record: Record) -> None:
    """Settle what was drawn for a call by what its end says it cost."""
    if isinstance(record.body, ModelFinished | ModelFailed):
        kit.day.settle(record.body.usd or 0.0, record.body.usage.total_tokens, record.seq)


def _estimate(attempt: _Attempt, reply: _Reply) -> Usage:
    """Return a usage for a reply that reported none: bytes over four, marked as an estimate."""
    sent = context.size_bytes(attempt.request) // 4 + 1
    said = len(reply.fragment().encode()) // 4 + 1
    return Usage(input_tokens=sent, output_tokens=said, source="estimated")
