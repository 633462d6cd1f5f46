"""Ollama's native chat dialect: NDJSON, whole tool calls without ids, `num_ctx` for the window."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._content import LOST, base64_of, function_tools, tool_name, wire_name
from hermes_tui.capabilities.providers._errors import failed_midway
from hermes_tui.capabilities.providers._json import (
    Fields,
    arguments_of,
    body_bytes,
    count_of,
    fields_of,
    list_of,
    object_of,
    text_of,
)
from hermes_tui.capabilities.providers._reply import parts_of
from hermes_tui.domain.errors import FailureReason, ReplyMalformed
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.messages import Image, Message, Role, ToolResult
from hermes_tui.domain.parts import (
    ModelRequest,
    Part,
    Stop,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from hermes_tui.domain.usage import Usage
from hermes_tui.domain.values import frozen, mutable


@frozen
class OllamaWire:
    """An Ollama server at `base_url`; `key` is only for servers behind a gateway."""

    name: str
    base_url: str
    key: str | None = None

    def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self.name, request.clocks)
        post = _http.Post(
            url=f"{self.base_url.rstrip('/')}/api/chat",
            body=body_bytes(body_of(request)),
            headers=_http.bearer(self.key),
            watch=watch,
        )
        return parts_of(_http.objects(post), LineReply(self.name), watch)


def body_of(request: ModelRequest) -> Fields:
    """Return the JSON body of a chat request; without `num_ctx` the server would cut the history silently."""
    options: Fields = {"num_predict": request.max_tokens}
    if request.window_tokens is not None:
        options["num_ctx"] = request.window_tokens
    if request.temperature is not None:
        options["temperature"] = request.temperature
    names = {call.call_id: wire_name(call.name) for message in request.messages for call in message.calls}
    body: Fields = {
        "model": request.model,
        "messages": [
            *([{"role": "system", "content": request.system}] if request.system else []),
            *(wired for message in request.messages for wired in _message(message, request, names)),
        ],
        "stream": True,
        "options": options,
    }
    if request.reply_schema is not None:
        body["format"] = object_of(request.reply_schema)
    if request.effort is not None:
        body["think"] = request.effort
    if request.tools:
        body["tools"] = function_tools(request)
    return body


def _message(message: Message, request: ModelRequest, names: Mapping[CallId, str]) -> list[Fields]:
    if message.role is Role.TOOL:
        results = [part for part in message.content if isinstance(part, ToolResult)]
        return [{"role": "tool", "tool_name": names.get(part.call_id, ""), "content": part.output} for part in results]
    if message.role is not Role.MODEL:
        return [_said(message, request)]
    wired: Fields = {"role": "assistant", "content": message.text}
    if message.calls:
        wired["tool_calls"] = [
            {"function": {"name": wire_name(call.name), "arguments": arguments_of(call)}} for call in message.calls
        ]
    return [wired]


def _said(message: Message, request: ModelRequest) -> Fields:
    encoded = [base64_of(part, request) for part in message.content if isinstance(part, Image)]
    lost = [LOST for data in encoded if data is None]
    wired: Fields = {"role": "user", "content": "\n".join([message.text, *lost])}
    if pictures := [data for data in encoded if data is not None]:
        wired["images"] = pictures
    return wired


@mutable
class LineReply:
    """A reply as its lines arrive; the last one says `done` and carries the usage."""

    name: str
    thinks: bool = False
    ended: bool = False
    usage: Usage | None = None
    calls: int = 0
    cut: bool = False

    def read(self, event: Fields) -> list[Part]:
        """Return the parts of one line."""
        if event.get("error"):
            raise failed_midway(self.name, event["error"])
        message = fields_of(event, "message")
        parts: list[Part] = []
        if thought := text_of(message, "thinking"):
            parts.append(ThinkingDelta(thought))
        if text := text_of(message, "content"):
            parts.append(TextDelta(text))
        for call in list_of(message, "tool_calls"):
            parts += self._call(fields_of(call, "function"))
        if event.get("done") is True:
            self._settle(event)
        return parts

    def _call(self, function: Fields) -> list[Part]:
        name, arguments = text_of(function, "name"), function.get("arguments")
        whole = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
        if object_of(whole) is None:  # the server parses what its model wrote: text that is no object is its fault
            raise ReplyMalformed(f"{self.name} sent a call without an object.", reason=FailureReason.MALFORMED)
        number, self.calls = self.calls, self.calls + 1
        return [ToolCallStarted(number, tool_name(name)), ToolCallFinished(number, tool_name(name), whole)]

    def _settle(self, last: Fields) -> None:
        self.ended = True
        self.cut = text_of(last, "done_reason") == "length"
        sent, said = last.get("prompt_eval_count"), last.get("eval_count")
        if sent is not None or said is not None:
            self.usage = Usage(
                input_tokens=count_of(last, "prompt_eval_count"), output_tokens=count_of(last, "eval_count")
            )

    def close(self) -> list[Part]:
        """Return the last parts; a reply that ran into its limit may hold a call that is not whole."""
        end = StopReason.TOOL_CALLS if self.calls else StopReason.END
        return [*([self.usage] if self.usage else []), Stop(StopReason.LENGTH if self.cut else end)]
