"""The Anthropic messages dialect."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import field
from typing import Final

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._content import EPHEMERAL, LOST, base64_of, opaque_of, tool_name, wire_name
from hermes_tui.capabilities.providers._errors import failed_midway
from hermes_tui.capabilities.providers._json import (
    Fields,
    arguments_of,
    body_bytes,
    count_of,
    fields_of,
    schema_of,
    text_of,
)
from hermes_tui.capabilities.providers._reply import parts_of
from hermes_tui.capabilities.providers._schema import closed
from hermes_tui.domain.messages import Content, Image, Opaque, Role, Text, ToolCall, ToolResult
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
from hermes_tui.domain.values import frozen, mutable

VERSION: Final = "2023-06-01"
_STOPS = {
    "end_turn": StopReason.END,
    "stop_sequence": StopReason.END,
    "tool_use": StopReason.TOOL_CALLS,
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "refusal": StopReason.REFUSAL,
    "pause_turn": StopReason.PAUSE,
}
_SIGNED = ("thinking", "redacted_thinking")
_TEXTS = {"text": "text", "thinking": "thinking", "tool_use": "partial_json"}
"""Where the deltas of each kind of block have their text."""


@frozen
class AnthropicWire:
    """A provider that speaks Anthropic messages at `base_url`; `key` is sent to that host only."""

    name: str
    base_url: str
    key: str | None = None

    def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self.name, request.clocks)
        post = _http.Post(
            url=f"{root_of(self.base_url)}/v1/messages",
            body=body_bytes(body_of(request, self.name)),
            headers=headers_of(self.key),
            watch=watch,
        )
        return parts_of(_http.events(post), MessagesReply(self.name, request.model), watch)


def headers_of(key: str | None) -> dict[str, str]:
    """Return the headers of a request besides the plain ones."""
    return {"anthropic-version": VERSION, **({"x-api-key": key} if key else {})}


def root_of(base_url: str) -> str:
    """Return the root that `/v1/messages` hangs on, whether or not the operator wrote the `/v1`."""
    return base_url.rstrip("/").removesuffix("/v1")


def body_of(request: ModelRequest, provider: str) -> Fields:
    """Return the JSON body of a messages request; cache breakpoints end the tools, the system text and the history."""
    body: Fields = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "stream": True,
        "messages": _messages(request, provider),
    }
    if request.system:
        body["system"] = [{"type": "text", "text": request.system, "cache_control": EPHEMERAL}]
    if request.tools:
        tools: list[Fields] = [
            {"name": wire_name(tool.name), "description": tool.description, "input_schema": schema_of(tool.parameters)}
            for tool in request.tools
        ]
        tools[-1]["cache_control"] = EPHEMERAL
        body["tools"] = tools
    output: Fields = {}
    if request.effort is not None:
        # A model that thinks refuses any temperature, so the wish for effort wins.
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
        output["effort"] = request.effort
    elif request.temperature is not None:
        body["temperature"] = request.temperature
    if request.reply_schema is not None:
        output["format"] = {"type": "json_schema", "schema": closed(request.reply_schema)}
    return {**body, "output_config": output} if output else body


def _messages(request: ModelRequest, provider: str) -> list[Fields]:
    """Return the history: roles alternate, and results open the message that follows their calls."""
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
    for role, blocks in wired:
        if role == "user":
            blocks.sort(key=lambda block: block["type"] != "tool_result")
    if wired and wired[-1][1][-1]["type"] not in _SIGNED:
        wired[-1][1][-1]["cache_control"] = EPHEMERAL
    return [{"role": role, "content": blocks} for role, blocks in wired]


def _blocks(part: Content, request: ModelRequest, provider: str) -> list[Fields]:
    match part:
        case Text():
            return [{"type": "text", "text": part.text}] if part.text.strip() else []
        case ToolCall():
            return [{"type": "tool_use", "id": part.call_id, "name": wire_name(part.name), "input": arguments_of(part)}]
        case ToolResult():
            content = part.output or "(no output)"
            error: Fields = {} if part.ok else {"is_error": True}
            return [{"type": "tool_result", "tool_use_id": part.call_id, "content": content, **error}]
        case Image():
            data = base64_of(part, request)
            source: Fields = {"type": "base64", "media_type": part.media_type, "data": data}
            return [{"type": "image", "source": source} if data else {"type": "text", "text": LOST}]
        case Opaque() if part.provider == provider and part.model == request.model:
            return [fields_of(json.loads(bytes.fromhex(part.data)))]
        case _:
            return []


@mutable
class _Block:
    kind: str
    fields: Fields
    pieces: list[str] = field(default_factory=list[str])
    signature: str = ""
    number: int = 0


@mutable
class MessagesReply:
    """A reply as its events arrive; usage comes in two halves, at the start and with the stop reason."""

    name: str
    model: str
    thinks: bool = False
    blocks: dict[int, _Block] = field(default_factory=dict[int, _Block])
    calls: int = 0
    told: Fields = field(default_factory=dict[str, object])
    counted: bool = False
    said_bytes: int = 0
    stop: StopReason | None = None
    stopped: bool = False

    @property
    def ended(self) -> bool:
        """Whether `message_stop` came, after a stop reason."""
        return self.stopped and self.stop is not None

    @property
    def usage(self) -> Usage | None:
        """What was reported; until the second half comes, the output is estimated from its bytes."""
        if not self.told:
            return None
        reported = count_of(self.told, "output_tokens")
        return Usage(
            input_tokens=count_of(self.told, "input_tokens"),
            cache_read_tokens=count_of(self.told, "cache_read_input_tokens"),
            cache_write_tokens=count_of(self.told, "cache_creation_input_tokens"),
            output_tokens=reported if self.counted else max(reported, self.said_bytes // 4 + 1),
            reasoning_tokens=count_of(fields_of(self.told, "output_tokens_details"), "thinking_tokens"),
            source="reported" if self.counted else "estimated",
        )

    def read(self, event: Fields) -> list[Part]:
        """Return the parts of one event; unknown events mean nothing."""
        match event.get("type"):
            case "content_block_delta":  # nearly every event is one
                return self._delta(count_of(event, "index"), fields_of(event, "delta"))
            case "message_start":
                self._count(fields_of(event, "message", "usage"))
            case "content_block_start":
                return self._begin(count_of(event, "index"), fields_of(event, "content_block"))
            case "content_block_stop":
                return self._end(count_of(event, "index"))
            case "message_delta":
                self._count(fields_of(event, "usage"))
                self.counted = bool(self.told)
                if reason := text_of(fields_of(event, "delta"), "stop_reason"):
                    self.stop = _STOPS.get(reason, StopReason.END)
            case "message_stop":
                self.stopped = True
            case "error":
                raise failed_midway(self.name, event.get("error"))
            case _:
                pass
        return []

    def _count(self, usage: Fields) -> None:
        self.told.update({key: value for key, value in usage.items() if value is not None})

    def _begin(self, index: int, fields: Fields) -> list[Part]:
        block = _Block(text_of(fields, "type"), fields)
        self.thinks = self.thinks or block.kind in _SIGNED
        self.blocks[index] = block
        if block.kind != "tool_use":
            return []
        block.number = self.calls
        self.calls += 1
        return [ToolCallStarted(block.number, tool_name(text_of(fields, "name")))]

    def _delta(self, index: int, delta: Fields) -> list[Part]:
        block = self.blocks.get(index)
        if block is None:
            return []
        text = text_of(delta, _TEXTS.get(block.kind, "text"))
        if not text:
            block.signature += text_of(delta, "signature")
            return []
        self.said_bytes += len(text) if text.isascii() else len(text.encode())
        match block.kind:
            case "tool_use":
                block.pieces.append(text)
                return [ToolCallDelta(block.number, text)]
            case "thinking":
                block.pieces.append(text)
                return [ThinkingDelta(text)]
            case _:
                return [TextDelta(text)]

    def _end(self, index: int) -> list[Part]:
        block = self.blocks.get(index)
        if block is None:
            return []
        match block.kind:
            case "tool_use":
                whole = "".join(block.pieces) or json.dumps(fields_of(block.fields, "input"))
                return [ToolCallFinished(block.number, tool_name(text_of(block.fields, "name")), whole)]
            case "thinking":
                signed: Fields = {"type": "thinking", "thinking": "".join(block.pieces), "signature": block.signature}
                return [self._opaque(signed)] if block.signature else []
            case "redacted_thinking":
                return [self._opaque(block.fields)]
            case _:
                return []

    def _opaque(self, fields: Fields) -> Opaque:
        return opaque_of(self.name, self.model, fields)

    def close(self) -> list[Part]:
        """Return the last parts."""
        return [*([self.usage] if self.usage else []), Stop(self.stop or StopReason.END)]
