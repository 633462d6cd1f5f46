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
)
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task
from hermes_tui.kernel.in_doubt import settle_task
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.lanes import Lanes
from hermes_tui.kernel.tasks.agenda import Agenda
from hermes_tui.kernel.tasks.attempt import carry_out, place_of

_STOPPING = frozenset(
    {EditKind.CANCEL, EditKind.PAUSE, EditKind.SKIP, EditKind.REMOVE, EditKind.EDIT, EditKind.RESTORE}
)
_MOVING = frozenset({TaskFinished, TaskFailed, TaskSkipped, TaskCancelled, ApprovalGiven, PlanEdited, RunAbandoned})
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
        leave = self.kit.session.bus.subscribe(self._hear)
        try:
            async with asyncio.TaskGroup() as group:
                await self._drive(group)
        except BaseExceptionGroup as failed:
            raise first_of(failed) from failed
        finally:
            leave()

    async def _drive(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._moved.clear()
            self._unpark()
            for task in self._ready():
                self._start(group, task)
            if not self._running and (self.abandoned or not self._attended()):
                return
            await self._moved.wait()

    def _attended(self) -> bool:
        """Whether someone is there who will answer what waits."""
        return self.kit.attended and bool(self.parked) and self.stopped is None

    def _hear(self, record: Record) -> None:
        """Move on with each ending, an answer, and an edit of the plan: what it cancels or changes stops now."""
        self._lanes.hear(record)
        if type(record.body) not in _MOVING:
            return
        match record.body:
            case TaskFinished() | TaskFailed() | TaskSkipped() | TaskCancelled():
                self._ended(record)
                return
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
        recovering = isinstance(record.body, TaskFailed) and record.body.recovering
        if record.place.task is not None and not recovering:
            self._agenda.ended(record.place.task, self._graph())

    def _change(self, op: PlanOp) -> None:
        self.parked.discard(op.target)
        running = self._running.get(op.target)
        if running is not None and op.kind in _STOPPING and running is not asyncio.current_task():
            self._edited.add(op.target)
            running.cancel()

    def _unpark(self) -> None:
        """Let every task go on whose questions are all answered."""
        calls = self.kit.session.state.calls
        self.parked &= {task for asked in calls.waiting if (task := calls.askers.get(asked.approval_id)) is not None}

    def _graph(self) -> GraphState:
        return self.kit.session.state.graph

    def _ready(self) -> list[Task]:
        """Return what starts now, its room taken."""
        if self.abandoned:
            return []
        self._skip_unreachable()
        if self.stopped is not None:
            return []
        roomless = self._agenda.roomless(self._graph())
        ready: list[Task] = []
        taken = set[TaskId]()
        held: list[TaskId] = []
        while (self._lanes.free or roomless) and len(held) < HELD:
            task = self._agenda.next(self._graph(), (taken, self._running, self.parked))
            if task is None:
                break
            taken.add(task.id)
            if self._lanes.enter(task):
                ready.append(task)
            else:
                held.append(task.id)
        for name in held:
            self._agenda.offer(name)
        return ready

    def _start(self, group: asyncio.TaskGroup, task: Task) -> None:
        running = group.create_task(self._follow(group, task), name=f"task:{task.id}")
        self._begin(running, task)
        # Not a `finally` of the task's own: one that is cancelled before its first step never runs any.
        running.add_done_callback(self._left)

    def _begin(self, running: asyncio.Task[None], task: Task) -> None:
        self._running[task.id] = running
        self._at[running] = task

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
            if clock.monotonic() >= until:
                return
            self._unpark()
            ready = self._ready()
            for other in ready[1:]:
                self._start(group, other)
            if not ready:
                return
            task = ready[0]
            self._begin(running, task)

    def _skip_unreachable(self) -> None:
        """Skip every task that waits for one that did not end well, and what waits for it in turn."""
        for task, dead in self._agenda.unreachable(self._graph):
            self.kit.session.emit(
                TaskSkipped(why=f"{dead} did not end well", dead=True), place_of(self.kit, self.place, task)
            )

    async def _carry_out(self, task: Task) -> None:
        try:
            rested = await carry_out(self.kit, self.place, task)
        except asyncio.CancelledError:
            if task.id not in self._edited:
                raise
            await self._leave(task)
        else:
            self._rest(task, rested.error if rested is not None else None)

    async def _leave(self, task: Task) -> None:
        """Clear up after a task that an edit stopped: take back what it wrote, find out what it may have sent."""
        try:
            await settle_task(self.kit, task.id)
        except ApprovalPending as pending:
            self._rest(task, pending)

    def _rest(self, task: Task, error: HermesError | None) -> None:
        if isinstance(error, ApprovalPending):
            self.parked.add(task.id)
        elif error is not None:
            self.stopped = self.stopped or error


def first_of(error: BaseException) -> BaseException:
    """Return the first plain error inside a group, and inside its groups."""
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return first_of(inner[0]) if inner else error
