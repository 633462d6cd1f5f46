"""OpenAI responses: numbered events around output items."""

from collections.abc import Iterator, Mapping

from tests.fakes import openai_errors
from tests.fakes.dialect import CREATED_AT, Answer, objects, text_of, tool_names
from tests.fakes.faults import Fault, FaultKind
from tests.fakes.frames import Frame, Part, encode
from tests.fakes.response_items import Item, items_of
from tests.fakes.scenario import Asked, JsonObject, RateLimits, Stop

LATE = 999_999
"""Sequence number of an error event: after everything sent so far."""

_INCOMPLETE = {Stop.LENGTH: "max_output_tokens", Stop.CONTENT_FILTER: "content_filter"}


class OpenAIResponses:
    """POST /v1/responses."""

    name = "openai_responses"
    stream_type = "text/event-stream; charset=utf-8"

    def read(self, body: JsonObject, headers: Mapping[str, str]) -> Asked:
        """Understand a request body; `input` is a string or a list of items."""
        given = body.get("input")
        items = objects(given)
        last = items[-1] if items else {"content": given}
        is_result = last.get("type") == "function_call_output"
        return Asked(
            dialect=self.name,
            model=str(body.get("model", "")),
            stream=body.get("stream") is True,
            last_text=text_of(last.get("output" if is_result else "content")),
            has_tool_result=is_result,
            tools=tool_names(body),
            body=body,
            headers=headers,
        )

    def frames(self, answer: Answer) -> list[Frame]:
        """Encode an answer as events; `response.completed` or `.incomplete` last."""
        numbered = enumerate(_events(answer))
        return [Frame(part, _event(event | {"sequence_number": number})) for number, (part, event) in numbered]

    def whole(self, answer: Answer) -> JsonObject:
        """Build an answer in one piece."""
        return _final(answer, list(items_of(answer)))

    def error(self, status: int, fault: Fault) -> JsonObject:
        """Build the body of an HTTP error."""
        return openai_errors.error_body(status, fault)

    def error_event(self, fault: Fault, answer: Answer) -> bytes:
        """Encode an error mid-stream: an `error` event, or `response.failed`."""
        error = self.error(500, fault)["error"]
        code = error["code"] or error["type"]
        told = {"code": code, "message": error["message"]}
        if fault.kind is FaultKind.FAILED_EVENT:
            response = _response(answer, "failed", []) | {"error": told}
            return _event({"type": "response.failed", "response": response, "sequence_number": LATE})
        return _event({"type": "error", **told, "param": None, "sequence_number": LATE})

    def line(self, payload: bytes) -> bytes:
        """Frame a payload as one event."""
        return b"event: response.output_text.delta\ndata: " + payload + b"\n\n"

    def rate_headers(self, limits: RateLimits) -> dict[str, str]:
        """Name the rate-limit headers."""
        return openai_errors.rate_headers(limits)


def _event(event: JsonObject) -> bytes:
    name = str(event["type"]).encode()
    return b"event: " + name + b"\ndata: " + encode(event) + b"\n\n"


def _events(answer: Answer) -> Iterator[tuple[Part, JsonObject]]:
    opening = _response(answer, "in_progress", [])
    yield Part.OPEN, {"type": "response.created", "response": opening}
    yield Part.OPEN, {"type": "response.in_progress", "response": opening}
    items = list(items_of(answer))
    for index, item in enumerate(items):
        yield from _item_events(index, item)
    final = _final(answer, items)
    yield Part.END, {"type": f"response.{final['status']}", "response": final}


def _item_events(index: int, item: Item) -> Iterator[tuple[Part, JsonObject]]:
    added = {"type": "response.output_item.added", "output_index": index, "item": item.start}
    yield Part.BETWEEN, added
    place = {"item_id": item.start["id"], "output_index": index}
    for part, event in item.events:
        yield part, event | place
    done = {"type": "response.output_item.done", "output_index": index, "item": item.final}
    yield Part.BETWEEN, done


def _final(answer: Answer, items: list[Item]) -> JsonObject:
    stop = answer.reply.ends_with
    reason = _INCOMPLETE[Stop(stop)] if stop in _INCOMPLETE else None
    status = "completed" if reason is None else "incomplete"
    final = _response(answer, status, [item.final for item in items])
    final["incomplete_details"] = None if reason is None else {"reason": reason}
    if not answer.reply.usage.hidden:
        final["usage"] = _usage(answer)
    return final


def _response(answer: Answer, status: str, output: list[JsonObject]) -> JsonObject:
    return {
        "id": f"resp_{answer.serial}",
        "object": "response",
        "created_at": CREATED_AT,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": answer.model,
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": None,
    }


def _usage(answer: Answer) -> JsonObject:
    """Write the bill; cached tokens are part of `input_tokens`."""
    bill = answer.bill
    return {
        "input_tokens": bill.input_tokens,
        "input_tokens_details": {
            "cached_tokens": bill.cached_tokens,
            "cache_write_tokens": bill.cache_write_tokens,
        },
        "output_tokens": bill.output_tokens,
        "output_tokens_details": {"reasoning_tokens": bill.reasoning_tokens},
        "total_tokens": bill.input_tokens + bill.output_tokens,
    }
