"""A run from its start or its resume to its end: doubts, graph, criteria, verdict."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hermes_tui.domain.errors import (
    ApprovalPending,
    HermesError,
    Interrupted,
    LimitReached,
    NoProvider,
    ProviderError,
)
from hermes_tui.domain.events import ArtifactMade, CriterionChecked, RunEnded
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.tasks import Criterion, TaskKind, TaskState
from hermes_tui.kernel.doubt import settle_doubts
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.schedule import Scheduler

Check = Callable[[Criterion], Awaitable[CriterionChecked]]
Deliver = Callable[[], tuple[ArtifactMade, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
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
        await settle_doubts(self.kit, self.place)
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
        if scheduler.parked:
            return self._waiting()
        return await self._judged()

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
        said = "; ".join(f"{asked.tool}: {asked.what}" for asked in waiting)
        return self._ended("needs_approval", 4, f"Waits for you: {said}.")

    async def _judged(self) -> RunEnded:
        """Check every criterion; the graph alone decides where the goal has none."""
        state = self.kit.session.state
        goal = state.run.goal
        criteria = goal.criteria if goal is not None else ()
        failed: list[str] = []
        for criterion in criteria:
            checked = await self.check(criterion)
            self.kit.session.emit(checked, self.place)
            if not checked.ok:
                failed.append(checked.text)
        if failed:
            return self._ended("not_done", 1, f"{len(failed)} of {len(criteria)} criteria failed: {failed[0]}")
        broken = [task for task, status in state.graph.status.items() if status.state is TaskState.FAILED]
        if broken:
            note = state.graph.status[broken[0]].note
            return self._ended("not_done", 1, f"Task {broken[0]} failed: {note}")
        answer = answer_of(self.kit.session.state)
        return RunEnded(status="done", exit_code=0, answer=answer, verified=bool(criteria))


def answer_of(state: SessionState) -> str:
    """Return the last agent's answer, or the last tool task's result, or what the conversation last said."""
    graph = state.graph
    ended = [task for task in graph.tasks.values() if graph.state_of(task.id) is TaskState.DONE]
    spoken = [task for task in ended if task.kind in (TaskKind.AGENT, TaskKind.LLM)]
    for task in reversed(spoken or ended):
        result: object = json.loads(graph.status[task.id].result or "null")
        return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return ""
