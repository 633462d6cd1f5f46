"""The `openai` package as a client; the only file that imports it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, cast

import openai

from hermes_tui.capabilities.providers import _http, _openai_responses_wire, _openai_wire, _sdk, _sdk_http
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import failed_midway, refused
from hermes_tui.capabilities.providers._json import Fields
from hermes_tui.capabilities.providers._loops import PerLoop
from hermes_tui.capabilities.providers._reply import Reply
from hermes_tui.domain.errors import ProviderError
from hermes_tui.domain.parts import ModelRequest
from hermes_tui.domain.ports import Provider

_Create = Callable[[openai.AsyncOpenAI, ModelRequest, openai.Timeout], Awaitable[Any]]


async def _opened(place: tuple[str, str | None]) -> AsyncGenerator[openai.AsyncOpenAI]:
    base_url, key = place
    async with openai.AsyncOpenAI(
        api_key=key or "none",  # without one, the package takes the environment's
        base_url=base_url,
        max_retries=0,
        http_client=await _sdk_http.guarded(base_url, _http.bearer(key)),
    ) as client:
        yield client


_CLIENTS: Final = PerLoop(_opened)


def _plain(event: Any) -> Fields:  # noqa: ANN401 - the package has a class per event
    return cast("Fields", event.to_dict(mode="json"))


def _translated(watch: Watch, url: str, error: Exception) -> ProviderError:
    match error:
        case openai.APIStatusError():
            return refused(watch.name, error.status_code, error.response.headers, error.response.content)
        case openai.APIConnectionError():
            return _sdk_http.translated(watch, url, error.__cause__ or error)
        case openai.APIError():  # an error event inside a reply
            return failed_midway(watch.name, error.body or error.message)
        case _:
            return _sdk_http.translated(watch, url, error)


_PACKAGE: Final = _sdk.Package[Any](
    plain=_plain, translate=_translated, expected=(openai.OpenAIError, *_sdk_http.BROKEN)
)


def chat(name: str, base_url: str, key: str | None, dialect: _openai_wire.Dialect) -> Provider:
    """Return a provider that speaks chat completions through the package."""

    def create(client: openai.AsyncOpenAI, request: ModelRequest, timeout: openai.Timeout) -> Awaitable[Any]:
        body = _openai_wire.body_of(request, name, dialect)
        messages = cast("Any", body.pop("messages"))
        return client.chat.completions.create(
            model=request.model, messages=messages, stream=True, extra_body=body, timeout=timeout
        )

    def reply(request: ModelRequest) -> Reply:
        return _openai_wire.ChatReply(name, request.model)

    return _provider(name, (base_url, key), create, reply)


def responses(name: str, base_url: str, key: str | None) -> Provider:
    """Return a provider that speaks the Responses API through the package."""

    def create(client: openai.AsyncOpenAI, request: ModelRequest, timeout: openai.Timeout) -> Awaitable[Any]:
        body = _openai_responses_wire.body_of(request, name)
        items = cast("Any", body.pop("input"))
        return client.responses.create(model=request.model, input=items, stream=True, extra_body=body, timeout=timeout)

    def reply(request: ModelRequest) -> Reply:
        return _openai_responses_wire.ResponsesReply(name, request.model)

    return _provider(name, (base_url, key), create, reply)


def _provider(
    name: str, place: tuple[str, str | None], create: _Create, reply: Callable[[ModelRequest], Reply]
) -> Provider:
    async def send(request: ModelRequest) -> _sdk.Stream[Any]:
        timeout = openai.Timeout(None, connect=request.clocks.connect_s)
        stream = await create(await _CLIENTS.get(place), request, timeout)
        _http.check_type(name, stream.response.headers)
        return cast("_sdk.Stream[Any]", stream)

    return _sdk.PackageProvider(name=name, base_url=place[0], package=_PACKAGE, send=send, reply=reply)
