"""Moving a live session from brain to brain: nothing that was said or done is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.domain.commands import Submit, SwitchBrain
from hermes_tui.domain.events import ModelChosen, RunEnded, ToolFinished
from hermes_tui.services.desk import Desk
from hermes_tui.services.premises import RunOptions
from tests.fakes import Asked, Call, FakeServer, Reply, Scenario, official, running_server
from tests.services.test_desk import Open

ROUND = ("anthropic:claude-sonnet-5-5", "openai:gpt-5", "ollama:fake-large", "anthropic:claude-sonnet-5-5")
TURNS = 30
FACTS = 20


def answer(asked: Asked) -> Reply:
    """Look around once in each turn, then say so, with thinking where the wire shows it."""
    if asked.has_tool_result:
        return Reply(f"Noted by {asked.dialect}.", thinking="It is noted.")
    return Reply("Looking.", thinking="Let me look.", tool_calls=[Call("list", {"path": "."})])


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Open, FakeServer]]:
    (tmp_path / "ws").mkdir()
    with running_server(Scenario(respond=answer)) as server:
        for name, url in (("ANTHROPIC_BASE_URL", server.anthropic_url), ("OPENAI_BASE_URL", server.openai_url)):
            monkeypatch.setenv(name, url)
        monkeypatch.setenv("OLLAMA_HOST", server.ollama_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "k-test")
        monkeypatch.setenv("OPENAI_API_KEY", "k-test")
        desk = Desk(RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home"))
        yield Open(desk), server
        desk.close()


def test_thirty_turns_on_three_wires_lose_no_fact_and_every_request_is_what_the_vendors_would_send(
    table: tuple[Open, FakeServer],
) -> None:
    live, server = table
    facts = [f"fact {number}: the code of room {number} is {number * 7919}" for number in range(FACTS)]
    said = [*facts, *("Is all of it noted?" for _ in range(TURNS - FACTS))]
    models = [ROUND[number % len(ROUND)] for number in range(TURNS)]

    for number, (text, model) in enumerate(zip(said, models, strict=True)):
        live.desk.send(SwitchBrain(model=model))
        live.desk.send(Submit(text=text))
        live.seen.wait_for(RunEnded, number + 1)

    asked = [exchange for exchange in server.log if exchange.dialect]
    assert [ended.status for ended in live.seen.of(RunEnded) if isinstance(ended, RunEnded)] == ["done"] * TURNS
    assert [exchange.status for exchange in asked] == [200] * (2 * TURNS)
    assert {exchange.dialect for exchange in asked} == {"anthropic", "openai_chat", "ollama"}
    for exchange in asked:
        official.check(exchange.dialect or "", exchange.body or {})
    last = json.dumps(asked[-1].body)
    assert [fact for fact in facts if fact not in last] == []
    assert len(live.seen.of(ToolFinished)) == TURNS
    chosen = [body for body in live.seen.of(ModelChosen) if isinstance(body, ModelChosen)]
    assert [body.model for body in chosen] == models, "each switch is told once"
