"""A provider dies in the middle of a reply: another goes on, nothing is lost, and each attempt is on the bill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import permutations, product
from pathlib import Path

import pytest

from hermes_tui.domain.events import ModelChosen, ModelFailed, ModelFinished, ToolFinished
from hermes_tui.domain.records import Record
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation
from tests.fakes import Asked, Call, FakeServer, Fault, Reply, Scenario, refused_url

PROVIDERS = ("anthropic", "openai", "openrouter", "ollama", "lmstudio")
DEATHS = ("end_clean", "end_eof", "cut_chunk", "reset", "stall")
MOMENTS = ("before_token", "mid_text", "mid_arguments", "before_end")
PAIRS = list(permutations(PROVIDERS, 2))
CASES = [
    (first, second, f"{death}@{moment}")
    for number, (first, second) in enumerate(PAIRS)
    for index, (death, moment) in enumerate(product(DEATHS, MOMENTS))
    if (number + index) % 10 == 0
]
"""Each pair dies twice, each death at each moment strikes twice; all 400 combinations are in the long set."""
ALL = [(*pair, f"{death}@{moment}") for pair in PAIRS for death, moment in product(DEATHS, MOMENTS)]


def url_of(name: str, server: FakeServer) -> str:
    urls = {"anthropic": server.anthropic_url, "ollama": server.ollama_url, "openrouter": server.openrouter_url}
    return urls.get(name, server.openai_url)


def home_with(root: Path, urls: Mapping[str, str], order: tuple[str, str]) -> Path:
    """Write a home whose chain is exactly two providers."""
    home = root / "home"
    home.mkdir()
    providers = {
        name: {"kind": name, "base_url": urls.get(name, refused_url()), "models": ["fake-large"]} for name in PROVIDERS
    }
    config = {
        "providers": {name: {**one, **({"key_env": "DEATH_KEY"} if name not in ("ollama", "lmstudio") else {})}
                      for name, one in providers.items()},
        "strategy": "fixed",
        "tiers": {"pair": [f"{name}:fake-large" for name in order]},
        "brains": {"cortex": {"model": "pair", "clocks": {"idle_s": 0.3, "first_token_s": 5}}},
    }  # fmt: skip
    (home / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    return home


async def survive(first: str, second: str, fault: str, root: Path) -> tuple[list[Record], FakeServer, FakeServer]:
    """Let `first` die in the reply that should call a tool; return the records and both servers."""
    work = root / "ws"
    work.mkdir()
    dying = Reply("Looking around in here.", tool_calls=[Call("list", {"path": "."})], fault=Fault.parse(fault))
    whole = Reply("Looking.", tool_calls=[Call("list", {"path": "."})])

    def answer(asked: Asked) -> Reply:
        return Reply("Seen.") if asked.has_tool_result else whole

    records: list[Record] = []
    async with FakeServer(Scenario(respond=lambda _: dying)) as one, FakeServer(Scenario(respond=answer)) as two:
        home = home_with(root, {first: url_of(first, one), second: url_of(second, two)}, (first, second))
        station = Workstation(RunOptions(workspace=work, home=home, mode="auto"))
        try:
            result = await station.pursue("Look around.", [records.append])
        finally:
            station.log.close()
            station.ledger.close()
        assert (result.exit_code, result.answer) == (0, "Seen."), result.fields
    return records, one, two


def check(first: str, second: str, records: list[Record], one: FakeServer, two: FakeServer) -> None:
    bodies = [record.body for record in records]
    (failed,) = [body for body in bodies if isinstance(body, ModelFailed)]
    switches = [body for body in bodies if isinstance(body, ModelChosen)]
    finished = [body for body in bodies if isinstance(body, ModelFinished)]

    assert [body.ok for body in bodies if isinstance(body, ToolFinished)] == [True], "the tool runs exactly once"
    assert [(switch.before, switch.model) for switch in switches] == [(f"{first}:fake-large", f"{second}:fake-large")]
    assert failed.message in switches[0].why
    assert failed.fragment in "Looking around in here."
    assert len(one.log.replies) == 1, "what died is not asked again"
    assert "Looking around" not in json.dumps([exchange.body for exchange in two.log.replies])
    assert sum(body.usage.output_tokens for body in finished) == two.log.total.output_tokens
    if failed.fragment:
        assert failed.usage.prompt_tokens > 0, "the attempt that died is billed too"


@pytest.mark.parametrize(("first", "second", "fault"), CASES)
async def test_a_death_costs_neither_the_answer_nor_a_second_run_of_the_tool(
    first: str, second: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEATH_KEY", "k-test")

    records, one, two = await survive(first, second, fault, tmp_path)

    check(first, second, records, one, two)


@pytest.mark.long
@pytest.mark.parametrize(("first", "second", "fault"), ALL)
async def test_every_death_at_every_moment_between_every_pair(
    first: str, second: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEATH_KEY", "k-test")

    records, one, two = await survive(first, second, fault, tmp_path)

    check(first, second, records, one, two)
