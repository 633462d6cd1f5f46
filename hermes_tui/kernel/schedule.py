"""Run the task graph: start what is ready, by priority, until nothing more can start."""

from __future__ import annotations

import asyncio

from hermes_tui.domain.errors import ApprovalPending, HermesError
from hermes_tui.domain.events import (
    ApprovalGiven,
    EditKind,
    PlanEdited,
    PlanOp,
    RunAbandoned,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    ToolFinished,
)
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Task
from hermes_tui.kernel.in_doubt import settle_task
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.lanes import HEARD, Lanes
from hermes_tui.kernel.tasks.agenda import Agenda
from hermes_tui.kernel.tasks.attempt import carry_out, place_of

_STOPPING = frozenset(
    {EditKind.CANCEL, EditKind.PAUSE, EditKind.SKIP, EditKind.REMOVE, EditKind.EDIT, EditKind.RESTORE}
)
_ENDINGS = frozenset({TaskFinished, TaskFailed, TaskSkipped, TaskCancelled, ToolFinished})
_MOVING = frozenset({ApprovalGiven, PlanEdited, RunAbandoned})
HELD = 64
"""How many tasks whose lane is full are passed over for others in one look."""
TURN_S = 0.005
"""How long tasks may follow each other before everything else on the loop has its turn."""


class Scheduler:
    """Drives one run's graph. `stopped` is the first error that keeps tasks from starting, `parked` what waits.

    `abandoned` says that the run was given up meanwhile.
    """

    def __init__(self, kit: Kit, place: Place) -> None:
        self.kit = kit
        self.place = place
        self._session = kit.session
        self.stopped: HermesError | None = None
        self.parked: set[TaskId] = set()
        self._running: dict[TaskId, asyncio.Task[None]] = {}
        self._at: dict[asyncio.Task[None], Task] = {}
        self._moved = asyncio.Event()
        self._agenda = Agenda()
        self._lanes = Lanes(kit.width, kit.slots)
        self._edited: set[TaskId] = set()
        self.abandoned = False

    async def run(self) -> None:
        """Return when no task runs and none can start, or when the run is abandoned.

        Raises:
            JournalError: the journal failed; every task was cancelled.
        """
        bus = self._session.bus
        leave = [
            bus.subscribe(self._ended, _ENDINGS),
            bus.subscribe(self._hear, _MOVING),
            bus.subscribe(self._lanes.hear, HEARD),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                await self._drive(group)
        except BaseExceptionGroup as failed:
            raise first_of(failed) from failed
        finally:
            for each in leave:
                each()

    async def _drive(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._moved.clear()
            for task in self._ready():
                self._start(group, task)
            if not self._running and (self.abandoned or not self._attended()):
                return
            await self._moved.wait()

    def _attended(self) -> bool:
        """Whether someone is there who will answer what waits."""
        return self.kit.attended and bool(self.parked) and self.stopped is None

    def _hear(self, record: Record) -> None:
        """Move on with an answer, and with an edit of the plan: what it cancels or changes stops now."""
        match record.body:
            case ApprovalGiven():
                self._agenda.edited()
            case PlanEdited():
                self._agenda.edited()
                for op in record.body.ops:
                    self._change(op)
            case RunAbandoned():
                self.abandoned = True
                for name, running in self._running.items():
                    self._edited.add(name)
                    running.cancel()
            case _:
                return
        self._moved.set()

    def _ended(self, record: Record) -> None:
        """Let what waited for an ending task move on; one that recovers has not ended."""
        body, task = record.body, record.place.task
        goes_on = (type(body) is ToolFinished and not body.ends_task) or (type(body) is TaskFailed and body.recovering)
        if task is not None and not goes_on:
            self._agenda.ended(task, self._session.state.graph)

    def _change(self, op: PlanOp) -> None:
        self.parked.discard(op.target)
        running = self._running.get(op.target)
        if running is not None and op.kind in _STOPPING and running is not asyncio.current_task():
            self._edited.add(op.target)
            running.cancel()

    def _unpark(self) -> None:
        """Let every task go on whose questions are all answered."""
        calls = self._session.state.calls
        self.parked &= {task for asked in calls.waiting if (task := calls.askers.get(asked.approval_id)) is not None}

    def _ready(self) -> list[Task]:
        """Return what starts now, its room taken."""
        if self.abandoned:
            return []
        if self.parked:
            self._unpark()
        agenda, lanes = self._agenda, self._lanes
        for lost, dead in agenda.unreachable(lambda: self._session.state.graph):
            skipped = TaskSkipped(why=f"{dead} did not end well", dead=True)
            self._session.emit(skipped, place_of(self.kit, self.place, lost))
        if self.stopped is not None:
            return []
        graph = self._session.state.graph
        ready: dict[TaskId, Task] = {}
        held: dict[TaskId, Task] = {}
        while (lanes.free or agenda.roomless(graph)) and len(held) < HELD:
            task = agenda.next(graph, (self._running, self.parked, ready, held))
            if task is None:
                break
            (ready if lanes.enter(task) else held)[task.id] = task
        for name in held:
            agenda.offer(name)
        return list(ready.values())

    def _start(self, group: asyncio.TaskGroup, task: Task) -> None:
        running = group.create_task(self._follow(group, task), name=f"task:{task.id}")
        self._running[task.id], self._at[running] = running, task
        # Not a `finally` of the task's own: one that is cancelled before its first step never runs any.
        running.add_done_callback(self._left)

    def _left(self, running: asyncio.Task[None]) -> None:
        """Clear up after what was carried out last, and see what comes next."""
        task = self._at.pop(running, None)
        if task is not None:
            self._done(task)
        self._moved.set()

    def _done(self, task: Task) -> None:
        self._edited.discard(task.id)
        self._running.pop(task.id, None)
        self._lanes.leave(task)
        graph = self._session.state.graph
        if task.id in graph.tasks and not graph.status[task.id].state.ended:
            self._agenda.offer(task.id)

    async def _follow(self, group: asyncio.TaskGroup, task: Task) -> None:
        """Carry `task` out, and what its end made ready: a chain needs no turn of the loop for each of its tasks.

        What else became ready starts beside it.
        """
        running, clock = self._running[task.id], self.kit.clock
        until = clock.monotonic() + TURN_S
        while True:
            await self._carry_out(task)
            self._done(self._at.pop(running))
            ready = self._ready()
            for other in ready[1:]:
                self._start(group, other)
            if not ready:
                return
            task = ready[0]
            self._running[task.id], self._at[running] = running, task
            if clock.monotonic() >= until:
                await asyncio.sleep(0)
                until = clock.monotonic() + TURN_S

    async def _carry_out(self, task: Task) -> None:
        try:
            rested = await carry_out(self.kit, self.place, task)
        except asyncio.CancelledError:
            if task.id not in self._edited:
                raise
            await self._leave(task)
        else:
            if rested is not None:
                self._rest(task, rested.error)

    async def _leave(self, task: Task) -> None:
        """Clear up after a task that an edit stopped: take back what it wrote, find out what it may have sent."""
        try:
            await settle_task(self.kit, task.id)
        except ApprovalPending as pending:
            self._rest(task, pending)

    def _rest(self, task: Task, error: HermesError) -> None:
        if isinstance(error, ApprovalPending):
            self.parked.add(task.id)
        else:
            self.stopped = self.stopped or error


def first_of(error: BaseException) -> BaseException:
    """Return the first plain error inside a group, and inside its groups."""
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return first_of(inner[0]) if inner else error
