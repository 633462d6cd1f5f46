"""Reaching a run from another shell: pause it, let it go on, stop it, answer what it asks."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state import control
from hermes_tui.capabilities.state.control import Fields
from hermes_tui.capabilities.state.journal import SessionJournal
from hermes_tui.capabilities.state.lock import is_free, owner_of
from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.commands import (
    AgentCommand,
    ChangeWindow,
    KillAgent,
    PauseAgent,
    ResumeAgent,
    SteerAgent,
    WindowChange,
)
from hermes_tui.domain.errors import HermesError, JournalError, UsageInvalid
from hermes_tui.domain.events import ApprovalAsked, ApprovalGiven, InterruptAsked, RunAbandoned, RunPaused, RunUnpaused
from hermes_tui.domain.ids import AgentId, ApprovalId
from hermes_tui.domain.ports import Answer, Clock
from hermes_tui.domain.records import Place
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.gate import Gate
from hermes_tui.kernel.session import Session
from hermes_tui.services import contexts, edits, sessions, subagents

POLL_S: Final = 0.05
_TEMPORARY: Final = "/tmp"  # noqa: S108 - a folder made there is used only if it is this user's own and nobody else's


class NotRunning(HermesError):
    """No live process owns the session."""


class NotReached(HermesError):
    """A live process owns the session and could not be asked, or refused."""


@frozen
class Owner:
    """What the owner of a session lets others do. `stop` interrupts the run, resumably; `place` is where it stands."""

    session: Session
    gate: Gate
    place: Callable[[], Place]
    stop: Callable[[], object]
    clock: Clock

    async def answer(self, request: Fields) -> Fields:
        """Carry out one request; what it changes is on disk before the asker hears of it."""
        by = str(request.get("by") or "operator")
        match request.get("do"):
            case "pause":
                return await self._pause(by)
            case "resume":
                return await self._resume(by)
            case "stop":
                await self.session.commit(self.session.emit(InterruptAsked(by=by), self.place()))
                asyncio.get_running_loop().call_soon(self.stop)
                return {"ok": True, "said": "It stops at the next safe point; the same command goes on."}
            case "answer":
                return await self._answer(request, by)
            case "agent" | "context" | "rename":
                return await self._direct(request, by)
            case "edit" | "abandon":
                return await self._change(request, by)
            case "status":
                return {"ok": True, "paused": self.gate.frozen, **self._waiting()}
            case other:
                return {"ok": False, "error": f"{other!r} is no request that this Hermes knows."}

    def _waiting(self) -> Fields:
        """Return the open questions: their ids, and each with who asks it for which task."""
        calls = self.session.state.calls
        questions = [
            {
                "id": asked.approval_id,
                "tool": asked.tool,
                "what": asked.what,
                "task": calls.askers.get(asked.approval_id),
                "agent": asked.agent,
                "errand": asked.errand,
            }
            for asked in calls.waiting
        ]
        return {"waiting": [asked.approval_id for asked in calls.waiting], "questions": questions}

    async def _direct(self, request: Fields, by: str) -> Fields:
        try:
            said = self._carried_out(request, by)
        except UsageInvalid as error:
            return {"ok": False, "error": error.message, "hint": error.hint}
        await self.session.journal.durable(self.session.state.seq)
        return {"ok": True, "said": said}

    def _carried_out(self, request: Fields, by: str) -> str:
        if request.get("do") == "agent":
            return subagents.direct(self.session, _command_of(request), self.clock, by)
        if request.get("do") == "rename":
            return sessions.rename(self.session, self.place(), str(request.get("name", "")))
        return contexts.change(self.session, self.place(), _change_of(request), by)

    async def _pause(self, by: str) -> Fields:
        running = len(self.session.state.calls.intents)
        if not self.gate.frozen:
            self.gate.freeze()
            await self.session.commit(self.session.emit(RunPaused(by=by), self.place()))
        return {"ok": True, "said": f"Paused: nothing new is started. {running} calls that change things still run."}

    async def _resume(self, by: str) -> Fields:
        if self.gate.frozen:
            await self.session.commit(self.session.emit(RunUnpaused(by=by), self.place()))
            self.gate.thaw()
        return {"ok": True, "said": "It goes on."}

    async def _change(self, request: Fields, by: str) -> Fields:
        """Edit the plan, or give the run up; the reply is the diff."""
        if request.get("do") == "abandon":
            why = str(request.get("why") or f"given up by {by}")
            await self.session.commit(self.session.emit(RunAbandoned(by=by, why=why), self.place()))
            return {"ok": True, "said": "It starts nothing more, undoes what its plan says how to undo, and ends."}
        try:
            lines = edits.make(self.session, self.place(), str(request.get("edit", "")), by=by)
        except UsageInvalid as error:
            return {"ok": False, "error": error.message, "hint": error.hint}
        await self.session.journal.durable(self.session.state.seq)
        return {"ok": True, "said": "\n".join((f"The plan is at revision {self.session.state.graph.rev}.", *lines))}

    async def _answer(self, request: Fields, by: str) -> Fields:
        approval = ApprovalId(str(request.get("id", "")))
        if approval not in {asked.approval_id for asked in self.session.state.calls.waiting}:
            return {"ok": False, "error": f"Approval {approval} does not wait here."}
        asked = self.session.state.calls.asked[approval]
        allow, signature = request.get("allow") is True, str(request.get("signature", ""))
        if allow and not signature and asked.intent is not None:
            return {"ok": False, "error": f"Approval {approval} takes the operator's signature."}
        given = ApprovalGiven(
            approval_id=approval,
            decision=Decision.ALLOW if allow else Decision.DENY,
            scope=Scope.ALWAYS if request.get("always") is True else Scope.ONCE,
            by=by,
            reason=str(request.get("text", "")),
            rule=asked.rule if allow and request.get("always") is True else "",
            signature=signature,
        )
        await self.session.commit(self.session.emit(given, self.place()))
        return {"ok": True, "said": "The run goes on with your answer."}


_AGENT_COMMANDS: Final[Mapping[str, Callable[[AgentId, str], AgentCommand]]] = {
    "steer": lambda agent, text: SteerAgent(agent=agent, text=text),
    "pause": lambda agent, _: PauseAgent(agent=agent),
    "resume": lambda agent, _: ResumeAgent(agent=agent),
    "kill": lambda agent, _: KillAgent(agent=agent),
}


def request_of(command: AgentCommand) -> Fields:
    """Return a command to a subagent as its session's owner reads it."""
    verb = type(command).__name__.removesuffix("Agent").lower()
    return {"do": "agent", "verb": verb, "agent": command.agent, "text": getattr(command, "text", "")}


def _command_of(request: Fields) -> AgentCommand:
    make = _AGENT_COMMANDS.get(str(request.get("verb")))
    if make is None:
        raise UsageInvalid(f"{request.get('verb')!r} is nothing that a subagent can be told.")
    return make(AgentId(str(request.get("agent", ""))), str(request.get("text", "")))


def _change_of(request: Fields) -> ChangeWindow:
    index, agent = request.get("index"), request.get("agent")
    try:
        what = WindowChange(str(request.get("what")))
    except ValueError:
        raise UsageInvalid(f"{request.get('what')!r} is nothing that can be done to a window.") from None
    return ChangeWindow(
        what=what,
        agent=None if agent is None else AgentId(str(agent)),
        index=index if isinstance(index, int) else 0,
    )


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
