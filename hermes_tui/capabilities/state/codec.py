"""Events to JSON bytes and back, by event name and record version; states to bytes and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, Final, cast, get_args

import msgspec

from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.events import EVENT_TYPES, Event, ModelFinished
from hermes_tui.domain.records import RECORD_VERSION
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.log import Log
from hermes_tui.domain.state.table import Table

Fields = dict[str, Any]
Upgrade = Callable[[str, Fields], Fields]

_HINT: Final = "Update Hermes, or export the session with the version that wrote it."
_ENCODER: Final = msgspec.json.Encoder()
_LINES: Final = msgspec.json.Encoder(enc_hook=str)


encode: Final[Callable[[Event], bytes]] = _ENCODER.encode
"""Returns the JSON of an event; raises UnicodeEncodeError where a text holds half a surrogate pair, see `scrubbed`."""


def encode_line(fields: Mapping[str, object]) -> str:
    """Return the JSON of fields on one line; half a surrogate pair is replaced, what is no plain value is text."""
    try:
        return _LINES.encode(fields).decode()
    except UnicodeEncodeError:
        return _LINES.encode(_without_surrogates(fields)).decode()


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
        return cast("Event", _decoder(name).decode(body))
    except (msgspec.DecodeError, KeyError) as error:
        raise JournalUnreadable(f"A record {name!r} is damaged: {error}.", hint=_HINT) from error


@lru_cache(maxsize=64)
def _decoder(name: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(EVENT_TYPES[name])


def encode_state(state: SessionState) -> bytes:
    """Return the bytes of a state; the order of what it holds is kept."""
    return msgspec.msgpack.encode(state, enc_hook=_plain)


def decode_state(body: bytes) -> SessionState:
    """Return the state of some bytes.

    Raises:
        JournalUnreadable: they are none of a state as it is now.
    """
    try:
        return _state_decoder().decode(body)
    except msgspec.MsgspecError as error:
        raise JournalUnreadable(f"A stored state is of another kind: {error}.") from error


@cache
def _state_decoder() -> msgspec.msgpack.Decoder[SessionState]:
    return msgspec.msgpack.Decoder(SessionState, dec_hook=_shared)


def _plain(value: object) -> object:
    if isinstance(value, Log):
        return cast("Log[object]", value)[:]
    if isinstance(value, Table):
        return dict(cast("Table[object, object]", value))
    raise TypeError(type(value))


def _shared(kind: type[Any], value: object) -> object:
    (item,) = get_args(kind)
    return Log(shared=msgspec.convert(value, list[item]))  # type: ignore[valid-type] # a type that is known at run time


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
