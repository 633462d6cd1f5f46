"""One HTTP exchange with a pinned, judged address, a whole deadline and a size cap; loaded when one is made."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Sequence

from hermes_tui.capabilities.tools._url import Address, Exchange, Reply
from hermes_tui.domain.errors import DeadlinePassed, ToolError
from hermes_tui.domain.hosts import covers_private, is_public

BODY_LIMIT_BYTES = 2_000_000
Enough = Callable[[bytes], bool]


def exchange(request: Exchange, egress: Sequence[str], until: float, enough: Enough = lambda _: False) -> Reply:
    """Send one request and read its reply; `until` is on the monotonic clock. Blocks: run it on a thread.

    A stream is read no further once `enough` says so of what came; it is not asked of any other body.

    Raises:
        ToolError: the address is private and not granted, or the exchange failed.
        DeadlinePassed: `until` passed.
    """
    address = request.address
    try:
        place = _judged(address, egress)
        connection = _Pinned(address, place, _left(until))
        try:
            headers = {"Accept-Encoding": "identity", "User-Agent": "hermes-tui", "Connection": "close"}
            connection.request(request.method, address.path, request.body or None, headers | dict(request.headers))
            return _read(connection, until, enough)
        finally:
            connection.close()
    except TimeoutError as error:
        raise DeadlinePassed(f"{address.name} did not answer in time.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ToolError(f"{address.name}: {type(error).__name__}: {error}", kind="network") from error


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was judged, whatever the name resolves to meanwhile."""

    def __init__(self, address: Address, place: str, timeout_s: float) -> None:
        super().__init__(address.host, address.port, timeout=timeout_s)
        self._place = place
        self._secure = address.scheme == "https"
        self.default_port = 443 if self._secure else 80

    def connect(self) -> None:
        self.sock = socket.create_connection((self._place, self.port), self.timeout)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _judged(address: Address, egress: Sequence[str]) -> str:
    """Return the address to connect to; every address of the name must be public, or granted as an address."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)]
    if not covers_private(egress, address.host, address.port) and not all(map(is_public, found)):
        hint = f"Only an egress grant for the address itself allows it, such as {found[0]}:{address.port}."
        raise ToolError(f"{address.name} is a private address.", hint=hint, kind="private_address")
    return found[0]


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(connection: _Pinned, until: float, enough: Enough) -> Reply:
    response = connection.getresponse()
    streams = response.headers.get_content_type() == "text/event-stream"
    body = bytearray()
    while len(body) <= BODY_LIMIT_BYTES:
        if connection.sock is not None:  # pyright: ignore[reportUnnecessaryComparison] - None once the reply owns it
            connection.sock.settimeout(_left(until))
        _left(until)
        chunk = response.read1(65_536)
        if not chunk:
            break
        body += chunk
        if streams and enough(bytes(body)):
            break
    return Reply(
        status=response.status,
        content_type=response.headers.get_content_type() + f"; charset={response.headers.get_content_charset('utf-8')}",
        location=response.headers.get("Location", ""),
        body=bytes(body[:BODY_LIMIT_BYTES]),
        cut=len(body) > BODY_LIMIT_BYTES,
        headers={name.casefold(): value for name, value in response.headers.items()},
    )
