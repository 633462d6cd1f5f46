"""The plan changes; every change, by operator or planner, is one edit."""

from __future__ import annotations

from enum import StrEnum

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import Task, TaskState
from hermes_tui.domain.values import frozen


class EditKind(StrEnum):
    """What an edit does to one task."""

    ADD = "add"
    EDIT = "edit"
    REMOVE = "remove"
    PAUSE = "pause"
    RESUME = "resume"
    SKIP = "skip"
    RETRY = "retry"
    CANCEL = "cancel"
    REORDER = "reorder"
    RESTORE = "restore"


@frozen
class Outcome:
    """What became of a task, where an edit gives or gives back that too; `result` is JSON text."""

    state: TaskState
    result: str = ""
    note: str = ""
    kind: str = ""
    attempts: int = 0
    seconds: float = 0.0


@frozen
class PlanOp:
    """One operation on the task `target`.

    `task` is its new form for add and edit, `priority` for reorder. `outcome` is what restore puts back; for skip its
    `result` stands in for the one that the task did not have.
    """

    kind: EditKind
    target: TaskId
    task: Task | None = None
    priority: int = 0
    outcome: Outcome | None = None


@frozen
class PlanEdited:
    """The plan went from revision `base_rev` to the next; `by` is operator, planner, kernel or goal.

    `undoes` is the revision whose edit this one takes back, 0 if none.
    """

    base_rev: int
    by: str
    why: str
    ops: tuple[PlanOp, ...]
    undoes: int = 0


PlanEvent = PlanEdited
