"""Ollama's native chat: one JSON object per line."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.dialect import Answer, objects, text_of, tool_names
from tests.fakes.faults import Fault, FaultKind
from tests.fakes.frames import Frame, Part, encode
from tests.fakes.scenario import Asked, Call, JsonObject, RateLimits, Stop

CREATED_AT = "2026-01-01T00:00:00Z"
NS_PER_TOKEN = 1_000_000

_DONE = {
    Stop.END: "stop",
    Stop.TOOL_USE: "stop",
    Stop.LENGTH: "length",
    Stop.REFUSAL: "stop",
    Stop.CONTENT_FILTER: "stop",
}

_ERRORS = {
    400: "invalid request",
    401: "unauthorized",
    403: "forbidden",
    404: "model 'fake' not found",
    413: "request too large",
    429: "too many requests",
    503: "server busy, please try again.  maximum pending requests exceeded",
}
_CONTEXT = "the input length exceeds the context length"


class Ollama:
    """POST /api/chat. Calls come whole and without ids; streaming is the default."""

    name = "ollama"
    stream_type = "application/x-ndjson"

    def read(self, body: JsonObject, headers: Mapping[str, str]) -> Asked:
        """Understand a request body."""
        messages = objects(body.get("messages"))
        last = messages[-1] if messages else {}
        return Asked(
            dialect=self.name,
            model=str(body.get("model", "")),
            stream=body.get("stream") is not False,
            last_text=text_of(last.get("content")),
            has_tool_result=last.get("role") == "tool",
            tools=tool_names(body),
            body=body,
            headers=headers,
        )

    def frames(self, answer: Answer) -> list[Frame]:
        """Encode an answer as lines, the one with `done: true` last."""
        return list(self._frames(answer))

    def _frames(self, answer: Answer) -> Iterator[Frame]:
        reply = answer.reply
        for token in reply.thinking_tokens:
            yield self._piece(answer, Part.THINKING, {"content": "", "thinking": token})
        for token in reply.text_tokens:
            yield self._piece(answer, Part.TEXT, {"content": token})
        for call in reply.tool_calls:
            yield self._piece(answer, Part.ARGUMENTS, {"content": "", "tool_calls": [_call(call)]})
        last = _head(answer) | {"message": {"role": "assistant", "content": ""}}
        yield Frame(Part.END, self.line(encode(last | _closing(answer))))

    def _piece(self, answer: Answer, part: Part, message: JsonObject) -> Frame:
        line = _head(answer) | {"message": {"role": "assistant"} | message, "done": False}
        return Frame(part, self.line(encode(line)))

    def whole(self, answer: Answer) -> JsonObject:
        """Build an answer in one piece."""
        reply = answer.reply
        message: JsonObject = {"role": "assistant", "content": reply.full_text}
        if reply.thinking:
            message["thinking"] = reply.thinking
        if reply.tool_calls:
            message["tool_calls"] = [_call(call) for call in reply.tool_calls]
        return _head(answer) | {"message": message} | _closing(answer)

    def error(self, status: int, fault: Fault) -> JsonObject:
        """Build the body of an HTTP error."""
        if fault.kind is FaultKind.CONTEXT_LENGTH:
            return {"error": fault.message or _CONTEXT}
        usual = _ERRORS.get(status, "llama runner process has terminated: exit status 2")
        return {"error": fault.message or usual}

    def error_event(self, fault: Fault, answer: Answer) -> bytes:  # noqa: ARG002  a port's method
        """Encode an error in the middle of a stream."""
        return self.line(encode(self.error(500, fault)))

    def line(self, payload: bytes) -> bytes:
        """Frame a payload as one line."""
        return payload + b"\n"

    def rate_headers(self, limits: RateLimits) -> dict[str, str]:  # noqa: ARG002  a port's method
        """Name no headers: Ollama has no rate limits."""
        return {}


def _head(answer: Answer) -> JsonObject:
    return {"model": answer.model, "created_at": CREATED_AT}


def _call(call: Call) -> JsonObject:
    return {"function": {"name": call.name, "arguments": _arguments(call)}}


def _arguments(call: Call) -> Any:  # noqa: ANN401  whatever JSON the scenario wrote
    """Give the object; text that is no JSON stays text, which clients must survive."""
    try:
        return json.loads(call.encoded)
    except ValueError:
        return call.encoded


def _closing(answer: Answer) -> JsonObject:
    stop = answer.reply.ends_with
    bill = answer.bill
    closing: JsonObject = {
        "done_reason": _DONE[Stop(stop)] if stop in _DONE else stop,
        "done": True,
    }
    if answer.reply.usage.hidden:
        return closing
    return closing | {
        "total_duration": (bill.input_tokens + bill.output_tokens + 1) * NS_PER_TOKEN,
        "load_duration": NS_PER_TOKEN,
        "prompt_eval_count": bill.input_tokens,
        "prompt_eval_duration": bill.input_tokens * NS_PER_TOKEN,
        "eval_count": bill.output_tokens,
        "eval_duration": bill.output_tokens * NS_PER_TOKEN,
    }
