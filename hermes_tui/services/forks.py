"""A session that begins where another one stood, and names for sessions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from hermes_tui.capabilities.state.durable import UNNAMED
from hermes_tui.domain.errors import JournalError, UsageInvalid
from hermes_tui.domain.events import SessionForked
from hermes_tui.domain.ids import Seq, SessionId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.values import replace
from hermes_tui.services import control, history, sessions
from hermes_tui.services.clock import SystemClock
from hermes_tui.services.premises import new_session
from hermes_tui.services.workstation import Workstation


class _RecordedClock(SystemClock):
    """Tells the time of the record that is being copied, and the real one before and after."""

    def __init__(self) -> None:
        self.at: float | None = None

    def now(self) -> float:
        """Return Unix seconds, UTC."""
        return super().now() if self.at is None else self.at


def fork(station: Workstation, session: str, at: Seq | None = None) -> SessionId:
    """Copy a session up to its record `at`, or to its last, under a new id; return that id.

    The new session is what the old one would be, had Hermes ended at that record: nothing in it runs, and it can be
    taken up. Its calls can be undone, as the images of the files before them are shared. The old one stays as it is.

    Raises:
        UsageInvalid: there is no such session or record, or no run had begun there.
        JournalError: one of the two files cannot be used, or the disk has no room for the images.
    """
    found = history.records(station.sessions(), session)
    upto = at if at is not None else found[-1].seq if found else Seq(0)
    copied = [record for record in found if record.seq <= upto]
    if not copied or copied[-1].seq != upto:
        last = found[-1].seq if found else 0
        raise UsageInvalid(f"Session {session} has no record {upto}.", hint=f"It has records 1 to {last}.")
    origin, new = copied[0].place.session, new_session()
    _share_images(station.home.state / "images", origin, new)
    clock = _RecordedClock()
    with sessions.owned(
        station.sessions() / f"{new}.db",
        redactor=station.redactor(),
        clock=clock,
        readers=(),
        ledger=station.ledger,
    ) as owned:
        for record in copied:
            clock.at = record.at
            owned.session.emit(record.body, _moved(record.place, origin, new))
        clock.at = None
        owned.session.emit(SessionForked(origin=origin, upto=upto), _moved(copied[-1].place, origin, new))
    return new


def _moved(place: Place, origin: SessionId, new: SessionId) -> Place:
    """Return a place of the old session in the new one; the sessions of subagents begin with their parent's id."""
    return replace(place, session=SessionId(f"{new}{place.session.removeprefix(origin)}"))


def _share_images(folder: Path, origin: SessionId, new: SessionId) -> None:
    """Give the new session the images of the old one under names of its own; none is ever changed.

    What is still being written belongs to a call that is not among the records.

    Raises:
        JournalError: the disk has no room for them; nothing of them stays.
    """
    if not (folder / origin).is_dir():
        return
    try:
        shutil.copytree(
            folder / origin, folder / new, ignore=shutil.ignore_patterns(f"{UNNAMED}*"), copy_function=_link
        )
    except OSError as error:
        shutil.rmtree(folder / new, ignore_errors=True)
        # What went wrong with each file is told in a list: file, copy, reason.
        why = error.args[0][0][2] if isinstance(error, shutil.Error) else error.strerror
        raise JournalError(f"The files of {origin} could not be copied: {why}.", hint="Free some space.") from error


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def own_part(records: Sequence[Record]) -> Sequence[Record]:
    """Return the records that a session did not copy from another."""
    forks = [at for at, record in enumerate(records) if isinstance(record.body, SessionForked)]
    return records[forks[-1] + 1 :] if forks else records


def rename(station: Workstation, session: str, name: str) -> str:
    """Give a session a name, also one that runs elsewhere; return what to say of it.

    Raises:
        UsageInvalid: there is no such session, or the name is too long.
    """
    folder = station.sessions()
    path = history.path_of(folder, session)
    try:
        return control.tell(folder, path.stem, {"do": "rename", "name": name})
    except control.NotRunning:
        with station.own(SessionId(path.stem), []) as owned:
            return sessions.rename(owned.session, Place(session=SessionId(path.stem)), name)
