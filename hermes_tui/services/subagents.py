"""Steering the subagents of a session, live or at rest, and what there is to see of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from hermes_tui.domain.commands import AgentCommand, KillAgent, PauseAgent, ResumeAgent, SteerAgent
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import (
    AgentPaused,
    AgentUnpaused,
    EditKind,
    MessageGiven,
    PlanEdited,
    PlanOp,
)
from hermes_tui.domain.events.agent import AgentEnd
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.messages import Message, Role, Text, Thinking, ToolCall, ToolResult
from hermes_tui.domain.ports import Clock
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.agents import AgentStatus
from hermes_tui.domain.state.spend import Spent
from hermes_tui.kernel.agents import assignment
from hermes_tui.kernel.session import Session

RESULT_CHARACTERS: Final = 400


def direct(session: Session, command: AgentCommand, clock: Clock, by: str) -> str:
    """Carry out what an operator orders a child to do, as a record; return what to say of it.

    Raises:
        UsageInvalid: there is no such child, or it has ended.
    """
    status = living(session.state, command.agent)
    match command:
        case SteerAgent():
            session.emit(MessageGiven(text=command.text), status.place)
            return f"{command.agent} reads it before its next reply."
        case PauseAgent():
            session.emit(AgentPaused(by=by), status.place)
            return f"{command.agent} starts nothing new; what it runs goes on."
        case ResumeAgent():
            session.emit(AgentUnpaused(by=by), status.place)
            return f"{command.agent} goes on."
        case KillAgent():
            _kill(session, status, clock, by)
            return f"{command.agent} is ended with all it runs; what it did stands."


def _kill(session: Session, status: AgentStatus, clock: Clock, by: str) -> None:
    with session.deciding:
        state = session.state
        ended = assignment.homecoming(state, status, ("killed", f"by {by}"), "", clock.now())
        session.emit(ended, status.place)
        task = status.place.task
        if status.spawned.parent is None and task is not None and not state.graph.state_of(task).ended:
            # Without this the plan would try the task again.
            op = PlanOp(kind=EditKind.CANCEL, target=task)
            edited = PlanEdited(base_rev=state.graph.rev, by="operator", why=f"its agent was ended by {by}", ops=(op,))
            session.emit(edited, status.place)


def recall(session: Session, clock: Clock) -> None:
    """End the subagents of a run that was interrupted: what comes next is another one."""
    for status in session.state.agents.live():
        end: tuple[AgentEnd, str] = ("cancelled", "the operator went on to something else")
        session.emit(assignment.homecoming(session.state, status, end, "", clock.now()), status.place)


def living(state: SessionState, agent: AgentId) -> AgentStatus:
    """Return the child called `agent`.

    Raises:
        UsageInvalid: there is none, or it has ended; those that are out are named.
    """
    status = state.agents.by_id.get(agent)
    if status is not None and status.ended is None:
        return status
    out = ", ".join(one.agent for one in state.agents.live()) or "none"
    what = f"Subagent {agent} has ended: {status.ended.status}." if status and status.ended else f"No subagent {agent}."
    raise UsageInvalid(what, hint=f"Out now: {out}.")


def rows(state: SessionState) -> list[dict[str, object]]:
    """Return what there is to know of each child, oldest first."""
    return [_row(state, status) for status in state.agents.by_id.values()]


def _row(state: SessionState, status: AgentStatus) -> dict[str, object]:
    spent = state.spend.by_agent.get(status.agent, Spent())
    ended = status.ended
    return {
        "agent": status.agent,
        "session": status.place.session,
        "parent": status.spawned.parent,
        "task": status.place.task,
        "title": status.spawned.title,
        "state": state_of(state, status),
        "role": status.spawned.role,
        "tools": list(status.spawned.tools),
        "write": list(status.spawned.write),
        "steps": status.steps,
        "calls": status.calls,
        "tokens": spent.usage.total_tokens,
        "usd": spent.usd,
        "cap_usd": status.spawned.limits.usd,
        "deadline_s": status.spawned.limits.seconds,
        "why": ended.why if ended else "",
        "answer": ended.answer if ended else None,
        "evidence": [{"kind": one.kind, "path": one.path, "sha256": one.sha256} for one in ended.evidence]
        if ended
        else [],
    }


def state_of(state: SessionState, status: AgentStatus) -> str:
    """Return how it stands with a child, in one word."""
    if status.ended is not None:
        return status.ended.status
    mine = {call.call_id for call in state.talk.of(status.agent).open_calls}
    if any(asked.call_id in mine for asked in state.calls.waiting):
        return "waiting"
    if status.paused:
        return "paused"
    return "out" if state.run.ended is None else "resting"


def transcript(state: SessionState, agent: AgentId) -> Iterator[str]:
    """Yield the conversation of one agent, a line or more per message.

    Raises:
        UsageInvalid: nobody of that name has said anything.
    """
    if agent not in state.talk.by_agent:
        known = ", ".join(state.talk.by_agent) or "nobody yet"
        raise UsageInvalid(f"No agent {agent} has said anything.", hint=f"There is: {known}.")
    for message in state.talk.of(agent).messages:
        yield from _lines(message)
    for message in state.talk.of(agent).unread:
        yield f"{_WHO[message.role]} (not read yet) {message.text}"
    status = state.agents.by_id.get(agent)
    if status is not None and status.ended is not None:
        yield f"[{status.ended.status}{f': {status.ended.why}' if status.ended.why else ''}]"


_WHO: Final[Mapping[Role, str]] = {Role.OPERATOR: ">", Role.KERNEL: "»", Role.MODEL: "•", Role.TOOL: "="}


def _lines(message: Message) -> Iterator[str]:
    mark = _WHO[message.role]
    for part in message.content:
        match part:
            case Text() | Thinking():
                yield f"{mark} {part.text}"
            case ToolCall():
                yield f"{mark} {part.name} {part.arguments}"
            case ToolResult():
                left_out = len(part.output) - RESULT_CHARACTERS
                more = f" … {left_out:,} characters more" if left_out > 0 else ""
                yield f"{'=' if part.ok else '×'} {part.output[:RESULT_CHARACTERS]}{more}"
            case _:
                continue
