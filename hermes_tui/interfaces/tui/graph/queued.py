"""Which tasks could start if only there were room: nothing they need is open, and all that may run at once runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task, TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces._startable import UNSTARTED, startable
from hermes_tui.kernel.lanes import WIDTH, lane_of


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
        waiting = sum(1 for _ in _waiting(graph))
        return Queued(tasks=waiting, running=running, room=width)
    full = {lane for lane, limit in limits.items() if taken[lane] >= limit}
    held = Counter(lane for task in (_waiting(graph) if full else ()) if (lane := lane_of(task)) in full)
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
    holds = status.state is TaskState.RUNNING or (status.state in UNSTARTED and status.attempts > 0)
    return lane_of(task) if holds else ""


def _waiting(graph: GraphState) -> Iterator[Task]:
    """Yield each task that could start, was never begun and takes a slot."""
    return (task for task in startable(graph) if not graph.status[task.id].attempts and lane_of(task))
