"""One agent that thinks, acts and looks, step by step (Yao et al., "ReAct", 2022)."""

from __future__ import annotations

import json
from collections.abc import Collection

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import Goal, Task, TaskKind


class React:
    """Hands the whole goal to one agent."""

    name = "react"
    kinds: Collection[TaskKind] = ()

    def begin(self, goal: Goal) -> tuple[Task, ...]:
        """Return the one agent's task."""
        title = goal.text.strip().splitlines()[0][:80]
        return (Task(id=TaskId("goal"), kind=TaskKind.AGENT, title=title, args=json.dumps({"goal": goal.text})),)

    def brief(self, tools: str) -> str:
        """Nobody plans."""
        return tools[:0]
