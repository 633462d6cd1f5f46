"""Ollama's native chat dialect: NDJSON, whole tool calls without ids, `num_ctx` for the window."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._errors import failed_midway
from hermes_tui.capabilities.providers._json import Fields, arguments_of, count_of, fields_of, list_of, text_of
from hermes_tui.domain.errors import FailureReason, StreamTruncated
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.messages import Message, Role, Text, ToolCall, ToolResult
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaWire:
    """An Ollama server at `base_url`; `key` is only for servers behind a gateway."""

    name: str
    base_url: str
    key: str | None = None

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        post = _http.Post(
            name=self.name,
            url=f"{self.base_url.rstrip('/')}/api/chat",
            body=body_of(request),
            headers={"authorization": f"Bearer {self.key}"} if self.key else {},
            clocks=request.clocks,
        )
        calls = 0
        last: Fields = {}
        async with aclosing(_http.objects(post)) as objects:
            async for line in objects:
                if "error" in line:
                    raise failed_midway(self.name, line["error"])
                for part in _parts(line, calls):
                    calls += isinstance(part, ToolCallFinished)
                    yield part
                last = line
        if last.get("done") is not True:
            message = f"{self.name} ended its answer without `done`."
            raise StreamTruncated(message, reason=FailureReason.TRUNCATED)
        yield Usage(input_tokens=count_of(last, "prompt_eval_count"), output_tokens=count_of(last, "eval_count"))
        yield Stop(_stop(last, calls))


def _stop(last: Fields, calls: int) -> StopReason:
    if calls:
        return StopReason.TOOL_CALLS
    return StopReason.LENGTH if text_of(last, "done_reason") == "length" else StopReason.END


def body_of(request: ModelRequest) -> Fields:
    """Return the JSON body of a chat request; without `num_ctx` the server would cut the history silently."""
    options: Fields = {"num_predict": request.max_tokens}
    if request.window_tokens is not None:
        options["num_ctx"] = request.window_tokens
    if request.temperature is not None:
        options["temperature"] = request.temperature
    names = {call.call_id: call.name for message in request.messages for call in message.calls}
    body: Fields = {
        "model": request.model,
        "messages": [
            {"role": "system", "content": request.system},
            *(wired for message in request.messages for wired in _message(message, names)),
        ],
        "stream": True,
        "options": options,
    }
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": json.loads(tool.parameters),
                },
            }
            for tool in request.tools
        ]
    return body


def _message(message: Message, names: Mapping[CallId, str]) -> list[Fields]:
    if message.role is Role.TOOL:
        results = [part for part in message.content if isinstance(part, ToolResult)]
        return [{"role": "tool", "tool_name": names.get(part.call_id, ""), "content": part.output} for part in results]
    text = "".join(part.text for part in message.content if isinstance(part, Text))
    if message.role is not Role.MODEL:
        return [{"role": "user", "content": text}]
    wired: Fields = {"role": "assistant", "content": text}
    calls = [part for part in message.content if isinstance(part, ToolCall)]
    if calls:
        wired["tool_calls"] = [{"function": {"name": call.name, "arguments": arguments_of(call)}} for call in calls]
    return [wired]


def _parts(line: Fields, calls: int) -> list[Part]:
    message = fields_of(line, "message")
    parts: list[Part] = []
    if thought := text_of(message, "thinking"):
        parts.append(ThinkingDelta(thought))
    if text := text_of(message, "content"):
        parts.append(TextDelta(text))
    for index, call in enumerate(list_of(message, "tool_calls"), start=calls):
        function = fields_of(call, "function")
        name, arguments = text_of(function, "name"), function.get("arguments", {})
        whole = arguments if isinstance(arguments, str) else json.dumps(arguments)
        parts += [ToolCallStarted(index, name), ToolCallFinished(index, name, whole)]
    return parts
