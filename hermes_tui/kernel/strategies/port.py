"""What a planning strategy is: the tasks it begins with, and what it tells a model that plans."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Protocol

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import Goal, Task, TaskKind

PLAN: Final = TaskId("plan")
SOLVE: Final = TaskId("solve")


class Strategy(Protocol):
    """One way to plan. Nothing here asks a model; the tasks that it begins with do when they run."""

    @property
    def name(self) -> str:
        """What it is called in goals, plans and the journal."""
        ...

    @property
    def kinds(self) -> Collection[TaskKind]:
        """Which kinds of tasks its planner may write; empty if no model plans."""
        ...

    def begin(self, goal: Goal) -> tuple[Task, ...]:
        """Return the tasks that the plan of `goal` begins with."""
        ...

    def brief(self, tools: str) -> str:
        """Return what the planner is told, `tools` being the list of them; empty if no model plans."""
        ...
