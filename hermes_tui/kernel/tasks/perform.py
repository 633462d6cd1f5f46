"""Carry out one attempt at a task, by its kind; its result is JSON text."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.events import MessageGiven, TaskWaiting
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.late import late
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from hermes_tui.domain.values import replace
from hermes_tui.kernel import dispatch
from hermes_tui.kernel.call import Call
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.other_brains import OtherBrains
from hermes_tui.kernel.turn import run_turn

if TYPE_CHECKING:
    from hermes_tui.kernel.tasks import planning, replan
else:
    planning = late("hermes_tui.kernel.tasks.planning")
    replan = late("hermes_tui.kernel.tasks.replan")

_MARK, _ESCAPED = "$", "\\u0024"
"""What every reference begins with, as it is or as JSON may write it."""


async def perform(kit: Kit, task: Task, place: Place) -> str | None:
    """Do what the task is; return its result, None where the record of its call has said it.

    Raises:
        ToolError: the attempt failed.
        ApprovalPending: an operator must decide first.
        LimitReached, NoProvider, ProviderError: no model could be asked.
    """
    if task.write:
        kit = _within(kit, task)
    match task.kind:
        case TaskKind.TOOL:
            return await _call_tool(kit, task, place)
        case TaskKind.AGENT if kit.crew is not None and kit.crew.takes(task, place):
            return json.dumps(await kit.crew.carry_out(task, _goal(kit, task), place))
        case TaskKind.AGENT:
            return json.dumps(await converse(kit, task, place))
        case TaskKind.LLM if task.use in planning.ROLES:
            return await planning.carry_out(_for(kit, task), task, place)
        case TaskKind.LLM:
            return json.dumps(await converse(replace(kit, tools={}), task, place))
        case TaskKind.JOIN:
            found = joined(kit.session.state.graph, task)
            await replan.reconsider(kit, task, place, found)
            return json.dumps(found)
        case TaskKind.TIMER:
            return await _wait(kit, task, place)
        case TaskKind.APPROVAL:
            arguments = json.dumps({"question": json.loads(task.args).get("question") or task.title})
            call = _call(task, place, "ask", (arguments, {}))
            await dispatch.dispatch(kit, call, place)
            return "true"


def joined(graph: GraphState, task: Task) -> dict[str, object]:
    """Return what a task's needs brought; what did not end well says so. That there is a plan is no find."""
    found: dict[str, object] = {}
    for need in task.needs:
        if graph.tasks[need].use == "plan":
            continue
        status = graph.status[need]
        if status.state is TaskState.DONE or status.result:
            found[need] = json.loads(status.result)
        else:
            found[need] = {"state": status.state, "why": status.note}
    return found


def _call(task: Task, place: Place, tool: str, filled: tuple[str, Mapping[str, str]]) -> Call:
    arguments, env = filled
    return Call(
        call_id=CallId(f"{task.id}-r{place.attempt}"[-40:]),
        tool=tool,
        arguments=arguments,
        env=env,
        rationale=task.title,
        raised=task.effect,
        timeout_s=task.timeout_s,
        is_task=task.kind is TaskKind.TOOL,
    )


def _filled(kit: Kit, task: Task, args: str) -> tuple[str, Mapping[str, str]]:
    """Return arguments with the values of their references, and the variables that they need."""
    if _MARK not in args and _ESCAPED not in args:
        return args, {}
    status = kit.session.state.graph.status
    results = {str(need): done for need in task.needs if (done := status[need].result)}
    return kit.substitute(task.use, args, results)


async def _call_tool(kit: Kit, task: Task, place: Place) -> str | None:
    status = kit.session.state.graph.status[task.id]
    finished = status.call
    if finished is None:
        call = _call(task, place, task.use, _filled(kit, task, status.args or task.args))
        if task.key:
            call = replace(call, key=f"{place.session}-{place.run}-{task.key}")
        finished = await dispatch.dispatch(kit, call, place)
    if not finished.ok:
        raise ToolError(finished.output, kind=finished.error_kind or "failed")
    return None if finished.ends_task else finished.result


async def _wait(kit: Kit, task: Task, place: Place) -> str:
    """Wait until the timer is due; a restart waits for what is left."""
    due = kit.session.state.graph.status[task.id].until
    if not due:
        given = json.loads(task.args)
        due = float(given["at"]) if "at" in given else kit.clock.now() + float(given.get("seconds", 0))
        kit.session.emit(TaskWaiting(what="timer", why=f"due at {due:.0f}", until=due), place)
    await kit.clock.sleep(max(0.0, due - kit.clock.now()))
    return "null"


async def converse(kit: Kit, task: Task, place: Place) -> str:
    """Let the task's agent pursue its goal; return its last words."""
    talk = kit.session.state.talk.of(place.agent)
    if talk.run != place.run:
        kit.session.emit(MessageGiven(text=_goal(kit, task)), place)
    elif talk.messages and not talk.open_calls:
        _tell_failure(kit, task, place)
    return await run_turn(_for(kit, task), place, task.model or task.kind.value)


def _goal(kit: Kit, task: Task) -> str:
    """Return what an agent is told to do, with the values of its references."""
    arguments, _ = _filled(kit, task, task.args)
    goal: object = json.loads(arguments).get("goal", "")
    # What is one reference becomes the value that it stands for, which need not be a text.
    return (goal if isinstance(goal, str) else json.dumps(goal, ensure_ascii=False)) or task.title


def _tell_failure(kit: Kit, task: Task, place: Place) -> None:
    """Let an agent that tries again know why, once per attempt."""
    status = kit.session.state.graph.status[task.id]
    if not status.ladder:
        return
    note = f"Attempt {place.attempt}: the one before failed ({status.failed_with}). Go on in another way."
    said = kit.session.state.talk.of(place.agent)
    known = [message.text for message in (*said.messages[-3:], *said.unread)]
    if note not in known:
        kit.session.emit(MessageGiven(text=note, source=Source.KERNEL), place)


def _for(kit: Kit, task: Task) -> Kit:
    """Return the kit whose brains leave out those that failed at this task."""
    avoided = kit.session.state.graph.status[task.id].avoided
    return replace(kit, brains=OtherBrains(kit.brains, avoided)) if avoided else kit


def _within(kit: Kit, task: Task) -> Kit:
    """Return the kit whose workspace may be written only where the task may; never more than the run may."""
    workspace = kit.workspace
    asked = [Path(os.path.realpath(workspace.root / scope)) for scope in task.write]
    allowed = tuple(path for path in asked if any(path.is_relative_to(one) for one in workspace.write))
    return replace(kit, workspace=replace(workspace, write=allowed))
