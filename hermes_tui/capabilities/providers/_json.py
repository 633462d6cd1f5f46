"""Reading foreign JSON without trusting its shape, and writing ours."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from functools import lru_cache
from typing import Final, cast

import msgspec

from hermes_tui.domain.messages import ToolCall

Fields = dict[str, object]
Batches = AsyncGenerator[Iterable[Fields]]
"""The events of a stream, as many at a time as came at once: a hop between coroutines costs more than an event."""

_DECODER: Final = json.JSONDecoder()
_BLANKS: Final = " \t\n\r"
_SHORT: Final = 2_048
"""Characters of arguments up to which their JSON is kept for the next step."""


def fields_of(value: object, *path: str) -> Fields:
    """Return the object at `path` inside `value`, empty where there is none."""
    for key in path:
        value = cast("Fields", value).get(key) if isinstance(value, dict) else None
    return cast("Fields", value) if isinstance(value, dict) else {}


def list_of(fields: Fields, key: str) -> list[Fields]:
    """Return the objects of the list `key` of an object."""
    found = fields.get(key)
    return [fields_of(item) for item in cast("list[object]", found)] if isinstance(found, list) else []


def text_of(fields: Fields, key: str) -> str:
    """Return the text `key` of an object, empty where there is none."""
    found = fields.get(key)
    return found if isinstance(found, str) else ""


def count_of(fields: Fields, key: str) -> int:
    """Return the whole number `key` of an object, 0 where there is none."""
    found = fields.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def object_of(data: bytes | str) -> Fields | None:
    """Return the JSON object of `data`, None if it is none."""
    try:
        # `json.loads` would look for the encoding first, and for blanks by a pattern: a third of its time here.
        text = (data if isinstance(data, str) else data.decode()).strip(_BLANKS)
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):  # too deep to read is as good as broken
        return None
    return cast("Fields", value) if end == len(text) and isinstance(value, dict) else None


Json = msgspec.Raw
"""JSON that stands as it is wherever it is put."""


def json_of(value: object) -> Json:
    """Return a value as JSON.

    Raises:
        UnicodeEncodeError: it holds half a surrogate pair.
    """
    return Json(msgspec.json.encode(value))


def body_bytes(body: Mapping[str, object]) -> bytes:
    """Return the JSON of a request's body: the whole conversation, at each step."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can carry
        return json.dumps(body).encode()


@lru_cache(maxsize=256)
def schema_of(parameters: str) -> Fields:
    """Return the JSON Schema of a tool's arguments; it is the same text at each step, and is not to be changed."""
    return cast("Fields", json.loads(parameters))


def arguments_of(call: ToolCall) -> Fields:
    """Return a call's arguments as an object: servers refuse a history whose arguments do not parse."""
    return _object_of(call.arguments)


def _object_of(arguments: str) -> Fields:
    parsed = object_of(arguments)
    return {"malformed": arguments} if parsed is None else parsed


def arguments_text(call: ToolCall) -> str:
    """Return the JSON of `arguments_of`; a conversation is written anew at each step, with all of its calls."""
    arguments = call.arguments
    return _rewritten(arguments) if len(arguments) <= _SHORT else json.dumps(arguments_of(call))


@lru_cache(maxsize=2_048)
def _rewritten(arguments: str) -> str:
    return json.dumps(_object_of(arguments))
