"""What happened in sessions: list, show, follow, answer, resolve, verify."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from hermes_tui.capabilities.state.follower import tail, verify_chain
from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.ids import ApprovalId, CallId, Seq, SessionId
from hermes_tui.domain.ports import Answer
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.kernel.doubt import doubt_id
from hermes_tui.services.verdict import Result, result_of
from hermes_tui.services.workstation import Workstation


def path_of(folder: Path, session: str) -> Path:
    """Return the file of a session.

    Raises:
        UsageInvalid: there is no such session.
    """
    path = folder / f"{session}.db"
    if path.name not in {found.name for found in folder.glob("*.db")}:
        raise UsageInvalid(f"There is no session {session}.", hint="`hermes runs list` names them.")
    return path


def records(folder: Path, session: str) -> list[Record]:
    """Return every record of a session."""
    return read_session(path_of(folder, session))


def _newest(folder: Path) -> Iterable[tuple[str, SessionState]]:
    for path in sorted(folder.glob("*.db"), key=lambda path: path.stat().st_mtime, reverse=True):
        yield path.stem, fold_all(read_session(path))


def run_lines(folder: Path) -> list[str]:
    """Return a line per run, newest first."""
    return [_line(session, state) for session, state in _newest(folder)] or ["No runs yet."]


def _line(session: str, state: SessionState) -> str:
    ended, goal = state.run.ended, state.run.goal
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(state.run.started_at))
    status = ended.status if ended else "unfinished"
    text = goal.text.strip().splitlines()[0][:50] if goal and goal.text.strip() else ""
    return f"{session:12} {when}  {status:14} ${state.spend.total.usd:.4f}  {text}"


def result(folder: Path, session: str) -> Result:
    """Return the result of a session's run as it stands."""
    found = records(folder, session)
    return result_of(fold_all(found), SessionId(session), found[-1].at if found else 0.0)


def waiting_lines(folder: Path) -> list[str]:
    """Return a line per approval that waits for an operator."""
    lines = [
        f"{asked.approval_id}  {asked.tool}: {asked.what}  (session {session})"
        for session, state in _newest(folder)
        for asked in state.calls.waiting
    ]
    return lines or ["Nothing waits for you."]


def answer(station: Workstation, approval: str, *, allow: bool, text: str) -> str:
    """Keep an answer for the session that waits for it; return what happens next.

    Raises:
        UsageInvalid: nothing waits under this id.
    """
    waiting = {key for _, state in _newest(station.sessions()) for key in (a.approval_id for a in state.calls.waiting)}
    if approval not in waiting:
        raise UsageInvalid(f"No approval {approval} waits.", hint="`hermes approvals list` names them.")
    station.ledger.put(Answer(approval_id=ApprovalId(approval), allow=allow, text=text))
    return "Kept. Run the goal again to go on."


def resolve(station: Workstation, session: str, call: str, *, happened: bool) -> str:
    """Say what became of a call in doubt.

    Raises:
        UsageInvalid: the session has no such call in doubt.
    """
    state = fold_all(records(station.sessions(), session))
    opened = state.calls.intents.get(CallId(call))
    if opened is None:
        known = ", ".join(state.calls.intents) or "none"
        raise UsageInvalid(f"Call {call} is not in doubt in {session}.", hint=f"In doubt: {known}.")
    kept = Answer(approval_id=doubt_id(opened.intent), allow=not happened)
    station.ledger.put(kept)
    return "Kept. Run the goal again to go on."


async def follow(station: Workstation, session: str) -> AsyncIterator[Record]:
    """Yield the records of a session, then each new one; end with its run."""
    async for record in tail(path_of(station.sessions(), session), Seq(0), clock=station.clock):
        yield record
        if record.type == "RunEnded":
            return


def broken_links(folder: Path, session: str | None) -> list[tuple[str, Seq]]:
    """Return each session whose chain of hashes breaks, and where."""
    paths = [path_of(folder, session)] if session else sorted(folder.glob("*.db"))
    found = [(path.stem, verify_chain(path)) for path in paths]
    return [(name, seq) for name, seq in found if seq is not None]
