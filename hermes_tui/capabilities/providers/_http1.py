"""One connection of HTTP/1.1: a request out, an answer in, and no work per byte that a stream does not need."""

from __future__ import annotations

import asyncio
import select
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from hermes_tui.capabilities.providers._framing import Broken, Framing, framing_of
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    import ssl

HEAD_BYTES: Final = 65_536
HELD_BYTES: Final = 262_144
"""How much may lie unread before the sender is made to wait."""
PORTS: Final = {"http": 80, "https": 443}
_OWN: Final = {"accept-encoding": "identity", "user-agent": "hermes-tui"}
_VISIBLE: Final = later(r"[!-~]+")
_VALUE: Final = later(r"[!-~]([ \t!-~]*[!-~])?")
_STATUS: Final = later(r"HTTP/1\.([01]) ([1-5]\d\d)(?: .*)?")
_FIELD: Final = later(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")


class AddressInvalid(ValueError):
    """A URL that no request can go to."""


class HeaderInvalid(ValueError):
    """A value that no header can carry, such as a key with a line break in it."""


@frozen
class Address:
    """Where a request goes; `host_field` is what its `Host` header says, `login` what the URL says of a user."""

    secure: bool
    host: str
    port: int
    path: str
    host_field: str
    login: str = ""


def address_of(url: str) -> Address:
    """Take a URL apart.

    Raises:
        AddressInvalid: it is no HTTP address, or has no such port.
    """
    try:
        parts = urlsplit(url)
        port = PORTS[parts.scheme] if parts.port is None else parts.port
        host = _plain(parts.hostname or "")
    except (ValueError, KeyError) as error:
        raise AddressInvalid(url) from error
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not host or not port or not _VISIBLE.fullmatch(host + path):
        raise AddressInvalid(url)
    named = f"[{host}]" if ":" in host else host
    shown = named if parts.port is None else f"{named}:{port}"
    return Address(
        secure=parts.scheme == "https", host=host, port=port, path=path, host_field=shown, login=_login(parts)
    )


def _plain(host: str) -> str:
    """Return a host name in ASCII; Python's tables for the others are not loaded where it already is."""
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _login(parts: SplitResult) -> str:
    """Return the credentials of a URL as RFC 7617 wants them, empty without."""
    if parts.username is None:
        return ""
    named = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(named.encode()).decode('ascii')}"


@frozen
class Request:
    """What to send; `headers` are lower case, and what the connection itself needs is added."""

    url: str
    address: Address
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


def spelled(request: Request) -> bytes:
    """Return a request as bytes.

    Raises:
        HeaderInvalid: a header holds what would end it, or what no header can hold.
    """
    address = request.address
    fields = {"host": address.host_field, **_OWN}
    if address.login:
        fields["authorization"] = address.login
    fields |= request.headers
    if request.method != "GET":
        fields["content-length"] = str(len(request.body))
    for name, value in fields.items():
        if not _VALUE.fullmatch(value):
            raise HeaderInvalid(name)
    lines = [f"{request.method} {address.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + request.body


@frozen
class Head:
    """The head of an answer; the names of `headers` are lower case, equal ones joined by a comma."""

    status: int
    headers: Mapping[str, str]
    kept: bool


def head_of(text: str) -> Head:
    """Read the head of an answer.

    Raises:
        Broken: it is none.
    """
    first, *lines = text.split("\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise Broken("its answer is not HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise Broken("a header of its answer is none")
        name, value = found[1].lower(), found[2]
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    said = headers.get("connection", "").lower()
    return Head(status=int(status[2]), headers=headers, kept=status[1] == "1" and "close" not in said)


class Connection(asyncio.Protocol):
    """Bytes to and from one host, one exchange at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._held: list[bytes] = []
        self.held_bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False
        self._error: Exception | None = None
        self.idle_since = 0.0

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held.append(data)
        self.held_bytes += len(data)
        if self.held_bytes > HELD_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._closed = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self._error = exc
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # What an exchange calls.

    def send(self, data: bytes) -> None:
        """Write without waiting: a server may answer, and refuse, before it has read all."""
        if self._transport is not None:
            self._transport.write(data)

    async def receive(self) -> bytes:
        """Return what has arrived as soon as there is any, nothing at the end.

        Raises:
            OSError: the connection was reset.
        """
        if not self._held:
            if self._closed:
                return self._end()
            self._waiter = self._loop.create_future()
            await self._waiter
            if not self._held:
                return self._end()
        data = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        self._held.clear()
        if self.held_bytes > HELD_BYTES and self._transport is not None and not self._closed:
            self._transport.resume_reading()
        self.held_bytes = 0
        return data

    def _end(self) -> bytes:
        if self._error is not None:
            raise self._error
        return b""

    @property
    def usable(self) -> bool:
        """Whether the next request may go out on it: open, and not a byte came that nobody asked for."""
        if self._closed or self._held or self._transport is None:
            return False
        descriptor: int = self._transport.get_extra_info("socket").fileno()
        poll = select.poll()  # what the loop has not seen yet: the end, most of all
        poll.register(descriptor, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """Close at once; what was not sent stays unsent."""
        if self._transport is not None:
            self._transport.abort()


async def connected(address: Address, context: ssl.SSLContext | None) -> Connection:
    """Connect to a host; its addresses are tried side by side (RFC 8305).

    Raises:
        OSError: it does not answer, or its certificate is not good.
    """
    loop = asyncio.get_running_loop()
    name = address.host if context is not None else None
    _, connection = await loop.create_connection(
        Connection, address.host, address.port, ssl=context, server_hostname=name, happy_eyeballs_delay=0.25
    )
    return connection


class Answer:
    """An answer whose head is read; its body comes piece by piece."""

    def __init__(self, head: Head, connection: Connection, rest: bytes) -> None:
        self.status = head.status
        self.headers = head.headers
        self._kept = head.kept
        self._connection = connection
        self._framing: Framing = framing_of(head.status, head.headers)
        self._rest = rest

    async def read(self) -> bytes:
        """Return the next piece of the body, nothing at its end.

        Raises:
            Broken: it is not whole.
            OSError: the connection was reset.
        """
        if self._rest:
            rest, self._rest = self._rest, b""
            if found := self._framing.feed(rest):
                return found
        while not self._framing.ended:
            if found := self._framing.feed(await self._connection.receive()):
                return found
        return b""

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry the next request."""
        return self._kept and self._framing.ended and not self._rest


async def answered(connection: Connection, data: bytes) -> Answer:
    """Send a request and return its answer as soon as the head is there.

    Raises:
        Broken: there is no answer, or none of HTTP/1.1.
        OSError: the connection was reset.
    """
    connection.send(data)
    rest = b""
    while True:
        text, end, after = rest.partition(b"\r\n\r\n")
        if len(text) > HEAD_BYTES:
            raise Broken("the head of its answer is too large")
        if not end:
            rest = await _more(connection, rest)
            continue
        head, rest = head_of(text.decode("latin-1")), after
        if head.status >= 200:  # those below announce the answer (RFC 9110, 15.2)
            return Answer(head, connection, rest)


async def _more(connection: Connection, rest: bytes) -> bytes:
    data = await connection.receive()
    if not data:
        raise Broken("it was closed without an answer")
    return rest + data
