"""The `ollama` package as a client; the only file that imports it, and the HTTP library it is built on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final, cast

import httpx
import ollama

from hermes_tui.capabilities.providers import _http, _sdk
from hermes_tui.capabilities.providers._bounds import Meter, check_plain
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import (
    connected_late,
    failed_midway,
    lost,
    malformed,
    refused,
    unreachable,
)
from hermes_tui.capabilities.providers._http1 import AddressInvalid, address_of
from hermes_tui.capabilities.providers._json import Fields
from hermes_tui.capabilities.providers._lines import Splitter
from hermes_tui.capabilities.providers._loops import PerLoop
from hermes_tui.capabilities.providers._ollama_wire import LineReply, body_of
from hermes_tui.capabilities.providers._outgoing import keep_own
from hermes_tui.capabilities.providers._pool import tls
from hermes_tui.domain.errors import ProviderError, ReplyMalformed
from hermes_tui.domain.parts import ModelRequest
from hermes_tui.domain.ports import Provider
from hermes_tui.domain.values import frozen


class _BoundedStream(httpx.AsyncByteStream):
    """A body of whole lines, which ends in an error before it can fill the memory.

    The package would call half a line malformed; it is the mark of a cut.
    """

    def __init__(self, name: str, stream: httpx.AsyncByteStream) -> None:
        self._meter = Meter(name)
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        split = Splitter()
        async for chunk in self._stream:
            self._meter.admit(chunk)
            for line in filter(None, split.feed(chunk)):
                yield line + b"\n"

    async def aclose(self) -> None:
        await self._stream.aclose()


class _BoundedTransport(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        try:
            check_plain(request.url.host, answer.headers)
        except ReplyMalformed:
            await answer.aclose()
            raise
        if answer.status_code == 200:
            _http.check_type(request.url.host, answer.headers)
            answer.stream = _BoundedStream(request.url.host, cast("httpx.AsyncByteStream", answer.stream))
        return answer


@frozen(kw_only=False)
class _Place:
    """One client per connect clock, which the package cannot set per request."""

    base_url: str
    key: str | None
    connect_s: float


async def _opened(place: _Place) -> AsyncGenerator[ollama.AsyncClient]:
    own = _http.bearer(place.key)

    async def keep(request: httpx.Request) -> None:
        keep_own(request.headers, own)

    secure = address_of(place.base_url).secure
    context = await asyncio.to_thread(tls) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = ollama.AsyncClient(
        place.base_url,
        follow_redirects=False,
        timeout=httpx.Timeout(None, connect=place.connect_s),
        headers={"accept-encoding": "identity"},
        event_hooks={"request": [keep]},
        trust_env=False,
        transport=_BoundedTransport(verify=context),
    )
    try:
        yield client
    finally:
        await cast("Any", client).close()  # it is not typed


_CLIENTS: Final = PerLoop(_opened)


def _plain(event: ollama.ChatResponse) -> Fields:
    return event.model_dump(mode="json", exclude_none=True)


def _translated(watch: Watch, url: str, error: Exception) -> ProviderError:
    match error:
        case ollama.ResponseError() if error.status_code < 300:  # an error line inside a reply
            return failed_midway(watch.name, error.error)
        case ollama.ResponseError():
            return refused(watch.name, error.status_code, {}, error.error.encode())
        case httpx.ConnectTimeout():
            return connected_late(watch.name, url, watch.clocks.connect_s)
        case httpx.ConnectError() | httpx.UnsupportedProtocol() | AddressInvalid():
            return unreachable(watch.name, url)
        case httpx.HTTPError():
            return lost(watch.name, error)
        case _:
            return malformed(watch.name, f"sent what is no line ({error})")


_PACKAGE: Final = _sdk.Package[Any](
    plain=_plain, translate=_translated, expected=(ollama.ResponseError, httpx.HTTPError, ValueError)
)


def chat(name: str, base_url: str, key: str | None) -> Provider:
    """Return a provider that speaks Ollama's chat through the package."""

    async def send(request: ModelRequest) -> _sdk.Stream[Any]:
        place = _Place(base_url, key, request.clocks.connect_s)
        client = cast("Any", await _CLIENTS.get(place))  # its tools are typed for functions, ours are schemas
        asked = {field: value for field, value in body_of(request).items() if field != "stream"}
        stream: _sdk.Stream[Any] = await client.chat(**asked, stream=True)
        return stream

    def reply(_: ModelRequest) -> LineReply:
        return LineReply(name)

    return _sdk.PackageProvider(name=name, base_url=base_url, package=_PACKAGE, send=send, reply=reply)
