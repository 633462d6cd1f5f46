"""The chat completions dialect: OpenAI-compatible servers, OpenRouter, LM Studio."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._errors import failed_midway
from hermes_tui.capabilities.providers._json import Fields, arguments_of, count_of, fields_of, list_of, text_of
from hermes_tui.domain.errors import FailureReason, StreamTruncated
from hermes_tui.domain.messages import Message, Role, Text, ToolCall, ToolResult
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

_STOPS = {
    "stop": StopReason.END,
    "tool_calls": StopReason.TOOL_CALLS,
    "function_call": StopReason.TOOL_CALLS,
    "length": StopReason.LENGTH,
    "content_filter": StopReason.REFUSAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatWire:
    """A provider that speaks chat completions at `base_url`; `key` is sent to that host only."""

    name: str
    base_url: str
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    extra: Mapping[str, object] = field(default_factory=dict[str, object])

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        bearer = {"authorization": f"Bearer {self.key}"} if self.key else {}
        post = _http.Post(
            name=self.name,
            url=f"{self.base_url.rstrip('/')}/chat/completions",
            body={**body_of(request), **self.extra},
            headers={**bearer, **self.headers},
            clocks=request.clocks,
        )
        reply = _Reply(self.name)
        async with aclosing(_http.events(post)) as events:
            async for event in events:
                for part in reply.read(event):
                    yield part
        for part in reply.close():
            yield part


def body_of(request: ModelRequest) -> Fields:
    """Return the JSON body of a chat completions request."""
    body: Fields = {
        "model": request.model,
        "messages": [{"role": "system", "content": request.system}, *_messages(request.messages)],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": request.max_tokens,
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
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


def _messages(messages: tuple[Message, ...]) -> list[Fields]:
    return [wired for message in messages for wired in _message(message)]


def _message(message: Message) -> list[Fields]:
    match message.role:
        case Role.OPERATOR | Role.KERNEL:
            return [{"role": "user", "content": message.text}]
        case Role.TOOL:
            return [
                {"role": "tool", "tool_call_id": part.call_id, "content": part.output}
                for part in message.content
                if isinstance(part, ToolResult)
            ]
        case Role.MODEL:
            return [_assistant(message)]


def _assistant(message: Message) -> Fields:
    text = "".join(part.text for part in message.content if isinstance(part, Text))
    wired: Fields = {"role": "assistant", "content": text or None}
    calls = [
        {
            "id": part.call_id,
            "type": "function",
            "function": {"name": part.name, "arguments": json.dumps(arguments_of(part))},
        }
        for part in message.content
        if isinstance(part, ToolCall)
    ]
    if calls:
        wired["tool_calls"] = calls
    elif not text:
        wired["content"] = ""
    return wired


@dataclass(slots=True)
class _Call:
    name: str
    arguments: str = ""


@dataclass(slots=True)
class _Reply:
    """A reply as its chunks arrive; usage comes in a last chunk without choices."""

    name: str
    calls: dict[int, _Call] = field(default_factory=dict[int, _Call])
    stop: StopReason | None = None
    usage: Usage | None = None
    done: bool = False

    def read(self, event: Fields) -> list[Part]:
        """Return the parts of one chunk."""
        if event.get("done") is True:
            self.done = True
            return []
        if event.get("error"):
            raise failed_midway(self.name, event["error"])
        if isinstance(event.get("usage"), dict):
            self.usage = usage_of(fields_of(event, "usage"))
        return [part for choice in list_of(event, "choices") for part in self._choice(choice)]

    def _choice(self, choice: Fields) -> list[Part]:
        delta = fields_of(choice, "delta")
        parts: list[Part] = []
        if thought := text_of(delta, "reasoning_content") or text_of(delta, "reasoning"):
            parts.append(ThinkingDelta(thought))
        if text := text_of(delta, "content") or text_of(delta, "refusal"):
            parts.append(TextDelta(text))
        for fragment in list_of(delta, "tool_calls"):
            parts += self._fragment(fragment)
        if reason := text_of(choice, "finish_reason"):
            self.stop = _STOPS.get(reason, StopReason.END)
        return parts

    def _fragment(self, fragment: Fields) -> list[Part]:
        index = count_of(fragment, "index")
        function = fields_of(fragment, "function")
        arguments = text_of(function, "arguments")
        parts: list[Part] = []
        if index not in self.calls:
            self.calls[index] = _Call(text_of(function, "name"))
            parts.append(ToolCallStarted(index, self.calls[index].name))
        if arguments:
            self.calls[index].arguments += arguments
            parts.append(ToolCallDelta(index, arguments))
        return parts

    def close(self) -> list[Part]:
        """Return the last parts.

        Raises:
            StreamTruncated: no finish reason came.
        """
        if self.stop is None:
            message = f"{self.name} ended its answer without a finish reason."
            raise StreamTruncated(message, reason=FailureReason.TRUNCATED)
        parts: list[Part] = [
            ToolCallFinished(index, call.name, call.arguments or "{}") for index, call in sorted(self.calls.items())
        ]
        if self.usage is not None:
            parts.append(self.usage)
        return [*parts, Stop(StopReason.TOOL_CALLS if self.calls and self.stop is StopReason.END else self.stop)]


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
        reported_usd=float(cost) if isinstance(cost, int | float) else None,
    )
