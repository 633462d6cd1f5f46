"""What one model request carries: the stable prefix, the conversation, the tools."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from hermes_tui.domain.messages import Message, Text, ToolCall, ToolResult
from hermes_tui.domain.parts import ModelRequest, ToolSchema
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place
from hermes_tui.kernel.kit import Kit

TYPICAL_BYTES_PER_TOKEN: Final = 3.0
"""Of ordinary text and code; what would not fit at this rate is not sent: some servers cut it without a word."""
LEAST_REPLY_TOKENS: Final = 256


def build_request(kit: Kit, brain: Brain, place: Place) -> ModelRequest:
    """Return the request for the next step of the agent at `place`; tools keep their order for the prompt cache."""
    conversation = kit.session.state.talk.of(place.agent)
    schemas = tuple(tool.spec.schema for tool in kit.tools.values())
    return ModelRequest(
        model=brain.model,
        system=kit.instructions,
        messages=tuple(conversation.messages),
        tools=schemas,
        max_tokens=brain.max_tokens or kit.max_output_tokens,
        temperature=brain.temperature,
        effort=brain.effort,
        window_tokens=brain.window_tokens,
        clocks=brain.clocks,
    )


def fits(brain: Brain, size: int) -> bool:
    """Whether a request of `size` bytes, and a short reply, probably fit in the brain's window, if that is known."""
    return not brain.window_known or size / TYPICAL_BYTES_PER_TOKEN + LEAST_REPLY_TOKENS <= brain.window_tokens


def size_bytes(request: ModelRequest) -> int:
    """Return the bytes of everything in `request` that a provider counts as input."""
    return _size(request.system, request.messages, request.tools)


def next_size(kit: Kit, place: Place) -> int:
    """Return `size_bytes` of the next request of the agent at `place`, whoever is asked."""
    schemas = [tool.spec.schema for tool in kit.tools.values()]
    return _size(kit.instructions, kit.session.state.talk.of(place.agent).messages, schemas)


def _size(system: str, messages: Iterable[Message], tools: Iterable[ToolSchema]) -> int:
    schemas = sum(len(tool.name) + len(tool.description) + len(tool.parameters) for tool in tools)
    return len(system.encode()) + schemas + sum(_message_bytes(message) for message in messages)


def _message_bytes(message: Message) -> int:
    total = 16
    for part in message.content:
        match part:
            case Text():
                total += len(part.text.encode())
            case ToolCall():
                total += len(part.name) + len(part.arguments.encode()) + 40
            case ToolResult():
                total += len(part.output.encode()) + 40
            case _:
                total += 40
    return total


def with_output(request: ModelRequest, max_tokens: int) -> ModelRequest:
    """Return `request` asking for at most `max_tokens` of output."""
    return replace(request, max_tokens=max_tokens)
