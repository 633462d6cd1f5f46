"""The `anthropic` package as a client; the only file that imports it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final, cast

import anthropic

from hermes_tui.capabilities.providers import _http, _sdk
from hermes_tui.capabilities.providers._anthropic_wire import MessagesReply, body_of, headers_of, root_of
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import failed_midway, refused
from hermes_tui.capabilities.providers._json import Fields, fields_of
from hermes_tui.capabilities.providers._loops import PerLoop
from hermes_tui.capabilities.providers._reply import parts_of
from hermes_tui.domain.errors import FailureReason, ProviderError, ReplyMalformed
from hermes_tui.domain.parts import ModelRequest, Part
from hermes_tui.domain.ports import Provider

_EXPECTED: Final = (anthropic.AnthropicError, *_http.BROKEN, ValueError)


async def _opened(place: tuple[str, str | None]) -> AsyncGenerator[anthropic.AsyncAnthropic]:
    base_url, key = place
    async with anthropic.AsyncAnthropic(
        api_key=key or "none",  # without one, the package looks in the environment and on the disk
        base_url=root_of(base_url),
        max_retries=0,
        open_telemetry=False,
        http_client=await _http.guarded(base_url, headers_of(key)),
    ) as client:
        yield client


_CLIENTS: Final = PerLoop(_opened)


class AnthropicSdk:
    """No retry of the package's own, no credentials that it finds by itself, the connections of `_http`.

    Args:
        name: The provider, for messages.
        base_url: Where it listens.
        key: Sent to that host only.
    """

    def __init__(self, name: str, base_url: str, key: str | None) -> None:
        self._name = name
        self._base_url = base_url
        self._key = key

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply; see `ports.Provider`."""
        watch = Watch(self._name, request.clocks)

        def translate(error: Exception) -> ProviderError:
            return translated(watch, self._base_url, error)

        async def opened() -> _sdk.Stream[Any]:
            return await self._send(request)

        events = _sdk.events_of(watch, opened, _plain, translate, _EXPECTED)
        async with aclosing(parts_of(events, MessagesReply(self._name, request.model), watch)) as parts:
            async for part in parts:
                yield part

    async def _send(self, request: ModelRequest) -> _sdk.Stream[Any]:
        client = await _CLIENTS.get((self._base_url, self._key))
        body = body_of(request, self._name)
        messages = cast("Any", body.pop("messages"))
        stream = await client.messages.create(
            model=request.model,
            max_tokens=request.max_tokens,
            messages=messages,
            stream=True,
            extra_body=body,
            timeout=anthropic.Timeout(None, connect=request.clocks.connect_s),
        )
        _http.check_type(self._name, stream.response.headers)
        return stream


def _plain(event: Any) -> Fields:  # noqa: ANN401 - the package has a class per event
    return cast("Fields", event.to_dict(mode="json"))


def translated(watch: Watch, url: str, error: Exception) -> ProviderError:
    """Describe an error of the package in the words of the wire below it."""
    cause = error.__cause__
    match error:
        case anthropic.APIStatusError() if error.status_code == 200:  # an error event inside a reply
            return failed_midway(watch.name, fields_of(error.body, "error") or error.message)
        case anthropic.APIStatusError():
            return refused(watch.name, error.status_code, error.response.headers, error.response.content)
        case anthropic.APIConnectionError() if isinstance(cause, ProviderError):
            return cause
        case anthropic.APIConnectionError():
            return _http.translated(watch, url, cause if isinstance(cause, Exception) else error)
        case ValueError():
            return ReplyMalformed(f"{watch.name} sent what is no event: {error}.", reason=FailureReason.MALFORMED)
        case _:
            return _http.translated(watch, url, error)


def messages(name: str, base_url: str, key: str | None) -> Provider:
    """Return a provider that speaks Anthropic messages through the package."""
    return AnthropicSdk(name, base_url, key)
