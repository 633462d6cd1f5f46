"""Faults as the official SDKs report them."""

# The Ollama SDK leaves the type of a tool function open.
# pyright: reportUnknownMemberType=false

from collections.abc import Awaitable, Callable

import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest

from tests.fakes import FakeServer, Fault, FaultKind, Reply, Scenario
from tests.test_fakes.clients import HI, PATIENCE_S, anthropic_client, ollama_client, openai_client

STATUSES = {400, 401, 403, 404, 413, 429, 500, 503, 529}


async def ask_chat(server: FakeServer, timeout_s: float) -> None:
    async with openai_client(server, timeout_s=timeout_s) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": HI}], stream=True
        )
        _ = [chunk async for chunk in stream]


async def ask_responses(server: FakeServer, timeout_s: float) -> None:
    async with (
        openai_client(server, timeout_s=timeout_s) as client,
        client.responses.stream(model="m", input=HI) as stream,
    ):
        await stream.get_final_response()


async def ask_anthropic(server: FakeServer, timeout_s: float) -> None:
    async with (
        anthropic_client(server, timeout_s=timeout_s) as client,
        client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": HI}]) as stream,
    ):
        await stream.until_done()


async def ask_ollama(server: FakeServer, timeout_s: float) -> None:
    async with ollama_client(server, timeout_s=timeout_s) as client:
        stream = await client.chat("m", messages=[{"role": "user", "content": HI}], stream=True)
        _ = [part async for part in stream]


Ask = Callable[[FakeServer, float], Awaitable[None]]


async def error_of(ask: Ask, fault: str | Fault, timeout_s: float = 5) -> Exception:
    """Return what an SDK raises."""
    struck = Fault.parse(fault) if isinstance(fault, str) else fault
    async with FakeServer(Scenario(replies=[Reply("one two three four", fault=struck)])) as server:
        with pytest.raises(Exception) as caught:  # noqa: PT011  the tests say which
            await ask(server, timeout_s)
    return caught.value


@pytest.mark.parametrize("status", sorted(STATUSES))
@pytest.mark.parametrize("ask", [ask_chat, ask_responses, ask_anthropic, ask_ollama])
async def test_a_status_reaches_the_caller(ask: Ask, status: int) -> None:
    error = await error_of(ask, str(status))

    assert isinstance(error, openai.APIStatusError | anthropic.APIStatusError | ollama.ResponseError)
    assert error.status_code == status


async def test_statuses_carry_the_words_of_the_provider() -> None:
    overloaded = await error_of(ask_anthropic, "529")
    quota = await error_of(ask_chat, "quota")
    too_long = await error_of(ask_responses, "context_length")
    missing = await error_of(ask_ollama, "404")

    assert isinstance(overloaded, anthropic.APIStatusError)
    assert overloaded.body == {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "Overloaded"},
        "request_id": "req_fake",
    }
    assert isinstance(quota, openai.RateLimitError)
    assert quota.code == "insufficient_quota"
    assert isinstance(too_long, openai.BadRequestError)
    assert too_long.code == "context_length_exceeded"
    assert isinstance(missing, ollama.ResponseError)
    assert missing.error == "model 'fake' not found"


@pytest.mark.parametrize("ask", [ask_chat, ask_anthropic])
async def test_retry_after_is_told(ask: Ask) -> None:
    error = await error_of(ask, Fault(FaultKind.STATUS, status=429, retry_after_s=1.5))

    assert isinstance(error, openai.RateLimitError | anthropic.RateLimitError)
    assert error.response.headers["retry-after"] == "1.5"


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (ask_chat, openai.APIError),
        (ask_anthropic, anthropic.APIStatusError),
        (ask_ollama, ollama.ResponseError),
        (ask_responses, RuntimeError),  # the SDK's helper passes `error` on and misses the end
    ],
)
async def test_an_error_event_is_raised(ask: Ask, kind: type[Exception]) -> None:
    assert isinstance(await error_of(ask, "error_event"), kind)


async def test_a_failed_response_is_an_event() -> None:
    reply = Reply("one two three four", fault=Fault.parse("failed_event"))
    async with (
        FakeServer(Scenario(replies=[reply])) as server,
        openai_client(server) as client,
        client.responses.stream(model="m", input=HI) as stream,
    ):
        last = [event async for event in stream][-1]

    assert last.type == "response.failed"
    assert last.response.error is not None
    assert last.response.error.code == "server_error"


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (ask_chat, openai.APIConnectionError),
        (ask_responses, openai.APIConnectionError),
        (ask_anthropic, httpx2.TransportError),
        (ask_ollama, httpx.TransportError),
    ],
)
@pytest.mark.parametrize("fault", ["reset@mid_text", "cut_chunk@mid_text"])
async def test_a_cut_stream_is_raised(ask: Ask, kind: type[Exception], fault: str) -> None:
    assert isinstance(await error_of(ask, fault), kind)


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (ask_chat, openai.APITimeoutError),
        (ask_responses, openai.APITimeoutError),
        (ask_anthropic, httpx2.ReadTimeout),
        (ask_ollama, httpx.ReadTimeout),
    ],
)
async def test_a_stall_is_raised_when_patience_ends(ask: Ask, kind: type[Exception]) -> None:
    assert isinstance(await error_of(ask, "stall@mid_text", PATIENCE_S), kind)


@pytest.mark.parametrize("ask", [ask_chat, ask_anthropic, ask_ollama])
async def test_a_silent_end_goes_unnoticed_by_the_sdk(ask: Ask) -> None:
    """The reason why Hermes must insist on a terminal marker itself."""
    for fault in ("end_clean@mid_text", "end_eof@mid_text"):
        async with FakeServer(Scenario(replies=[Reply("one two three", fault=Fault.parse(fault))])) as server:
            await ask(server, 5)


@pytest.mark.parametrize("ask", [ask_chat, ask_responses, ask_anthropic, ask_ollama])
async def test_malformed_json_is_raised(ask: Ask) -> None:
    assert isinstance(await error_of(ask, "bad_json"), ValueError)
