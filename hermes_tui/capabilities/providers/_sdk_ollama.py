"""The `ollama` package as a client; the only file that imports it, and the HTTP library it is built on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final, cast

import httpx
import ollama

from hermes_tui.capabilities.providers import _http, _sdk
from hermes_tui.capabilities.providers._bounds import Meter, compressed
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import failed_midway, refused
from hermes_tui.capabilities.providers._json import Fields
from hermes_tui.capabilities.providers._lines import Splitter
from hermes_tui.capabilities.providers._loops import PerLoop
from hermes_tui.capabilities.providers._ollama_wire import LineReply, body_of
from hermes_tui.capabilities.providers._outgoing import keep_own
from hermes_tui.capabilities.providers._reply import parts_of
from hermes_tui.domain.errors import FailureReason, ProviderError, ProviderUnreachable, ReplyMalformed, StreamTruncated
from hermes_tui.domain.parts import ModelRequest, Part
from hermes_tui.domain.ports import Provider
from hermes_tui.domain.values import frozen

_EXPECTED: Final = (ollama.ResponseError, httpx.HTTPError, *_http.BROKEN, ValueError)


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
        if answer.headers.get("content-encoding", "identity") != "identity":
            await answer.aclose()
            raise compressed(request.url.host)
        if answer.status_code == 200:
            _http.check_type(request.url.host, answer.headers)
            answer.stream = _BoundedStream(request.url.host, cast("httpx.AsyncByteStream", answer.stream))
        return answer


@frozen(kw_only=False)
class _Place:
    base_url: str
    key: str | None
    connect_s: float


async def _opened(place: _Place) -> AsyncGenerator[ollama.AsyncClient]:
    own = _http.bearer(place.key)

    async def keep(request: httpx.Request) -> None:
        keep_own(request.headers, own)

    context = await asyncio.to_thread(_http.tls, secure=not place.base_url.startswith("http:"))
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


@frozen
class OllamaSdk:
    """No credentials that the package finds itself; one client per connect clock, which it cannot set per request."""

    name: str
    base_url: str
    key: str | None

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self.name, request.clocks)

        def translate(error: Exception) -> ProviderError:
            return translated(watch, self.base_url, error)

        async def opened() -> _sdk.Stream[Any]:
            return await self._send(body_of(request), watch)

        events = _sdk.events_of(watch, opened, _plain, translate, _EXPECTED)
        async with aclosing(parts_of(events, LineReply(self.name), watch)) as parts:
            async for part in parts:
                yield part

    async def _send(self, body: Fields, watch: Watch) -> _sdk.Stream[Any]:
        _http.check_address(self.base_url)
        place = _Place(self.base_url, self.key, watch.clocks.connect_s)
        client = cast("Any", await _CLIENTS.get(place))  # its tools are typed for functions, ours are schemas
        asked = {key: value for key, value in body.items() if key != "stream"}
        stream: _sdk.Stream[Any] = await client.chat(**asked, stream=True)
        return stream


def _plain(event: ollama.ChatResponse) -> Fields:
    return event.model_dump(mode="json", exclude_none=True)


def translated(watch: Watch, url: str, error: Exception) -> ProviderError:
    """Describe an error of the package in the words of the wire below it."""
    match error:
        case ollama.ResponseError() if error.status_code < 300:  # an error line inside a reply
            return failed_midway(watch.name, error.error)
        case ollama.ResponseError():
            return refused(watch.name, error.status_code, {}, error.error.encode())
        case httpx.ConnectTimeout():
            message = f"{watch.name} could not be reached at {url} within {watch.clocks.connect_s:g} s."
            return ProviderUnreachable(message, reason=FailureReason.TIMEOUT_CONNECT)
        case httpx.ConnectError() | httpx.UnsupportedProtocol():
            message = f"{watch.name} could not be reached at {url}."
            hint = "Is it running? Check its base URL."
            return ProviderUnreachable(message, reason=FailureReason.UNREACHABLE, hint=hint)
        case httpx.HTTPError():
            message = f"The connection to {watch.name} broke: {str(error) or type(error).__name__}."
            return StreamTruncated(message, reason=FailureReason.CONNECTION_LOST)
        case ValueError():
            return ReplyMalformed(f"{watch.name} sent what is no line: {error}.", reason=FailureReason.MALFORMED)
        case _:
            return _http.translated(watch, url, error)


def chat(name: str, base_url: str, key: str | None) -> Provider:
    """Return a provider that speaks Ollama's chat through the package."""
    return OllamaSdk(name=name, base_url=base_url, key=key)
