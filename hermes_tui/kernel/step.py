"""One model request: reserve, stream, keep what was paid for, try again where that helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hermes_tui.domain.errors import FailureReason, NoProvider, ProviderError, StreamTruncated
from hermes_tui.domain.events import ModelFailed, ModelFinished, ModelRequested, RetryScheduled
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
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.usage import Bound, Usage, cost_usd
from hermes_tui.kernel import budget, context, retry
from hermes_tui.kernel.kit import Kit


@dataclass(slots=True)
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


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt at a request."""

    request_id: RequestId
    request: ModelRequest
    brain: Brain
    bound: Bound
    place: Place
    call_prefix: str


async def take_step(kit: Kit, place: Place, role: str) -> Record:
    """Ask the brain for `role` for the next reply; return its durable record.

    Raises:
        LimitReached: a cap does not leave room for the call.
        NoProvider: no brain, or every attempt failed.
        ProviderError: the request itself is at fault, or the reply cannot be used.
    """
    brain = await kit.brains.choose(role)
    request = context.build_request(kit, brain, place)
    size = context.size_bytes(request)
    step = kit.session.state.talk.of(place.agent).steps + 1
    attempt = 1
    while True:
        await kit.gate.passed()
        budget.check_time(kit)
        bound, output_tokens = budget.reserve(kit, brain, size, place)
        number = f"{place.agent}-s{step}"[-34:]
        request_id = RequestId(f"{number}-{kit.session.state.seq}")
        asked = ModelRequested(
            request_id=request_id,
            model=brain.name,
            role=role,
            why=brain.why,
            bound=bound,
            request_bytes=size,
            max_tokens=output_tokens,
            step=step,
            attempt=attempt,
        )
        await kit.session.commit(kit.session.emit(asked, place))
        ready = context.with_output(request, output_tokens)
        outcome = await _attempt(kit, _Attempt(request_id, ready, brain, bound, place, _safe(number)))
        if isinstance(outcome, Record):
            return outcome
        attempt = await _again(kit, asked, outcome, place)


def _safe(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in text)


async def _again(kit: Kit, asked: ModelRequested, error: ProviderError, place: Place) -> int:
    """Wait for the next attempt and return its number, or raise what ends the step."""
    delay_s = retry.delay_s(error, asked.attempt)
    if delay_s is None:
        if error.reason in (FailureReason.INVALID_REQUEST, FailureReason.CONTEXT_LENGTH, FailureReason.CONTENT_FILTER):
            raise error
        message = f"{asked.model} could not answer: {error.message}"
        raise NoProvider(message, hint=error.hint or "Check the provider, or choose another with -m.") from error
    again = RetryScheduled(
        request_id=asked.request_id,
        model=asked.model,
        reason=error.reason,
        attempt=asked.attempt + 1,
        delay_s=delay_s,
    )
    kit.session.emit(again, place)
    await kit.clock.sleep(delay_s)
    return asked.attempt + 1


async def _attempt(kit: Kit, attempt: _Attempt) -> Record | ProviderError:
    """Stream one reply; the record of a whole one, or the error that ended it."""
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
        await _record_failure(kit, attempt, reply, error, kit.clock.monotonic() - began)
        return error
    usage = reply.usage or _estimate(attempt, reply)
    finished = ModelFinished(
        request_id=attempt.request_id,
        model=attempt.brain.name,
        message=Message(role=Role.MODEL, content=tuple(reply.content)),
        stop=reply.stop,
        usage=usage,
        usd=cost_usd(usage, attempt.brain.price),
        first_token_s=reply.first_token_s,
        seconds=kit.clock.monotonic() - began,
    )
    return await _settle(kit, finished, attempt.place)


async def _record_failure(kit: Kit, attempt: _Attempt, reply: _Reply, error: ProviderError, seconds: float) -> None:
    streamed = bool(reply.first_token_s)
    usage = reply.usage or (_estimate(attempt, reply) if streamed else Usage())
    failed = ModelFailed(
        request_id=attempt.request_id,
        model=attempt.brain.name,
        reason=error.reason,
        message=error.message,
        fragment=reply.fragment(),
        usage=usage,
        usd=cost_usd(usage, attempt.brain.price),
        seconds=seconds,
    )
    await _settle(kit, failed, attempt.place)


async def _settle(kit: Kit, ended: ModelFinished | ModelFailed, place: Place) -> Record:
    """Make the end of a call durable, then book it against the day."""
    record = await kit.session.commit(kit.session.emit(ended, place))
    if ended.usage.total_tokens:
        kit.day.settle(ended.usd or 0.0, ended.usage.total_tokens, record.seq)
    return record


def _estimate(attempt: _Attempt, reply: _Reply) -> Usage:
    """Return a usage for a reply that reported none: bytes over four, marked as an estimate."""
    sent = context.size_bytes(attempt.request) // 4 + 1
    said = len(reply.fragment().encode()) // 4 + 1
    return Usage(input_tokens=sent, output_tokens=said, source="estimated")


def calls_of(record: Record) -> Sequence[ToolCall]:
    """Return the tool calls of a finished reply."""
    return record.body.message.calls if isinstance(record.body, ModelFinished) else ()
