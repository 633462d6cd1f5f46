"""The way out of a sandbox: a proxy on the host that lets one call reach the hosts of its grant, and nothing else.

The sandbox has no network and no resolver; names are looked up here, after the grant, so that none can carry anything
out. HTTP/1.1 proxying: RFC 9110 and RFC 9112.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hermes_tui.capabilities.sandbox import forward
from hermes_tui.domain.hosts import covers, covers_private, is_public, plain_host
from hermes_tui.domain.patterns import later
from hermes_tui.domain.processes import Contact, SandboxCommand
from hermes_tui.domain.values import frozen, mutable, replace

PORT: Final = 3128
"""Where the proxy is found inside."""
INSIDE: Final = "/run/hermes-egress.sock"
_HEAD_BYTES: Final = 16_384
_HEAD_S: Final = 15.0
_DIAL_S: Final = 20.0
_CHUNK_BYTES: Final = 65_536
_MOST_CONTACTS: Final = 1_000
_NAMES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_CONTROL: Final = later(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS: Final = ("proxy-", "connection", "keep-alive", "host", "te", "upgrade")

Resolve = Callable[[str, int], Awaitable[list[str]]]


@frozen(kw_only=False)
class Token:
    """What one call may reach, and until when on the monotonic clock; `secret` is shown with each request."""

    hosts: tuple[str, ...]
    expires: float
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def environment(self) -> dict[str, str]:
        """Return the variables by which programs find the proxy and show the token."""
        url = f"http://hermes:{self.secret}@127.0.0.1:{PORT}"
        return dict.fromkeys(_NAMES, url) | {"NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}


@mutable
class _Request:
    """The head of a request: where to, and what to send there first."""

    host: str
    port: int
    tunnel: bool
    first: bytes = b""


class _Refused(Exception):
    """A request that is not carried out; `status` is the line of the answer."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


async def _resolved(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return [str(entry[4][0]) for entry in found]


class EgressProxy:
    """Serves one call on a Unix socket; `contacts` is what it was asked for."""

    def __init__(
        self, token: Token, *, resolve: Resolve = _resolved, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.contacts: list[Contact] = []
        self._token = token
        self._resolve = resolve
        self._now = now
        self._busy: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Path]:
        """Listen for as long as the context lasts; the value is the path of the socket, in a folder of its own."""
        folder = Path(tempfile.mkdtemp(prefix="hermes-out-"))
        path = folder / "s"
        server = await asyncio.start_unix_server(self._took, path, limit=_HEAD_BYTES)
        try:
            yield path
        finally:
            server.close()
            for task in self._busy:
                task.cancel()
            await asyncio.gather(*self._busy, return_exceptions=True)
            await server.wait_closed()
            shutil.rmtree(folder, ignore_errors=True)

    async def _took(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        try:
            async with asyncio.timeout(max(0.0, self._token.expires - self._now())):
                await self._serve(reader, writer)
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            await _closed(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_S):
                head = await reader.readuntil(b"\r\n\r\n")
            request = parsed(head, self._token.secret)
            place = await self._judged(request)
        except _Refused as refusal:
            text = f"hermes: {refusal.why}\n".encode()
            challenge = "Proxy-Authenticate: Basic\r\n" if refusal.status.startswith("407") else ""
            answer = f"HTTP/1.1 {refusal.status}\r\n{challenge}Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
            writer.write(answer.encode() + text)
            await writer.drain()
            return
        await self._carry((reader, writer), request, place)

    async def _carry(
        self, client: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: _Request, place: str
    ) -> None:
        async with asyncio.timeout(_DIAL_S):
            there, back = await asyncio.open_connection(place, request.port)
        try:
            if request.tunnel:
                client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                back.write(request.first)
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(client[0], back))
                group.create_task(_pump(there, client[1]))
        finally:
            await _closed(back)

    async def _judged(self, request: _Request) -> str:
        """Return the address to dial: the grant covers the name, and each of its addresses is public."""
        host, port, hosts = request.host, request.port, self._token.hosts
        if not covers(hosts, host, port):
            raise self._refusal(request, f"there is no grant for {host}:{port}; ask with network: [{host}]")
        try:
            found = await self._resolve(host, port)
        except OSError as error:
            raise self._refusal(request, f"{host} has no address: {error}", "502 Bad Gateway") from error
        if not found or (not covers_private(hosts, host, port) and not all(map(is_public, found))):
            raise self._refusal(request, f"{host} leads to a private address")
        self._note(Contact(host=host, port=port))
        return found[0]

    def _refusal(self, request: _Request, why: str, status: str = "403 Forbidden") -> _Refused:
        self._note(Contact(host=request.host, port=request.port, refused=why))
        return _Refused(status, why)

    def _note(self, contact: Contact) -> None:
        if contact not in self.contacts and len(self.contacts) < _MOST_CONTACTS:
            self.contacts.append(contact)


def led_out(command: SandboxCommand, token: Token) -> SandboxCommand:
    """Return a command that finds the proxy on a port of its own, inside the sandbox."""
    program = Path(forward.__file__).read_text(encoding="utf-8")
    argv = (sys.executable, "-I", "-S", "-c", program, str(PORT), INSIDE, *command.argv)
    return replace(command, argv=argv, env={**token.environment(), **command.env}, egress=())


def parsed(head: bytes, secret: str) -> _Request:
    """Return where a request wants to go; only CONNECT and absolute http URLs are understood, with the token."""
    lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    if any(_CONTROL.search(line) for line in lines) or any(line[:1] in (" ", "\t") for line in lines[1:]):
        # A server may read a bare line feed, or a line that goes on, as something else than is judged here.
        raise _Refused("400 Bad Request", "the head holds control characters or folded lines")
    words = lines[0].split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise _Refused("400 Bad Request", "this is no request to a proxy")
    headers = [
        (name.casefold().strip(), line.strip()) for header in lines[1:] for name, _, line in [header.partition(":")]
    ]
    shown = [value for name, value in headers if name == "proxy-authorization"]
    wanted = "Basic " + base64.b64encode(f"hermes:{secret}".encode()).decode()
    if len(shown) != 1 or not secrets.compare_digest(shown[0].encode(), wanted.encode()):
        raise _Refused("407 Proxy Authentication Required", "the token is missing or not this call's")
    if words[0] == "CONNECT":
        return _Request(*_place(words[1], None), tunnel=True)
    return _plain(words, headers)


def _plain(words: list[str], headers: list[tuple[str, str]]) -> _Request:
    """Return an http request as the server gets it: its own host, and nothing of the proxy."""
    try:
        url = urlsplit(words[1])
    except ValueError as error:
        raise _Refused("400 Bad Request", "this is no URL") from error
    if url.scheme != "http" or "@" in url.netloc:
        raise _Refused("400 Bad Request", "only http URLs and CONNECT are carried")
    host, port = _place(url.netloc, 80)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    kept = [f"{name}: {value}" for name, value in headers if not name.startswith(_OURS)]
    first = [f"{words[0]} {path} {words[2]}", f"Host: {url.netloc}", *kept, "Connection: close", "", ""]
    return _Request(host, port, tunnel=False, first="\r\n".join(first).encode("latin-1"))


def _place(text: str, usual: int | None) -> tuple[str, int]:
    """Return host and port of `host:port`, in the strict grammar of grants."""
    name, mark, number = text.rpartition(":")
    if not mark or (number.endswith("]") and usual):
        name, number = text, str(usual or "")
    host = plain_host(name)
    if host is None or not number.isascii() or not number.isdigit() or not 0 < int(number) < 65_536:
        raise _Refused("400 Bad Request", "this is no host and port")
    return host, int(number)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
