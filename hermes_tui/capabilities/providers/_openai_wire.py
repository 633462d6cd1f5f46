"""The chat completions dialect: OpenAI-compatible servers, OpenRouter, LM Studio."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import field
from functools import partial
from typing import Literal

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._content import (
    EPHEMERAL,
    LOST,
    data_url_of,
    function_tools,
    opaque_of,
    prefix_key,
    tool_name,
    wire_name,
)
from hermes_tui.capabilities.providers._errors import failed_midway
from hermes_tui.capabilities.providers._json import Fields, arguments_text, count_of, fields_of, list_of, text_of
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

_STOPS = {
    "stop": StopReason.END,
    "tool_calls": StopReason.TOOL_CALLS,
    "function_call": StopReason.TOOL_CALLS,
    "length": StopReason.LENGTH,
    "content_filter": StopReason.REFUSAL,
}
_BESIDE_TEXT = frozenset({"reasoning_content", "reasoning", "refusal", "reasoning_details", "tool_calls"})
"""What a chunk may carry beside text."""


@frozen
class Dialect:
    """How a server's chat completions differ from the next one's.

    `cap` is the field that bounds the output: only OpenAI knows the newer one, and a server that ignores it would
    answer without a bound. `effort` is where the reasoning effort goes. `caches` says how the prompt cache is helped:
    by a key that leads equal prefixes to one machine, or by marks for the models that cache only what is marked.
    `extra` is added to each body as it is.
    """

    cap: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    effort: Literal["reasoning_effort", "reasoning"] = "reasoning_effort"
    caches: Literal["key", "marks"] | None = None
    extra: Mapping[str, object] = field(default_factory=dict[str, object])


@frozen
class ChatWire:
    """A provider that speaks chat completions at `base_url`; `key` is sent to that host only."""

    name: str
    base_url: str
    key: str | None = None
    dialect: Dialect = Dialect()
    written: Written = field(default_factory=Written)

    def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self.name, request.clocks)
        post = _http.Post(
            url=f"{self.base_url.rstrip('/')}/chat/completions",
            body=self.written.body(lambda parts: body_of(request, self.name, self.dialect, parts)),
            headers=_http.bearer(self.key),
            watch=watch,
        )
        return parts_of(_http.events(post), ChatReply(self.name, request.model), watch)


def body_of(request: ModelRequest, provider: str, dialect: Dialect, parts: Plain = PLAIN) -> Fields:
    """Return the body of a chat completions request."""

    def in_words(message: Message) -> list[Fields]:
        return _message(message, request, provider)

    body: Fields = {
        "model": request.model,
        "messages": [
            *_system(request, dialect),
            *(wired for message in request.messages for wired in parts.message(message, in_words)),
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        dialect.cap: request.max_tokens,
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.effort is not None:
        body[dialect.effort] = request.effort if dialect.effort == "reasoning_effort" else {"effort": request.effort}
    if request.tools:
        body["tools"] = parts.tools(request.tools, partial(function_tools, request))
    if request.reply_schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": json_schema(request.reply_schema)}
    if dialect.caches == "key":
        body["prompt_cache_key"] = prefix_key(request)
    if _marks(request, dialect):
        body["cache_control"] = EPHEMERAL  # moves to the last block that can be cached
    return {**body, **dialect.extra}


def _marks(request: ModelRequest, dialect: Dialect) -> bool:
    return dialect.caches == "marks" and request.model.startswith("anthropic/")


def _system(request: ModelRequest, dialect: Dialect) -> list[Fields]:
    """Return the stable prefix; where the model behind wants it, with a cache breakpoint at its end."""
    if not request.system:
        return []
    block: Fields = {"type": "text", "text": request.system, "cache_control": EPHEMERAL}
    return [{"role": "system", "content": [block] if _marks(request, dialect) else request.system}]


def _message(message: Message, request: ModelRequest, provider: str) -> list[Fields]:
    match message.role:
        case Role.OPERATOR | Role.KERNEL:
            return [{"role": "user", "content": _said(message, request)}]
        case Role.TOOL:
            return [
                {"role": "tool", "tool_call_id": part.call_id, "content": part.output}
                for part in message.content
                if isinstance(part, ToolResult)
            ]
        case Role.MODEL:
            return [_assistant(message, request, provider)]


def _said(message: Message, request: ModelRequest) -> str | list[Fields]:
    """Return plain text where that is all: some servers know nothing else."""
    if not any(isinstance(part, Image) for part in message.content):
        return message.text
    return [block for part in message.content for block in _block(part, request)]


def _block(part: Content, request: ModelRequest) -> list[Fields]:
    match part:
        case Text():
            return [{"type": "text", "text": part.text}]
        case Image():
            url = data_url_of(part, request)
            lost: Fields = {"type": "text", "text": LOST}
            return [{"type": "image_url", "image_url": {"url": url}} if url else lost]
        case _:
            return []


def _assistant(message: Message, request: ModelRequest, provider: str) -> Fields:
    wired: Fields = {"role": "assistant", "content": message.text or None}
    calls = [
        {
            "id": part.call_id,
            "type": "function",
            "function": {"name": wire_name(part.name), "arguments": arguments_text(part)},
        }
        for part in message.content
        if isinstance(part, ToolCall)
    ]
    if calls:
        wired["tool_calls"] = calls
    elif not message.text:
        wired["content"] = ""
    if details := _details(message, request, provider):
        wired["reasoning_details"] = details
    return wired


def _details(message: Message, request: ModelRequest, provider: str) -> list[object]:
    """Return what OpenRouter gave to be handed back, such as the signatures that Gemini insists on."""
    kept = (part for part in message.content if isinstance(part, Opaque))
    own = (part for part in kept if part.provider == provider and part.model == request.model)
    return [detail for part in own for detail in json.loads(bytes.fromhex(part.data))]


@mutable
class _Call:
    name: str
    call_id: str
    pieces: list[str] = field(default_factory=list[str])


@mutable
class ChatReply:
    """A reply as its chunks arrive; usage comes in a last chunk without choices."""

    name: str
    model: str
    thinks: bool = False
    usage: Usage | None = None
    calls: list[_Call] = field(default_factory=list[_Call])
    places: dict[int, int] = field(default_factory=dict[int, int])
    details: list[Fields] = field(default_factory=list[Fields])
    stop: StopReason | None = None
    refused: bool = False

    @property
    def ended(self) -> bool:
        """Whether a finish reason came; `[DONE]` is not sent by every server."""
        return self.stop is not None

    def read(self, event: Fields) -> list[Part]:
        """Return the parts of one chunk."""
        if isinstance(event.get("usage"), dict):
            self.usage = usage_of(fields_of(event, "usage"))
        if event.get("error"):
            raise failed_midway(self.name, event["error"])
        return [part for choice in list_of(event, "choices") for part in self._choice(choice)]

    def _choice(self, choice: Fields) -> list[Part]:
        delta = fields_of(choice, "delta")
        reason, text = text_of(choice, "finish_reason"), text_of(delta, "content")
        if text and not reason and _BESIDE_TEXT.isdisjoint(delta):  # nearly every chunk
            return [TextDelta(text)]
        if reason == "error":
            raise failed_midway(self.name, "an error without a word")
        parts: list[Part] = []
        if thought := text_of(delta, "reasoning_content") or text_of(delta, "reasoning"):
            parts.append(ThinkingDelta(thought))
        if refusal := text_of(delta, "refusal"):
            self.refused = True
        if text or refusal:
            parts.append(TextDelta(text or refusal))
        self.details += list_of(delta, "reasoning_details")
        for fragment in list_of(delta, "tool_calls"):
            parts += self._fragment(fragment)
        if reason:
            self.stop = _STOPS.get(reason, StopReason.END)
        return parts

    def _fragment(self, fragment: Fields) -> list[Part]:
        function = fields_of(fragment, "function")
        name, arguments = text_of(function, "name"), text_of(function, "arguments")
        place, parts = self._place(count_of(fragment, "index"), text_of(fragment, "id"), name)
        if arguments:
            self.calls[place].pieces.append(arguments)
            parts.append(ToolCallDelta(place, arguments))
        return parts

    def _place(self, index: int, call_id: str, name: str) -> tuple[int, list[Part]]:
        """Return the number of the call that a fragment belongs to; a second id at one index is a second call.

        Servers in front of Gemini give every parallel call the index 0.
        """
        known = self.places.get(index)
        if known is not None and (not call_id or self.calls[known].call_id == call_id):
            return known, []
        place = self.places[index] = len(self.calls)
        self.calls.append(_Call(name, call_id))
        return place, [ToolCallStarted(place, tool_name(name))]

    def close(self) -> list[Part]:
        """Return the last parts: what must be handed back, the whole calls, usage, `Stop`."""
        parts: list[Part] = []
        if self.details:
            parts.append(opaque_of(self.name, self.model, self.details))
        parts += [
            ToolCallFinished(place, tool_name(call.name), "".join(call.pieces) or "{}")
            for place, call in enumerate(self.calls)
        ]
        if self.usage is not None:
            parts.append(self.usage)
        return [*parts, Stop(self._reason())]

    def _reason(self) -> StopReason:
        if self.stop is not StopReason.END and self.stop is not None:
            return self.stop
        if self.calls:
            return StopReason.TOOL_CALLS
        return StopReason.REFUSAL if self.refused else StopReason.END


def usage_of(usage: Fields) -> Usage:
    """Return disjoint counts: `prompt_tokens` includes what was cached."""
    details = fields_of(usage, "prompt_tokens_details")
    cached, written = count_of(details, "cached_tokens"), count_of(details, "cache_write_tokens")
    cost = usage.get("cost")
    return Usage(
        input_tokens=max(0, count_of(usage, "prompt_tokens") - cached - written),
        cache_read_tokens=cached,
        cache_write_tokens=written,
        output_tokens=count_of(usage, "completion_tokens"),
        reasoning_tokens=count_of(fields_of(usage, "completion_tokens_details"), "reasoning_tokens"),
        reported_usd=float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) else None,
    )
