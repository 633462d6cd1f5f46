"""OpenAI chat completions, also as LM Studio and OpenRouter speak them."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from tests.fakes import openai_errors
from tests.fakes.dialect import CREATED_AT, Answer, objects, text_of, tool_names
from tests.fakes.faults import Fault
from tests.fakes.frames import Frame, Part, encode
from tests.fakes.scenario import Asked, JsonObject, RateLimits, Stop

_FINISH = {
    Stop.END: "stop",
    Stop.TOOL_USE: "tool_calls",
    Stop.LENGTH: "length",
    Stop.REFUSAL: "stop",
    Stop.CONTENT_FILTER: "content_filter",
}


class OpenAIChat:
    """POST /v1/chat/completions."""

    name = "openai_chat"
    stream_type = "text/event-stream; charset=utf-8"
    always_tells_usage = False
    """Streams usage without being asked through `stream_options.include_usage`."""

    def read(self, body: JsonObject, headers: Mapping[str, str]) -> Asked:
        """Understand a request body."""
        messages = objects(body.get("messages"))
        last = messages[-1] if messages else {}
        return Asked(
            dialect=self.name,
            model=str(body.get("model", "")),
            stream=body.get("stream") is True,
            last_text=text_of(last.get("content")),
            has_tool_result=last.get("role") == "tool",
            tools=tool_names(body),
            body=body,
            headers=headers,
        )

    def frames(self, answer: Answer) -> list[Frame]:
        """Encode an answer as server-sent events, `[DONE]` included."""
        return list(self._frames(answer))

    def _frames(self, answer: Answer) -> Iterator[Frame]:
        reply = answer.reply
        yield self._delta(answer, Part.OPEN, {"role": "assistant", "content": ""})
        for token in reply.thinking_tokens:
            yield self._delta(answer, Part.THINKING, {"reasoning_content": token})
        text_key = "refusal" if reply.ends_with == Stop.REFUSAL else "content"
        for token in reply.text_tokens:
            yield self._delta(answer, Part.TEXT, {text_key: token})
        yield from self._call_frames(answer)
        yield self._delta(answer, Part.END, {}, finish=finish_reason(answer))
        if self._tells_usage(answer):
            chunk = self.chunk(answer, []) | {"usage": self.usage(answer)}
            yield Frame(Part.END, self.line(encode(chunk)))
        yield Frame(Part.END, self.line(b"[DONE]"))

    def _call_frames(self, answer: Answer) -> Iterator[Frame]:
        calls = answer.reply.tool_calls
        starts = [
            self._delta(answer, Part.BETWEEN, {"tool_calls": [_call_start(answer, index)]})
            for index in range(len(calls))
        ]
        fragments = [
            [self._fragment(answer, index, text) for text in call.fragments] for index, call in enumerate(calls)
        ]
        if answer.reply.interleaved:
            yield from starts
            for row in zip_longest(*fragments):
                yield from (frame for frame in row if frame is not None)
            return
        for start, rest in zip(starts, fragments, strict=True):
            yield start
            yield from rest

    def _fragment(self, answer: Answer, index: int, text: str) -> Frame:
        piece = {"index": index, "function": {"arguments": text}}
        return self._delta(answer, Part.ARGUMENTS, {"tool_calls": [piece]})

    def _delta(self, answer: Answer, part: Part, delta: JsonObject, finish: str | None = None) -> Frame:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return Frame(part, self.line(encode(self.chunk(answer, [choice]))))

    def chunk(self, answer: Answer, choices: list[JsonObject]) -> JsonObject:
        """Build a chunk around its choices."""
        return {
            "id": f"chatcmpl-{answer.serial}",
            "object": "chat.completion.chunk",
            "created": CREATED_AT,
            "model": answer.model,
            "choices": choices,
        }

    def _tells_usage(self, answer: Answer) -> bool:
        if answer.reply.usage.hidden:
            return False
        options: JsonObject = answer.asked.body.get("stream_options") or {}
        return self.always_tells_usage or options.get("include_usage") is True

    def usage(self, answer: Answer) -> JsonObject:
        """Write the bill; cached tokens are part of `prompt_tokens`."""
        bill = answer.bill
        return {
            "prompt_tokens": bill.input_tokens,
            "completion_tokens": bill.output_tokens,
            "total_tokens": bill.input_tokens + bill.output_tokens,
            "prompt_tokens_details": {
                "cached_tokens": bill.cached_tokens,
                "cache_write_tokens": bill.cache_write_tokens,
            },
            "completion_tokens_details": {"reasoning_tokens": bill.reasoning_tokens},
        }

    def whole(self, answer: Answer) -> JsonObject:
        """Build an answer in one piece."""
        refused = answer.reply.ends_with == Stop.REFUSAL
        text = answer.reply.full_text or None
        message: JsonObject = {
            "role": "assistant",
            "content": None if refused else text,
            "refusal": text if refused else None,
        }
        if answer.reply.thinking:
            message["reasoning_content"] = answer.reply.thinking
        if answer.reply.tool_calls:
            message["tool_calls"] = _calls(answer)
        choice = {"index": 0, "message": message, "finish_reason": finish_reason(answer)}
        completion = self.chunk(answer, [choice | {"logprobs": None}])
        completion["object"] = "chat.completion"
        if not answer.reply.usage.hidden:
            completion["usage"] = self.usage(answer)
        return completion

    def error(self, status: int, fault: Fault) -> JsonObject:
        """Build the body of an HTTP error."""
        return openai_errors.error_body(status, fault)

    def error_event(self, fault: Fault, answer: Answer) -> bytes:  # noqa: ARG002  a port's method
        """Encode an error in the middle of a stream: a chunk that is only an error."""
        return self.line(encode(self.error(500, fault)))

    def line(self, payload: bytes) -> bytes:
        """Frame a payload as one server-sent event."""
        return b"data: " + payload + b"\n\n"

    def rate_headers(self, limits: RateLimits) -> dict[str, str]:
        """Name the rate-limit headers."""
        return openai_errors.rate_headers(limits)


def finish_reason(answer: Answer) -> str:
    """Translate the stop; a word that is no `Stop` passes through."""
    stop = answer.reply.ends_with
    return _FINISH[Stop(stop)] if stop in _FINISH else stop


def _call_start(answer: Answer, index: int) -> JsonObject:
    return {
        "index": index,
        "id": answer.call_id(index, "call"),
        "type": "function",
        "function": {"name": answer.reply.tool_calls[index].name, "arguments": ""},
    }


def _calls(answer: Answer) -> list[JsonObject]:
    return [
        {
            "id": answer.call_id(index, "call"),
            "type": "function",
            "function": {"name": call.name, "arguments": call.encoded},
        }
        for index, call in enumerate(answer.reply.tool_calls)
    ]
