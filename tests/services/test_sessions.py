"""Which session file a goal belongs to, also where one of them is damaged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.domain.errors import JournalUnreadable, UsageInvalid
from hermes_tui.domain.ids import RunId, SessionId
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Goal, Mode
from hermes_tui.domain.usage import Limits
from hermes_tui.services import sessions
from hermes_tui.services.goals import file_digest
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation

GOAL = Goal(text="Count.", path="/somewhere/goal.md")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Workstation]:
    (tmp_path / "ws").mkdir()
    station = Workstation(RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home"))
    yield station
    station.log.close()
    station.ledger.close()


def begun(station: Workstation, session: SessionId) -> Path:
    """Begin a run of the goal in a session; return its file."""
    with station.own(session, []) as owned:
        station.begin(owned.session, Place(session=session, run=RunId("r1")), (GOAL, "d"), (Mode.AUTO, Limits()))
    return station.sessions() / f"{session}.db"


def test_who_starts_over_needs_no_session_that_can_be_read(station: Workstation) -> None:
    folder, root = station.sessions(), station.root
    first = sessions.session_for(folder, GOAL, root, fresh=False)
    begun(station, first).write_bytes(b"no database")

    fresh = sessions.session_for(folder, GOAL, root, fresh=True)

    assert (first.endswith("-1"), fresh) == (True, first.replace("-1", "-2"))
    with pytest.raises(JournalUnreadable):
        sessions.session_for(folder, GOAL, root, fresh=False)


def test_the_last_session_is_the_last_that_can_be_read(station: Workstation) -> None:
    whole, damaged = SessionId("whole"), SessionId("damaged")
    begun(station, whole)
    begun(station, damaged).write_bytes(b"no database")

    assert sessions.latest(station.sessions(), station.root) == whole


CAPPED = "---\nbudget:\n  usd: 1\n  tokens: 10k\nmode: auto\n---\nCount.\nbudget: of words\n"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (CAPPED.replace("10k", "20k"), True),
        (CAPPED.replace("budget:\n  usd: 1\n  tokens: 10k", "budget: {usd: 5}"), True),
        (CAPPED.replace("budget:\n  usd: 1\n  tokens: 10k\n", ""), True),
        (CAPPED.replace("auto", "ask"), False),
        (CAPPED.replace("of words", "of lines"), False),
        (CAPPED.removeprefix("---\n"), False),
    ],
)
def test_another_budget_is_the_same_goal_and_everything_else_another(other: str, *, same: bool) -> None:
    assert (file_digest(CAPPED.encode()) == file_digest(other.encode())) is same


def test_a_path_that_is_no_text_is_refused_with_a_remedy(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"na\xefve")
    odd.mkdir()
    (odd / "goal.md").write_text("Count.")
    (tmp_path / "ws").mkdir()

    with pytest.raises(UsageInvalid, match="path of the workspace is not UTF-8"):
        Workstation(RunOptions(workspace=odd, home=tmp_path / "home"))
    with pytest.raises(UsageInvalid, match="path of the home is not UTF-8"):
        Workstation(RunOptions(workspace=tmp_path / "ws", home=odd))
    station = Workstation(RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home"))
    with pytest.raises(UsageInvalid, match="path of the goal is not UTF-8"):
        station.goal(odd / "goal.md")
    station.log.close()
    station.ledger.close()
