"""Output items of the responses dialect: reasoning, message, function call."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.fakes.dialect import Answer
from tests.fakes.frames import Part
from tests.fakes.scenario import JsonObject, Reply, Stop

ENCRYPTED = "ZmFrZS1yZWFzb25pbmc="


@dataclass(frozen=True, slots=True)
class Item:
    """An output item as it starts, the events it grows by, and as it ends."""

    start: JsonObject
    events: list[tuple[Part, JsonObject]]
    final: JsonObject


def items_of(answer: Answer) -> Iterator[Item]:
    """Lay an answer out as items, in the order in which they are streamed."""
    reply = answer.reply
    if reply.thinking:
        yield _reasoning(f"rs_{answer.serial}", reply)
    if reply.full_text:
        yield _message(f"msg_{answer.serial}", reply)
    for index in range(len(reply.tool_calls)):
        yield _call(answer, index)


def _reasoning(item_id: str, reply: Reply) -> Item:
    kind = "response.reasoning_summary_text"
    empty = {"type": "summary_text", "text": ""}
    full = empty | {"text": reply.thinking}
    events: list[tuple[Part, JsonObject]] = [
        (Part.BETWEEN, {"type": "response.reasoning_summary_part.added", "part": empty}),
        *((Part.THINKING, {"type": f"{kind}.delta", "delta": t}) for t in reply.thinking_tokens),
        (Part.BETWEEN, {"type": f"{kind}.done", "text": reply.thinking}),
        (Part.BETWEEN, {"type": "response.reasoning_summary_part.done", "part": full}),
    ]
    placed = [(part, event | {"summary_index": 0}) for part, event in events]
    start: JsonObject = {"type": "reasoning", "id": item_id, "summary": []}
    return Item(start, placed, start | {"summary": [full], "encrypted_content": ENCRYPTED})


def _message(item_id: str, reply: Reply) -> Item:
    refused = reply.ends_with == Stop.REFUSAL
    full = _content(reply.full_text, refused=refused)
    added = {"type": "response.content_part.added", "part": _content("", refused=refused)}
    done = {"type": "response.content_part.done", "part": full}
    events: list[tuple[Part, JsonObject]] = [
        (Part.BETWEEN, added),
        *_text_events(reply, refused=refused),
        (Part.BETWEEN, done),
    ]
    placed = [(part, event | {"content_index": 0}) for part, event in events]
    start: JsonObject = {"type": "message", "id": item_id, "role": "assistant", "content": []}
    final = start | {"status": "completed", "content": [full]}
    return Item(start | {"status": "in_progress"}, placed, final)


def _text_events(reply: Reply, *, refused: bool) -> Iterator[tuple[Part, JsonObject]]:
    if refused:
        for token in reply.text_tokens:
            yield Part.TEXT, {"type": "response.refusal.delta", "delta": token}
        yield Part.BETWEEN, {"type": "response.refusal.done", "refusal": reply.full_text}
        return
    kind = "response.output_text"
    for token in reply.text_tokens:
        yield Part.TEXT, {"type": f"{kind}.delta", "delta": token, "logprobs": []}
    yield Part.BETWEEN, {"type": f"{kind}.done", "text": reply.full_text, "logprobs": []}


def _content(text: str, *, refused: bool) -> JsonObject:
    if refused:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call(answer: Answer, index: int) -> Item:
    call = answer.reply.tool_calls[index]
    kind = "response.function_call_arguments"
    start: JsonObject = {
        "type": "function_call",
        "id": f"fc_{answer.serial}_{index}",
        "call_id": answer.call_id(index, "call"),
        "name": call.name,
        "arguments": "",
        "status": "in_progress",
    }
    events: list[tuple[Part, JsonObject]] = [
        *((Part.ARGUMENTS, {"type": f"{kind}.delta", "delta": text}) for text in call.fragments),
        (Part.BETWEEN, {"type": f"{kind}.done", "arguments": call.encoded, "name": call.name}),
    ]
    return Item(start, events, start | {"arguments": call.encoded, "status": "completed"})
