"""A task from its first attempt to its end: guard, doubts of an earlier attempt, the work, and its recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hermes_tui.domain.errors import ApprovalPending, HermesError, JournalError, LimitReached, ToolError
from hermes_tui.domain.events import TaskFailed, TaskFinished, TaskSkipped, TaskStarted, TaskWaiting
from hermes_tui.domain.ids import MAIN_AGENT, AgentId
from hermes_tui.domain.late import late
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.graph import GraphState, TaskStatus
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel.budget import check_seconds
from hermes_tui.kernel.in_doubt import settle_task
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.tasks.condition import holds
from hermes_tui.kernel.tasks.perform import perform

if TYPE_CHECKING:
    from hermes_tui.kernel.tasks import recover
else:
    recover = late("hermes_tui.kernel.tasks.recover")

_SPEAKING: Final = (TaskKind.AGENT, TaskKind.LLM)


@frozen(kw_only=False)
class Rested:
    """A task that cannot go on now: it waits for an operator, or for what `error` says is missing."""

    error: HermesError

    @property
    def parked(self) -> bool:
        """Whether an answer of the operator lets it go on."""
        return isinstance(self.error, ApprovalPending)


def place_of(kit: Kit, run: Place, task: Task) -> Place:
    """Return where the records of the next attempt at `task` belong; one that was interrupted keeps its number."""
    status = kit.session.state.graph.status[task.id]
    again = status.state in (TaskState.RUNNING, TaskState.WAITING)
    attempt = status.attempts if again else status.attempts + 1
    agent = AgentId(task.id) if task.kind in _SPEAKING else MAIN_AGENT
    return replace(run, task=task.id, attempt=attempt or 1, agent=agent)


async def carry_out(kit: Kit, run: Place, task: Task) -> Rested | None:
    """Try the task until it ended; return what it waits for where it cannot go on.

    Raises:
        JournalError: the journal failed.
    """
    if task.when is not None and not holds(task.when, _graph(kit)):
        kit.session.emit(TaskSkipped(why="its guard is false"), place_of(kit, run, task))
        return None
    try:
        while (status := _open(_graph(kit), task)) is not None:
            if status.recovering:
                await _recover(kit, run, task, status)
            else:
                await _attempt(kit, run, task)
    except JournalError:
        raise
    except HermesError as error:
        rested = Rested(error)
        what = "approval" if rested.parked else "limit" if isinstance(error, LimitReached) else "provider"
        kit.session.emit(TaskWaiting(what=what, why=error.message), _same(kit, run, task))
        return rested
    return None


def _open(graph: GraphState, task: Task) -> TaskStatus | None:
    """Return where the task is, if it is still what it was and has not ended; one that was edited starts anew."""
    if graph.tasks.get(task.id) is not task:
        return None
    status = graph.status[task.id]
    return None if status.state.ended else status


def _graph(kit: Kit) -> GraphState:
    return kit.session.state.graph


def _same(kit: Kit, run: Place, task: Task) -> Place:
    """Return the place of the attempt that was begun last."""
    return replace(place_of(kit, run, task), attempt=max(1, _graph(kit).status[task.id].attempts))


async def _recover(kit: Kit, run: Place, task: Task, status: TaskStatus) -> None:
    """Decide what follows a failed attempt: another one, or the end."""
    place = _same(kit, run, task)
    error = ToolError(status.failed_with, kind=status.kind)
    if not await recover.recover(kit, task, place, error):
        kit.session.emit(TaskFailed(kind=error.kind, message=error.message, seconds=0.0), place)


async def _attempt(kit: Kit, run: Place, task: Task) -> None:
    if kit.gate.closed:
        await kit.gate.passed()
    check_seconds(kit)
    if kit.session.state.calls.intents:
        await settle_task(kit, task.id)
    place = place_of(kit, run, task)
    if task.kind is not TaskKind.TOOL:
        kit.session.emit(TaskStarted(), place)
    began = kit.clock.monotonic()
    try:
        result = await perform(kit, task, place)
    except ToolError as error:
        seconds = kit.clock.monotonic() - began
        recovering = not recover.is_final(kit, task, place, error)
        failed = TaskFailed(kind=error.kind, message=str(error), seconds=seconds, recovering=recovering)
        kit.session.emit(failed, place)
        return
    if result is not None:
        kit.session.emit(TaskFinished(result=result, seconds=kit.clock.monotonic() - began), place)
