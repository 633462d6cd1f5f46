"""What the owner of a session does when another shell asks: pause, go on, stop, answer, change the plan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from hermes_tui.capabilities.state.control import Fields
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
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ApprovalGiven, InterruptAsked, RunAbandoned, RunPaused, RunUnpaused
from hermes_tui.domain.ids import AgentId, ApprovalId
from hermes_tui.services import contexts, edits, sessions, subagents
from hermes_tui.services.owners import Owner


async def answer(owner: Owner, request: Fields) -> Fields:
    """Carry out one request to the owner of a session; what it changes is on disk before the asker hears of it."""
    by = str(request.get("by") or "operator")
    match request.get("do"):
        case "pause":
            return await _pause(owner, by)
        case "resume":
            return await _resume(owner, by)
        case "stop":
            await owner.session.commit(owner.session.emit(InterruptAsked(by=by), owner.place()))
            asyncio.get_running_loop().call_soon(owner.stop)
            return {"ok": True, "said": "It stops at the next safe point; the same command goes on."}
        case "answer":
            return await _answer(owner, request, by)
        case "agent" | "context" | "rename":
            return await _direct(owner, request, by)
        case "edit" | "abandon":
            return await _change(owner, request, by)
        case "status":
            return {"ok": True, "paused": owner.gate.frozen, **_waiting(owner)}
        case other:
            return {"ok": False, "error": f"{other!r} is no request that this Hermes knows."}


def _waiting(owner: Owner) -> Fields:
    """Return the open questions: their ids, and each with who asks it for which task."""
    calls = owner.session.state.calls
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


async def _direct(owner: Owner, request: Fields, by: str) -> Fields:
    try:
        said = _carried_out(owner, request, by)
    except UsageInvalid as error:
        return {"ok": False, "error": error.message, "hint": error.hint}
    await owner.session.journal.durable(owner.session.state.seq)
    return {"ok": True, "said": said}


def _carried_out(owner: Owner, request: Fields, by: str) -> str:
    if request.get("do") == "agent":
        return subagents.direct(owner.session, _command_of(request), owner.clock, by)
    if request.get("do") == "rename":
        return sessions.rename(owner.session, owner.place(), str(request.get("name", "")))
    return contexts.change(owner.session, owner.place(), _change_of(request), by)


async def _pause(owner: Owner, by: str) -> Fields:
    running = len(owner.session.state.calls.intents)
    if not owner.gate.frozen:
        owner.gate.freeze()
        await owner.session.commit(owner.session.emit(RunPaused(by=by), owner.place()))
    return {"ok": True, "said": f"Paused: nothing new is started. {running} calls that change things still run."}


async def _resume(owner: Owner, by: str) -> Fields:
    if owner.gate.frozen:
        await owner.session.commit(owner.session.emit(RunUnpaused(by=by), owner.place()))
        owner.gate.thaw()
    return {"ok": True, "said": "It goes on."}


async def _change(owner: Owner, request: Fields, by: str) -> Fields:
    """Edit the plan, or give the run up; the reply is the diff."""
    if request.get("do") == "abandon":
        why = str(request.get("why") or f"given up by {by}")
        await owner.session.commit(owner.session.emit(RunAbandoned(by=by, why=why), owner.place()))
        return {"ok": True, "said": "It starts nothing more, undoes what its plan says how to undo, and ends."}
    try:
        lines = edits.make(owner.session, owner.place(), str(request.get("edit", "")), by=by)
    except UsageInvalid as error:
        return {"ok": False, "error": error.message, "hint": error.hint}
    await owner.session.journal.durable(owner.session.state.seq)
    return {"ok": True, "said": "\n".join((f"The plan is at revision {owner.session.state.graph.rev}.", *lines))}


async def _answer(owner: Owner, request: Fields, by: str) -> Fields:
    approval = ApprovalId(str(request.get("id", "")))
    if approval not in {asked.approval_id for asked in owner.session.state.calls.waiting}:
        return {"ok": False, "error": f"Approval {approval} does not wait here."}
    asked = owner.session.state.calls.asked[approval]
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
    await owner.session.commit(owner.session.emit(given, owner.place()))
    return {"ok": True, "said": "The run goes on with your answer."}


_AGENT_COMMANDS: Final[Mapping[str, Callable[[AgentId, str], AgentCommand]]] = {
    "steer": lambda agent, text: SteerAgent(agent=agent, text=text),
    "pause": lambda agent, _: PauseAgent(agent=agent),
    "resume": lambda agent, _: ResumeAgent(agent=agent),
    "kill": lambda agent, _: KillAgent(agent=agent),
}


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
