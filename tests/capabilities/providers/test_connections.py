"""Connections: kept while they may be used, never once they are not; and certificates that must be good."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from hermes_tui.capabilities.providers import _trust
from hermes_tui.capabilities.providers._framing import Broken
from hermes_tui.capabilities.providers._http import get_json
from hermes_tui.capabilities.providers._http1 import Request, address_of, answered, connected
from hermes_tui.capabilities.providers._pool import Exchange, send
from hermes_tui.capabilities.providers.anthropic import build
from hermes_tui.domain.errors import FailureReason, ProviderError, ProviderRefused
from tests.capabilities.providers.speakers import ask, listen

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@asynccontextmanager
async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    """Give the root URL of a server on this loop; its connections end with it."""
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await serve(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield f"{'https' if context else 'http'}://localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        for writer in writers:
            writer.transport.abort()
        server.close()
        await asyncio.sleep(0)


def saying(*answers: bytes, said: list[bytes] | None = None) -> Serve:
    """Return a server whose every connection gives these answers, one for each request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            head = await reader.readuntil(b"\r\n\r\n")
            if said is not None:
                said.append(head)
            writer.write(answer)

    return serve


def got(root: str) -> Request:
    return Request(url=root, address=address_of(root), method="GET")


async def sent(root: str) -> Exchange:
    return await send(got(root), connect_s=5, on_connected=lambda: None)


async def whole(exchange: Exchange) -> bytes:
    body = b""
    try:
        while piece := await exchange.answer.read():
            body += piece
    finally:
        exchange.close()
    return body


async def test_a_connection_serves_one_request_after_the_other() -> None:
    async with serving(saying(OK, OK)) as root:
        first = await sent(root)
        await whole(first)
        second = await sent(root)

        assert await whole(second) == b"{}"
        assert second.connection is first.connection


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        OK + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
    ],
    ids=["asked to close", "HTTP/1.0", "an answer nobody asked for"],
)
async def test_a_connection_that_may_not_be_used_again_is_not(answer: bytes) -> None:
    async with serving(saying(answer, answer)) as root:
        first = await sent(root)
        with suppress(Broken):
            await whole(first)
        second = await sent(root)
        second.close()

    assert second.connection is not first.connection


async def test_bytes_that_come_while_a_connection_rests_end_it() -> None:
    async with serving(saying(OK, OK)) as root:
        first = await sent(root)
        await whole(first)
        first.connection.data_received(OK)
        second = await sent(root)
        second.close()

    assert second.connection is not first.connection


async def test_an_end_that_the_loop_has_not_seen_yet_is_seen_before_the_next_request() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        root = f"http://127.0.0.1:{server.getsockname()[1]}"
        asked = asyncio.create_task(sent(root))
        peer, _ = await asyncio.to_thread(server.accept)
        peer.sendall(OK)
        first = await asked
        await whole(first)
        before = first.connection.usable
        peer.close()  # on this very thread: the loop has no time to hear of it
        after = first.connection.usable
        first.connection.close()

    assert (before, after) == (True, False)


async def test_an_answer_that_was_left_half_read_closes_its_connection() -> None:
    async with serving(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", OK)) as root:
        first = await sent(root)
        await first.answer.read()
        first.close()
        second = await sent(root)
        second.close()

    assert second.connection is not first.connection


async def test_what_announces_an_answer_is_passed_over() -> None:
    async with serving(saying(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK)) as root:
        exchange = await sent(root)

        assert (exchange.answer.status, await whole(exchange)) == (200, b"{}")


async def test_a_sender_that_is_faster_than_its_reader_is_made_to_wait() -> None:
    size = 4_000_000
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size
    async with serving(saying(head + b"x" * size)) as root:
        connection = await connected(address_of(root), None)
        answer = await answered(connection, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        held: list[int] = []
        for _ in range(200):
            await asyncio.sleep(0)
            held.append(connection.held_bytes)
        body = 0
        while piece := await answer.read():
            body += len(piece)
        connection.close()
        await asyncio.sleep(0)

    assert max(held) < 1_000_000
    assert body == size


async def test_a_key_with_a_line_break_is_refused_before_anything_is_sent() -> None:
    said: list[bytes] = []
    async with serving(saying(OK, said=said)) as root:
        heard = await listen(build("anthropic", root, "sk-a\r\nx-forged: 1"), ask())

    assert isinstance(heard.error, ProviderRefused)
    assert heard.error.reason is FailureReason.AUTHENTICATION
    assert "x-api-key" in str(heard.error)
    assert "sk-a" not in str(heard.error)
    assert said == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `cert.pem` for `localhost`, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(["openssl", *made.split(), *names], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder


def of_server(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


async def test_over_tls_an_answer_comes_from_who_has_the_certificate(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    async with serving(saying(OK, OK), of_server(certificate)) as root:
        connection = await connected(address_of(root), _trust.context())
        answer = await answered(connection, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        body = await answer.read()
        connection.close()
        with pytest.raises(ssl.SSLCertVerificationError, match=r"127\.0\.0\.1"):
            await connected(address_of(root.replace("localhost", "127.0.0.1")), _trust.context())

    assert body == b"{}"


async def test_a_certificate_that_nobody_vouches_for_is_no_provider_and_no_key_goes_there(certificate: Path) -> None:
    said: list[bytes] = []
    async with serving(saying(OK, said=said), of_server(certificate)) as root:
        heard = await listen(build("anthropic", root, "sk-a"), ask())
        probed = await get_json(root, {}, timeout_s=5)

    assert isinstance(heard.error, ProviderError)
    assert heard.error.reason is FailureReason.UNREACHABLE
    assert "certificate" in str(heard.error)
    assert (probed, said) == (None, [])
