"""A server on the web (streamable HTTP): each message is one request, and its answer is JSON or a stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hermes_tui.capabilities.mcp.rpc import Fields, Gone, Heard, ServerGone, encoded, fields_of, messages, text_of
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.values import frozen

SESSION: Final = "mcp-session-id"
_STREAM: Final = "text/event-stream"
_REFUSED: Final = {401: "its key is missing or wrong", 403: "its key may not do that"}


@frozen
class Answer:
    """What came back for one request."""

    status: int
    content_type: str
    headers: Mapping[str, str]
    body: bytes


Enough = Callable[[bytes], bool]
Send = Callable[[bytes, Mapping[str, str], float, Enough], Answer]
"""(body, headers, seconds, what says that enough came) to the answer; blocks, raises ToolError where there is none."""


class Post:
    """The way to a server on the web. There is nothing to keep open; a session, if it has one, is named each time."""

    def __init__(self, send: Send, headers: Mapping[str, str], timeout_s: float) -> None:
        self._send = send
        self._headers = dict(headers)
        self._timeout_s = timeout_s
        self._heard: Heard = lambda _: None
        self._session = ""
        self.version = ""
        """The protocol that was agreed on; later requests name it."""

    def listen(self, heard: Heard, gone: Gone) -> None:  # noqa: ARG002 - each answer says for itself if there is none
        self._heard = heard

    async def send(self, message: Fields) -> None:
        body, headers, enough = encoded(message), self._all_headers(message), _holds_answer_to(message.get("id"))
        try:
            answer = await asyncio.to_thread(self._send, body, headers, self._timeout_s, enough)
        except ToolError as error:
            raise ServerGone(error.message) from error
        if answer.status == 404 and self._session:
            self._session = ""
            raise ServerGone("It has forgotten the session.")
        self._session = answer.headers.get(SESSION, self._session)
        for found in _answers(answer) if "id" in message and "method" in message else ():
            self._heard(found)

    async def close(self) -> None:
        self._session = ""

    def _all_headers(self, message: Fields) -> dict[str, str]:
        """Return the operator's headers and the protocol's own; none of the latter can be set by the former."""
        own = {"Content-Type": "application/json", "Accept": f"application/json, {_STREAM}"}
        own["Mcp-Method"] = text_of(message.get("method"))
        if name := text_of(fields_of(message.get("params")).get("name")):
            own["Mcp-Name"] = name if name.isascii() and name.isprintable() else ""
        if self.version:
            own["MCP-Protocol-Version"] = self.version
        if self._session:
            own["Mcp-Session-Id"] = self._session
        return {**self._headers, **{key: value for key, value in own.items() if value}}


def _answers(answer: Answer) -> Iterator[Fields]:
    """Yield the messages of an answer.

    Raises:
        ServerGone: it is none.
    """
    if (why := _REFUSED.get(answer.status)) is not None:
        raise ServerGone(f"It answered {answer.status}: {why}.")
    if answer.content_type.startswith(_STREAM):
        for data in events(answer.body):
            yield from messages(data)
    elif answer.status < 300 or answer.content_type.startswith("application/json"):
        yield from messages(answer.body)
    else:
        raise ServerGone(f"It answered {answer.status}.")


def events(body: bytes) -> Iterator[bytes]:
    """Yield the data of each whole event of a stream (WHATWG HTML, server-sent events)."""
    for block in body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n"):
        lines = [line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:")]
        if data := b"\n".join(lines):
            yield data


def _holds_answer_to(number: object) -> Enough:
    """Return what says that a stream so far holds the answer to a request: nobody waits for the stream's end then."""

    def enough(body: bytes) -> bool:
        head, end, _ = body.replace(b"\r\n", b"\n").rpartition(b"\n\n")
        return bool(end) and any(_is_answer(data, number) for data in events(head))

    return enough


def _is_answer(data: bytes, number: object) -> bool:
    try:
        return any(one.get("id") == number and "method" not in one for one in messages(data))
    except ServerGone:
        return False
