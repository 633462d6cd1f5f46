"""Events to JSON bytes and back, by event name and record version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, cast

import msgspec

from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.events import EVENT_TYPES, Event, ModelFinished
from hermes_tui.domain.ids import RequestId
from hermes_tui.domain.messages import Content, Image, Message, Opaque, Role, Text, Thinking, ToolCall, ToolResult
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.records import RECORD_VERSION
from hermes_tui.domain.usage import Usage

Fields = dict[str, Any]
Upgrade = Callable[[str, Fields], Fields]

_HINT: Final = "Update Hermes, or export the session with the version that wrote it."
_ENCODER: Final = msgspec.json.Encoder()


class _Kind(msgspec.Struct):
    kind: str


class _Message(msgspec.Struct):
    role: Role
    content: tuple[msgspec.Raw, ...]


class _Finished(msgspec.Struct, kw_only=True):
    """`ModelFinished` with its contents unread: msgspec cannot tell dataclasses of a union apart."""

    request_id: RequestId
    model: str
    message: _Message
    stop: StopReason
    usage: Usage
    usd: float | None
    first_token_s: float
    seconds: float


_KIND: Final = msgspec.json.Decoder(_Kind)
_FINISHED: Final = msgspec.json.Decoder(_Finished)
_CONTENT: Final[Mapping[str, msgspec.json.Decoder[Any]]] = {
    "text": msgspec.json.Decoder(Text),
    "thinking": msgspec.json.Decoder(Thinking),
    "opaque": msgspec.json.Decoder(Opaque),
    "tool_call": msgspec.json.Decoder(ToolCall),
    "tool_result": msgspec.json.Decoder(ToolResult),
    "image": msgspec.json.Decoder(Image),
}


def encode(event: Event) -> bytes:
    """Return the JSON of `event`.

    Raises:
        UnicodeEncodeError: a text holds half a surrogate pair; `scrubbed` removes it.
    """
    return _ENCODER.encode(event)


def scrubbed(event: Event) -> Event:
    """Return `event` with every lone surrogate replaced, so that it can be encoded."""
    fields = _without_surrogates(msgspec.to_builtins(event))
    return decode(type(event).__name__, _ENCODER.encode(fields))


def decode(name: str, body: bytes, *, v: int = RECORD_VERSION) -> Event:
    """Return the event called `name` from its JSON.

    Args:
        name: The event's name, as its record stores it.
        body: Its JSON.
        v: The record version it was written in; an older one is brought up to date first.

    Raises:
        JournalUnreadable: a name or version that this Hermes does not know, or a body that does not fit.
    """
    if v > RECORD_VERSION or name not in EVENT_TYPES:
        raise JournalUnreadable(f"A record {name!r} of version {v} is not known to this Hermes.", hint=_HINT)
    try:
        if v < RECORD_VERSION:
            body = _upgraded(name, body, v)
        if name == ModelFinished.__name__:
            return _finished(body)
        return cast("Event", _decoder(name).decode(body))
    except (msgspec.DecodeError, KeyError) as error:
        raise JournalUnreadable(f"A record {name!r} is damaged: {error}.", hint=_HINT) from error


@lru_cache(maxsize=64)
def _decoder(name: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(EVENT_TYPES[name])


def _finished(body: bytes) -> ModelFinished:
    raw = _FINISHED.decode(body)
    return ModelFinished(
        request_id=raw.request_id,
        model=raw.model,
        message=Message(role=raw.message.role, content=tuple(_content(part) for part in raw.message.content)),
        stop=raw.stop,
        usage=raw.usage,
        usd=raw.usd,
        first_token_s=raw.first_token_s,
        seconds=raw.seconds,
    )


def _content(part: msgspec.Raw) -> Content:
    return cast("Content", _CONTENT[_KIND.decode(part).kind].decode(part))


def _from_v0(name: str, fields: Fields) -> Fields:
    """Version 0 (before the first release) called the source of a message its author, and a content's kind `type`."""
    if name == "MessageGiven" and "author" in fields:
        fields["source"] = fields.pop("author")
    if name == ModelFinished.__name__:
        for part in fields["message"]["content"]:
            if "type" in part:
                part["kind"] = part.pop("type")
    return fields


UPGRADES: Final[Mapping[int, Upgrade]] = {0: _from_v0}
"""How a body of each older version becomes one of the next."""


def _upgraded(name: str, body: bytes, v: int) -> bytes:
    fields = cast("Fields", msgspec.json.decode(body))
    for version in range(v, RECORD_VERSION):
        fields = UPGRADES[version](name, fields)
    return _ENCODER.encode(fields)


def _without_surrogates(value: Any) -> Any:  # noqa: ANN401 - plain JSON of any shape
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in cast("Fields", value).items()}
    return value
