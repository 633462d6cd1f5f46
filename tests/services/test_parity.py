"""A model in the shadow of another: asked the same, nothing of it done, judged by how far apart they are."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hermes_tui.domain.errors import NoProvider, UsageInvalid
from hermes_tui.domain.events import ToolFinished
from hermes_tui.services import history, parity, sessions
from hermes_tui.services.parity import Parity
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation
from tests.fakes import Asked, Call, FakeServer, Fault, Reply, Scenario

LEAD, SHADOW = "anthropic:claude-sonnet-5-5", "openai:gpt-5-mini"
WRITE = Call("write", {"path": "made-by-the-shadow.txt", "content": "x"})
DONE = "The folder is empty, there is nothing to do."


@dataclass
class Play:
    """Two fakes: what leads, and its shadow."""

    root: Path
    lead: FakeServer
    shadow: FakeServer

    def station(self, model: str | None = None) -> Workstation:
        options = RunOptions(workspace=self.root / "ws", home=self.root / "home", model=model, mode="auto")
        return Workstation(options)

    async def session(self, model: str = LEAD) -> str:
        station = self.station(model)
        result = await station.pursue("Look around.", [])
        station.log.close()
        assert result.exit_code == 0, result.fields
        return str(result.fields["session_id"])

    async def compare(self, session: str, lead: str = LEAD, most: float = 0.5) -> Parity:
        station = self.station()
        try:
            return await parity.compare(station, lead, SHADOW, session, most)
        finally:
            station.log.close()


def lead(asked: Asked) -> Reply:
    return Reply(DONE) if asked.has_tool_result else Reply("Looking.", tool_calls=[Call("list", {"path": "."})])


def twin(asked: Asked) -> Reply:
    return Reply(DONE) if asked.has_tool_result else Reply("I list it.", tool_calls=[Call("list", {"path": "."})])


def stranger(asked: Asked) -> Reply:
    return Reply("I wrote a file for you instead!") if asked.has_tool_result else Reply("", tool_calls=[WRITE])


def broken(asked: Asked) -> Reply:
    return Reply(fault=Fault.parse("400")) if asked.has_tool_result else twin(asked)


Replies = Callable[[Asked], Reply]


@asynccontextmanager
async def play(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    shadow: Callable[[Asked], Reply],
    leads: Callable[[Asked], Reply] = lead,
) -> AsyncGenerator[Play]:
    (root / "ws").mkdir()
    (root / "home").mkdir()
    monkeypatch.setenv("PARITY_KEY", "k-test")
    async with FakeServer(Scenario(respond=leads)) as one, FakeServer(Scenario(respond=shadow)) as other:
        (root / "home" / "config.yaml").write_text(
            f"providers:\n  anthropic: {{key_env: PARITY_KEY, base_url: '{one.anthropic_url}'}}\n"
            f"  openai: {{key_env: PARITY_KEY, base_url: '{other.openai_url}'}}\n"
        )
        yield Play(root, one, other)


async def test_a_model_that_does_the_same_may_take_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with play(tmp_path, monkeypatch, twin) as stage:
        found = await stage.compare(await stage.session())
        led = len(stage.lead.log.replies)
        bodies = [json.dumps(exchange.body) for exchange in stage.shadow.log.replies]

    assert (found.distance, found.allowed, found.code) == (0.0, True, 0)
    assert [pair.lead.model for pair in found.pairs] == [LEAD, LEAD]
    assert [pair.shadow.model for pair in found.pairs if pair.shadow is not None] == [SHADOW, SHADOW]
    assert all(pair.shadow.usd for pair in found.pairs if pair.shadow is not None)
    assert led == 2, "what the leading model said already is not asked again"
    assert "Look around." in bodies[0]
    assert "tool_call_id" in bodies[1], "the second request carries the call of the leading model and its result"


async def test_the_tools_of_a_shadow_never_run_and_a_stranger_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with play(tmp_path, monkeypatch, stranger) as stage:
        session = await stage.session()
        found = await stage.compare(session)
        folder = stage.station().sessions()

    kept = history.records(folder, found.kept_in)
    state = sessions.peek(folder / f"{found.kept_in}.db")
    assert (found.allowed, found.code) == (False, 1)
    assert [pair.distance for pair in found.pairs] == pytest.approx([1.0, found.pairs[1].text_distance])
    assert not list((tmp_path / "ws").iterdir())
    assert not [record for record in kept if isinstance(record.body, ToolFinished)]
    assert not any(talk.open_calls for talk in state.talk.by_agent.values())
    assert sessions.latest(folder, tmp_path / "ws") == session, "a comparison is not what `-c` goes on with"
    assert not sessions.resumable(state)


async def test_a_turn_that_the_shadow_does_not_answer_is_as_far_apart_as_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with play(tmp_path, monkeypatch, broken) as stage:
        found = await stage.compare(await stage.session())

    assert [pair.distance for pair in found.pairs] == [0.0, 1.0]
    assert "400" in found.pairs[1].error


async def test_a_session_of_another_model_is_asked_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with play(tmp_path, monkeypatch, twin) as stage:
        session = await stage.session(SHADOW)
        found = await stage.compare(session, "anthropic/claude-sonnet-5-5")

        assert (found.lead, found.distance) == (LEAD, 0.0)
        assert (len(stage.lead.log.replies), len(stage.shadow.log.replies)) == (2, 4)


def parent(asked: Asked) -> Reply:
    """Send two subagents out, one after the other's first word; each looks once and answers."""
    messages = [one for one in asked.body["messages"] if one["role"] != "system"]
    first, calls = str(messages[0]["content"]), sum(one["role"] == "assistant" for one in messages)
    if "Look around." in first:
        tasks = [Call("delegate", {"task": f"look into {place}", "tools": ["list"]}) for place in ("one", "two")]
        return Reply("I split it.", tool_calls=tasks) if not calls else Reply(DONE)
    return Reply("", tool_calls=[Call("list", {"path": "."})]) if not calls else Reply("It is empty.")


async def test_what_subagents_were_asked_is_compared_with_their_own_tools_and_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with play(tmp_path, monkeypatch, parent, parent) as stage:
        found = await stage.compare(await stage.session())
        shadowed = [exchange.body or {} for exchange in stage.shadow.log.replies]
        led = [exchange.body or {} for exchange in stage.lead.log.replies]

    children = [pair for pair in found.pairs if pair.turn.errand is not None]
    assert (found.distance, found.turns) == (0.0, len(led))
    assert sorted({pair.turn.agent for pair in children}) == ["c1", "c2"]
    assert len(children) == 4
    assert [pair.turn.number for pair in found.pairs] == list(range(1, found.turns + 1))
    of_children = [body for body in shadowed if "You are a subagent" in str(body["messages"][0])]
    assert len(of_children) == 4
    assert {tuple(tool["function"]["name"] for tool in body["tools"]) for body in of_children} == {
        tuple(tool["name"] for tool in body["tools"]) for body in led if "You are a subagent" in str(body["system"])
    }


async def test_a_cap_ends_a_comparison_and_nothing_may_be_rolled_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with play(tmp_path, monkeypatch, twin) as stage:
        session = await stage.session()
        config = tmp_path / "home" / "config.yaml"
        config.write_text(f"{config.read_text()}budgets: {{run: {{usd: 0.0001}}}}\n")
        found = await stage.compare(session)
        asked = len(stage.shadow.log.replies)

    assert (found.code, found.allowed, asked, found.pairs) == (3, False, 0, [])
    assert found.stopped is not None
    assert found.stopped.limit == "usd"


async def test_what_cannot_be_compared_is_said_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with play(tmp_path, monkeypatch, twin) as stage:
        session = await stage.session()
        with pytest.raises(UsageInvalid, match="no session"):
            await stage.compare("nothing-of-that-name")
        with pytest.raises(UsageInvalid, match="no model that Hermes can reach"):
            await stage.compare(session, "opnai:gpt-5")
        monkeypatch.delenv("PARITY_KEY")
        with pytest.raises(NoProvider, match="no key"):
            await stage.compare(session)

        assert not stage.shadow.log.replies
