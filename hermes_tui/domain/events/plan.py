"""The plan changes; every change, by operator or planner, is one edit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import Task


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOp:
    """One operation on the task `target`; `task` is its new form for add and edit, `priority` for reorder."""

    kind: EditKind
    target: TaskId
    task: Task | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEdited:
    """The plan went from revision `base_rev` to the next; `by` is operator, planner or goal."""

    base_rev: int
    by: str
    why: str
    ops: tuple[PlanOp, ...]


PlanEvent = PlanEdited
