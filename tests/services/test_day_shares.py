"""The day's budget between sessions: what a dead one drew is there for others at once, what a live one drew is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.capabilities.state.day import SessionDay
from hermes_tui.domain.errors import LimitReached
from hermes_tui.domain.events import SessionOpened
from hermes_tui.domain.ids import RunId, SessionId
from hermes_tui.domain.ports import DayBudget
from hermes_tui.domain.records import Place
from hermes_tui.domain.usage import Limits
from hermes_tui.services import wiring
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation

OTHER = SessionId("other")


async def day_of(station: Workstation, name: str) -> DayBudget:
    with station.own(SessionId(name), ()) as owned:
        brains = wiring.brains_of(station.config, "auto")
        return (await station.kits.make(owned.session, SessionId(name), station.config, brains)).day


async def test_a_session_gets_what_a_dead_one_drew_and_not_what_a_live_one_did(tmp_path: Path) -> None:
    (tmp_path / "ws").mkdir()
    station = Workstation(RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home", mode="auto"))
    cap = station.config.budgets.day.usd or 0.0
    with station.own(OTHER, ()) as owned:
        owned.session.emit(SessionOpened(workspace="/w", version="0"), Place(session=OTHER, run=RunId("r1")))
        SessionDay(station.ledger, OTHER, Limits(usd=cap), clock=station.clock).draw(0.9 * cap, 1)
        day = await day_of(station, "one")
        with pytest.raises(LimitReached, match="day"):
            day.draw(0.5 * cap, 1)

    day.draw(0.5 * cap, 1)

    with station.ledger.reading() as connection:
        assert connection.execute("SELECT usd FROM allotment WHERE session='other'").fetchone() == (0.0,)
    station.log.close()
