"""Which tasks could start if only there were room: nothing they need is open, and all that may run at once runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task, TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.lanes import WIDTH, lane_of

_MET: Final = (TaskState.DONE, TaskState.SKIPPED)
_UNSTARTED: Final = (TaskState.PENDING, TaskState.READY)


@frozen
class Queued:
    """So many tasks wait for a slot; `running` of the `room` slots are taken, of `lane` if it is one resource's."""

    tasks: int = 0
    running: int = 0
    room: int = 0
    lane: str = ""

    def said(self, width: int) -> str:
        """Return it in words that fit; the numbers are the last to go."""
        if not self.tasks:
            return ""
        wait = "task waits" if self.tasks == 1 else "tasks wait"
        of = f" of {self.lane}" if self.lane else ""
        run = f"({self.running:,} of {self.room:,} run)"
        whole = f"queue: {self.tasks:,} {wait} for a free slot{of} {run}."
        return whole if len(whole) <= width else f"queue: {self.tasks:,} {wait} {run}"


NONE: Final = Queued()


def queued(graph: GraphState, limits: Mapping[str, int], width: int = WIDTH) -> Queued:
    """Return what waits for a slot; `limits` says how many tasks use a resource at once, by its name."""
    taken = Counter(lane for task in graph.tasks.values() if (lane := _held(graph, task)))
    running = sum(taken.values())
    if running >= width:
        waiting = sum(1 for _ in _startable(graph))
        return Queued(tasks=waiting, running=running, room=width)
    full = {lane for lane, limit in limits.items() if taken[lane] >= limit}
    held = Counter(lane for task in (_startable(graph) if full else ()) if (lane := lane_of(task)) in full)
    if not held:
        return NONE
    # One resource is named; where several are full, only how much waits for them and runs in them.
    return Queued(
        tasks=held.total(),
        running=sum(taken[lane] for lane in held),
        room=sum(limits[lane] for lane in held),
        lane=next(iter(held)) if len(held) == 1 else "",
    )


def _held(graph: GraphState, task: Task) -> str:
    """Return the resource whose slot the task holds: it runs, or an attempt failed and the next has not begun."""
    status = graph.status[task.id]
    holds = status.state is TaskState.RUNNING or (status.state in _UNSTARTED and status.attempts > 0)
    return lane_of(task) if holds else ""


def _startable(graph: GraphState) -> Iterator[Task]:
    """Yield each task that was never begun, takes a slot and needs nothing that is still open."""
    for task in graph.tasks.values():
        status = graph.status[task.id]
        begun = status.state not in _UNSTARTED or status.attempts > 0
        if not begun and task.id not in graph.dormant and lane_of(task) and _free(graph, task):
            yield task


def _free(graph: GraphState, task: Task) -> bool:
    return all(_settled(graph, need, partial=task.partial) for need in task.needs)


def _settled(graph: GraphState, need: TaskId, *, partial: bool) -> bool:
    state = graph.status[need].state
    return state.ended if partial else state in _MET and not graph.is_dead(need)
