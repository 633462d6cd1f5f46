"""Reaching a run from another shell: pause it, let it go on, stop it, answer what it asks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.capabilities.state import control
from hermes_tui.capabilities.state.control import Fields
from hermes_tui.capabilities.state.journal import SessionJournal
from hermes_tui.capabilities.state.lock import is_free, owner_of
from hermes_tui.domain.errors import HermesError, JournalError, UsageInvalid
from hermes_tui.domain.events import ApprovalAsked
from hermes_tui.domain.ports import Answer, Clock
from hermes_tui.services.owners import Owner as Owner  # noqa: PLC0414 - whoever is reachable is made with it

if TYPE_CHECKING:
    from hermes_tui.domain.commands import AgentCommand

POLL_S: Final = 0.05
_TEMPORARY: Final = "/tmp"  # noqa: S108 - a folder made there is used only if it is this user's own and nobody else's


class NotRunning(HermesError):
    """No live process owns the session."""


class NotReached(HermesError):
    """A live process owns the session and could not be asked, or refused."""


def request_of(command: AgentCommand) -> Fields:
    """Return a command to a subagent as its session's owner reads it."""
    verb = type(command).__name__.removesuffix("Agent").lower()
    return {"do": "agent", "verb": verb, "agent": command.agent, "text": getattr(command, "text", "")}


@contextlib.asynccontextmanager
async def reachable(journal: SessionJournal, owner: Owner) -> AsyncGenerator[None]:
    """Let other shells reach `owner` while the block runs; the lock file names the socket.

    Where no private folder or socket can be made the run goes on, and can still be stopped by a signal.
    """
    try:
        folder = control.private_folder(os.environ, Path(os.environ.get("TMPDIR") or _TEMPORARY))
    except (OSError, JournalError):
        yield
        return
    async with control.listening(owner.answer, folder) as path:
        journal.lock.announce(path)
        yield


def demand_no_signature(asked: ApprovalAsked, *, allow: bool) -> None:
    """Return if a plain answer is enough; a no always is.

    Raises:
        UsageInvalid: it takes the operator's signature besides.
    """
    if allow and asked.intent is not None:
        hint = f"In another shell: hermes approvals allow {asked.approval_id} --key FILE"
        raise UsageInvalid("This takes two keys: your signature besides your leave.", hint=hint)


def lock_of(folder: Path, session: str) -> Path:
    """Return the lock file of a session."""
    return folder / f"{session}.lock"


def is_live(folder: Path, session: str) -> bool:
    """Whether a live process owns the session."""
    return not is_free(lock_of(folder, session))


def live_sessions(folder: Path) -> list[str]:
    """Return every session that a live process owns."""
    return sorted(path.stem for path in folder.glob("*.lock") if not is_free(path))


def tell(folder: Path, session: str, request: Fields) -> str:
    """Ask the owner of a session to do something; return what it said.

    Raises:
        NotRunning: nobody owns the session.
        NotReached: its owner does not answer, or will not.
    """
    lock = lock_of(folder, session)
    if is_free(lock):
        raise NotRunning(f"Session {session} is not running.", hint="`hermes runs list` shows which are.")
    owner = owner_of(lock)
    path, pid = str(owner.get("control") or ""), owner.get("pid", "?")
    if not path:
        message = f"Session {session} is owned by process {pid}, which has no control socket."
        raise NotReached(message, hint=f"`kill -TERM {pid}` stops it so that it can go on later.")
    try:
        reply = control.ask(path, request)
    except (OSError, ValueError) as error:
        if is_free(lock):
            raise NotRunning(f"Session {session} has just ended.") from error
        message = f"Session {session} is owned by process {pid}, which does not answer: {error}."
        raise NotReached(message, hint=f"`kill -TERM {pid}` stops it so that it can go on later.") from error
    if reply.get("ok") is not True:
        raise NotReached(str(reply.get("error", "The owner refused.")), hint=str(reply.get("hint", "")))
    return str(reply.get("said", ""))


def tell_answer(folder: Path, session: str, answer: Answer) -> str:
    """Give an answer to the run that waits for it; errors as `tell`."""
    request = {
        "do": "answer",
        "id": answer.approval_id,
        "allow": answer.allow,
        "text": answer.text,
        "always": answer.always,
        "signature": answer.signature,
    }
    return tell(folder, session, request)


async def until_free(folder: Path, session: str, clock: Clock, timeout_s: float) -> bool:
    """Wait until nobody owns the session; say whether that came in time."""
    until = clock.monotonic() + timeout_s
    while is_live(folder, session):
        if clock.monotonic() >= until:
            return False
        await clock.sleep(POLL_S)
    return True
