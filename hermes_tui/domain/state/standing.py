"""Where a run is: what is done, what is left, and what holds it up; read off its graph, for people and models alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state.graph import DEAD, GraphState
from hermes_tui.domain.tasks import TaskState

_HELD = (TaskState.WAITING, TaskState.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A task that cannot go on or will not, and why."""

    task: TaskId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Every task of a plan, once; those that undo others and those that were taken off it by choice are in none."""

    done: tuple[TaskId, ...]
    left: tuple[TaskId, ...]
    blocked: tuple[Blocked, ...]

    def lines(self) -> Iterator[str]:
        """Yield it in words: one line each, and one per task that is held up."""
        yield f"done      {len(self.done)} of {len(self.done) + len(self.left) + len(self.blocked)} tasks"
        if self.left:
            yield f"left      {len(self.left)}: {', '.join(self.left)}"
        if self.blocked:
            yield f"blocked   {len(self.blocked)}: {', '.join(one.task for one in self.blocked)}"


def standing(graph: GraphState) -> Standing:
    """Return where the run of `graph` is."""
    states = {task: status for task, status in graph.status.items() if task not in graph.dormant}
    blocked = {
        task: status.note
        for task, status in states.items()
        if status.state in (*_HELD, TaskState.FAILED) or (status.state is TaskState.SKIPPED and status.kind == DEAD)
    }
    return Standing(
        done=tuple(task for task, status in states.items() if status.state is TaskState.DONE),
        left=tuple(task for task, status in states.items() if not status.state.ended and task not in blocked),
        blocked=tuple(Blocked(task=task, why=why) for task, why in blocked.items()),
    )
