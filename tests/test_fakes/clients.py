"""Official clients and a raw one, pointed at a fake: no retries, no proxies."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
import ollama
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from tests.fakes import FakeServer

HI = "hi"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Without certificates: loading them would take longer than most tests."""
PATIENCE_S = 0.05
"""Seconds after which a client gives up on a stall."""


@asynccontextmanager
async def openai_client(server: FakeServer, url: str = "", timeout_s: float = 5) -> AsyncGenerator[AsyncOpenAI]:
    """Open the OpenAI SDK."""
    http = httpx2.AsyncClient(trust_env=False, verify=NO_TLS, timeout=timeout_s)
    client = AsyncOpenAI(
        api_key="fake", base_url=url or server.openai_url, max_retries=0, http_client=http, timeout=timeout_s
    )
    async with client:
        yield client


@asynccontextmanager
async def anthropic_client(server: FakeServer, timeout_s: float = 5) -> AsyncGenerator[AsyncAnthropic]:
    """Open the Anthropic SDK."""
    http = httpx2.AsyncClient(trust_env=False, verify=NO_TLS, timeout=timeout_s)
    client = AsyncAnthropic(
        api_key="fake", base_url=server.anthropic_url, max_retries=0, http_client=http, timeout=timeout_s
    )
    async with client:
        yield client


@asynccontextmanager
async def ollama_client(server: FakeServer, timeout_s: float = 5) -> AsyncGenerator[ollama.AsyncClient]:
    """Open the Ollama SDK."""
    client = ollama.AsyncClient(server.ollama_url, trust_env=False, verify=NO_TLS, timeout=timeout_s)
    async with client:
        yield client


@asynccontextmanager
async def raw_client(server: FakeServer, timeout_s: float = 5) -> AsyncGenerator[httpx2.AsyncClient]:
    """Open a plain HTTP client at the root of the fake."""
    client = httpx2.AsyncClient(base_url=server.base_url, trust_env=False, verify=NO_TLS, timeout=timeout_s)
    async with client:
        yield client
