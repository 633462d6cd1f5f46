"""One streaming POST under four clocks; the only file that imports httpx2."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import field
from enum import Enum
from functools import cache
from typing import Final, TypeAlias, TypedDict, cast

import httpx2

from hermes_tui.capabilities.providers import _limits
from hermes_tui.capabilities.providers._bounds import Meter, compressed
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import failed_midway, refused
from hermes_tui.capabilities.providers._json import Batches, Fields, object_of
from hermes_tui.capabilities.providers._lines import DONE, Splitter
from hermes_tui.capabilities.providers._loops import PerLoop
from hermes_tui.capabilities.providers._outgoing import keep_own
from hermes_tui.domain.errors import FailureReason, ProviderError, ProviderUnreachable, ReplyMalformed, StreamTruncated
from hermes_tui.domain.values import frozen

ERROR_BYTES: Final = 65_536
PROBE_BYTES: Final = 8_000_000
KEPT_S: Final = 60.0
PORTS: Final = 65_535

Client: TypeAlias = httpx2.AsyncClient
BROKEN: Final = (httpx2.HTTPError, httpx2.InvalidURL)
"""What the library, and the vendors' packages that use it, raise when a connection fails."""


@frozen
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


class _Settings(TypedDict):
    """What every client has in common."""

    trust_env: bool
    follow_redirects: bool
    timeout: None
    headers: dict[str, str]


_PLAIN: Final[_Settings] = {
    "trust_env": False,
    "follow_redirects": False,
    "timeout": None,
    "headers": {"accept-encoding": "identity"},
}


class _WholeEvents(httpx2.AsyncByteStream):
    """An event stream in which a whole `data:` line counts at once, as it does for `events`.

    The packages wait for the empty line after it, which a cut may have taken, and read half a line as an event.
    """

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        split = Splitter()
        async for chunk in self._stream:
            lines = split.feed(chunk)
            yield b"".join(line + (b"\n\n" if line.startswith(b"data:") else b"\n") for line in lines)

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Lent(httpx2.AsyncBaseTransport):
    """Connections that others use too: closing this closes none."""

    def __init__(self, owned: httpx2.AsyncBaseTransport) -> None:
        self._owned = owned

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._owned.handle_async_request(request)
        bounded = _BoundedStream(request.url.host, cast("httpx2.AsyncByteStream", answer.stream))
        events = answer.headers.get("content-type", "").startswith("text/event-stream")
        answer.stream = _WholeEvents(bounded) if events else bounded
        return answer


class _HeardTransport(httpx2.AsyncHTTPTransport):
    """Tells what every answer says of rate limits, also where a vendor's package reads it, and takes none packed."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        _limits.note(str(request.url), answer.headers)
        if answer.headers.get("content-encoding", "identity") != "identity":
            await answer.aclose()
            raise compressed(request.url.host)
        return answer


class _Kind(Enum):
    PLAIN = "http"
    SECURE = "https"


@frozen(kw_only=False)
class _Connections:
    """The connections of one loop, with certificates or for plain HTTP."""

    client: Client
    transport: httpx2.AsyncBaseTransport


@cache
def tls(*, secure: bool) -> ssl.SSLContext:
    """Return the process's TLS context; plain HTTP gets an empty one, as loading certificates takes 50 ms."""
    return httpx2.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def client(url: str) -> Client:
    """Return this loop's client for `url`: no redirects, no proxies of the environment, so a key stays with its host.

    Raises:
        httpx2.InvalidURL: `url` is none; `translated` knows it.
    """
    return (await _connections(url)).client


async def guarded(url: str, own: Mapping[str, str]) -> Client:
    """Return a client for a vendor's package: the connections of `client`, and no headers leave but `own`.

    Raises:
        httpx2.InvalidURL: `url` is none.
    """

    async def keep(request: httpx2.Request) -> None:
        keep_own(request.headers, own)

    transport = _Lent((await _connections(url)).transport)
    return httpx2.AsyncClient(transport=transport, event_hooks={"request": [keep]}, **_PLAIN)


async def _connections(url: str) -> _Connections:
    check_address(url)
    return await _OPEN.get(_Kind.PLAIN if url.startswith("http:") else _Kind.SECURE)


def bearer(key: str | None) -> dict[str, str]:
    """Return the header that carries a key (RFC 6750), none without one."""
    return {"authorization": f"Bearer {key}"} if key else {}


def check_address(url: str) -> None:
    """Refuse what no request can go to.

    Raises:
        httpx2.InvalidURL: `url` is no HTTP address, or has no such port.
    """
    address = httpx2.URL(url)
    if address.scheme not in ("http", "https") or not address.host or (address.port or 0) > PORTS:
        raise httpx2.InvalidURL(url)


async def _opened(kind: _Kind) -> AsyncGenerator[_Connections]:
    context = await asyncio.to_thread(tls, secure=kind is _Kind.SECURE)
    limits = httpx2.Limits(keepalive_expiry=KEPT_S)
    transport = _HeardTransport(verify=context, trust_env=False, limits=limits)
    async with httpx2.AsyncClient(transport=transport, **_PLAIN) as opened:
        yield _Connections(opened, transport)


_OPEN: Final = PerLoop(_opened)


async def get_json(
    url: str, headers: Mapping[str, str], timeout_s: float, body: Mapping[str, object] | None = None
) -> object | None:
    """Return the JSON that `url` gives (POST if there is a body), None if nothing usable answers in time."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _asked(url, headers, body)
    except (TimeoutError, *BROKEN, ProviderError, ValueError, RecursionError):
        return None


async def _asked(url: str, headers: Mapping[str, str], body: Mapping[str, object] | None) -> object | None:
    opened = await client(url)
    method = "GET" if body is None else "POST"
    content = None if body is None else json.dumps(body).encode()
    answer = await opened.send(opened.build_request(method, url, headers=dict(headers), content=content), stream=True)
    try:
        found: object = json.loads(await _first_bytes(answer, PROBE_BYTES)) if answer.is_success else None
    finally:
        await answer.aclose()
    return found


async def first_json(urls: Sequence[str], headers: Mapping[str, str], timeout_s: float) -> object | None:
    """Return the JSON of the first of `urls` that gives any, None if none does; `timeout_s` is for all of them."""
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(get_json(url, headers, timeout_s), name="probe") for url in urls]
    return next((found for task in asked if (found := task.result()) is not None), None)


async def _first_bytes(answer: httpx2.Response, limit: int) -> bytes:
    body = b""
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > limit:
            break
    return body


async def _chunks(post: Post) -> AsyncGenerator[bytes]:
    """Yield raw bytes; every error of the library is translated here and nowhere else."""
    try:
        opened = await client(post.url)
        answer = await post.watch.wait(opened.send(_request(post, opened), stream=True))
        async with aclosing(answer), aclosing(answer.aiter_raw()) as raw:
            await _check(post, answer)
            meter = Meter(post.name)
            while (chunk := await post.watch.wait(anext(raw, None))) is not None:
                meter.admit(chunk)
                yield chunk
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


async def events(post: Post) -> Batches:
    """Yield the JSON objects of a server-sent event stream, as many as came at once; `[DONE]` is `{"done": true}`.

    Raises:
        ProviderUnreachable: no connection, or no byte within a clock.
        ProviderRefused: an error status, or the answer is one JSON object with an error in it, and no stream.
        StreamTruncated: the connection broke.
        ReplyMalformed: a data line is not a JSON object, a line or the whole reply is absurdly large, or no stream.
    """
    split = Splitter()
    async with aclosing(_chunks(post)) as chunks:
        async for chunk in chunks:
            yield _events_in(split.feed(chunk), post.name)


def _events_in(lines: list[bytes], name: str) -> Iterator[Fields]:
    """Yield the events of some lines one by one: what came before a broken one still counts."""
    for line in lines:
        if line.startswith(b"data:"):
            data = line[5:].strip()
            yield {"done": True} if data == DONE else parsed(name, data)
        elif line.startswith(b"{"):
            raise _no_stream(name, parsed(name, line))


def _no_stream(name: str, whole: Fields) -> ProviderError:
    if whole.get("error"):
        return failed_midway(name, whole["error"])
    return ReplyMalformed(f"{name} answered in one piece instead of a stream.", reason=FailureReason.MALFORMED)


async def objects(post: Post) -> Batches:
    """Yield the JSON objects of a stream with one per line (NDJSON), as many as came at once.

    Raises:
        ReplyMalformed: a line is not a JSON object; and as `events`.
    """
    split = Splitter()
    async with aclosing(_chunks(post)) as chunks:
        async for chunk in chunks:
            yield (parsed(post.name, line) for line in split.feed(chunk) if line.strip())


def parsed(name: str, data: bytes) -> Fields:
    """Return the JSON object of `data`.

    Raises:
        ReplyMalformed: it is none.
    """
    value = object_of(data)
    if value is None:
        raise ReplyMalformed(f"{name} sent a line that is no JSON object.", reason=FailureReason.MALFORMED)
    return value
