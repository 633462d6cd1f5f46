"""The bill equals what the providers say they delivered: tokens to the last one, dollars by the published price."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.providers import _catalog
from hermes_tui.domain.records import Record
from hermes_tui.domain.usage import Usage as Spent
from hermes_tui.domain.usage import cost_usd
from hermes_tui.services import costs, history
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation
from tests.fakes import Asked, Call, FakeServer, Fault, Reply, Scenario, Usage

MODELS = {
    "anthropic": ("claude-sonnet-5-5", "anthropic_url"),
    "openai": ("gpt-5-mini", "openai_url"),
    "openrouter": ("anthropic/claude-sonnet-5.5", "openrouter_url"),
    "ollama": ("fake-large", "ollama_url"),
}
STEPS = 25


def replies(kind: str, seed: int, calls: int) -> Iterator[Reply]:
    """Make replies of random bills; the last of each run hands back."""
    dice = random.Random(f"{kind}{seed}")
    for number in range(calls):
        cached = dice.randint(0, 3_000) if kind != "ollama" else 0
        usage = Usage(
            input_tokens=cached + dice.randint(1, 4_000),
            cached_tokens=cached,
            output_tokens=dice.randint(1, 500),
        )
        last = (number + 1) % STEPS == 0
        faults = [None] * 9 + ([Fault.parse("500")] if kind != "ollama" else [])
        if not last and (fault := dice.choice(faults)) is not None:
            yield Reply(fault=fault)
        tools = () if last else (Call("list", {"path": "."}),)
        yield Reply("Done." if last else "", tool_calls=tools, usage=usage)


async def bill_of(kind: str, runs: int, root: Path) -> tuple[list[Record], FakeServer]:
    model, url = MODELS[kind]
    script = replies(kind, runs, runs * STEPS)

    def answer(_: Asked) -> Reply | None:
        return next(script, None)

    (root / "ws").mkdir()
    (root / "home").mkdir()
    async with FakeServer(Scenario(respond=answer, models=[model])) as server:
        key = "key_env: PARITY_KEY, " if kind != "ollama" else ""
        (root / "home" / "config.yaml").write_text(
            f"strategy: fixed\nproviders: {{{kind}: {{{key}base_url: '{getattr(server, url)}'}}}}\n"
            f"brains: {{cortex: {{model: '{kind}:{model}'}}}}\nbudgets: {{run: {{usd: 1000}}, day: {{usd: 10000}}}}\n"
        )
        station = Workstation(RunOptions(workspace=root / "ws", home=root / "home", mode="auto"))
        try:
            for _ in range(runs):
                result = await station.pursue("Go.", [])
                assert result.exit_code == 0, result.fields
        finally:
            station.log.close()
            station.ledger.close()
        rows = history.rows(station.sessions())
        return [record for row in rows for record in history.records(station.sessions(), row.session)], server


async def compare(kind: str, runs: int, root: Path) -> None:
    records, server = await bill_of(kind, runs, root)
    model, _ = MODELS[kind]
    found = costs.total(costs.shares(records, "model"))
    billed = server.log.total

    assert found.spent.usage.output_tokens == billed.output_tokens
    assert found.spent.usage.prompt_tokens == billed.input_tokens
    assert found.spent.calls == runs * STEPS
    if kind in ("anthropic", "openai"):
        price = _catalog.known(kind, model).price
        each = [exchange.bill for exchange in server.log if exchange.bill is not None]
        due = [
            cost_usd(
                Spent(
                    input_tokens=bill.input_tokens - bill.cached_tokens,
                    cache_read_tokens=bill.cached_tokens,
                    output_tokens=bill.output_tokens,
                ),
                price,
            )
            for bill in each
        ]
        assert found.spent.usd == pytest.approx(sum(usd or 0.0 for usd in due), rel=1e-9)
        assert found.spent.unknown == 0
    if kind == "openrouter":
        assert found.spent.usd == pytest.approx(billed.cost_usd, rel=1e-9)
    if kind == "ollama":
        assert (found.spent.usd, found.spent.unknown) == (0.0, 0)


@pytest.mark.parametrize("kind", MODELS)
async def test_what_is_shown_is_what_was_delivered(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_KEY", "k-test")

    await compare(kind, 1, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("kind", MODELS)
async def test_a_thousand_calls_are_billed_to_the_token(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARITY_KEY", "k-test")

    await compare(kind, 10, tmp_path)
