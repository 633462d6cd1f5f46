"""A reply without Hermes: through the vendor's package as its manual shows it, and httpx2 with a loop over lines."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import anthropic
import httpx2
import openai

Ask = Callable[[], Awaitable[object]]
KEY: Final = "k-bench"
BODY: Final[dict[str, Any]] = {
    "model": "fake-large",
    "messages": [{"role": "user", "content": "Say it."}],
    "max_tokens": 4096,
    "stream": True,
}


@asynccontextmanager
async def alone(dialect: str, url: str, way: str) -> AsyncGenerator[Ask]:
    """Give what asks through the vendor's `package`, or through `httpx2`, without retries."""
    if way == "httpx2":
        async with httpx2.AsyncClient(trust_env=False) as client:
            yield _by_httpx2(client, dialect, url)
    elif dialect == "anthropic":
        async with anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0) as vendor:
            yield lambda: _said_by_anthropic(vendor)
    else:
        async with openai.AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0) as other:
            yield lambda: _said_by_openai(other)


async def _said_by_anthropic(client: anthropic.AsyncAnthropic) -> str:
    events = cast("AsyncIterator[Any]", await client.messages.create(**BODY))
    return "".join(
        [
            event.delta.text
            async for event in events
            if event.type == "content_block_delta" and event.delta.type == "text_delta"
        ]
    )


async def _said_by_openai(client: openai.AsyncOpenAI) -> str:
    chunks = cast("AsyncIterator[Any]", await client.chat.completions.create(**BODY))
    return "".join([choice.delta.content or "" async for chunk in chunks for choice in chunk.choices])


def _by_httpx2(client: httpx2.AsyncClient, dialect: str, url: str) -> Ask:
    """Return the least that reads a reply: the library's own lines, each parsed."""
    path, text_of = ("/chat/completions", _chat_text) if dialect == "openai" else ("/v1/messages", _block_text)
    headers = {"authorization": f"Bearer {KEY}", "x-api-key": KEY, "anthropic-version": "2023-06-01"}

    async def ask() -> str:
        async with client.stream("POST", f"{url}{path}", json=BODY, headers=headers) as answer:
            lines = answer.aiter_lines()
            events = [json.loads(line[5:]) async for line in lines if line.startswith("data: {")]
        return "".join([text_of(event) or "" for event in events])

    return ask


def _chat_text(event: dict[str, Any]) -> str | None:
    return event["choices"][0]["delta"].get("content") if event["choices"] else None


def _block_text(event: dict[str, Any]) -> str | None:
    return event["delta"].get("text") if event["type"] == "content_block_delta" else None
