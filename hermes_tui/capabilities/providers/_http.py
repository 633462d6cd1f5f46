"""One streaming POST under four clocks; the only file that imports httpx2."""

from __future__ import annotations

import asyncio
import json
import ssl
import weakref
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

import httpx2

from hermes_tui.capabilities.providers._errors import refused
from hermes_tui.capabilities.providers._json import object_of
from hermes_tui.domain.errors import FailureReason, ProviderUnreachable, ReplyMalformed, StreamTruncated
from hermes_tui.domain.parts import Clocks

LINE_BYTES: Final = 4_000_000
REPLY_BYTES: Final = 32_000_000
ERROR_BYTES: Final = 65_536

_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, httpx2.AsyncClient]] = (
    weakref.WeakKeyDictionary()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request; `name` is the provider's, for messages."""

    name: str
    url: str
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    clocks: Clocks = Clocks()


def client(url: str) -> httpx2.AsyncClient:
    """Return this event loop's client for `url`.

    Proxies of the environment are not used, so a key goes to its own host only. A client for `http` URLs trusts no
    certificate at all: reading the machine's certificates takes longer than a whole local request.
    """
    mine = _clients.setdefault(asyncio.get_running_loop(), {})
    scheme = "http" if url.startswith("http://") else "https"
    found = mine.get(scheme)
    if found is None or found.is_closed:
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if scheme == "http" else True
        found = httpx2.AsyncClient(verify=trusted, trust_env=False, follow_redirects=False, timeout=None)
        mine[scheme] = found
    return found


async def close() -> None:
    """Close this event loop's clients."""
    for found in _clients.pop(asyncio.get_running_loop(), {}).values():
        await found.aclose()


async def get_json(url: str, headers: Mapping[str, str], timeout_s: float) -> object | None:
    """Return the JSON at `url`, None if nothing usable answers in time."""
    try:
        async with asyncio.timeout(timeout_s):
            answer = await client(url).get(url, headers=dict(headers))
            return answer.json() if answer.status_code == 200 else None
    except (TimeoutError, httpx2.HTTPError, ValueError):
        return None


async def lines(post: Post) -> AsyncGenerator[bytes]:
    """Yield the lines of the streamed answer, without their ends.

    Raises:
        ProviderUnreachable: no connection, or no byte within a clock.
        ProviderRefused: an error status.
        StreamTruncated: the connection broke.
        ReplyMalformed: a line or the whole reply is absurdly large, or no stream at all.
    """
    try:
        async with asyncio.timeout(post.clocks.total_s), aclosing(_chunks(post)) as chunks:
            async for line in _split(post, chunks):
                yield line
    except TimeoutError as error:
        raise _late(post, FailureReason.TIMEOUT_TOTAL, post.clocks.total_s) from error


async def _split(post: Post, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    rest = bytearray()
    total = 0
    async for chunk in chunks:
        total += len(chunk)
        if total > REPLY_BYTES or len(rest) > LINE_BYTES:
            message = f"{post.name} sent more than any reply may have ({total:,} bytes)."
            raise ReplyMalformed(message, reason=FailureReason.TOO_LARGE)
        rest += chunk
        *whole, last = rest.split(b"\n")
        rest = bytearray(last)
        for line in whole:
            yield bytes(line.rstrip(b"\r"))
    if rest:
        yield bytes(rest)


async def _chunks(post: Post) -> AsyncGenerator[bytes]:
    """Yield raw bytes; every error of the library is translated here and nowhere else."""
    request = client(post.url).build_request("POST", post.url, content=json.dumps(post.body), headers=_headers(post))
    try:
        answer = await _begin(post, request)
        try:
            if answer.status_code != 200:
                body = await _error_body(answer)
                raise refused(post.name, answer.status_code, answer.headers, body)
            if "html" in answer.headers.get("content-type", ""):
                raise ReplyMalformed(f"{post.name} answered with a web page.", reason=FailureReason.MALFORMED)
            async for chunk in _timed(post, answer):
                yield chunk
        finally:
            await answer.aclose()
    except httpx2.HTTPError as error:
        raise _translated(post, error) from error


def _headers(post: Post) -> dict[str, str]:
    return {"content-type": "application/json", "accept": "text/event-stream, application/x-ndjson", **post.headers}


async def _begin(post: Post, request: httpx2.Request) -> httpx2.Response:
    """Send; the connect clock runs to the connection, the first-token clock from there to the answer's head."""
    request.extensions = {**request.extensions, "timeout": {"connect": post.clocks.connect_s}}
    try:
        async with asyncio.timeout(post.clocks.connect_s + post.clocks.first_token_s):
            return await client(post.url).send(request, stream=True)
    except TimeoutError as error:
        raise _late(post, FailureReason.TIMEOUT_FIRST_TOKEN, post.clocks.first_token_s) from error


async def _timed(post: Post, answer: httpx2.Response) -> AsyncGenerator[bytes]:
    chunks = answer.aiter_bytes()
    limit_s, reason = post.clocks.first_token_s, FailureReason.TIMEOUT_FIRST_TOKEN
    while True:
        try:
            async with asyncio.timeout(limit_s):
                chunk = await anext(chunks, None)
        except TimeoutError as error:
            raise _late(post, reason, limit_s) from error
        if chunk is None:
            return
        limit_s, reason = post.clocks.idle_s, FailureReason.TIMEOUT_IDLE
        yield chunk


async def _error_body(answer: httpx2.Response) -> bytes:
    body = b""
    async with asyncio.timeout(5.0):
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > ERROR_BYTES:
                break
    return body


def _late(post: Post, reason: FailureReason, limit_s: float) -> ProviderUnreachable:
    what = {
        FailureReason.TIMEOUT_FIRST_TOKEN: "the first byte of an answer",
        FailureReason.TIMEOUT_IDLE: "the next byte of its answer",
        FailureReason.TIMEOUT_TOTAL: "the end of its answer",
    }[reason]
    return ProviderUnreachable(f"{post.name} did not send {what} within {limit_s:g} s.", reason=reason)


def _translated(post: Post, error: httpx2.HTTPError) -> ProviderUnreachable | StreamTruncated | ReplyMalformed:
    match error:
        case httpx2.ConnectTimeout():
            message = f"{post.name} could not be reached at {post.url} within {post.clocks.connect_s:g} s."
            return ProviderUnreachable(message, reason=FailureReason.TIMEOUT_CONNECT)
        case httpx2.ConnectError():
            hint = "Is it running? Check its base URL."
            return ProviderUnreachable(
                f"{post.name} could not be reached at {post.url}.", reason=FailureReason.UNREACHABLE, hint=hint
            )
        case httpx2.DecodingError():
            return ReplyMalformed(f"{post.name} sent bytes that do not decode.", reason=FailureReason.MALFORMED)
        case _:
            message = f"The connection to {post.name} broke: {str(error) or type(error).__name__}."
            return StreamTruncated(message, reason=FailureReason.CONNECTION_LOST)


async def events(post: Post) -> AsyncGenerator[dict[str, object]]:
    """Yield the JSON objects of a server-sent event stream; `[DONE]` comes as `{"done": true}`.

    Raises:
        ReplyMalformed: a data line is not a JSON object; and as `lines`.
    """
    async with aclosing(lines(post)) as stream:
        async for line in stream:
            if line.startswith(b"data:"):
                data = line[5:].strip()
                yield {"done": True} if data == b"[DONE]" else parsed(post, data)


async def objects(post: Post) -> AsyncGenerator[dict[str, object]]:
    """Yield the JSON objects of a stream with one per line (NDJSON).

    Raises:
        ReplyMalformed: a line is not a JSON object; and as `lines`.
    """
    async with aclosing(lines(post)) as stream:
        async for line in stream:
            if line.strip():
                yield parsed(post, line)


def parsed(post: Post, data: bytes) -> dict[str, object]:
    """Return the JSON object of `data`.

    Raises:
        ReplyMalformed: it is none.
    """
    value = object_of(data)
    if value is None:
        raise ReplyMalformed(f"{post.name} sent a line that is no JSON object.", reason=FailureReason.MALFORMED)
    return value
