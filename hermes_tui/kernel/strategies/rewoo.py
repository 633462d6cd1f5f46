"""Plan all calls with placeholders, run them at once, then answer from what they brought (Xu et al., "ReWOO", 2023)."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from hermes_tui.domain.tasks import Goal, Task, TaskKind
from hermes_tui.kernel.strategies.port import PLAN, SOLVE

BRIEF: Final = """\
You plan tool calls for a goal; you do not make them. Write one JSON object per line, one line per task, nothing else:
{"id": "a", "kind": "tool", "use": TOOL, "args": {…}, "title": "why, in a few words"}
- Refer to another task's result as ${id} or ${id.path} inside a string of args; that is also the order.
- `"needs": ["id"]` orders tasks that do not read each other. Tasks without an order run at once.
- {"id": …, "kind": "join", "needs": […]} where the rest depends on what those bring: there you may change the rest.
- Plan no more calls than the goal needs. What the results mean is decided later by another model, from all of them.
Tools:
"""


class Rewoo:
    """Two model calls in all: one plans, one answers; the tools run without a model between them."""

    name = "rewoo"
    kinds: Collection[TaskKind] = (TaskKind.TOOL, TaskKind.JOIN)

    def begin(self, goal: Goal) -> tuple[Task, ...]:
        """Return the planner's task and the answer's."""
        return begin(self.name, goal)

    def brief(self, tools: str) -> str:
        """Return how a plan with placeholders is written."""
        return f"{BRIEF}{tools}"


def begin(strategy: str, goal: Goal) -> tuple[Task, ...]:
    """Return the task that plans by `strategy` and the one that answers when the planned ones have ended."""
    title = goal.text.strip().splitlines()[0][:80]
    planning = json.dumps({"strategy": strategy, "goal": goal.text})
    return (
        Task(id=PLAN, kind=TaskKind.LLM, use="plan", title=f"plan: {title}", args=planning, priority=10),
        Task(
            id=SOLVE,
            kind=TaskKind.LLM,
            use="solve",
            title=f"answer: {title}",
            args=json.dumps({"goal": goal.text}),
            needs=(PLAN,),
        ),
    )
