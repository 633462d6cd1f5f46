"""One streaming POST under four clocks, and the questions that a probe asks."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import field
from typing import Final

from hermes_tui.capabilities.providers._bounds import Meter
from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._errors import (
    connected_late,
    failed_midway,
    lost,
    malformed,
    refused,
    unreachable,
    unsendable,
)
from hermes_tui.capabilities.providers._framing import Broken
from hermes_tui.capabilities.providers._http1 import AddressInvalid, Answer, HeaderInvalid, Request, address_of
from hermes_tui.capabilities.providers._json import Batches, Fields, body_bytes, object_of
from hermes_tui.capabilities.providers._lines import DONE, Splitter
from hermes_tui.capabilities.providers._pool import NotConnected, send
from hermes_tui.domain.errors import ProviderError
from hermes_tui.domain.values import frozen

ERROR_BYTES: Final = 65_536
PROBE_BYTES: Final = 8_000_000
_JSON: Final = {"content-type": "application/json"}
_STREAMED: Final = {**_JSON, "accept": "text/event-stream, application/x-ndjson"}


@frozen
class Post:
    """One request; it is timed by `watch`."""

    url: str
    body: bytes
    watch: Watch
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """The provider, for messages."""
        return self.watch.name


def bearer(key: str | None) -> dict[str, str]:
    """Return the header that carries a key (RFC 6750), none without one."""
    return {"authorization": f"Bearer {key}"} if key else {}


async def get_json(
    url: str, headers: Mapping[str, str], timeout_s: float, body: Mapping[str, object] | None = None
) -> object | None:
    """Return the JSON that `url` gives (POST if there is a body), None if nothing usable answers in time."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _asked(url, headers, body)
    except (NotConnected, Broken, OSError, ProviderError, ValueError, RecursionError):
        return None


async def _asked(url: str, headers: Mapping[str, str], body: Mapping[str, object] | None) -> object | None:
    address = address_of(url)
    if body is None:
        request = Request(url=url, address=address, method="GET", headers=headers)
    else:
        request = Request(url=url, address=address, headers={**_JSON, **headers}, body=body_bytes(body))
    exchange = await send(request, connect_s=None, on_connected=_nothing)
    try:
        found: object = None
        if 200 <= exchange.answer.status < 300:
            found = json.loads(await _first_bytes(exchange.answer, PROBE_BYTES))
    finally:
        exchange.close()
    return found


def _nothing() -> None:
    """Take no note of the connection: the whole question has one clock."""


async def first_json(urls: Sequence[str], headers: Mapping[str, str], timeout_s: float) -> object | None:
    """Return the JSON of the first of `urls` that gives any, None if none does; `timeout_s` is for all of them."""
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(get_json(url, headers, timeout_s), name="probe") for url in urls]
    return next((found for task in asked if (found := task.result()) is not None), None)


async def _first_bytes(answer: Answer, limit: int) -> bytes:
    body = bytearray()
    while len(body) <= limit and (piece := await answer.read()):
        body += piece
    return bytes(body)


async def _chunks(post: Post) -> AsyncGenerator[bytes]:
    """Yield the body as it arrives; every error of the connection is translated here and nowhere else."""
    try:
        exchange = await post.watch.wait(send(_request(post), post.watch.clocks.connect_s, post.watch.connected))
        try:
            await _check(post, exchange.answer)
            meter, read, wait = Meter(post.name), exchange.answer.read, post.watch.wait
            while chunk := await wait(read()):
                meter.admit(chunk)
                yield chunk
        finally:
            exchange.close()
    except (NotConnected, AddressInvalid, HeaderInvalid, Broken, OSError) as error:
        raise _translated(post, error) from error


def _request(post: Post) -> Request:
    """Put the request together.

    Raises:
        AddressInvalid: its URL is none.
    """
    headers = {**_STREAMED, **post.headers}
    return Request(url=post.url, address=address_of(post.url), headers=headers, body=post.body)


async def _check(post: Post, answer: Answer) -> None:
    if answer.status != 200:
        raise refused(post.name, answer.status, answer.headers, await _error_body(post, answer))
    check_type(post.name, answer.headers)


def check_type(name: str, headers: Mapping[str, str]) -> None:
    """Refuse an answer that was meant for a browser.

    Raises:
        ReplyMalformed: it is a web page.
    """
    if "html" in headers.get("content-type", ""):
        raise malformed(name, "answered with a web page")


async def _error_body(post: Post, answer: Answer) -> bytes:
    """Return what can be had of an error's body: the status alone is worth more than a second error."""
    try:
        return await post.watch.wait(_first_bytes(answer, ERROR_BYTES))
    except (ProviderError, Broken, OSError):
        return b""


def _translated(post: Post, error: Exception) -> ProviderError:
    match error:
        case NotConnected(cause=TimeoutError()):
            return connected_late(post.name, post.url, post.watch.clocks.connect_s)
        case NotConnected(cause=ssl.SSLError() as cause):
            return unreachable(post.name, post.url, f"its certificate or its TLS is not good ({cause.reason})")
        case NotConnected() | AddressInvalid():
            return unreachable(post.name, post.url)
        case HeaderInvalid():
            return unsendable(post.name, str(error))
        case _:
            return lost(post.name, error)


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
    return malformed(name, "answered in one piece instead of a stream")


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
        raise malformed(name, "sent a line that is no JSON object")
    return value
