"""The images of a session that is forked: shared as they are, without what is only half there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.durable import UNNAMED
from hermes_tui.domain.errors import JournalError
from hermes_tui.domain.events import MessageGiven, SessionOpened
from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.records import Place
from hermes_tui.services import forks
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation

FIRST = SessionId("s1")


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    """Return a workstation with a session of two records and one image of it, beside which another is being written."""
    (tmp_path / "ws").mkdir()
    station = Workstation(RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home"))
    with station.own(FIRST, []) as owned:
        for event in (SessionOpened(workspace=str(tmp_path / "ws"), version="1"), MessageGiven(text="Hello.")):
            owned.session.emit(event, Place(session=FIRST))
    kept = images(station) / FIRST / "kept"
    kept.mkdir(parents=True)
    (kept / "abc").write_text("as it was")
    (kept / f"{UNNAMED}1").write_text("as it")
    return station


def images(station: Workstation) -> Path:
    return station.home.state / "images"


def test_an_image_is_shared_and_one_that_is_being_written_is_left_out(station: Workstation) -> None:
    new = forks.fork(station, FIRST)

    shared = images(station) / new / "kept"
    assert {file.name for file in shared.iterdir()} == {"abc"}
    assert (shared / "abc").samefile(images(station) / FIRST / "kept" / "abc")


def test_a_disk_without_room_is_said_and_nothing_is_left(station: Workstation, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.link", full)
    monkeypatch.setattr("shutil.copy2", full)

    with pytest.raises(JournalError, match=r"could not be copied: .*No space left"):
        forks.fork(station, FIRST)

    assert [folder.name for folder in images(station).iterdir()] == [FIRST]
