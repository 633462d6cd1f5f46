"""The task graph: the plan in its latest revision and what became of each task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from hermes_tui.domain.events.model import ModelFinished
from hermes_tui.domain.events.plan import PlanOp
from hermes_tui.domain.events.task import (
    RecoveryTried,
    TaskCancelled,
    TaskEvent,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
)
from hermes_tui.domain.events.tool import ToolFinished, ToolRequested
from hermes_tui.domain.ids import MAIN_AGENT, TaskId
from hermes_tui.domain.records import Record
from hermes_tui.domain.state.table import having
from hermes_tui.domain.tasks import Rung, Task, TaskKind, TaskState
from hermes_tui.domain.values import frozen, replace

_End = TaskFinished | TaskFailed | TaskSkipped | TaskCancelled
DEAD: Final = "dead"
"""Kind of a task that was skipped because something it needs did not end well."""


@frozen
class TaskStatus:
    """What became of one task. `result` is JSON text once it is done; `note` says why it waits or failed.

    `call` is how a tool task's own call ended where the task did not end with it: it failed, or a crash came between.
    `seconds` is how long all its stretches of work took but the one that began at `started_at`, 0 where none is open.
    `by` is who put the task into the plan, `until` when a timer is due, `ended_seq` the record that ended it, `ladder`
    the rungs of its recovery so far, `args` its repaired arguments (JSON text), empty if there are none. `model` is the
    brain that answered last, `avoided` those that failed at it, `failed_with` what the last failure said.
    """

    state: TaskState = TaskState.PENDING
    attempts: int = 0
    result: str = ""
    note: str = ""
    kind: str = ""
    started_at: float = 0.0
    seconds: float = 0.0
    call: ToolFinished | None = None
    by: str = ""
    until: float = 0.0
    ended_seq: int = 0
    ladder: tuple[Rung, ...] = ()
    args: str = ""
    model: str = ""
    avoided: tuple[str, ...] = ()
    failed_with: str = ""

    @property
    def recovering(self) -> bool:
        """Whether an attempt failed and it is still open what is tried next."""
        return bool(self.kind) and self.state in (TaskState.READY, TaskState.WAITING)


@frozen
class Undo:
    """What takes the edit that led to revision `rev` back."""

    rev: int
    ops: tuple[PlanOp, ...]


@frozen
class GraphState:
    """The plan's tasks in their order, and their statuses.

    `dormant` are the tasks that undo others: they run only when the run is abandoned. `undos` holds what takes the
    latest edits back, oldest first.
    """

    rev: int = 0
    tasks: Mapping[TaskId, Task] = field(default_factory=dict[TaskId, Task])
    status: Mapping[TaskId, TaskStatus] = field(default_factory=dict[TaskId, TaskStatus])
    dormant: frozenset[TaskId] = frozenset()
    undos: tuple[Undo, ...] = ()

    def is_dead(self, task: TaskId) -> bool:
        """Whether `task` did not end well, so that nothing that needs it can run."""
        status = self.status[task]
        failed = status.state in (TaskState.FAILED, TaskState.CANCELLED)
        return failed or (status.state is TaskState.SKIPPED and status.kind == DEAD)

    def state_of(self, task: TaskId) -> TaskState:
        """Return where `task` is."""
        return self.status[task].state


def fold_task(state: GraphState, record: Record, body: TaskEvent) -> GraphState:
    """Return the graph after something happened to the task of the record's place."""
    task, status = record.place.task, state.status
    if task is None or task not in status:
        return state
    return replace(state, status=having(status, task, _after(status[task], record, body)))


def halted(state: GraphState, at: float) -> GraphState:
    """Return the graph after work stopped at a moment: what was under way has been worked on until then."""
    open_ones = {
        task: replace(one, seconds=_worked_s(one, at), started_at=0.0)
        for task, one in state.status.items()
        if one.started_at
    }
    return replace(state, status={**state.status, **open_ones}) if open_ones else state


def _worked_s(old: TaskStatus, at: float) -> float:
    """Return how long a task was worked on if its open stretch of work, should there be one, ended at a moment."""
    return old.seconds + max(at - old.started_at, 0.0) if old.started_at else old.seconds


def fold_request(state: GraphState, record: Record, body: ToolRequested) -> GraphState:
    """Return the graph after a call was asked for, which may be a tool task's own."""
    task, status = record.place.task, state.status
    if not body.begins_task or task is None or task not in status:
        return state
    return replace(state, status=having(status, task, _begun(status[task], record)))


def fold_result(state: GraphState, record: Record, body: ToolFinished) -> GraphState:
    """Return the graph after a call ended, which may be a tool task's own."""
    name = record.place.task
    task = None if name is None else state.tasks.get(name)
    if task is None or task.kind is not TaskKind.TOOL or record.place.agent != MAIN_AGENT:
        return state  # What a subagent calls on behalf of a tool task is none of the task's own.
    old = state.status[task.id]
    new = _done(old, record, body.result, _worked_s(old, record.at)) if body.ends_task else replace(old, call=body)
    return replace(state, status=having(state.status, task.id, new))


def fold_answer(state: GraphState, record: Record, body: ModelFinished) -> GraphState:
    """Return the graph after a brain answered for a task."""
    task = record.place.task
    if task is None or task not in state.status or state.status[task].model == body.model:
        return state
    if record.place.agent.partition(".")[0] != task:
        return state  # A summary, or a subagent on the task's behalf: who answers there did not fail at it.
    return replace(state, status=having(state.status, task, replace(state.status[task], model=body.model)))


def _after(old: TaskStatus, record: Record, body: TaskEvent) -> TaskStatus:
    match body:
        case TaskStarted():
            return _begun(old, record)
        case TaskWaiting():
            return replace(old, state=TaskState.WAITING, note=body.why, until=body.until or old.until)
        case RecoveryTried():
            return _recovering(old, body)
        case _:
            return _ended(old, record, body)


def _begun(old: TaskStatus, record: Record) -> TaskStatus:
    return replace(
        old,
        state=TaskState.RUNNING,
        attempts=record.place.attempt or old.attempts + 1,
        started_at=record.at,
        seconds=_worked_s(old, record.at),
        note="",
        kind="",
    )


def _end(record: Record) -> dict[str, Any]:
    return {"ended_seq": record.seq, "until": 0.0, "started_at": 0.0}


def _done(old: TaskStatus, record: Record, result: str, seconds: float) -> TaskStatus:
    end = _end(record)
    return replace(old, state=TaskState.DONE, result=result, note="", kind="", call=None, seconds=seconds, **end)


def _ended(old: TaskStatus, record: Record, body: _End) -> TaskStatus:
    """Return the status after an end; what the event measured counts, where it measured nothing the clock does."""
    end = _end(record)
    match body:
        case TaskFinished():
            return _done(old, record, body.result, old.seconds + body.seconds)
        case TaskFailed():
            # It may have failed before there was a call with which the attempt would have begun.
            return replace(
                old,
                attempts=max(old.attempts, record.place.attempt),
                state=TaskState.READY if body.recovering else TaskState.FAILED,
                note=body.message,
                failed_with=body.message,
                kind=body.kind,
                call=None,
                seconds=old.seconds + body.seconds,
                **end,
            )
        case TaskSkipped():
            kind, seconds = DEAD if body.dead else "", _worked_s(old, record.at)
            return replace(old, state=TaskState.SKIPPED, note=body.why, kind=kind, seconds=seconds, **end)
        case TaskCancelled():
            seconds = _worked_s(old, record.at)
            return replace(old, state=TaskState.CANCELLED, note=body.why, seconds=seconds, **end)


def _recovering(old: TaskStatus, body: RecoveryTried) -> TaskStatus:
    """Return the status after a rung: where it was taken by the task itself, the task is to run again."""
    again = body.taken and body.rung is not Rung.SIMPLIFY
    return replace(
        old,
        ladder=(*old.ladder, body.rung),
        args=body.args or old.args,
        avoided=(*old.avoided, body.avoided) if body.avoided else old.avoided,
        state=TaskState.PENDING if again else old.state,
        kind="" if again else old.kind,
    )
