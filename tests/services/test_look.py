"""What a look at the providers costs: one limit for all questions to all servers, and no word to who was not asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import combinations
from pathlib import Path

import pytest

from hermes_tui.domain.errors import NoProvider
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.sections import built
from hermes_tui.services.workstation import Workstation
from tests.fakes import Call, FakeServer, Reply, Scenario, refused_url

CLOUD = ("anthropic", "openai", "openrouter")
LOCAL = ("ollama", "lmstudio")


def some_of(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [found for size in range(len(names) + 1) for found in combinations(names, size)]


def config(ollama: str, lmstudio: str, cloud: str, **changes: object) -> HermesConfig:
    distant = {name: {"base_url": cloud, "key_env": f"{name.upper()}_API_KEY"} for name in CLOUD}
    local = {"ollama": {"base_url": ollama}, "lmstudio": {"base_url": lmstudio}}
    return built(HermesConfig, {"providers": {**distant, **local}, **changes})


@asynccontextmanager
async def half_silent(paths: list[str], *models: str) -> AsyncGenerator[str]:
    """Serve a list of pulled models and leave every other question open; `paths` is what was asked."""
    listed = json.dumps({"models": [{"name": model} for model in models]}).encode()
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        paths.append(head.split()[1].decode())
        if paths[-1] == "/api/tags":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(listed) + listed)
        else:
            await over.wait()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        over.set()


@pytest.mark.parametrize("up", some_of(LOCAL), ids="+".join)
@pytest.mark.parametrize("keys", some_of(CLOUD), ids="+".join)
async def test_auto_ends_as_documented_for_every_set_of_keys_and_servers(
    keys: tuple[str, ...], up: tuple[str, ...]
) -> None:
    async with FakeServer() as cloud, FakeServer() as local:
        urls = (local.ollama_url if "ollama" in up else refused_url(), refused_url())
        urls = (urls[0], local.openai_url) if "lmstudio" in up else urls
        environ = {f"{name.upper()}_API_KEY": f"key-of-{name}" for name in keys}
        brains = ConfiguredBrains(config(*urls, cloud.openai_url), "auto", environ)

        try:
            chosen = (await brains.choose("cortex", {})).name.partition(":")[0]
        except NoProvider as error:
            chosen = error.message
        asked_local = bool(len(local.log))

    expected = next(iter([*keys, *up]), "")
    assert chosen == expected if expected else all(f"{name}: no" in chosen for name in (*CLOUD, *LOCAL))
    assert asked_local is bool(up and not keys), "a server here is asked only where no key decides it"
    assert not cloud.log.exchanges, "to choose sends nothing to a provider"


async def test_the_whole_look_has_one_limit_however_many_questions_stay_open() -> None:
    paths: list[str] = []
    async with half_silent(paths, "one", "two", "three") as url:
        tiers = {"pulled": ["ollama:one", "ollama:two", "ollama:three"]}
        found = config(url, refused_url(), refused_url(), tiers=tiers, strategy="fixed")

        offers = await ConfiguredBrains(found, "pulled", {}).look()

    assert len(offers) == 3
    assert paths == ["/api/tags", "/api/show"], "the first question that stays open uses up the time of all the others"


async def test_with_the_key_of_another_provider_nothing_goes_out_from_choice_look_or_survey() -> None:
    async with FakeServer() as server:
        changed = {"strategy": "fixed", "brains": {"cortex": {"model": "openrouter:some/model"}}}
        found = config(refused_url(), refused_url(), server.openrouter_url, **changed)
        brains = ConfiguredBrains(found, "auto", {"OPENAI_API_KEY": "sk-of-openai"})

        with pytest.raises(NoProvider, match=r"openrouter: no key in \$OPENROUTER_API_KEY") as caught:
            await brains.choose("cortex", {})
        offers = [*await brains.look(), *await brains.survey()]

    assert "sk-of-openai" not in f"{caught.value.message} {caught.value.hint} {offers}"
    assert not server.log.exchanges


async def test_a_whole_mission_is_done_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ws").mkdir()
    write = Call("write", {"path": "note.md", "content": "Done on a train.\n"})
    replies = [Reply("", tool_calls=[write]), Reply("The note is written.")]
    async with FakeServer(Scenario(replies=replies, models=("qwen3",))) as local, FakeServer() as cloud:
        for name in CLOUD:
            monkeypatch.setenv(f"{name.upper()}_BASE_URL", cloud.base_url)
        monkeypatch.setenv("OLLAMA_HOST", local.ollama_url)
        monkeypatch.setenv("LMSTUDIO_BASE_URL", f"{refused_url()}/v1")
        station = Workstation(RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home", mode="auto"))

        result = await station.pursue("Write a note.", [])
        station.log.close()

    assert result.exit_code == 0, result.fields
    assert (tmp_path / "ws" / "note.md").read_text("utf-8") == "Done on a train.\n"
    assert {exchange.dialect for exchange in local.log.replies} == {"ollama"}
    assert not cloud.log.exchanges
