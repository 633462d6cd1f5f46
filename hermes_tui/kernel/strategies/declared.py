"""The goal carries its own plan: no model plans, and none is needed if every task is a tool."""

from __future__ import annotations

from collections.abc import Collection

from hermes_tui.domain.tasks import Goal, Task, TaskKind


class Declared:
    """Takes the plan as the operator wrote it."""

    name = "declared"
    kinds: Collection[TaskKind] = ()

    def begin(self, goal: Goal) -> tuple[Task, ...]:
        """Return the goal's own tasks."""
        return goal.plan.tasks if goal.plan is not None else ()

    def brief(self, tools: str) -> str:
        """Nobody plans."""
        return tools[:0]
