"""Traps that a client of a model falls into: keys that stray, hidden retries, loops that block, fields that vanish."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

import pytest

from hermes_tui.capabilities.providers import lmstudio, ollama
from hermes_tui.capabilities.providers._sdk import LazyProvider
from hermes_tui.domain.errors import FailureReason, ProviderRefused, ProviderUnreachable
from hermes_tui.domain.parts import Clocks
from tests.capabilities.providers.speakers import SPEAKERS, Speaker, ask, listen, said, sent
from tests.fakes import FakeServer, Fault, FaultKind, Moment, Repeat, Reply, Scenario, refused_url, say

each = pytest.mark.parametrize("speaker", SPEAKERS, ids=str)
FOREIGN = "sk-of-somebody-else"
PATIENT_S = 30.0
"""For questions that are answered: no machine is so slow that this runs out."""
SURROUNDINGS = {
    "OPENAI_API_KEY": FOREIGN,
    "OPENAI_ADMIN_KEY": FOREIGN,
    "OPENAI_ORG_ID": FOREIGN,
    "OPENAI_PROJECT_ID": FOREIGN,
    "OPENAI_CUSTOM_HEADERS": f"Authorization: Bearer {FOREIGN}\nX-Tenant: {FOREIGN}",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENROUTER_API_KEY": FOREIGN,
    "ANTHROPIC_API_KEY": FOREIGN,
    "ANTHROPIC_AUTH_TOKEN": FOREIGN,
    "ANTHROPIC_CUSTOM_HEADERS": f"X-Api-Key: {FOREIGN}\nX-Tenant: {FOREIGN}",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    "OLLAMA_API_KEY": FOREIGN,
    "OLLAMA_HOST": "http://127.0.0.1:9",
}


@asynccontextmanager
async def redirector(status: int, location: str) -> AsyncGenerator[str]:
    """Serve nothing but redirects to `location`; give the root URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} Go\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@contextmanager
def deaf_port() -> Generator[str]:
    """Give the root URL of a port whose queue of connections is full: the next one waits for ever."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@each
@pytest.mark.parametrize("key", [None, "sk-own-key"])
async def test_nothing_of_the_surroundings_leaves(
    speaker: Speaker, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SURROUNDINGS.items():
        monkeypatch.setenv(name, value)

    async with FakeServer(say("Hi.")) as server:
        heard = await listen(speaker.provider(server, key=key), ask())
        exchange = server.log[0]

    assert heard.text == "Hi."
    assert FOREIGN not in str((exchange.headers, exchange.path, exchange.body))
    assert ("sk-own-key" in str(exchange.headers)) == (key is not None)


@each
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_key_follows_no_redirect(speaker: Speaker, status: int) -> None:
    async with FakeServer(say("Hi.")) as elsewhere, redirector(status, f"{elsewhere.base_url}/v1/messages") as root:
        heard = await listen(speaker.at(root), ask())
        seen = len(elsewhere.log)

    assert isinstance(heard.error, ProviderRefused)
    assert (seen, heard.parts) == (0, [])


@each
async def test_no_request_goes_through_a_proxy_of_the_environment(
    speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, refused_url())

    async with FakeServer(say("Hi.")) as server:
        assert (await listen(speaker.provider(server), ask())).text == "Hi."


@each
@pytest.mark.parametrize("status", [401, 408, 409, 429, 500, 503, 529])
async def test_a_failure_costs_one_request_and_nobody_below_tries_again(speaker: Speaker, status: int) -> None:
    failing = Reply(fault=Fault(FaultKind.STATUS, status=status, retry_after_s=0))
    async with FakeServer(Scenario(replies=[failing], repeat=Repeat.LAST)) as server:
        heard = await listen(speaker.provider(server), ask())
        requests = len(server.log)

    assert isinstance(heard.error, ProviderRefused)
    assert requests == 1


@each
@pytest.mark.skipif(sys.platform != "linux", reason="other kernels let the queue of a listener overflow")
async def test_a_connection_that_does_not_come_about_ends_with_its_own_clock(speaker: Speaker) -> None:
    with deaf_port() as root:
        heard = await listen(speaker.at(root), ask(clocks=Clocks(connect_s=0.1, first_token_s=30)))

    assert isinstance(heard.error, ProviderUnreachable)
    assert heard.error.reason is FailureReason.TIMEOUT_CONNECT


@each
async def test_a_silent_provider_holds_up_nothing_else_on_the_loop(speaker: Speaker) -> None:
    silent = Reply("late", fault=Fault(FaultKind.STALL, Moment.BEFORE_TOKEN))
    async with FakeServer(Scenario(replies=[silent, Reply("soon")])) as server:
        provider = speaker.provider(server)
        first = asyncio.create_task(listen(provider, ask()), name="first")
        await asyncio.to_thread(server.log.wait, lambda log: len(log) == 1)
        second = await listen(provider, ask())
        waiting = not first.done()
        server.release()
        late = await first

    assert (second.text, waiting, late.text) == ("soon", True, "late")


@each
async def test_one_provider_serves_any_number_of_loops_at_once(speaker: Speaker) -> None:
    async with FakeServer(Scenario(replies=[Reply("Hi.")], repeat=Repeat.LAST)) as server:
        provider = speaker.provider(server)

        def on_a_loop_of_its_own() -> str:
            return asyncio.run(listen(provider, ask())).text

        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(asyncio.to_thread(on_a_loop_of_its_own)) for _ in range(4)]
        texts = [task.result() for task in asked]
        here = await listen(provider, ask())

    assert [*texts, here.text] == ["Hi."] * 5


@each
async def test_requests_beside_each_other_keep_their_own_keys_and_models(speaker: Speaker) -> None:
    async with FakeServer(Scenario(replies=[Reply("Hi.")], repeat=Repeat.LAST)) as server:
        async with asyncio.TaskGroup() as group:
            for number in range(4):
                provider = speaker.provider(server, key=f"key-{number}")
                group.create_task(listen(provider, ask(model=f"model-{number}")))
        seen = {
            (f"key-{number}" in str(one.headers), (one.body or {})["model"] == f"model-{number}")
            for one in server.log
            for number in [int(str((one.body or {})["model"])[-1])]
        }

    assert len(server.log) == 4
    assert seen == {(True, True)}


@each
async def test_no_field_of_a_request_vanishes_on_its_way(speaker: Speaker) -> None:
    fields: dict[str, Any] = {"system": "You are the reviewer.", "max_tokens": 123, "temperature": 0.25}
    body = str(await sent(speaker, ask(said("Review this."), model="a-model", **fields)))

    for value in ("You are the reviewer.", "Review this.", "a-model", "123", "0.25", "Run a command."):
        assert value in body


@each
async def test_an_unknown_model_is_an_error_and_not_silence(speaker: Speaker) -> None:
    async with FakeServer(Scenario(replies=[Reply(fault=Fault(FaultKind.STATUS, status=404))])) as server:
        heard = await listen(speaker.provider(server), ask(model="no-such-model"))

    assert heard.error is not None
    assert heard.error.reason is FailureReason.MODEL_MISSING
    assert heard.error.hint


async def test_a_package_that_is_not_installed_is_said_with_its_remedy() -> None:
    provider = LazyProvider(name="acme", module="_sdk_of_acme", factory="chat", given={})

    heard = await listen(provider, ask())

    assert isinstance(heard.error, ProviderRefused)
    assert heard.error.reason is FailureReason.UNSUPPORTED
    assert "pip install 'hermes-tui[sdk]'" in heard.error.hint


async def test_an_open_port_is_no_model() -> None:
    with deaf_port() as root:
        assert await ollama.pulled(root, 0.1) is None
        assert await lmstudio.pulled(f"{root}/v1", 0.1) is None
        assert await ollama.window(root, "any", 0.1) is None


async def test_a_server_without_a_model_has_none_and_one_with_models_names_them_and_their_window() -> None:
    async with FakeServer(Scenario(models=())) as empty:
        none = await ollama.pulled(empty.base_url, PATIENT_S), await lmstudio.pulled(f"{empty.base_url}/v1", PATIENT_S)
    async with FakeServer(Scenario(models=("one", "two"), context_tokens=8192)) as server:
        root = server.base_url
        named = await ollama.pulled(root, PATIENT_S), await lmstudio.pulled(f"{root}/v1", PATIENT_S)
        windows = await ollama.window(root, "one", PATIENT_S), await lmstudio.window(f"{root}/v1", "one", PATIENT_S)
        unknown = await lmstudio.window(f"{root}/v1", "three", PATIENT_S)

    assert none == ((), ())
    assert named == (("one", "two"), ("one", "two"))
    assert (windows, unknown) == ((8192, 8192), None)


async def test_a_local_server_behind_a_gateway_is_asked_with_its_key() -> None:
    async with FakeServer(Scenario(models=("one",))) as server:
        await ollama.pulled(server.base_url, PATIENT_S, "gate-key")
        await lmstudio.pulled(f"{server.base_url}/v1", PATIENT_S, "gate-key")
        headers = [exchange.headers["authorization"] for exchange in server.log]

    assert set(headers) == {"Bearer gate-key"}
