"""The task graph: the plan in its latest revision and what became of each task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hermes_tui.domain.events.plan import EditKind, PlanEdited, PlanOp
from hermes_tui.domain.events.task import (
    TaskCancelled,
    TaskEvent,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
)
from hermes_tui.domain.events.tool import ToolFinished
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Task, TaskKind, TaskState

DEAD: Final = "dead"
"""Kind of a task that was skipped because something it needs did not end well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """What became of one task. `result` is JSON text once it is done; `note` says why it waits or failed.

    `call` is the result of a tool task's own call, until the task itself ends: a crash between the two repeats nothing.
    """

    state: TaskState = TaskState.PENDING
    attempts: int = 0
    result: str = ""
    note: str = ""
    kind: str = ""
    started_at: float = 0.0
    seconds: float = 0.0
    call: ToolFinished | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphState:
    """The plan's tasks in their order, and their statuses."""

    rev: int = 0
    tasks: Mapping[TaskId, Task] = field(default_factory=dict[TaskId, Task])
    status: Mapping[TaskId, TaskStatus] = field(default_factory=dict[TaskId, TaskStatus])

    def is_dead(self, task: TaskId) -> bool:
        """Whether `task` did not end well, so that nothing that needs it can run."""
        status = self.status[task]
        failed = status.state in (TaskState.FAILED, TaskState.CANCELLED)
        return failed or (status.state is TaskState.SKIPPED and status.kind == DEAD)

    def state_of(self, task: TaskId) -> TaskState:
        """Return where `task` is."""
        return self.status[task].state


def fold_plan(state: GraphState, body: PlanEdited) -> GraphState:
    """Return the graph after one edit."""
    tasks, status = dict(state.tasks), dict(state.status)
    for op in body.ops:
        _apply(op, tasks, status)
    return replace(state, rev=body.base_rev + 1, tasks=tasks, status=status)


def _apply(op: PlanOp, tasks: dict[TaskId, Task], status: dict[TaskId, TaskStatus]) -> None:
    match op.kind:
        case EditKind.ADD | EditKind.EDIT:
            if op.task is not None:
                tasks[op.target] = op.task
                status.setdefault(op.target, TaskStatus())
        case EditKind.REMOVE:
            tasks.pop(op.target, None)
            status.pop(op.target, None)
        case EditKind.REORDER:
            tasks[op.target] = replace(tasks[op.target], priority=op.priority)
        case EditKind.PAUSE:
            status[op.target] = replace(status[op.target], state=TaskState.PAUSED)
        case EditKind.RESUME | EditKind.RETRY:
            status[op.target] = replace(status[op.target], state=TaskState.PENDING)
        case EditKind.SKIP:
            status[op.target] = replace(status[op.target], state=TaskState.SKIPPED)
        case EditKind.CANCEL:
            status[op.target] = replace(status[op.target], state=TaskState.CANCELLED)


def fold_task(state: GraphState, record: Record, body: TaskEvent) -> GraphState:
    """Return the graph after something happened to the task of the record's place."""
    task = record.place.task
    if task is None or task not in state.status:
        return state
    return replace(state, status={**state.status, task: _after(state.status[task], record, body)})


def fold_result(state: GraphState, record: Record, body: ToolFinished) -> GraphState:
    """Return the graph after a tool task's own call ended."""
    task = record.place.task
    if task is None or task not in state.tasks or state.tasks[task].kind is not TaskKind.TOOL:
        return state
    return replace(state, status={**state.status, task: replace(state.status[task], call=body)})


def _after(old: TaskStatus, record: Record, body: TaskEvent) -> TaskStatus:
    match body:
        case TaskStarted():
            attempts = record.place.attempt or old.attempts + 1
            return replace(old, state=TaskState.RUNNING, attempts=attempts, started_at=record.at, note="")
        case TaskWaiting():
            return replace(old, state=TaskState.WAITING, note=body.why)
        case TaskFinished():
            seconds = old.seconds + body.seconds
            return replace(old, state=TaskState.DONE, result=body.result, seconds=seconds, note="", kind="", call=None)
        case TaskFailed():
            seconds = old.seconds + body.seconds
            return replace(old, state=TaskState.FAILED, note=body.message, kind=body.kind, seconds=seconds, call=None)
        case TaskSkipped():
            return replace(old, state=TaskState.SKIPPED, note=body.why, kind=DEAD if body.dead else "")
        case TaskCancelled():
            return replace(old, state=TaskState.CANCELLED, note=body.why)
