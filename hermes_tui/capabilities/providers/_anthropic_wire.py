"""The Anthropic messages dialect."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._errors import failed_midway
from hermes_tui.capabilities.providers._json import Fields, arguments_of, count_of, fields_of, text_of
from hermes_tui.domain.errors import FailureReason, StreamTruncated
from hermes_tui.domain.messages import Content, Opaque, Role, Text, ToolCall, ToolResult
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
from hermes_tui.domain.usage import Usage

VERSION = "2023-06-01"
_STOPS = {
    "end_turn": StopReason.END,
    "stop_sequence": StopReason.END,
    "tool_use": StopReason.TOOL_CALLS,
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "refusal": StopReason.REFUSAL,
    "pause_turn": StopReason.PAUSE,
}
_CACHE: Fields = {"type": "ephemeral"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnthropicWire:
    """A provider that speaks Anthropic messages at `base_url`; `key` is sent to that host only."""

    name: str
    base_url: str
    key: str | None = None

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        key = {"x-api-key": self.key} if self.key else {}
        post = _http.Post(
            name=self.name,
            url=f"{self.base_url.rstrip('/').removesuffix('/v1')}/v1/messages",
            body=body_of(request, self.name),
            headers={**key, "anthropic-version": VERSION},
            clocks=request.clocks,
        )
        reply = _Reply(self.name, request.model)
        async with aclosing(_http.events(post)) as events:
            async for event in events:
                for part in reply.read(event):
                    yield part
        for part in reply.close():
            yield part


def body_of(request: ModelRequest, provider: str) -> Fields:
    """Return the JSON body of a messages request; cache breakpoints end the tools, the system text and the history."""
    system = [{"type": "text", "text": request.system, "cache_control": _CACHE}] if request.system else []
    body: Fields = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "stream": True,
        "system": system,
        "messages": _messages(request, provider),
    }
    if request.tools:
        tools: list[Fields] = [
            {"name": tool.name, "description": tool.description, "input_schema": json.loads(tool.parameters)}
            for tool in request.tools
        ]
        tools[-1]["cache_control"] = _CACHE
        body["tools"] = tools
    if request.temperature is not None:
        body["temperature"] = request.temperature
    return body


def _messages(request: ModelRequest, provider: str) -> list[Fields]:
    """Return the history: results follow their calls in one message, roles alternate."""
    wired: list[tuple[str, list[Fields]]] = []
    for message in request.messages:
        role = "assistant" if message.role is Role.MODEL else "user"
        blocks = [block for part in message.content for block in _blocks(part, request, provider)]
        if not blocks:
            continue
        if wired and wired[-1][0] == role:
            wired[-1][1].extend(blocks)
        else:
            wired.append((role, blocks))
    if wired:
        wired[-1][1][-1]["cache_control"] = _CACHE
    return [{"role": role, "content": blocks} for role, blocks in wired]


def _blocks(part: Content, request: ModelRequest, provider: str) -> list[Fields]:
    match part:
        case Text():
            return [{"type": "text", "text": part.text}] if part.text.strip() else []
        case ToolCall():
            return [{"type": "tool_use", "id": part.call_id, "name": part.name, "input": arguments_of(part)}]
        case ToolResult():
            content = part.output or "(no output)"
            error: Fields = {} if part.ok else {"is_error": True}
            return [{"type": "tool_result", "tool_use_id": part.call_id, "content": content, **error}]
        case Opaque() if part.provider == provider and part.model == request.model:
            return [fields_of(json.loads(bytes.fromhex(part.data)))]
        case _:
            return []


@dataclass(slots=True)
class _Block:
    kind: str
    fields: Fields
    text: str = ""
    signature: str = ""
    number: int = 0


@dataclass(slots=True)
class _Reply:
    """A reply as its events arrive."""

    name: str
    model: str
    blocks: dict[int, _Block] = field(default_factory=dict[int, _Block])
    calls: int = 0
    usage: Fields = field(default_factory=dict[str, object])
    stop: StopReason | None = None
    ended: bool = False

    def read(self, event: Fields) -> list[Part]:
        """Return the parts of one event; unknown events mean nothing."""
        match event.get("type"):
            case "message_start":
                self.usage.update(fields_of(event, "message", "usage"))
            case "content_block_start":
                return self._begin(count_of(event, "index"), fields_of(event, "content_block"))
            case "content_block_delta":
                return self._delta(count_of(event, "index"), fields_of(event, "delta"))
            case "content_block_stop":
                return self._end(count_of(event, "index"))
            case "message_delta":
                self.usage.update(fields_of(event, "usage"))
                self.stop = _STOPS.get(text_of(fields_of(event, "delta"), "stop_reason"), self.stop)
            case "message_stop":
                self.ended = True
            case "error":
                raise failed_midway(self.name, event.get("error"))
            case _:
                pass
        return []

    def _begin(self, index: int, fields: Fields) -> list[Part]:
        block = _Block(text_of(fields, "type"), fields)
        self.blocks[index] = block
        if block.kind != "tool_use":
            return []
        block.number = self.calls
        self.calls += 1
        return [ToolCallStarted(block.number, text_of(fields, "name"))]

    def _delta(self, index: int, delta: Fields) -> list[Part]:
        block = self.blocks.get(index)
        if block is None:
            return []
        match delta.get("type"):
            case "text_delta":
                return [TextDelta(text_of(delta, "text"))]
            case "thinking_delta":
                block.text += text_of(delta, "thinking")
                return [ThinkingDelta(text_of(delta, "thinking"))]
            case "signature_delta":
                block.signature += text_of(delta, "signature")
            case "input_json_delta":
                block.text += text_of(delta, "partial_json")
                return [ToolCallDelta(block.number, text_of(delta, "partial_json"))]
            case _:
                pass
        return []

    def _end(self, index: int) -> list[Part]:
        block = self.blocks.get(index)
        if block is None:
            return []
        match block.kind:
            case "tool_use":
                whole = block.text or json.dumps(fields_of(block.fields, "input"))
                return [ToolCallFinished(block.number, text_of(block.fields, "name"), whole)]
            case "thinking":
                signed: Fields = {"type": "thinking", "thinking": block.text, "signature": block.signature}
                return [self._opaque(signed)]
            case "redacted_thinking":
                return [self._opaque(block.fields)]
            case _:
                return []

    def _opaque(self, fields: Fields) -> Opaque:
        return Opaque(provider=self.name, model=self.model, data=json.dumps(fields).encode().hex())

    def close(self) -> list[Part]:
        """Return the last parts.

        Raises:
            StreamTruncated: no `message_stop` came.
        """
        if not self.ended or self.stop is None:
            message = f"{self.name} ended its answer without message_stop."
            raise StreamTruncated(message, reason=FailureReason.TRUNCATED)
        usage = Usage(
            input_tokens=count_of(self.usage, "input_tokens"),
            cache_read_tokens=count_of(self.usage, "cache_read_input_tokens"),
            cache_write_tokens=count_of(self.usage, "cache_creation_input_tokens"),
            output_tokens=count_of(self.usage, "output_tokens"),
            reasoning_tokens=count_of(fields_of(self.usage, "output_tokens_details"), "thinking_tokens"),
        )
        return [usage, Stop(self.stop)]
