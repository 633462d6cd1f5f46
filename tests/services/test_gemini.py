"""Gemini as a brain: through OpenRouter and through Google's own OpenAI-compatible URL, with what each model can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.capabilities.providers import _catalog
from hermes_tui.domain.ports import Brain
from hermes_tui.services import costs, history
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.offers import Can, can
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.provider_config import ProviderConfig
from hermes_tui.services.sections import built
from hermes_tui.services.workstation import Workstation
from tests.fakes import Call, FakeServer, Reply, Scenario
from tests.fakes import Usage as Billed

GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai"


async def brain(provider: dict[str, object], model: str, **cortex: object) -> Brain:
    given = {
        "strategy": "fixed",
        "providers": {"gemini": {"key_env": "GEMINI_API_KEY", **provider}},
        "brains": {"cortex": {"model": f"gemini:{model}", "temperature": 0.2, "effort": "low", **cortex}},
    }
    return await ConfiguredBrains(built(HermesConfig, given), "auto", {"GEMINI_API_KEY": "k"}).choose("cortex", {})


@pytest.mark.parametrize(("kind", "prefix"), [("openrouter", "google/"), ("openai", "")])
async def test_a_gemini_carries_out_a_mission_with_tools_and_its_bill_is_known(
    kind: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "k-test")
    work, home = tmp_path / "ws", tmp_path / "home"
    for folder in (work, home):
        folder.mkdir()
    (work / "note.txt").write_text("The kettle is in the pantry.\n")
    usage = Billed(input_tokens=1_000, output_tokens=100)
    replies = [
        Reply(tool_calls=[Call("read", {"path": "note.txt"})], usage=usage),
        Reply("In the pantry.", usage=usage),
    ]
    async with FakeServer(Scenario(replies=replies)) as server:
        url = server.openrouter_url if kind == "openrouter" else server.openai_url
        (home / "config.yaml").write_text(
            f"strategy: fixed\nproviders: {{gemini: {{kind: {kind}, base_url: '{url}', key_env: GEMINI_API_KEY}}}}\n"
            f"brains: {{cortex: {{model: 'gemini:{prefix}gemini-2.5-flash', temperature: 0.2}}}}\n"
        )
        station = Workstation(RunOptions(workspace=work, home=home, mode="auto"))
        result = await station.pursue("Where is the kettle?", [])
        station.log.close()
        station.ledger.close()
        asked = [one for one in server.log if one.bill is not None]

    (row,) = history.rows(station.sessions())
    total = costs.total(costs.shares(history.records(station.sessions(), row.session), "model"))
    assert (result.exit_code, result.fields["answer"]) == (0, "In the pantry.")
    assert len(asked) == 2
    assert total.spent.unknown == (0 if kind == "openrouter" else 2)
    assert total.spent.usage.total_tokens == 2_200


@pytest.mark.parametrize(
    ("model", "usd", "window"), [("gemini-2.5-flash", 0.3, 1_048_576), ("gemini-3-flash-preview", 0.5, 1_000_000)]
)
async def test_at_googles_own_url_prices_and_windows_are_googles(model: str, usd: float, window: int) -> None:
    found = await brain({"base_url": GOOGLE}, model)

    assert found.price is not None
    assert (found.price.input_usd, found.window_tokens, found.window_known) == (usd, window, True)
    assert _catalog.table_for("openai", "https://example.org/v1") == "openai"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gemini-2.5-flash", Can(see=True, sample=True, reason=True)),
        ("gemini-1.5-flash", Can(see=True, sample=True, reason=False)),
        ("gemini-2.0-flash", Can(see=True, sample=True, reason=False)),
        ("gpt-6.1-sol", Can(see=True, sample=False, reason=True)),
        ("gpt-3.5-turbo", Can(see=False, sample=True, reason=False)),
        ("claude-haiku-4-5", Can(see=True, sample=True, reason=False)),
        ("my-own-model", Can(see=False, sample=True, reason=True)),
    ],
)
def test_what_a_model_can_do_follows_from_its_name(model: str, expected: Can) -> None:
    assert can(ProviderConfig(), model) == expected


async def test_the_config_knows_better_than_a_name() -> None:
    own = {"window_tokens": 65_536, "pictures": True, "temperature": False, "effort": False}

    plain = await brain({"base_url": "http://127.0.0.1:9/v1"}, "my-own-model")
    told = await brain({"base_url": "http://127.0.0.1:9/v1", "abilities": {"my-own-model": own}}, "my-own-model")

    assert (plain.window_known, plain.sees, plain.temperature, plain.effort) == (False, False, 0.2, "low")
    assert (told.window_tokens, told.window_known, told.sees) == (65_536, True, True)
    assert (told.temperature, told.effort) == (None, None)
