"""Anthropic messages: named server-sent events around content blocks."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.dialect import Answer, objects, text_of, tool_names
from tests.fakes.faults import Fault, FaultKind
from tests.fakes.frames import Frame, Part, encode
from tests.fakes.scenario import Asked, Call, JsonObject, RateLimits, Stop

SIGNATURE = "ZmFrZS1zaWduYXR1cmU="

_STOP = {
    Stop.END: "end_turn",
    Stop.TOOL_USE: "tool_use",
    Stop.LENGTH: "max_tokens",
    Stop.REFUSAL: "refusal",
    Stop.CONTENT_FILTER: "refusal",
}

_ERRORS = {
    400: ("invalid_request_error", "messages: invalid request"),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "Your credit balance is too low to access the Anthropic API."),
    403: ("permission_error", "Your API key does not have permission to use this model."),
    404: ("not_found_error", "model: fake"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
    529: ("overloaded_error", "Overloaded"),
}
_OTHERWISE = ("api_error", "Internal server error")

_KINDS = {
    FaultKind.CONTEXT_LENGTH: (
        "invalid_request_error",
        "prompt is too long: 40000 tokens > 32768 maximum",
    ),
    FaultKind.QUOTA: (
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API.",
    ),
}


class Anthropic:
    """POST /v1/messages."""

    name = "anthropic"
    stream_type = "text/event-stream; charset=utf-8"

    def read(self, body: JsonObject, headers: Mapping[str, str]) -> Asked:
        """Understand a request body."""
        messages = objects(body.get("messages"))
        content = messages[-1].get("content") if messages else ""
        blocks = objects(content)
        return Asked(
            dialect=self.name,
            model=str(body.get("model", "")),
            stream=body.get("stream") is True,
            last_text=text_of(content),
            has_tool_result=any(block.get("type") == "tool_result" for block in blocks),
            tools=tool_names(body),
            body=body,
            headers=headers,
        )

    def frames(self, answer: Answer) -> list[Frame]:
        """Encode an answer as events, `message_stop` last."""
        return list(self._frames(answer))

    def _frames(self, answer: Answer) -> Iterator[Frame]:
        opening = _message(answer) | {"usage": _opening_usage(answer)}
        yield _event(Part.OPEN, {"type": "message_start", "message": opening})
        yield _event(Part.OPEN, {"type": "ping"})
        for index, block in enumerate(_blocks(answer)):
            yield from _block_frames(index, block)
        delta = {"type": "message_delta", "delta": _stop(answer), "usage": _closing_usage(answer)}
        yield _event(Part.END, delta)
        yield _event(Part.END, {"type": "message_stop"})

    def whole(self, answer: Answer) -> JsonObject:
        """Build an answer in one piece."""
        content = [block.whole() for block in _blocks(answer)]
        return _message(answer) | {"content": content, "usage": _usage(answer)} | _stop(answer)

    def error(self, status: int, fault: Fault) -> JsonObject:
        """Build the body of an HTTP error."""
        kind, usual = _KINDS.get(fault.kind) or _ERRORS.get(status, _OTHERWISE)
        error = {"type": kind, "message": fault.message or usual}
        return {"type": "error", "error": error, "request_id": "req_fake"}

    def error_event(self, fault: Fault, answer: Answer) -> bytes:  # noqa: ARG002  a port's method
        """Encode an error in the middle of a stream: overloaded, as in production."""
        return _event(Part.BETWEEN, self.error(529, fault)).data

    def line(self, payload: bytes) -> bytes:
        """Frame a payload as one event that clients do not skip."""
        return b"event: content_block_delta\ndata: " + payload + b"\n\n"

    def rate_headers(self, limits: RateLimits) -> dict[str, str]:
        """Name the rate-limit headers; resets are RFC 3339 instants."""
        reset = datetime.now(UTC) + timedelta(seconds=limits.resets_in_s)
        instant = reset.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "anthropic-ratelimit-requests-limit": str(limits.requests),
            "anthropic-ratelimit-requests-remaining": str(limits.requests_left),
            "anthropic-ratelimit-requests-reset": instant,
            "anthropic-ratelimit-tokens-limit": str(limits.tokens),
            "anthropic-ratelimit-tokens-remaining": str(limits.tokens_left),
            "anthropic-ratelimit-tokens-reset": instant,
        }


class _Block:
    """A content block: how it starts, the deltas it grows by, and itself whole."""

    def __init__(self, part: Part, start: JsonObject, deltas: Iterable[JsonObject], final: JsonObject) -> None:
        self.part = part
        self.start = start
        self.deltas = deltas
        self._final = final

    def whole(self) -> JsonObject:
        return self.start | self._final


def _blocks(answer: Answer) -> Iterator[_Block]:
    reply = answer.reply
    if reply.thinking:
        yield _thinking_block(reply.thinking, reply.thinking_tokens)
    if text := reply.full_text:
        deltas = ({"type": "text_delta", "text": token} for token in reply.text_tokens)
        yield _Block(Part.TEXT, {"type": "text", "text": ""}, deltas, {"text": text})
    for index, call in enumerate(reply.tool_calls):
        yield _tool_block(answer.call_id(index, "toolu"), call)


def _thinking_block(thinking: str, tokens: list[str]) -> _Block:
    start = {"type": "thinking", "thinking": "", "signature": ""}
    deltas: list[JsonObject] = [{"type": "thinking_delta", "thinking": token} for token in tokens]
    deltas.append({"type": "signature_delta", "signature": SIGNATURE})
    final = {"thinking": thinking, "signature": SIGNATURE}
    return _Block(Part.THINKING, start, deltas, final)


def _tool_block(call_id: str, call: Call) -> _Block:
    start: JsonObject = {"type": "tool_use", "id": call_id, "name": call.name, "input": {}}
    deltas = ({"type": "input_json_delta", "partial_json": text} for text in call.fragments)
    return _Block(Part.ARGUMENTS, start, deltas, {"input": _input(call)})


def _input(call: Call) -> Any:  # noqa: ANN401  whatever JSON the scenario wrote
    try:
        return json.loads(call.encoded)
    except ValueError:
        return {}


def _block_frames(index: int, block: _Block) -> Iterator[Frame]:
    start = {"type": "content_block_start", "index": index, "content_block": block.start}
    yield _event(Part.BETWEEN, start)
    for delta in block.deltas:
        event = {"type": "content_block_delta", "index": index, "delta": delta}
        part = Part.BETWEEN if delta["type"] == "signature_delta" else block.part
        yield _event(part, event)
    yield _event(Part.BETWEEN, {"type": "content_block_stop", "index": index})


def _event(part: Part, event: JsonObject) -> Frame:
    name = str(event["type"]).encode()
    return Frame(part, b"event: " + name + b"\ndata: " + encode(event) + b"\n\n")


def _message(answer: Answer) -> JsonObject:
    return {
        "id": f"msg_{answer.serial}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _stop(answer: Answer) -> JsonObject:
    stop = answer.reply.ends_with
    word = _STOP[Stop(stop)] if stop in _STOP else stop
    told: JsonObject = {"stop_reason": word, "stop_sequence": None}
    if word == "refusal":
        told["stop_details"] = {"type": "refusal", "category": None, "explanation": None}
    return told


def _usage(answer: Answer) -> JsonObject:
    """Write the bill; `input_tokens` leaves cached tokens out."""
    bill = answer.bill
    return {
        "input_tokens": bill.uncached_tokens,
        "cache_creation_input_tokens": bill.cache_write_tokens,
        "cache_read_input_tokens": bill.cached_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": bill.cache_write_tokens,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": bill.output_tokens,
        "output_tokens_details": {"thinking_tokens": bill.reasoning_tokens},
        "service_tier": "standard",
    }


def _opening_usage(answer: Answer) -> JsonObject:
    opening = _usage(answer) | {"output_tokens": 1}
    del opening["output_tokens_details"]
    return opening


def _closing_usage(answer: Answer) -> JsonObject:
    kept = (
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "output_tokens",
        "output_tokens_details",
    )
    usage = _usage(answer)
    return {key: usage[key] for key in kept}
