"""Session files: which one a goal belongs to, and opening one as its owner."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state.anchors import AnchorKeeper
from hermes_tui.capabilities.state.checkpoints import EVERY, next_due
from hermes_tui.capabilities.state.journal import JournalOptions, SessionJournal
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.errors import JournalUnreadable, UsageInvalid
from hermes_tui.domain.events import SessionNamed, ToolRefused
from hermes_tui.domain.ids import Seq, SessionId
from hermes_tui.domain.ports import Clock, Redactor
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.tasks import Goal
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel.bus import Bus
from hermes_tui.kernel.session import Session
from hermes_tui.services.premises import new_session

MOST_NAME: Final = 80
Reader = Callable[[Record], None]


@frozen(kw_only=False)
class OwnedSession:
    """A session of this process, and the file behind it."""

    session: Session
    journal: SessionJournal


@contextmanager
def owned(
    path: Path, *, redactor: Redactor, clock: Clock, readers: Sequence[Reader], ledger: Ledger | None = None
) -> Generator[OwnedSession]:
    """Own the session file at `path`, made if it is not there; `readers` see each new record as it is appended.

    A file that nothing was written to is removed in the end. The chain of hashes is anchored in `ledger`.

    Raises:
        SessionLocked: another process owns it.
        JournalError: the file cannot be used.
    """
    bus = Bus()
    for reader in readers:
        bus.subscribe(reader)
    live: list[Session] = []
    kept, due = Seq(0), 0

    def publish(record: Record) -> None:
        nonlocal kept, due
        live[0].receive(record)
        if record.seq >= due:
            kept, due = record.seq, next_due(record.seq)
            journal.keep(live[0].state)

    keeper = AnchorKeeper(ledger, path.stem) if ledger is not None else None
    options = JournalOptions(on_committed=keeper.reached if keeper is not None else None)
    journal = SessionJournal.open(path, redactor=redactor, clock=clock, publish=publish, options=options)
    try:
        state, kept = journal.resume()
        due = next_due(kept)
        session = Session(journal=journal, bus=bus, state=state, listeners=[])
        live.append(session)
        yield OwnedSession(session, journal)
    finally:
        if live and live[0].state.seq - kept >= EVERY:
            journal.keep(live[0].state)
        journal.close()
        if keeper is not None:
            keeper.close()
        if live and not live[0].state.seq:
            path.unlink(missing_ok=True)


def session_for(folder: Path, goal: Goal, workspace: Path, *, fresh: bool) -> SessionId:
    """Return the session to resume, else the next free one; a goal file is known by its workspace and path."""
    if goal.path is None:
        return new_session()
    base = hashlib.sha256(f"{workspace}\0{goal.path}".encode()).hexdigest()[:8]
    known = sorted(folder.glob(f"{base}-*.db"), key=lambda path: int(path.stem.split("-")[1]))
    if not known:
        return SessionId(f"{base}-1")
    last = known[-1]
    if _goes_on(last, fresh=fresh):
        return SessionId(last.stem)
    return SessionId(f"{base}-{int(last.stem.split('-')[1]) + 1}")


def _goes_on(path: Path, *, fresh: bool) -> bool:
    """Whether a run belongs into this session file: to start over never needs one that cannot be read."""
    try:
        state = peek(path)
    except JournalUnreadable:
        if fresh:
            return False
        raise
    return state.run.run is None or (resumable(state) and not fresh)


def latest(folder: Path, workspace: Path) -> SessionId | None:
    """Return the session of `workspace` that was written last and can be read, None if there is none."""
    newest = sorted(folder.glob("*.db"), key=lambda path: path.stat().st_mtime, reverse=True)
    return next((SessionId(path.stem) for path in newest if _workspace_of(path) == str(workspace)), None)


def _workspace_of(path: Path) -> str:
    """Return where a session works, empty where it cannot be read."""
    with suppress(JournalUnreadable):
        return peek(path).run.workspace
    return ""


def peek(path: Path) -> SessionState:
    """Return the state of a session without owning it."""
    return fold_all(read_session(path))


def rename(session: Session, place: Place, name: str) -> str:
    """Give an owned session a name, or take it back with an empty one; return what to say of it.

    Raises:
        UsageInvalid: the name is too long.
    """
    wanted = " ".join(name.split())
    if len(wanted) > MOST_NAME:
        raise UsageInvalid(f"A name has at most {MOST_NAME} characters, this one has {len(wanted)}.")
    session.emit(SessionNamed(name=wanted), place)
    return f"It is called {wanted} now." if wanted else "It has no name any more."


def resumable(state: SessionState) -> bool:
    """Whether the session's last run was begun and can go on."""
    return state.run.resumable


def drop_open_calls(session: Session, place: Place) -> None:
    """Answer the calls of an interrupted step, so that what comes next is read before anything else is done."""
    talks = session.state.talk.by_agent.items()
    for agent, call in [(agent, call) for agent, talk in talks for call in talk.open_calls]:
        why = "The operator interrupted before this ran."
        refused = ToolRefused(call_id=call.call_id, tool=call.name, stage="approval", reason=why)
        session.emit(refused, replace(place, agent=agent))
