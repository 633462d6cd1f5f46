"""A strategist sets milestones; each is pursued by an agent of its own that never sees the whole plan."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hermes_tui.domain.tasks import Goal, Task, TaskKind
from hermes_tui.kernel.strategies.rewoo import begin

BRIEF: Final = """\
You set the milestones of a goal; others reach them. Write one JSON object per line, one line per milestone, nothing
else:
{"id": "m1", "kind": "agent", "title": "in a few words", "args": {"goal": "…"}, "needs": []}
- 2 to 7 milestones. Each has an outcome that can be checked. Its goal is all that its agent reads: say what to reach,
  where, and how it is checked, not how to do it. Put ${m1} where it must know what milestone m1 brought.
- `needs` names the milestones that must be reached before. Those that do not need each other are pursued at once, so
  they must not change the same files.
- {"id": …, "kind": "join", "needs": […]} where the rest depends on what those bring: there you may change the rest.
The agents have these tools:
"""


class Hierarchical:
    """One model call sets milestones, an agent reaches each, one call sums up."""

    name = "hierarchical"
    kinds: Collection[TaskKind] = (TaskKind.AGENT, TaskKind.JOIN)

    def begin(self, goal: Goal) -> tuple[Task, ...]:
        """Return the strategist's task and the sum's."""
        return begin(self.name, goal)

    def brief(self, tools: str) -> str:
        """Return how milestones are written."""
        return f"{BRIEF}{tools}"
