"""OpenAI's responses dialect: numbered events around output items, nothing stored on the server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import field
from functools import partial

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._content import LOST, data_url_of, opaque_of, prefix_key, tool_name, wire_name
from hermes_tui.capabilities.providers._errors import failed_midway
from hermes_tui.capabilities.providers._json import Fields, arguments_text, count_of, fields_of, schema_of, text_of
from hermes_tui.capabilities.providers._reply import parts_of
from hermes_tui.capabilities.providers._schema import json_schema
from hermes_tui.capabilities.providers._written import PLAIN, Plain, Written
from hermes_tui.domain.messages import Content, Image, Message, Opaque, Role, Text, ToolCall, ToolResult
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

_INCOMPLETE = {"max_output_tokens": StopReason.LENGTH, "content_filter": StopReason.REFUSAL}
_REPLAYED = ("type", "id", "summary", "content", "encrypted_content")


@frozen
class ResponsesWire:
    """A provider that speaks the Responses API at `base_url`; `key` is sent to that host only."""

    name: str
    base_url: str
    key: str | None = None
    written: Written = field(default_factory=Written)

    def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self.name, request.clocks)
        post = _http.Post(
            url=f"{self.base_url.rstrip('/')}/responses",
            body=self.written.body(lambda parts: body_of(request, self.name, parts)),
            headers=_http.bearer(self.key),
            watch=watch,
        )
        return parts_of(_http.events(post), ResponsesReply(self.name, request.model), watch)


def body_of(request: ModelRequest, provider: str, parts: Plain = PLAIN) -> Fields:
    """Return the body of a responses request; reasoning comes back encrypted, as nothing is stored."""

    def in_words(message: Message) -> list[Fields]:
        return _items(message, request, provider)

    body: Fields = {
        "model": request.model,
        "input": [item for message in request.messages for item in parts.message(message, in_words)],
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "max_output_tokens": request.max_tokens,
        "prompt_cache_key": prefix_key(request),
    }
    if request.system:
        body["instructions"] = request.system
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.effort is not None:
        body["reasoning"] = {"effort": request.effort, "summary": "auto"}
    if request.reply_schema is not None:
        body["text"] = {"format": {"type": "json_schema", **json_schema(request.reply_schema)}}
    if request.tools:
        body["tools"] = parts.tools(request.tools, partial(_tools, request))
    return body


def _tools(request: ModelRequest) -> list[Fields]:
    return [
        {
            "type": "function",
            "name": wire_name(tool.name),
            "description": tool.description,
            "parameters": schema_of(tool.parameters),
            "strict": False,  # the default here is strict, which our schemas need not satisfy
        }
        for tool in request.tools
    ]


def _items(message: Message, request: ModelRequest, provider: str) -> list[Fields]:
    """Return a message as input items: what an operator says and shows next to each other stays one item."""
    if message.role is Role.MODEL:
        return [item for part in message.content for item in _item(part, request, provider)]
    items: list[Fields] = []
    blocks: list[Fields] = []
    for part in message.content:
        if isinstance(part, Text | Image):
            blocks += _block(part, request)
        else:
            items += _item(part, request, provider)
    if blocks:
        items.append({"type": "message", "role": "user", "content": blocks})
    return items


def _block(part: Text | Image, request: ModelRequest) -> list[Fields]:
    if isinstance(part, Text):
        return [{"type": "input_text", "text": part.text}] if part.text else []
    url = data_url_of(part, request)
    lost: Fields = {"type": "input_text", "text": LOST}
    return [{"type": "input_image", "image_url": url, "detail": "auto"} if url else lost]


def _item(part: Content, request: ModelRequest, provider: str) -> list[Fields]:
    match part:
        case Text() if part.text:
            return [{"type": "message", "role": "assistant", "content": part.text}]
        case ToolCall():
            arguments = arguments_text(part)
            return [
                {"type": "function_call", "call_id": part.call_id, "name": wire_name(part.name), "arguments": arguments}
            ]
        case ToolResult():
            return [{"type": "function_call_output", "call_id": part.call_id, "output": part.output}]
        case Opaque() if part.provider == provider and part.model == request.model:
            return [fields_of(json.loads(bytes.fromhex(part.data)))]
        case _:
            return []


@mutable
class ResponsesReply:
    """A reply as its events arrive; the terminal event carries the usage."""

    name: str
    model: str
    thinks: bool = False
    usage: Usage | None = None
    numbers: dict[int, int] = field(default_factory=dict[int, int])
    stop: StopReason | None = None
    refused: bool = False

    @property
    def ended(self) -> bool:
        """Whether `response.completed` or `.incomplete` came."""
        return self.stop is not None

    def read(self, event: Fields) -> list[Part]:
        """Return the parts of one event; unknown events mean nothing."""
        kind, text = text_of(event, "type"), text_of(event, "delta")
        match kind:
            case "response.output_text.delta":
                return [TextDelta(text)]
            case "response.refusal.delta":
                self.refused = True
                return [TextDelta(text)]
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                return [ThinkingDelta(text)]
            case "response.reasoning_summary_part.added" if count_of(event, "summary_index"):
                return [ThinkingDelta("\n\n")]
            case "response.function_call_arguments.delta" if text:
                return [ToolCallDelta(self.numbers.get(count_of(event, "output_index"), 0), text)]
            case "response.output_item.added":
                return self._begin(count_of(event, "output_index"), fields_of(event, "item"))
            case "response.output_item.done":
                return self._end(count_of(event, "output_index"), fields_of(event, "item"))
            case _:
                self._settle(kind, event)
        return []

    def _begin(self, index: int, item: Fields) -> list[Part]:
        self.thinks = self.thinks or item.get("type") == "reasoning"
        if item.get("type") != "function_call":
            return []
        self.numbers[index] = len(self.numbers)
        return [ToolCallStarted(self.numbers[index], tool_name(text_of(item, "name")))]

    def _end(self, index: int, item: Fields) -> list[Part]:
        match item.get("type"):
            case "function_call":
                number = self.numbers.setdefault(index, len(self.numbers))
                return [ToolCallFinished(number, tool_name(text_of(item, "name")), text_of(item, "arguments") or "{}")]
            case "reasoning" if item.get("encrypted_content"):
                kept = {key: item[key] for key in _REPLAYED if item.get(key) is not None}
                return [opaque_of(self.name, self.model, kept)]
            case _:
                return []

    def _settle(self, kind: str, event: Fields) -> None:
        """Read a terminal event.

        Raises:
            ProviderRefused: `response.failed` or `error`.
        """
        response = fields_of(event, "response")
        if isinstance(response.get("usage"), dict):
            self.usage = usage_of(fields_of(response, "usage"))
        match kind:
            case "response.completed":
                self.stop = self._reason()
            case "response.incomplete":
                why = text_of(fields_of(response, "incomplete_details"), "reason")
                self.stop = _INCOMPLETE.get(why, StopReason.LENGTH)
            case "response.failed":
                raise failed_midway(self.name, response.get("error") or "an error without a word")
            case "error":
                raise failed_midway(self.name, event.get("error") or event)
            case _:
                pass

    def _reason(self) -> StopReason:
        if self.numbers:
            return StopReason.TOOL_CALLS
        return StopReason.REFUSAL if self.refused else StopReason.END

    def close(self) -> list[Part]:
        """Return the last parts."""
        return [*([self.usage] if self.usage else []), Stop(self.stop or StopReason.END)]


def usage_of(usage: Fields) -> Usage:
    """Return disjoint counts: `input_tokens` includes what was cached."""
    details = fields_of(usage, "input_tokens_details")
    cached, written = count_of(details, "cached_tokens"), count_of(details, "cache_write_tokens")
    return Usage(
        input_tokens=max(0, count_of(usage, "input_tokens") - cached - written),
        cache_read_tokens=cached,
        cache_write_tokens=written,
        output_tokens=count_of(usage, "output_tokens"),
        reasoning_tokens=count_of(fields_of(usage, "output_tokens_details"), "reasoning_tokens"),
    )
