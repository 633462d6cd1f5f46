"""Which session file a goal belongs to, also where one of them is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.ids import RunId, SessionId
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Goal, Mode
from hermes_tui.domain.usage import Limits
from hermes_tui.services import sessions
from hermes_tui.services.wiring import RunOptions
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
