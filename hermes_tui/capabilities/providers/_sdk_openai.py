"""The `openai` package as a client; the only file that imports it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, cast

import openai

from hermes_tui.capabilities.providers import _http, _openai_responses_wire, _openai_wire, _sdk
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import failed_midway, refused
from hermes_tui.capabilities.providers._json import Fields
from hermes_tui.capabilities.providers._reply import Reply, parts_of
from hermes_tui.domain.errors import FailureReason, ProviderError, ReplyMalformed
from hermes_tui.domain.parts import ModelRequest, Part
from hermes_tui.domain.ports import Provider

_EXPECTED: Final = (openai.OpenAIError, *_http.BROKEN, ValueError)
_OF_THE_ENVIRONMENT: Final = ("OpenAI-Organization", "OpenAI-Project")
"""Headers that the package fills from the environment of whoever runs it."""

Open = Callable[[openai.AsyncOpenAI], Awaitable[_sdk.Stream[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _OpenAiSdk:
    """What both dialects need; no retry of the package's own, and the connections of `_http`."""

    name: str
    base_url: str
    key: str | None

    def events(self, opening: Open, watch: Watch) -> AsyncGenerator[Fields]:
        """Yield the events of a request."""

        async def opened() -> _sdk.Stream[Any]:
            stream = await opening(await self._client(watch))
            _http.check_type(self.name, cast("openai.AsyncStream[Any]", stream).response.headers)
            return stream

        def translate(error: Exception) -> ProviderError:
            return translated(watch, self.base_url, error)

        return _sdk.events_of(watch, opened, _plain, translate, _EXPECTED)

    async def _client(self, watch: Watch) -> openai.AsyncOpenAI:
        http = await _http.client(self.base_url)
        omitted = [*_OF_THE_ENVIRONMENT, *([] if self.key else ["Authorization"])]
        return openai.AsyncOpenAI(
            api_key=self.key or "none",  # without one, the package takes the environment's
            base_url=self.base_url,
            max_retries=0,
            timeout=openai.Timeout(None, connect=watch.clocks.connect_s),
            default_headers=cast("dict[str, str]", {name: openai.Omit() for name in omitted}),
            http_client=http,
        )

    async def parts(self, events: AsyncGenerator[Fields], reply: Reply, watch: Watch) -> AsyncIterator[Part]:
        """Yield the parts of a reply."""
        async with aclosing(parts_of(events, reply, watch)) as parts:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chat(_OpenAiSdk):
    dialect: _openai_wire.Dialect

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self.name, request.clocks)
        body = _openai_wire.body_of(request, self.name, self.dialect)
        messages = cast("Any", body.pop("messages"))
        del body["stream"]

        def opening(client: openai.AsyncOpenAI) -> Awaitable[_sdk.Stream[Any]]:
            return client.chat.completions.create(model=request.model, messages=messages, stream=True, extra_body=body)

        reply = _openai_wire.ChatReply(self.name, request.model)
        async for part in self.parts(self.events(opening, watch), reply, watch):
            yield part


@dataclass(frozen=True, slots=True, kw_only=True)
class _Responses(_OpenAiSdk):
    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self.name, request.clocks)
        body = _openai_responses_wire.body_of(request, self.name)
        items = cast("Any", body.pop("input"))
        del body["stream"]

        def opening(client: openai.AsyncOpenAI) -> Awaitable[_sdk.Stream[Any]]:
            return client.responses.create(model=request.model, input=items, stream=True, extra_body=body)

        reply = _openai_responses_wire.ResponsesReply(self.name, request.model)
        async for part in self.parts(self.events(opening, watch), reply, watch):
            yield part


def chat(name: str, base_url: str, key: str | None, dialect: _openai_wire.Dialect) -> Provider:
    """Return a provider that speaks chat completions through the package."""
    return _Chat(name=name, base_url=base_url, key=key, dialect=dialect)


def responses(name: str, base_url: str, key: str | None) -> Provider:
    """Return a provider that speaks the Responses API through the package."""
    return _Responses(name=name, base_url=base_url, key=key)
