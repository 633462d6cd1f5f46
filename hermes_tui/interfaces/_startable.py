"""Which tasks nothing holds back but a free slot and the scheduler's turn, by the scheduler's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task, TaskState
from hermes_tui.kernel.tasks.condition import holds

UNSTARTED: Final = (TaskState.PENDING, TaskState.READY)
_MET: Final = (TaskState.DONE, TaskState.SKIPPED)


def startable(graph: GraphState) -> Iterator[Task]:
    """Yield each task that is not under way, needs nothing that is open, and whose guard, if it has one, holds."""
    ended = {name for name, status in graph.status.items() if status.state.ended}
    met = {name for name in ended if graph.status[name].state in _MET and not graph.is_dead(name)}
    for name, status in graph.status.items():
        if status.state not in UNSTARTED or name in graph.dormant:
            continue
        task = graph.tasks[name]
        free = (ended if task.partial else met).issuperset(task.needs)
        if free and (task.when is None or holds(task.when, graph)):
            yield task


def states_now(state: SessionState) -> dict[TaskId, TaskState]:
    """Return where each task is as an operator sees it: `ready` is one that could start now.

    No record says so, as the scheduler starts what it can at once; where the run has ended nothing is about to start.
    """
    found = {name: status.state for name, status in state.graph.status.items()}
    if state.run.ended is None:
        found |= {task.id: TaskState.READY for task in startable(state.graph)}
    return found
