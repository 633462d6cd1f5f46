"""Taking files back is done by the session's owner."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.images import ImageStore
from hermes_tui.capabilities.state.lock import is_free
from hermes_tui.domain.events import ToolIntended
from hermes_tui.domain.ids import CallId, RunId, SessionId
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Effect, Mode
from hermes_tui.domain.usage import Limits
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.undo import undo
from hermes_tui.services.workstation import Workstation

PLACE = Place(session=SessionId("s1"), run=RunId("r1"))


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Workstation]:
    (tmp_path / "ws").mkdir()
    station = Workstation(RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home"))
    yield station
    station.log.close()
    station.ledger.close()


async def test_nobody_can_begin_a_run_of_a_session_whose_files_are_being_taken_back(station: Workstation) -> None:
    file = station.root / "a.txt"
    file.write_text("old")
    image = await ImageStore(station.home.state / "images" / "s1", station.root).take([file])
    with station.own(PLACE.session, []) as owned:
        station.begin(owned.session, PLACE, station.goal("Write."), (Mode.AUTO, Limits()))
        call = ToolIntended(
            call_id=CallId("c1"),
            tool="write",
            arguments="{}",
            effect=Effect.WRITE,
            key="k",
            before_image=image,
            attempt=1,
        )
        owned.session.emit(call, PLACE)
    file.write_text("new")
    lock = station.sessions() / "s1.lock"

    undoing = asyncio.create_task(undo(station, "s1"))
    await asyncio.sleep(0)
    free = is_free(lock)
    undone = await undoing

    assert (free, is_free(lock)) == (False, True)
    assert ([change.path for change in undone.changed], file.read_text()) == (["a.txt"], "old")
