"""One streaming POST under four clocks; the only file that imports httpx2."""

from __future__ import annotations

import asyncio
import json
import ssl
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeAlias, cast

import httpx2

from hermes_tui.capabilities.providers._bounds import Meter, compressed
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import failed_midway, refused
from hermes_tui.capabilities.providers._json import Fields, object_of
from hermes_tui.domain.errors import FailureReason, ProviderError, ProviderUnreachable, ReplyMalformed, StreamTruncated

ERROR_BYTES: Final = 65_536
PROBE_BYTES: Final = 8_000_000
KEPT_S: Final = 60.0
DONE: Final = b"[DONE]"
PORTS: Final = 65_535

Client: TypeAlias = httpx2.AsyncClient
BROKEN: Final = (httpx2.HTTPError, httpx2.InvalidURL)
"""What the library, and the vendors' packages that use it, raise when a connection fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request; it is timed by `watch`."""

    url: str
    body: Mapping[str, object]
    watch: Watch
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """The provider, for messages."""
        return self.watch.name


class _BoundedStream(httpx2.AsyncByteStream):
    """A body that ends in an error before it can fill the memory."""

    def __init__(self, name: str, stream: httpx2.AsyncByteStream) -> None:
        self._meter = Meter(name)
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._meter.admit(chunk)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _BoundedTransport(httpx2.AsyncHTTPTransport):
    """Bounds every answer, also those that a vendor's package reads through this client."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        host = request.url.host
        if answer.headers.get("content-encoding", "identity") != "identity":
            await answer.aclose()
            raise compressed(host)
        answer.stream = _BoundedStream(host, cast("httpx2.AsyncByteStream", answer.stream))
        return answer


@dataclass(slots=True)
class _Kept:
    """The clients of one loop, one with certificates and one for plain HTTP, and what closes them."""

    clients: dict[bool, Client] = field(default_factory=dict[bool, Client])
    keepers: list[AsyncGenerator[Client]] = field(default_factory=list[AsyncGenerator[Client]])


_kept: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Kept] = weakref.WeakKeyDictionary()


@cache
def tls(*, secure: bool) -> ssl.SSLContext:
    """Return the process's TLS context; plain HTTP gets an empty one, as loading certificates takes 50 ms."""
    return httpx2.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def client(url: str) -> Client:
    """Return this loop's client for `url`: no redirects, no proxies of the environment, so a key stays with its host.

    It is closed with the loop: `asyncio.run` ends every asynchronous generator that still runs.

    Raises:
        httpx2.InvalidURL: `url` is none; `translated` knows it.
    """
    check_address(url)
    secure = not url.startswith("http:")
    context = await asyncio.to_thread(tls, secure=secure)
    kept = _kept.setdefault(asyncio.get_running_loop(), _Kept())
    if secure not in kept.clients:
        keeper = _keep(context)
        kept.keepers.append(keeper)
        kept.clients[secure] = await anext(keeper)
    return kept.clients[secure]


def check_address(url: str) -> None:
    """Refuse what no request can go to.

    Raises:
        httpx2.InvalidURL: `url` is no HTTP address, or has no such port.
    """
    address = httpx2.URL(url)
    if address.scheme not in ("http", "https") or not address.host or (address.port or 0) > PORTS:
        raise httpx2.InvalidURL(url)


async def _keep(context: ssl.SSLContext) -> AsyncGenerator[Client]:
    limits = httpx2.Limits(keepalive_expiry=KEPT_S)
    transport = _BoundedTransport(verify=context, trust_env=False, limits=limits)
    async with httpx2.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=None,
        headers={"accept-encoding": "identity"},
    ) as opened:
        yield opened


async def get_json(
    url: str, headers: Mapping[str, str], timeout_s: float, body: Mapping[str, object] | None = None
) -> object | None:
    """Return the JSON that `url` gives (POST if there is a body), None if nothing usable answers in time."""
    method = "GET" if body is None else "POST"
    content = None if body is None else json.dumps(body).encode()
    try:
        async with asyncio.timeout(timeout_s):
            opened = await client(url)
            request = opened.build_request(method, url, headers=dict(headers), content=content)
            answer = await opened.send(request, stream=True)
            try:
                found: object = json.loads(await _first_bytes(answer, PROBE_BYTES)) if answer.is_success else None
            finally:
                await answer.aclose()
    except (TimeoutError, *BROKEN, ProviderError, ValueError, RecursionError):
        return None
    return found


async def first_json(urls: Sequence[str], timeout_s: float) -> object | None:
    """Return the JSON of the first of `urls` that gives any, None if none does; `timeout_s` is for all of them."""
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(get_json(url, {}, timeout_s), name="probe") for url in urls]
    return next((found for task in asked if (found := task.result()) is not None), None)


async def _first_bytes(answer: httpx2.Response, limit: int) -> bytes:
    body = b""
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > limit:
            break
    return body


async def lines(post: Post) -> AsyncGenerator[bytes]:
    """Yield the lines of the streamed answer, without their ends.

    Raises:
        ProviderUnreachable: no connection, or no byte within a clock.
        ProviderRefused: an error status.
        StreamTruncated: the connection broke.
        ReplyMalformed: a line or the whole reply is absurdly large, or no stream at all.
    """
    rest = bytearray()
    async with aclosing(_chunks(post)) as chunks:
        async for chunk in chunks:
            head, end, tail = chunk.rpartition(b"\n")
            if end:
                for line in (bytes(rest) + head).split(b"\n"):
                    yield line.rstrip(b"\r")
                rest.clear()
            rest += tail
    if _is_whole(bytes(rest)):  # half a line is the mark of a cut, not of a foreign dialect
        yield bytes(rest)


def _is_whole(line: bytes) -> bool:
    data = line.removeprefix(b"data:").strip()
    return data == DONE or object_of(data) is not None


async def _chunks(post: Post) -> AsyncGenerator[bytes]:
    """Yield raw bytes; every error of the library is translated here and nowhere else."""
    try:
        opened = await client(post.url)
        answer = await post.watch.wait(opened.send(_request(post, opened), stream=True))
        try:
            await _check(post, answer)
            async with aclosing(answer.aiter_raw()) as raw:
                while (chunk := await post.watch.wait(anext(raw, None))) is not None:
                    yield chunk
        finally:
            await answer.aclose()
    except BROKEN as error:
        raise translated(post.watch, post.url, error) from error


def _request(post: Post, opened: Client) -> httpx2.Request:
    """Build the request; it starts the first-token clock when its connection stands."""

    async def trace(event: str, _: object) -> None:
        if event.endswith("send_request_headers.started"):
            post.watch.connected()

    return opened.build_request(
        "POST",
        post.url,
        content=json.dumps(post.body).encode(),
        headers={
            "content-type": "application/json",
            "accept": "text/event-stream, application/x-ndjson",
            **post.headers,
        },
        timeout=httpx2.Timeout(None, connect=post.watch.clocks.connect_s),
        extensions={"trace": trace},
    )


async def _check(post: Post, answer: httpx2.Response) -> None:
    if answer.status_code != 200:
        raise refused(post.name, answer.status_code, answer.headers, await _error_body(post, answer))
    check_type(post.name, answer.headers)


def check_type(name: str, headers: Mapping[str, str]) -> None:
    """Refuse an answer that was meant for a browser.

    Raises:
        ReplyMalformed: it is a web page.
    """
    if "html" in headers.get("content-type", ""):
        raise ReplyMalformed(f"{name} answered with a web page.", reason=FailureReason.MALFORMED)


async def _error_body(post: Post, answer: httpx2.Response) -> bytes:
    """Return what can be had of an error's body: the status alone is worth more than a second error."""
    try:
        return await post.watch.wait(_first_bytes(answer, ERROR_BYTES))
    except (ProviderError, httpx2.HTTPError):
        return b""


def translated(watch: Watch, url: str, error: Exception) -> ProviderError:
    """Describe an error of the library, or of a package that uses it."""
    match error:
        case httpx2.ConnectTimeout():
            message = f"{watch.name} could not be reached at {url} within {watch.clocks.connect_s:g} s."
            return ProviderUnreachable(message, reason=FailureReason.TIMEOUT_CONNECT)
        case httpx2.ConnectError() | httpx2.UnsupportedProtocol() | httpx2.InvalidURL():
            hint = "Is it running? Check its base URL."
            message = f"{watch.name} could not be reached at {url}."
            return ProviderUnreachable(message, reason=FailureReason.UNREACHABLE, hint=hint)
        case _:
            message = f"The connection to {watch.name} broke: {str(error) or type(error).__name__}."
            return StreamTruncated(message, reason=FailureReason.CONNECTION_LOST)


async def events(post: Post) -> AsyncGenerator[Fields]:
    """Yield the JSON objects of a server-sent event stream; `[DONE]` comes as `{"done": true}`.

    Raises:
        ReplyMalformed: a data line is not a JSON object; and as `lines`.
        ProviderRefused: the answer is one JSON object with an error in it, and no stream.
    """
    async with aclosing(lines(post)) as stream:
        async for line in stream:
            if line.startswith(b"data:"):
                data = line[5:].strip()
                yield {"done": True} if data == DONE else parsed(post.name, data)
            elif line.startswith(b"{"):
                raise _no_stream(post.name, parsed(post.name, line))


def _no_stream(name: str, whole: Fields) -> ProviderError:
    if whole.get("error"):
        return failed_midway(name, whole["error"])
    return ReplyMalformed(f"{name} answered in one piece instead of a stream.", reason=FailureReason.MALFORMED)


async def objects(post: Post) -> AsyncGenerator[Fields]:
    """Yield the JSON objects of a stream with one per line (NDJSON).

    Raises:
        ReplyMalformed: a line is not a JSON object; and as `lines`.
    """
    async with aclosing(lines(post)) as stream:
        async for line in stream:
            if line.strip():
                yield parsed(post.name, line)


def parsed(name: str, data: bytes) -> Fields:
    """Return the JSON object of `data`.

    Raises:
        ReplyMalformed: it is none.
    """
    value = object_of(data)
    if value is None:
        raise ReplyMalformed(f"{name} sent a line that is no JSON object.", reason=FailureReason.MALFORMED)
    return value
