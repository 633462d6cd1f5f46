"""Pictures that a goal without a terminal mentions: sent with it, or refused before anything is asked."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation
from tests.fakes import Reply, Scenario
from tests.fakes.running import running_server
from tests.services.test_pictures import png

GOAL = "What is wrong on @shot.png? Look at @notes.txt too."
PARTS = "Fix @shot.png:\n- one\n- two\n- three\n- four\n- five\n- six\n- seven\n"


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workstation:
    """A home with a config and a workspace with a picture and a text."""
    root, home = tmp_path / "work", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    (home / "config.yaml").write_text("version: 1\n", encoding="utf-8")
    (root / "shot.png").write_bytes(png(640, 480))
    (root / "notes.txt").write_text("hello\n", encoding="utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", "k-test")
    return Workstation(RunOptions(workspace=root, home=home))


async def test_a_picture_that_a_goal_mentions_goes_to_the_model_with_it(
    station: Workstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server(Scenario(replies=[Reply("A dog.")])) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        result = await Workstation(station.options).pursue(PARTS, [])

    sent = str(server.log.exchanges[-1].body)
    assert (result.fields["status"], result.answer) == ("done", "A dog.")
    assert f"data:image/png;base64,{b64encode(png(640, 480)).decode()}" in sent


async def test_without_a_picture_nothing_is_said_twice_to_the_model(
    station: Workstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server(Scenario(replies=[Reply("Plain.")])) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        await Workstation(station.options).pursue("Look at @notes.txt and at @gone.png.", [])

    assert str(server.log.exchanges[-1].body).count("@notes.txt") == 1


async def test_a_brain_that_takes_no_pictures_is_named_and_no_session_begins(
    station: Workstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = station.home.root / "config.yaml"
    config.write_text("version: 1\nproviders: {openai: {models: [text-only-1]}}\n", encoding="utf-8")
    with running_server(Scenario(replies=[])) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        with pytest.raises(UsageInvalid, match="openai:text-only-1 takes no pictures, so nothing was sent"):
            await Workstation(station.options).pursue(GOAL, [])

    assert list(station.sessions().iterdir()) == []


async def test_a_goal_that_is_planned_for_several_agents_shows_a_picture_to_nobody(station: Workstation) -> None:
    goal = station.root / "goal.md"
    goal.write_text(f"---\nstrategy: hierarchical\n---\n{GOAL}\n", encoding="utf-8")

    with pytest.raises(UsageInvalid, match="planned as hierarchical shows"):
        await station.pursue(goal, [])
