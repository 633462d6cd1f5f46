"""What one model request carries: the stable prefix, the conversation, the tools; and how large it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from hermes_tui.domain.events import ModelRequested, Portion, WindowFilled
from hermes_tui.domain.messages import Image, Message, Text, ToolCall, ToolResult
from hermes_tui.domain.parts import ModelRequest, ToolSchema
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel import budget, tiers
from hermes_tui.kernel.kit import Kit

TYPICAL_BYTES_PER_TOKEN: Final = 3.0
"""Of ordinary text and code; what would not fit at this rate is not sent: some servers cut it without a word."""
PICTURE_BYTES: Final = 5_000
"""What a picture counts like: hosted models take it for about 1,600 tokens at most."""
LEAST_REPLY_TOKENS: Final = 256


@frozen(kw_only=False)
class Filled:
    """A request and what it is made of; without portions nobody asked. `size_bytes` 0 was not added up yet."""

    request: ModelRequest
    portions: tuple[Portion, ...] = ()
    left_out: tuple[str, ...] = ()
    size_bytes: int = 0


Build = Callable[[Brain], Awaitable[Filled]]


def request_of(kit: Kit, brain: Brain, messages: Sequence[Message]) -> ModelRequest:
    """Return the request that carries `messages`; tools keep their order for the prompt cache."""
    return ModelRequest(
        model=brain.model,
        system=tiers.system_of(kit, brain),
        messages=tuple(messages),
        tools=tiers.schemas_of(kit, brain, messages),
        max_tokens=brain.max_tokens or kit.max_output_tokens,
        temperature=brain.temperature,
        effort=brain.effort,
        window_tokens=brain.window_tokens,
        clocks=brain.clocks,
        images=_pictures(kit, messages) if brain.sees else {},
    )


def _pictures(kit: Kit, messages: Sequence[Message]) -> dict[str, bytes]:
    """Return the bytes of every picture in `messages` that is still kept."""
    named = {part.sha256 for message in messages for part in message.content if isinstance(part, Image)}
    found = {sha256: kit.picture(sha256) for sha256 in named}
    return {sha256: data for sha256, data in found.items() if data is not None}


def whole(kit: Kit, place: Place) -> Build:
    """Return what puts the whole conversation of the agent at `place` into a request."""

    async def build(brain: Brain) -> Filled:
        return Filled(request_of(kit, brain, kit.session.state.talk.of(place.agent).messages))

    return build


def filling(kit: Kit, brain: Brain, filled: Filled, asked: ModelRequested) -> WindowFilled:
    """Return the record of what a request carries."""
    return WindowFilled(
        request_id=asked.request_id,
        window_tokens=brain.window_tokens,
        used_tokens=budget.input_bound(kit.session.state, brain, asked.request_bytes),
        output_tokens=asked.max_tokens,
        portions=filled.portions,
        left_out=filled.left_out,
    )


def fits(brain: Brain, size: int) -> bool:
    """Whether a request of `size` bytes, and a short reply, probably fit in the brain's window, if that is known."""
    return not brain.window_known or size / TYPICAL_BYTES_PER_TOKEN + LEAST_REPLY_TOKENS <= brain.window_tokens


def size_bytes(request: ModelRequest) -> int:
    """Return the bytes of everything in `request` that a provider counts as input."""
    return _size(request.system, request.messages, request.tools)


def next_size(kit: Kit, place: Place) -> int:
    """Return `size_bytes` of the next request of the agent at `place`, whoever is asked."""
    messages = kit.session.state.talk.of(place.agent).messages
    return _size(kit.instructions, messages, tiers.most_of(kit, messages))


def _size(system: str, messages: Iterable[Message], tools: Iterable[ToolSchema]) -> int:
    return _bytes(system) + _schemas_bytes(tools) + sum(map(message_bytes, messages))


def tools_bytes(request: ModelRequest) -> int:
    """Return the bytes of the tool schemas in `request`."""
    return _schemas_bytes(request.tools)


def _schemas_bytes(tools: Iterable[ToolSchema]) -> int:
    return sum(len(tool.name) + len(tool.description) + len(tool.parameters) for tool in tools)


def message_bytes(message: Message) -> int:
    """Return the bytes of one message, with what a wire adds to each part."""
    total = 16
    for part in message.content:
        match part:
            case Text():
                total += _bytes(part.text)
            case ToolCall():
                total += len(part.name) + _bytes(part.arguments) + 40
            case ToolResult():
                total += _bytes(part.output) + 40
            case Image():
                total += PICTURE_BYTES
            case _:
                total += 40
    return total


def _bytes(text: str) -> int:
    """Return the UTF-8 bytes of a text; plain ASCII need not be encoded for that."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def with_output(request: ModelRequest, max_tokens: int) -> ModelRequest:
    """Return `request` asking for at most `max_tokens` of output."""
    return replace(request, max_tokens=max_tokens)
