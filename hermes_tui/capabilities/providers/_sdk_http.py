"""What the vendors' packages that speak `httpx2` connect with; the only file that imports it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Final, TypedDict, cast

import httpx2

from hermes_tui.capabilities.providers import _limits
from hermes_tui.capabilities.providers._bounds import Meter, check_plain
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import connected_late, lost, malformed, unreachable
from hermes_tui.capabilities.providers._http1 import AddressInvalid, address_of
from hermes_tui.capabilities.providers._lines import Splitter
from hermes_tui.capabilities.providers._loops import PerLoop
from hermes_tui.capabilities.providers._outgoing import keep_own
from hermes_tui.capabilities.providers._pool import KEPT_S, tls
from hermes_tui.domain.errors import ProviderError, ReplyMalformed

BROKEN: Final = (httpx2.HTTPError, httpx2.InvalidURL, ValueError)
"""What a package lets through, beside errors of its own, when a connection or an answer is broken."""


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


class _WholeEvents(httpx2.AsyncByteStream):
    """An event stream in which a whole `data:` line counts at once, as it does for `_http.events`.

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
    """Tells what every answer says of rate limits, and takes none packed."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        _limits.note(str(request.url), answer.headers)
        try:
            check_plain(request.url.host, answer.headers)
        except ReplyMalformed:
            await answer.aclose()
            raise
        return answer


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


async def guarded(url: str, own: Mapping[str, str]) -> httpx2.AsyncClient:
    """Return a client for a vendor's package: this loop's connections, and no headers leave but `own`.

    No redirects and no proxies of the environment, so a key stays with its host.

    Raises:
        AddressInvalid: `url` is none.
    """

    async def keep(request: httpx2.Request) -> None:
        keep_own(request.headers, own)

    transport = _Lent(await _OPEN.get(address_of(url).secure))
    return httpx2.AsyncClient(transport=transport, event_hooks={"request": [keep]}, **_PLAIN)


async def _opened(secure: bool) -> AsyncGenerator[httpx2.AsyncBaseTransport]:  # noqa: FBT001 - the key of `PerLoop`
    context = await asyncio.to_thread(tls) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    limits = httpx2.Limits(keepalive_expiry=KEPT_S)
    transport = _HeardTransport(verify=context, trust_env=False, limits=limits)
    try:
        yield transport
    finally:
        await transport.aclose()


_OPEN: Final = PerLoop(_opened)


def translated(watch: Watch, url: str, error: BaseException) -> ProviderError:
    """Describe an error from below a package: of the library, or of our own guards inside it."""
    match error:
        case ProviderError():
            return error
        case httpx2.ConnectTimeout():
            return connected_late(watch.name, url, watch.clocks.connect_s)
        case httpx2.ConnectError() | httpx2.UnsupportedProtocol() | httpx2.InvalidURL() | AddressInvalid():
            return unreachable(watch.name, url)
        case ValueError():
            return malformed(watch.name, f"sent what is no event ({error})")
        case _:
            return lost(watch.name, error)
