"""What happened in sessions: find, list, follow, verify."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state.follower import tail
from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.errors import JournalUnreadable, UsageInvalid
from hermes_tui.domain.ids import Seq, SessionId
from hermes_tui.domain.ports import Clock
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.values import frozen, replace
from hermes_tui.services import control, kpis
from hermes_tui.services.verdict import Result, result_of

LAST: Final = "last"
"""Stands for the session that was written last."""


@frozen
class Row:
    """One session in a list. `status` is running, paused, unfinished, unreadable, empty, or how its run ended.

    `usd` leaves out `unknown_calls`, whose price is not known. `started_at` is 0 where nothing is known.
    """

    session: str
    status: str
    live: bool
    started_at: float = 0.0
    goal: str = ""
    name: str = ""
    workspace: str = ""
    waiting: tuple[str, ...] = ()
    usd: float = 0.0
    unknown_calls: int = 0


def path_of(folder: Path, session: str) -> Path:
    """Return the file of a session: by its id, the beginning of its id, `last`, or the path of an exported file.

    Raises:
        UsageInvalid: there is no such session, or several begin so; the nearest are named.
    """
    exported = Path(session)
    if (exported.suffix == ".db" or len(exported.parts) > 1) and exported.is_file():
        return exported
    if session == LAST and (by_age := _by_age(folder)):
        return by_age[0]
    if session == LAST:
        raise UsageInvalid("There is no session yet.", hint="`hermes` starts one; `hermes -p GOAL` one run.")
    known = sorted(path.stem for path in folder.glob("*.db"))
    if session in known:
        return folder / f"{session}.db"
    begun = [name for name in known if session and name.startswith(session)]
    if len(begun) == 1:
        return folder / f"{begun[0]}.db"
    near = begun or sorted(difflib.get_close_matches(session, known, n=3, cutoff=0.5))
    said = f"Did you mean {' or '.join(near[:5])}?" if near else "`hermes sessions list` names them."
    raise UsageInvalid(f"There is no session {session!r}.", hint=said)


def records(folder: Path, session: str) -> list[Record]:
    """Return every record of a session or of an exported file."""
    return read_session(path_of(folder, session))


def newest_first(folder: Path) -> Iterator[tuple[str, SessionState]]:
    """Yield each session that can be read, the one written last first."""
    for path in _by_age(folder):
        try:
            yield path.stem, fold_all(read_session(path))
        except JournalUnreadable:
            continue


def _by_age(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.db"), key=lambda path: path.stat().st_mtime, reverse=True)


def rows(folder: Path) -> list[Row]:
    """Return a row per session, newest first; one that cannot be read is in it too."""
    return [_row(folder, path) for path in _by_age(folder)]


def _row(folder: Path, path: Path) -> Row:
    live = control.is_live(folder, path.stem)
    try:
        state = fold_all(read_session(path))
    except JournalUnreadable:
        return Row(session=path.stem, status="unreadable", live=live)
    run, spent = state.run, state.spend.total
    return Row(
        session=path.stem,
        status=status_of(state, live=live),
        live=live,
        started_at=run.started_at,
        goal=run.goal.text if run.goal is not None else "",
        name=run.name,
        workspace=run.workspace,
        waiting=tuple(asked.approval_id for asked in state.calls.waiting),
        usd=spent.usd,
        unknown_calls=spent.unknown,
    )


def status_of(state: SessionState, *, live: bool) -> str:
    """Return in one word where a session's run is."""
    if state.run.run is None:
        return "empty"
    if state.run.ended is not None:
        return state.run.ended.status
    if live:
        return "paused" if state.run.paused_at else "running"
    return "unfinished"


def result(found: list[Record]) -> Result:
    """Return the result of a session's run as it stands."""
    session = found[0].place.session if found else SessionId("")
    whole = result_of(fold_all(found), session, found[-1].at if found else 0.0)
    return replace(whole, fields={**whole.fields, "kpis": kpis.kpis(found).as_json()})


async def follow(folder: Path, session: str, clock: Clock) -> AsyncIterator[Record]:
    """Yield the durable records of a session, then each new one; end when nobody owns it any more."""
    path = path_of(folder, session)

    def is_over() -> bool:
        return path.parent != folder or not control.is_live(folder, path.stem)

    async for record in tail(path, Seq(0), clock=clock, is_over=is_over):
        yield record
