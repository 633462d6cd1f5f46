"""A local model that has to be loaded: loaded before it is needed, and no silence while it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.domain.records import Record
from hermes_tui.interfaces._progress import Progress
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.sections import built
from hermes_tui.services.workstation import Workstation
from tests.fakes import FakeServer, Reply, Scenario, refused_url

COLD = Scenario(replies=[Reply("Done.")], models=("in-memory", "on-disk"), context_tokens=4_096)


def brains(server: FakeServer, kind: str, model: str) -> ConfiguredBrains:
    url = server.ollama_url if kind == "ollama" else server.openai_url
    given = {"providers": {kind: {"base_url": url, "key_env": "GATE"}}, "strategy": "fixed"}
    return ConfiguredBrains(built(HermesConfig, given), f"{kind}:{model}", {"GATE": "gate-key"})


@pytest.mark.parametrize("kind", ["ollama", "lmstudio"])
async def test_a_model_on_disk_is_loaded_once_with_its_window_and_one_in_memory_never(kind: str) -> None:
    async with FakeServer(COLD) as server:
        found = brains(server, kind, "on-disk")
        before = await found.choose("agent", {})
        warmed = await found.warm_up("agent")
        again = await found.warm_up("agent")
        after = await found.choose("agent", {})
        there = await brains(server, kind, "in-memory").warm_up("agent")
        path = "/api/generate" if kind == "ollama" else "/v1/chat/completions"
        pings = [exchange for exchange in server.log if exchange.path == path]

    assert (before.loaded, after.loaded) == (False, True)
    assert (warmed is not None, again, there) == (True, None, None)
    assert [(ping.body or {})["model"] for ping in pings] == ["on-disk"]
    assert pings[0].headers["authorization"] == "Bearer gate-key"
    if kind == "ollama":
        assert (pings[0].body or {})["options"] == {"num_ctx": 4_096}, "with another window it would be loaded again"


async def test_while_a_model_is_loaded_a_line_says_so_once_and_a_window_of_4k_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ws").mkdir()
    monkeypatch.setenv("LMSTUDIO_BASE_URL", f"{refused_url()}/v1")
    async with FakeServer(COLD) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.ollama_url)
        options = RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home", model="ollama:on-disk", mode="auto")
        station, progress, lines = Workstation(options), Progress(), list[str]()

        def show(record: Record) -> None:
            lines.append(progress.line(record))

        result = await station.pursue("Say hello.", [show])
        station.log.close()
        asked = [exchange for exchange in server.log if exchange.path == "/api/chat"]

    assert result.exit_code == 0, result.fields
    assert [line[9:] for line in lines if "loading" in line] == ["◊ waits    ollama:on-disk: loading model…"]
    assert (asked[0].body or {})["options"]["num_ctx"] == 4_096
