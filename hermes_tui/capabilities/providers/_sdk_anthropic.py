"""The `anthropic` package as a client; the only file that imports it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Final, cast

import anthropic

from hermes_tui.capabilities.providers import _http, _sdk, _sdk_http
from hermes_tui.capabilities.providers._anthropic_wire import MessagesReply, body_of, headers_of, root_of
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import failed_midway, refused
from hermes_tui.capabilities.providers._json import Fields, fields_of
from hermes_tui.capabilities.providers._loops import PerLoop
from hermes_tui.domain.errors import ProviderError
from hermes_tui.domain.parts import ModelRequest
from hermes_tui.domain.ports import Provider


async def _opened(place: tuple[str, str | None]) -> AsyncGenerator[anthropic.AsyncAnthropic]:
    base_url, key = place
    async with anthropic.AsyncAnthropic(
        api_key=key or "none",  # without one, the package looks in the environment and on the disk
        base_url=root_of(base_url),
        max_retries=0,
        open_telemetry=False,
        http_client=await _sdk_http.guarded(base_url, headers_of(key)),
    ) as client:
        yield client


_CLIENTS: Final = PerLoop(_opened)


def _plain(event: Any) -> Fields:  # noqa: ANN401 - the package has a class per event
    return cast("Fields", event.to_dict(mode="json"))


def _translated(watch: Watch, url: str, error: Exception) -> ProviderError:
    match error:
        case anthropic.APIStatusError() if error.status_code == 200:  # an error event inside a reply
            return failed_midway(watch.name, fields_of(error.body, "error") or error.message)
        case anthropic.APIStatusError():
            return refused(watch.name, error.status_code, error.response.headers, error.response.content)
        case anthropic.APIConnectionError():
            return _sdk_http.translated(watch, url, error.__cause__ or error)
        case _:
            return _sdk_http.translated(watch, url, error)


_PACKAGE: Final = _sdk.Package[Any](
    plain=_plain, translate=_translated, expected=(anthropic.AnthropicError, *_sdk_http.BROKEN)
)


def messages(name: str, base_url: str, key: str | None) -> Provider:
    """Return a provider that speaks Anthropic messages through the package."""

    async def send(request: ModelRequest) -> _sdk.Stream[Any]:
        client = await _CLIENTS.get((base_url, key))
        body = body_of(request, name)
        history = cast("Any", body.pop("messages"))
        stream = await client.messages.create(
            model=request.model,
            max_tokens=request.max_tokens,
            messages=history,
            stream=True,
            extra_body=body,
            timeout=anthropic.Timeout(None, connect=request.clocks.connect_s),
        )
        _http.check_type(name, stream.response.headers)
        return stream

    def reply(request: ModelRequest) -> MessagesReply:
        return MessagesReply(name, request.model)

    return _sdk.PackageProvider(name=name, base_url=base_url, package=_PACKAGE, send=send, reply=reply)
