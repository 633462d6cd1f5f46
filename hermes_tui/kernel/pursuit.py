"""A run from its start or its resume to its end: doubts, graph, criteria, reflection, undoing, verdict."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from hermes_tui.domain.errors import (
    ApprovalPending,
    HermesError,
    Interrupted,
    LimitReached,
    NoProvider,
    ProviderError,
)
from hermes_tui.domain.events import ArtifactMade, CriterionChecked, RunAbandoned, RunEnded
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.late import late
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.tasks import Criterion, TaskKind, TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.in_doubt import settle_doubts
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.loop_guard import LOOP
from hermes_tui.kernel.schedule import Scheduler
from hermes_tui.kernel.tasks import abandon
from hermes_tui.kernel.tasks.abandon import begin_undoing, skip_dormant

if TYPE_CHECKING:
    from hermes_tui.kernel.tasks import reflect
else:
    reflect = late("hermes_tui.kernel.tasks.reflect")

Check = Callable[[Criterion], Awaitable[CriterionChecked]]
Deliver = Callable[[], tuple[ArtifactMade, ...]]


@frozen
class Pursuit:
    """How a run is brought to its end; `check` tests one criterion, `deliver` lists what stands in `artifacts/`."""

    kit: Kit
    place: Place
    check: Check
    deliver: Deliver

    async def run(self) -> RunEnded:
        """Pursue the goal of the session's run; return its durable end.

        Raises:
            JournalError: the journal failed; the run can be resumed from its last durable record.
        """
        try:
            ended = await self._pursue()
        except asyncio.CancelledError:
            ended = self._ended("interrupted", 130, "Interrupted; finished work is kept.")
        except (ApprovalPending, LimitReached, NoProvider, ProviderError) as error:
            ended = self._stopped(error)
        record = self.kit.session.emit(ended, self.place)
        await asyncio.shield(self.kit.session.commit(record))
        self.kit.day.give_back()
        return ended

    async def _pursue(self) -> RunEnded:
        """Pursue the goal; whatever runs in the background has ended when this returns, and how is on record."""
        try:
            return await self._pursued()
        finally:
            if self.kit.shells is not None:
                await asyncio.shield(self.kit.shells.end())

    async def _pursued(self) -> RunEnded:
        await settle_doubts(self.kit, self.place)
        ended = None
        while ended is None:
            rested = await self._work()
            if rested is not None:
                return rested
            ended = await self._judged()
        skip_dormant(self.kit, self.place)
        return ended

    async def _work(self) -> RunEnded | None:
        """Carry the graph out, or what undoes it; return an end only where the run has to rest."""
        if not self._given_up():
            rested = await self._scheduled()
            if rested is not None or not self._given_up():
                return rested
            await settle_doubts(self.kit, self.place)
        begin_undoing(self.kit, self.place)
        return await self._scheduled()

    def _given_up(self) -> bool:
        return bool(self.kit.session.state.run.abandoned)

    async def _scheduled(self) -> RunEnded | None:
        scheduler = Scheduler(self.kit, self.place)
        close = self.kit.crew.open(self.kit, self.place) if self.kit.crew is not None else None
        try:
            await scheduler.run()
        finally:
            if close is not None:
                await close()
        for made in self.deliver():
            self.kit.session.emit(made, self.place)
        if scheduler.stopped is not None:
            return self._stopped(scheduler.stopped)
        return self._waiting() if scheduler.parked and not scheduler.abandoned else None

    def _ended(self, status: str, code: int, reason: str, limit: str | None = None) -> RunEnded:
        match status:
            case "limited" | "needs_approval" | "no_provider" | "interrupted" | "not_done" | "error":
                return RunEnded(
                    status=status,
                    exit_code=code,
                    answer=answer_of(self.kit.session.state),
                    reason=reason,
                    limit=limit,
                )
            case _:
                raise ValueError(status)

    def _stopped(self, error: HermesError) -> RunEnded:
        match error:
            case LimitReached():
                return self._ended("limited", 3, str(error), error.limit)
            case ApprovalPending():
                return self._ended("needs_approval", 4, str(error))
            case NoProvider():
                return self._ended("no_provider", 5, str(error))
            case Interrupted():
                return self._ended("interrupted", 128 + error.signal, str(error))
            case _:
                return self._ended("not_done", 1, str(error))

    def _waiting(self) -> RunEnded:
        waiting = self.kit.session.state.calls.waiting
        said = "; ".join(f"{asked.asker}{asked.asker and ', '}{asked.tool}: {asked.what}" for asked in waiting)
        return self._ended("needs_approval", 4, f"Waits for you: {said}.")

    async def _judged(self) -> RunEnded | None:
        """Return the end that the graph and the criteria make; None where more is to be done first."""
        state = self.kit.session.state
        if self._given_up():
            said = f"Given up: {state.run.abandoned}. {abandon.outcome(state.graph)}"
            return self._ended("not_done", 1, said.strip())
        reason, failed = await self._verdict()
        if not reason:
            verified = bool(state.run.goal and state.run.goal.criteria)
            return RunEnded(status="done", exit_code=0, answer=answer_of(self.kit.session.state), verified=verified)
        if reflect.reflect(self.kit, self.place, failed):
            return None
        if looped := self._looped():
            return self._ended(
                "limited", 3, f"{reason} Then: hermes runs edit {self.place.session} --retry {looped}", LOOP
            )
        if abandon.undoable(self.kit.session.state.graph):
            self.kit.session.emit(RunAbandoned(by="kernel", why=reason), self.place)
            return None
        tries = state.run.reflections
        return self._ended("not_done", 1, f"{reason} after {tries} rounds of reflection" if tries else reason)

    def _looped(self) -> TaskId | None:
        """Return a task that the loop guard ended for good; the run can go on once its plan says how."""
        graph = self.kit.session.state.graph
        return next(
            (task for task, one in graph.status.items() if one.state is TaskState.FAILED and one.kind == LOOP), None
        )

    async def _verdict(self) -> tuple[str, list[CriterionChecked]]:
        """Return why the goal is not met, empty if it is, and the criteria that failed."""
        state = self.kit.session.state
        criteria = state.run.goal.criteria if state.run.goal is not None else ()
        failed: list[CriterionChecked] = []
        for criterion in criteria:
            checked = await self.check(criterion)
            self.kit.session.emit(checked, self.place)
            if not checked.ok:
                failed.append(checked)
        if failed:
            return f"{len(failed)} of {len(criteria)} criteria failed: {failed[0].text}", failed
        broken = [task for task, status in state.graph.status.items() if status.state is TaskState.FAILED]
        if broken and not self._tolerated(broken):
            return f"Task {broken[0]} failed: {state.graph.status[broken[0]].note}", []
        return "", []

    def _tolerated(self, broken: list[TaskId]) -> bool:
        """Whether every failed task is one that a task which ended well was told to do without."""
        graph = self.kit.session.state.graph
        spared = {
            need
            for task in graph.tasks.values()
            if task.partial and graph.state_of(task.id) is TaskState.DONE
            for need in task.needs
        }
        return spared.issuperset(broken)


def answer_of(state: SessionState) -> str:
    """Return the answer of the last agent that no other one waits for, else the last tool task's result."""
    graph = state.graph
    ended = [task for task in graph.tasks.values() if graph.state_of(task.id) is TaskState.DONE]
    spoken = [task for task in ended if task.kind in (TaskKind.AGENT, TaskKind.LLM)]
    read = {need for task in spoken for need in task.waits_for}
    for task in reversed([task for task in spoken if task.id not in read] or ended):
        return _said(json.loads(graph.status[task.id].result or "null"))
    return ""


def _said(result: object) -> str:
    """Return a result as text; what a command printed is what it said."""
    match result:
        case str():
            return result
        case {"exit_code": int(), "stdout": str(printed)}:
            return printed.strip()
        case _:
            return json.dumps(result, ensure_ascii=False)
