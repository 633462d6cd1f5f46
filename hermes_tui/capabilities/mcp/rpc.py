"""JSON-RPC 2.0 as tool servers speak it: what is sent, and reading what a stranger sends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, cast

from hermes_tui.domain.errors import ToolError

Fields = dict[str, Any]
MESSAGE_LIMIT_BYTES: Final = 4_000_000
"""The longest message of a server; a longer one ends it."""
METHOD_NOT_FOUND: Final = -32601


class ServerGone(ToolError):
    """A server cannot be reached, ended, or broke the protocol; what it was asked for may or may not have happened."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, kind="server_gone")


class ServerRefused(ToolError):
    """A server answered a request with an error."""

    def __init__(self, message: str, *, code: int = 0) -> None:
        super().__init__(message, kind="server_error")
        self.code = code


Heard = Callable[[Fields], None]
"""Takes each message that a server sends."""
Gone = Callable[[str], None]
"""Is told once, and why, when nothing more will come."""


class Transport(Protocol):
    """The way to one server and back."""

    def listen(self, heard: Heard, gone: Gone) -> None:
        """Hand what comes to whoever asks; called once, before anything is sent."""
        ...

    async def send(self, message: Fields) -> None:
        """Hand one message over.

        Raises:
            ServerGone: nobody takes it.
        """
        ...

    async def close(self) -> None:
        """Let go of the server; a process of ours ends, with all that came of it."""
        ...


def request(number: int, method: str, params: Fields) -> Fields:
    """Return a message that wants an answer."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def notification(method: str, params: Fields | None = None) -> Fields:
    """Return a message that wants none."""
    return {"jsonrpc": "2.0", "method": method, **({"params": params} if params else {})}


def encoded(message: Fields) -> bytes:
    """Return a message on one line."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def messages(data: bytes) -> Iterator[Fields]:
    """Yield the messages of one line or body: one, or a batch.

    Raises:
        ServerGone: it is no JSON-RPC.
    """
    try:
        found: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ServerGone("It sent what is no JSON.") from error
    for each in cast("list[object]", found) if isinstance(found, list) else [found]:
        if not isinstance(each, dict):
            raise ServerGone("It sent what is no JSON-RPC message.")
        yield cast("Fields", each)


def said(error: object) -> ServerRefused:
    """Return the error of an answer."""
    fields = fields_of(error)
    code = fields.get("code")
    message = fields.get("message")
    text = message if isinstance(message, str) and message else "an error without a word"
    return ServerRefused(text[:1000], code=code if isinstance(code, int) else 0)


def fields_of(value: object) -> Fields:
    """Return `value` if it is an object, else an empty one."""
    return cast("Fields", value) if isinstance(value, dict) else {}


def items_of(value: object) -> list[object]:
    """Return `value` if it is a list, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Return `value` if it is text, else an empty one."""
    return value if isinstance(value, str) else ""
