"""The `openai` package as a client; the only file that imports it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, cast

import openai

from hermes_tui.capabilities.providers import _http, _openai_responses_wire, _openai_wire, _sdk
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import failed_midway, refused
from hermes_tui.capabilities.providers._json import Fields
from hermes_tui.capabilities.providers._loops import PerLoop
from hermes_tui.capabilities.providers._reply import Reply, parts_of
from hermes_tui.domain.errors import FailureReason, ProviderError, ReplyMalformed
from hermes_tui.domain.parts import ModelRequest, Part
from hermes_tui.domain.ports import Provider

_EXPECTED: Final = (openai.OpenAIError, *_http.BROKEN, ValueError)
Send = Callable[[openai.AsyncOpenAI, ModelRequest, openai.Timeout], Awaitable[_sdk.Stream[Any]]]


async def _opened(place: tuple[str, str | None]) -> AsyncGenerator[openai.AsyncOpenAI]:
    base_url, key = place
    async with openai.AsyncOpenAI(
        api_key=key or "none",  # without one, the package takes the environment's
        base_url=base_url,
        max_retries=0,
        http_client=await _http.guarded(base_url, _http.bearer(key)),
    ) as client:
        yield client


_CLIENTS: Final = PerLoop(_opened)


class OpenAiSdk:
    """No retry of the package's own, no credentials that it finds by itself, the connections of `_http`.

    Args:
        name: The provider, for messages.
        base_url: Where it listens.
        key: Sent to that host only.
        send: Sends a request in one of the dialects.
        reply: Reads the answer in that dialect.
    """

    def __init__(
        self, name: str, base_url: str, key: str | None, *, send: Send, reply: Callable[[ModelRequest], Reply]
    ) -> None:
        self._name = name
        self._base_url = base_url
        self._key = key
        self._send = send
        self._reply = reply

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self._name, request.clocks)

        def translate(error: Exception) -> ProviderError:
            return translated(watch, self._base_url, error)

        async def opened() -> _sdk.Stream[Any]:
            timeout = openai.Timeout(None, connect=request.clocks.connect_s)
            stream = await self._send(await _CLIENTS.get((self._base_url, self._key)), request, timeout)
            _http.check_type(self._name, cast("openai.AsyncStream[Any]", stream).response.headers)
            return stream

        events = _sdk.events_of(watch, opened, _plain, translate, _EXPECTED)
        async with aclosing(parts_of(events, self._reply(request), watch)) as parts:
            async for part in parts:
                yield part


def _plain(event: Any) -> Fields:  # noqa: ANN401 - the package has a class per event
    return cast("Fields", event.to_dict(mode="json"))


def translated(watch: Watch, url: str, error: Exception) -> ProviderError:
    """Describe an error of the package in the words of the wire below it."""
    cause = error.__cause__
    match error:
        case openai.APIStatusError():
            return refused(watch.name, error.status_code, error.response.headers, error.response.content)
        case openai.APIConnectionError() if isinstance(cause, ProviderError):
            return cause
        case openai.APIConnectionError():
            return _http.translated(watch, url, cause if isinstance(cause, Exception) else error)
        case openai.APIError():
            return failed_midway(watch.name, error.body or error.message)
        case ValueError():
            return ReplyMalformed(f"{watch.name} sent what is no event: {error}.", reason=FailureReason.MALFORMED)
        case _:
            return _http.translated(watch, url, error)


def chat(name: str, base_url: str, key: str | None, dialect: _openai_wire.Dialect) -> Provider:
    """Return a provider that speaks chat completions through the package."""

    def send(client: openai.AsyncOpenAI, request: ModelRequest, timeout: openai.Timeout) -> Awaitable[_sdk.Stream[Any]]:
        body = _openai_wire.body_of(request, name, dialect)
        messages = cast("Any", body.pop("messages"))
        return client.chat.completions.create(
            model=request.model, messages=messages, stream=True, extra_body=body, timeout=timeout
        )

    def reply(request: ModelRequest) -> Reply:
        return _openai_wire.ChatReply(name, request.model)

    return OpenAiSdk(name, base_url, key, send=send, reply=reply)


def responses(name: str, base_url: str, key: str | None) -> Provider:
    """Return a provider that speaks the Responses API through the package."""

    def send(client: openai.AsyncOpenAI, request: ModelRequest, timeout: openai.Timeout) -> Awaitable[_sdk.Stream[Any]]:
        body = _openai_responses_wire.body_of(request, name)
        items = cast("Any", body.pop("input"))
        return client.responses.create(model=request.model, input=items, stream=True, extra_body=body, timeout=timeout)

    def reply(request: ModelRequest) -> Reply:
        return _openai_responses_wire.ResponsesReply(name, request.model)

    return OpenAiSdk(name, base_url, key, send=send, reply=reply)
