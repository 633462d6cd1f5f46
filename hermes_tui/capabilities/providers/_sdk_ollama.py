"""The `ollama` package as a client; the only file that imports it, and the HTTP library it is built on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx
import ollama

from hermes_tui.capabilities.providers import _http, _sdk
from hermes_tui.capabilities.providers._bounds import Meter, compressed
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import failed_midway, refused
from hermes_tui.capabilities.providers._json import Fields
from hermes_tui.capabilities.providers._ollama_wire import LineReply, body_of
from hermes_tui.capabilities.providers._reply import parts_of
from hermes_tui.domain.errors import FailureReason, ProviderError, ProviderUnreachable, ReplyMalformed, StreamTruncated
from hermes_tui.domain.parts import ModelRequest, Part
from hermes_tui.domain.ports import Provider

_EXPECTED: Final = (ollama.ResponseError, httpx.HTTPError, *_http.BROKEN, ValueError)


class _BoundedStream(httpx.AsyncByteStream):
    """A body that ends in an error before it can fill the memory."""

    def __init__(self, name: str, stream: httpx.AsyncByteStream) -> None:
        self._meter = Meter(name)
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._meter.admit(chunk)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _BoundedTransport(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if answer.headers.get("content-encoding", "identity") != "identity":
            await answer.aclose()
            raise compressed(request.url.host)
        answer.stream = _BoundedStream(request.url.host, cast("httpx.AsyncByteStream", answer.stream))
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaSdk:
    """A client per request: the package binds one to its loop, and a local connection costs nothing."""

    name: str
    base_url: str
    key: str | None

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self.name, request.clocks)
        async with aclosing(parts_of(self._events(request, watch), LineReply(self.name), watch)) as parts:
            async for part in parts:
                yield part

    async def _events(self, request: ModelRequest, watch: Watch) -> AsyncGenerator[Fields]:
        body = body_of(request)

        def translate(error: Exception) -> ProviderError:
            return translated(watch, self.base_url, error)

        try:
            _http.check_address(self.base_url)
        except _http.BROKEN as error:
            raise translate(error) from error
        client = self._client(watch)

        async def opened() -> _sdk.Stream[Any]:
            chat = cast("Any", client.chat)  # its tools are typed for functions, ours are schemas
            stream: _sdk.Stream[Any] = await chat(
                request.model,
                messages=body["messages"],
                tools=body.get("tools"),
                options=body["options"],
                think=body.get("think"),
                stream=True,
            )
            return stream

        try:
            async with aclosing(_sdk.events_of(watch, opened, _plain, translate, _EXPECTED)) as events:
                async for event in events:
                    yield event
        finally:
            await client.close()

    def _client(self, watch: Watch) -> ollama.AsyncClient:
        async def without_key(request: httpx.Request) -> None:
            request.headers.pop("authorization", None)  # the package takes one from the environment

        return ollama.AsyncClient(
            self.base_url,
            follow_redirects=False,
            timeout=httpx.Timeout(None, connect=watch.clocks.connect_s),
            headers={"authorization": f"Bearer {self.key}"} if self.key else {},
            event_hooks={} if self.key else {"request": [without_key]},
            trust_env=False,
            transport=_BoundedTransport(verify=_http.tls(secure=not self.base_url.startswith("http:"))),
        )


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
