"""Run the task graph: start what is ready, by priority, until nothing more can start."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import cast

from hermes_tui.domain.errors import ApprovalPending, HermesError, JournalError, ToolError
from hermes_tui.domain.events import (
    ApprovalGiven,
    EditKind,
    MessageGiven,
    PlanEdited,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
)
from hermes_tui.domain.ids import MAIN_AGENT, AgentId, CallId, TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Guard, Operator, Task, TaskKind, TaskState
from hermes_tui.kernel import dispatch
from hermes_tui.kernel.agenda import Agenda
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.turn import run_turn

_SPEAKING = frozenset({TaskKind.AGENT, TaskKind.LLM})
_STOPPING = frozenset({EditKind.CANCEL, EditKind.PAUSE, EditKind.SKIP, EditKind.REMOVE})


class Scheduler:
    """Drives one run's graph. `stopped` is the first error that keeps tasks from starting, `parked` what waits."""

    def __init__(self, kit: Kit, place: Place) -> None:
        self.kit = kit
        self.place = place
        self.stopped: HermesError | None = None
        self.parked: set[TaskId] = set()
        self._running: dict[TaskId, asyncio.Task[None]] = {}
        self._moved = asyncio.Event()
        self._agenda = Agenda()

    async def run(self) -> None:
        """Return when no task runs and none can start.

        Raises:
            JournalError: the journal failed; every task was cancelled.
        """
        leave = self.kit.session.bus.subscribe(self._hear)
        try:
            async with asyncio.TaskGroup() as group:
                await self._drive(group)
        except BaseExceptionGroup as failed:
            raise _first(failed) from failed
        finally:
            leave()

    async def _drive(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._moved.clear()
            self._unpark()
            self._skip_unreachable()
            self._start_ready(group)
            if not self._running and not self._attended():
                return
            await self._moved.wait()

    def _attended(self) -> bool:
        """Whether someone is there who will answer what waits."""
        return self.kit.attended and bool(self.parked) and self.stopped is None

    def _hear(self, record: Record) -> None:
        """Move on with each ending, an answer, and an edit of the plan: what it cancels or pauses stops now."""
        match record.body:
            case TaskFinished() | TaskFailed() | TaskSkipped() | TaskCancelled():
                if record.place.task is not None:
                    self._agenda.ended(record.place.task, self._graph())
                return
            case ApprovalGiven():
                self._agenda.edited()
            case PlanEdited():
                self._agenda.edited()
                for op in record.body.ops:
                    self.parked.discard(op.target)
                    running = self._running.get(op.target)
                    if running is not None and op.kind in _STOPPING:
                        running.cancel()
            case _:
                return
        self._moved.set()

    def _unpark(self) -> None:
        """Let every task go on whose questions are all answered."""
        calls = self.kit.session.state.calls
        self.parked &= {task for asked in calls.waiting if (task := calls.askers.get(asked.approval_id)) is not None}

    def _graph(self) -> GraphState:
        return self.kit.session.state.graph

    def _start_ready(self, group: asyncio.TaskGroup) -> None:
        if self.stopped is not None:
            return
        busy = {*self._running, *self.parked}
        while len(self._running) < self.kit.width:
            task = self._agenda.next(self._graph(), busy)
            if task is None:
                return
            busy.add(task.id)
            self._running[task.id] = group.create_task(self._carry_out(task), name=f"task:{task.id}")

    def _skip_unreachable(self) -> None:
        """Skip every task that waits for one that did not end well, and what waits for it in turn."""
        for task, dead in self._agenda.unreachable(self._graph):
            self.kit.session.emit(TaskSkipped(why=f"{dead} did not end well", dead=True), self._place(task))

    def _place(self, task: Task) -> Place:
        status = self._graph().status[task.id]
        again = status.state in (TaskState.RUNNING, TaskState.WAITING)
        attempt = status.attempts if again else status.attempts + 1
        agent = AgentId(task.id) if task.kind in _SPEAKING else MAIN_AGENT
        return replace(self.place, task=task.id, attempt=max(attempt, 1), agent=agent)

    async def _carry_out(self, task: Task) -> None:
        try:
            await self._attempts(task)
        finally:
            self._running.pop(task.id, None)
            self._agenda.offer(task.id)
            self._moved.set()

    async def _attempts(self, task: Task) -> None:
        """Try the task as often as it may be tried."""
        if task.when is not None and not holds(task.when, self._graph()):
            self.kit.session.emit(TaskSkipped(why="its guard is false"), self._place(task))
            return
        while True:
            await self.kit.gate.passed()
            place = self._place(task)
            self.kit.session.emit(TaskStarted(), place)
            began = self.kit.clock.monotonic()
            try:
                result = await self._perform(task, place)
            except ApprovalPending as pending:
                self.parked.add(task.id)
                self.kit.session.emit(TaskWaiting(what="approval", why=pending.message), place)
                return
            except ToolError as error:
                seconds = self.kit.clock.monotonic() - began
                self.kit.session.emit(TaskFailed(kind=error.kind, message=str(error), seconds=seconds), place)
                if place.attempt > task.retry:
                    return
            except JournalError:
                raise
            except HermesError as error:
                self.stopped = self.stopped or error
                self.kit.session.emit(TaskWaiting(what="provider", why=error.message), place)
                return
            else:
                seconds = self.kit.clock.monotonic() - began
                self.kit.session.emit(TaskFinished(result=result, seconds=seconds), place)
                return

    async def _perform(self, task: Task, place: Place) -> str:
        """Do what the task is; return its result as JSON text."""
        match task.kind:
            case TaskKind.TOOL:
                return await self._call_tool(task, place)
            case TaskKind.AGENT | TaskKind.LLM:
                return json.dumps(await self._converse(task, place))
            case TaskKind.JOIN:
                return json.dumps({need: json.loads(self._graph().status[need].result) for need in task.needs})
            case TaskKind.TIMER:
                await self.kit.clock.sleep(float(json.loads(task.args).get("seconds", 0)))
                return "null"
            case TaskKind.APPROVAL:
                arguments = json.dumps({"question": task.title})
                await dispatch.dispatch(self.kit, self._call(task, "ask", arguments), place)
                return "true"

    def _call(self, task: Task, tool: str, arguments: str) -> dispatch.Call:
        failures = self._graph().status[task.id].attempts
        return dispatch.Call(
            call_id=CallId(f"{task.id}-r{failures}"[-40:]),
            tool=tool,
            arguments=arguments,
            rationale=task.title,
            raised=task.effect,
            timeout_s=task.timeout_s,
            key=f"{place_key(self.place)}-{task.key}" if task.key else "",
        )

    async def _call_tool(self, task: Task, place: Place) -> str:
        finished = self._graph().status[task.id].call
        if finished is None:
            results = {str(need): self._graph().status[need].result for need in task.needs}
            arguments, env = self.kit.substitute(task.use, task.args, results)
            call = replace(self._call(task, task.use, arguments), env=env)
            finished = await dispatch.dispatch(self.kit, call, place)
        if not finished.ok:
            raise ToolError(finished.output, kind=finished.error_kind or "failed")
        return finished.data if finished.data != "null" else json.dumps(finished.output)

    async def _converse(self, task: Task, place: Place) -> str:
        crew = self.kit.crew if task.kind is TaskKind.AGENT else None
        if crew is not None and crew.takes(task, place):
            return await crew.carry_out(task, json.loads(task.args).get("goal", "") or task.title, place)
        if self.kit.session.state.talk.of(place.agent).run != place.run:
            text = json.loads(task.args).get("goal", "") or task.title
            self.kit.session.emit(MessageGiven(text=text), place)
        return await run_turn(self.kit, place, task.model or "cortex")


def place_key(place: Place) -> str:
    """Return the part of an idempotency key that is the run's."""
    return f"{place.session}-{place.run}"


def holds(guard: Guard, graph: GraphState) -> bool:
    """Return whether a guard compares true; a path that is not there holds only for `ne`."""
    found: object = None
    present = True
    try:
        found = json.loads(graph.status[guard.task].result)
        for key in filter(None, guard.path.split(".")):
            found = _inside(found, key)
    except (KeyError, IndexError, ValueError):
        present = False
    return _compares(guard, found, present=present)


def _inside(value: object, key: str) -> object:
    if isinstance(value, dict):
        return cast("dict[str, object]", value)[key]
    if isinstance(value, list):
        return cast("list[object]", value)[int(key)]
    raise KeyError(key)


def _compares(guard: Guard, found: object, *, present: bool) -> bool:
    wanted: object = json.loads(guard.value)
    match guard.op:
        case Operator.EXISTS:
            return present
        case Operator.EQ:
            return present and found == wanted
        case Operator.NE:
            return not present or found != wanted
        case Operator.GT | Operator.LT:
            if not isinstance(found, int | float) or not isinstance(wanted, int | float):
                return False
            return found > wanted if guard.op is Operator.GT else found < wanted


def _first(error: BaseException) -> BaseException:
    """Return the first plain error inside a group."""
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return _first(inner[0]) if inner else error
