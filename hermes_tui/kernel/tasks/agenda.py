"""Which tasks can start and which never will, kept up with each ending instead of searched for in the whole graph."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task, TaskState
from hermes_tui.kernel.lanes import lane_of

_STARTABLE: Final = (TaskState.PENDING, TaskState.READY, TaskState.RUNNING, TaskState.WAITING)
_UNSTARTED: Final = (TaskState.PENDING, TaskState.READY)
_MET: Final = (TaskState.DONE, TaskState.SKIPPED)


class Agenda:
    """What comes next in a graph; an ending costs what depends on it, an edit of the plan costs the graph.

    Offers are checked again when they are taken, so that an offer too many does no harm.
    """

    def __init__(self) -> None:
        self._stale = True
        self._place: dict[TaskId, tuple[int, int]] = {}
        self._dependants: dict[TaskId, list[TaskId]] = {}
        self._unmet: dict[TaskId, int] = {}
        self._offers: list[tuple[tuple[int, int], TaskId]] = []
        self._doomed: list[TaskId] = []
        self._roomless = False

    def edited(self) -> None:
        """The graph, or what may start in it, is no longer what it was."""
        self._stale = True

    def ended(self, task: TaskId, graph: GraphState) -> None:
        """`task` ended, well or not."""
        if self._stale:
            return
        dependants = self._dependants.get(task)
        if not dependants:
            return
        dead = graph.status[task].state is not TaskState.DONE and graph.is_dead(task)
        for dependant in dependants:
            if dead and not graph.tasks[dependant].partial:
                self._doomed.append(dependant)
                continue
            self._unmet[dependant] -= 1
            self.offer(dependant)

    def offer(self, task: TaskId) -> None:
        """`task` is not being carried out; it may start, or start again, if nothing it needs is open."""
        if self._unmet.get(task) == 0:
            heapq.heappush(self._offers, (self._place[task], task))

    def unreachable(self, now: Callable[[], GraphState]) -> Iterator[tuple[Task, TaskId]]:
        """Yield each task that waits for one that did not end well, and that one.

        What is skipped dooms others in turn, so the graph is looked at anew, by `now`, for each.
        """
        if self._stale:
            self._refresh(now())
        while self._doomed:
            task, graph = self._doomed.pop(0), now()
            dead = next((need for need in graph.tasks[task].needs if graph.is_dead(need)), None)
            # A task that failed and is tried again is not dead any more.
            if dead is not None and graph.state_of(task) in _UNSTARTED:
                yield graph.tasks[task], dead

    def roomless(self, graph: GraphState) -> bool:
        """Whether some task of the graph takes no room: it may start even where the width is full."""
        if self._stale:
            self._refresh(graph)
        return self._roomless

    def next(self, graph: GraphState, busy: Sequence[Collection[TaskId]]) -> Task | None:
        """Return the task in none of `busy` that starts next, by priority, then in plan order; None if none can."""
        if self._stale:
            self._refresh(graph)
        while self._offers:
            _, task = heapq.heappop(self._offers)
            for one in busy:
                if task in one:
                    break
            else:
                if graph.status[task].state in _STARTABLE:
                    return graph.tasks[task]
        return None

    def _refresh(self, graph: GraphState) -> None:
        """Read the whole graph again."""
        self._stale = False
        awake = [task for task in graph.tasks.values() if task.id not in graph.dormant]
        ended = {task: status.state for task, status in graph.status.items() if status.state.ended}
        met = {task for task, state in ended.items() if state in _MET}
        dead = {task for task in ended if graph.is_dead(task)}
        self._roomless = any(not lane_of(task) for task in awake)
        self._place = {task.id: (-task.priority, order) for order, task in enumerate(awake)}
        self._dependants = defaultdict(list)
        self._unmet, self._offers, self._doomed = {}, [], []
        for task in awake:
            done = ended if task.partial else met
            unmet = [need for need in task.needs if need not in done]
            self._unmet[task.id] = len(unmet)
            for need in unmet:
                self._dependants[need].append(task.id)
            if not task.partial and not dead.isdisjoint(task.needs):
                self._doomed.append(task.id)
            else:
                self.offer(task.id)
