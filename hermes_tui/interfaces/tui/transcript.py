"""From records to the rows of the transcript, as they happen or all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hermes_tui.domain.approval import Decision
from hermes_tui.domain.events import (
    AgentEnded,
    AgentEvent,
    AgentSpawned,
    ApprovalAsked,
    ApprovalEvent,
    ApprovalGiven,
    BudgetEvent,
    CapRaised,
    ConfigApplied,
    ConfigRefused,
    ContextEvent,
    CriterionChecked,
    EditKind,
    GuardEvent,
    InterruptAsked,
    MessageGiven,
    ModeChanged,
    ModelEvent,
    ModelRequested,
    OperatorEvent,
    PlanEdited,
    RecoveryTried,
    ReflectionBegun,
    RunAbandoned,
    RunEnded,
    RunEvent,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUnpaused,
    SessionForked,
    ShellEvent,
    ShellStarted,
    StrategyChosen,
    TaskEvent,
    TaskFailed,
    TaskSkipped,
    TaskWaiting,
    ToolEvent,
    ToolFinished,
    ToolIntended,
    ToolRefused,
    ToolRequested,
    ToolResolved,
)
from hermes_tui.domain.events.shell import OPERATOR
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId, TaskId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.parts import Part
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import TaskKind
from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui import notices, subagents
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, IN_DOUBT, STOPPED
from hermes_tui.interfaces.tui.drawing.row_window import Row
from hermes_tui.interfaces.tui.notices import call_key, origin
from hermes_tui.interfaces.tui.plan_row import PlanRow
from hermes_tui.interfaces.tui.replies import Replies
from hermes_tui.interfaces.tui.rows import Call, CallState, Gone, Notice, Origin, Said
from hermes_tui.interfaces.tui.time_limits import LimitOf, unknown
from hermes_tui.interfaces.tui.waits import Waits

_SAID_ELSEWHERE: Final = ("approval", "limit")
"""Waits that have a row of their own: the question, and the cap that was reached."""
AT_ONCE_S: Final = 5.0
"""A run that was stopped so that another brain takes its step over goes on within so many seconds."""


class Transcript:
    """The rows so far. Taking a record returns the rows that are new or changed, in order."""

    def __init__(
        self, *, first_token_s: float | None = None, limit_of: LimitOf = unknown, whole_lines: bool = False
    ) -> None:
        self.replies = Replies(first_token_s=first_token_s, whole_lines=whole_lines)
        self.limit_of = limit_of
        self._goal = ""
        self._kinds: dict[TaskId, TaskKind] = {}
        self._titles: dict[TaskId, str] = {}
        self._calls: dict[CallId, Call] = {}
        self._asked: dict[ApprovalId, ApprovalAsked] = {}
        self._shells: dict[str, ShellStarted] = {}
        self._waits = Waits()
        self._live = False
        self._interrupt: tuple[Origin, str] | None = None
        self._stop: Notice | None = None
        self._ended: Notice | None = None
        self._unread: dict[AgentId, list[Said]] = {}
        self._criteria: list[bool] = []
        self._began = 0.0
        self.plan = PlanRow()

    def take(self, record: Record) -> list[Row]:
        """Return the rows that a record adds or changes."""
        return list(self._rows(record))

    def cut_off(self, where: str = "when Hermes ended") -> list[Row]:
        """Return what was under way when Hermes ended without closing: no clock of it runs on, its end is not known."""
        return [*self._left_behind(None), *self._waits.leave(), *self.replies.cut_off(where)]

    def _left_behind(self, at: float | None) -> list[Row]:
        """Return the calls that had not ended when their run did; `at` is None where nobody knows when that was.

        One with an open question is not among them: an answer still makes it go on.
        """
        asked = {question.call_id for question in self._asked.values()}
        left = [(name, call) for name, call in self._calls.items() if call.live and name not in asked]
        return [self._kept(name, _halted(call, at)) for name, call in left]

    def _kept(self, name: CallId, call: Call) -> Call:
        """Return a call's row as it stands from now on."""
        self._calls[name] = call
        return call

    def _rows(self, record: Record) -> Iterator[Row]:
        body = record.body
        yield from self._waits.take(record)
        if isinstance(body, RunEvent):
            yield from self._taken_over(body)
            yield from self._run(record, body)
        elif isinstance(body, PlanEdited):
            yield self._plan(record, body)
        elif isinstance(body, TaskEvent):
            yield from self._task(record, body)
        elif isinstance(body, ModelEvent):
            yield from self._model(record, body)
        elif isinstance(body, ToolEvent):
            yield from self._tool(record, body)
        elif isinstance(body, ApprovalEvent):
            yield from self._approval(record, body)
        elif isinstance(body, BudgetEvent):
            yield self._budget(record, body)
        elif isinstance(body, OperatorEvent):
            yield from self._operator(record, body)
        else:
            yield from self._beside(record)

    def _taken_over(self, body: RunEvent) -> Iterator[Row]:
        """Yield what is still said of a run before, once it goes on or another begins."""
        if not isinstance(body, RunStarted | RunResumed):
            return
        if self._live:
            yield from self.cut_off()  # it has no end on record: Hermes ended without closing it
        if self._ended is not None:
            yield replace(self._ended, hint="")  # nothing is left to press for
            self._ended = None

    def _beside(self, record: Record) -> Iterator[Row]:
        """Yield what happens around the run: the guard, commands beside it, subagents and windows."""
        body = record.body
        if isinstance(body, GuardEvent):
            yield from notices.guarded(record, body)
        elif isinstance(body, ShellEvent):
            yield notices.beside(record, body, self._shells)
        else:
            yield from self._kin(record)

    def hear(self, place: Place, part: Part, at: float = 0.0) -> Row | None:
        """Return the streaming row after one more part, which came at `at`, if the part shows."""
        return self.replies.hear(place, part, at)

    def _run(self, record: Record, body: RunEvent) -> Iterator[Row]:
        match body:
            case RunStarted():
                self._live = True
                first, self._goal = not self._began, body.goal.text
                self._kinds.clear()
                self._titles.clear()
                self._began, self._criteria = record.at, []
                self.replies.begin(body.limits.usd)
                yield Said(
                    origin=origin(record), text=body.goal.text, note=notices.file_name(body.goal.path), first=first
                )
            case StrategyChosen():
                self.plan.strategy = body.strategy
            case RunResumed():
                self._live = True
                yield from self._resumed(record)
            case CriterionChecked():
                self._criteria.append(body.ok)
                sign = DONE if body.ok else FAILED
                yield replace(notices.notice(record, sign, f"check {body.text}"), details=body.evidence)
            case ReflectionBegun():
                yield notices.notice(
                    record, notices.KERNEL, f"tries again, {body.round} of {body.most}", body.failed[0]
                )
            case RunAbandoned():
                yield notices.notice(record, STOPPED, "given up", body.why)
            case RunEnded():
                self._live = False
                yield from self._left_behind(record.at)
                yield from self._end(record, body)
            case SessionForked():
                yield from self.cut_off("in this session")  # it is settled as after a crash
                said = f"{body.origin} stays as it is; what follows is this session's"
                forked = notices.notice(
                    record, notices.KERNEL, f"forked from {body.origin} at record {body.upto:,}", said
                )
                yield replace(forked, hint="/resume goes on")
            case _:
                return

    def _end(self, record: Record, body: RunEnded) -> Iterator[Row]:
        """Yield how a run ended; of an operator's interrupt that says all that there is to say."""
        asked, self._interrupt = self._interrupt, None
        interrupted = body.status == "interrupted"
        if asked is not None and asked[1] == OPERATOR and interrupted:
            yield Gone(origin=asked[0])
        ended = notices.end(record, body, self._tally())
        self._stop = ended if asked is None and interrupted else None
        self._ended = ended
        yield ended

    def _resumed(self, record: Record) -> Iterator[Row]:
        """Yield what stands there once a run goes on; one that stopped only to change brains was never away."""
        stop, self._stop = self._stop, None
        at_once = stop is not None and record.at - stop.origin.at < AT_ONCE_S
        rows = self.replies.handed_over() if at_once else []
        self.replies.resume()
        if stop is not None and rows:
            yield from (Gone(origin=stop.origin), *rows)
        else:
            yield notices.notice(record, notices.KERNEL, "resumed", "finished work is kept, nothing is repeated")

    def _tally(self) -> notices.Tally:
        replies = self.replies
        usd, said, step = replies.spending.known_usd, replies.last_text, replies.step
        return notices.Tally(tuple(self._criteria), len(self._kinds), usd, self._began, said, step)

    def _plan(self, record: Record, body: PlanEdited) -> Row:
        for op in body.ops:
            if op.task is not None:
                self._kinds[op.target], self._titles[op.target] = op.task.kind, op.task.title
            elif op.kind is EditKind.REMOVE:
                self._kinds.pop(op.target, None)
        return self.plan.told(record, body, len(self._kinds))

    def _task(self, record: Record, body: TaskEvent) -> Iterator[Row]:
        task = record.place.task or TaskId("")
        title = self._titles.get(task, task)
        match body:
            case TaskSkipped():
                yield notices.notice(record, notices.SKIPPED, title, f"skipped: {body.why}")
            case TaskWaiting() if body.what not in _SAID_ELSEWHERE:
                yield self._waits.begin(record, title, body)
            case RecoveryTried() if body.taken:
                yield notices.notice(record, notices.KERNEL, title, f"recovers by {body.rung}: {body.why}")
            case TaskFailed() if not body.recovering and self._kinds.get(task) is not TaskKind.TOOL:
                yield notices.notice(record, FAILED, title, f"failed: {body.message}", hint="F2")
            case _:
                return

    def _model(self, record: Record, body: ModelEvent) -> Iterator[Row]:
        if isinstance(body, ModelRequested):
            for unread in self._unread.pop(record.place.agent, ()):
                yield replace(unread, note=f"read {wording.clock(record.at)} ·")
        yield from self.replies.take(record, body)

    def _budget(self, record: Record, body: BudgetEvent) -> Row:
        if isinstance(body, CapRaised):
            self.replies.spending.cap, self.replies.spending.near = body.limits.usd, False
        return notices.budget(record, body)

    def _steering(self, record: Record, body: MessageGiven) -> Row:
        """Return words said while a run is live: they are read with its next request."""
        said = Said(origin=origin(record), text=body.text)
        if not self._live:
            return said
        said = replace(said, note="steers at the next step ·")
        self._unread.setdefault(record.place.agent, []).append(said)
        return said

    def _tool(self, record: Record, body: ToolEvent) -> Iterator[Row]:
        call = self._calls.get(body.call_id)
        match body:
            case ToolRequested():
                subject = body.summary.removeprefix(f"{body.tool} ").removeprefix(f"{body.tool}: ")
                call = Call(
                    origin=origin(record, call_key(body.call_id)),
                    tool=body.tool,
                    subject=subject,
                    arguments=body.arguments,
                    rationale=body.rationale,
                    effect=body.effect,
                    limit_s=self.limit_of(body.tool, body.arguments),
                    since=record.at,
                )
                begun = "asked" if body.ruling.decision is Decision.ASK else _allowed(call)
                call = replace(call, state=begun)
            case ToolIntended():
                call = replace(call, state="running", since=record.at, attempt=body.attempt) if call else None
            case ToolFinished():
                call = notices.ended(call, record, body)
            case ToolRefused():
                call = replace(call or notices.bare(record, body), state="refused", output=body.reason)
            case ToolResolved():
                yield notices.notice(record, IN_DOUBT, f"{body.call_id} was in doubt: {body.how}", body.evidence)
        if call is not None:
            yield self._kept(body.call_id, call)

    def _approval(self, record: Record, body: ApprovalEvent) -> Iterator[Row]:
        match body:
            case ApprovalAsked():
                self._asked[body.approval_id] = body
                call = self._calls.get(body.call_id)
                if call is not None and not call.ended:  # what to do about one that failed is a question too
                    yield self._kept(body.call_id, replace(call, state="asked", since=record.at))
            case ApprovalGiven():
                asked = self._asked.pop(body.approval_id, None)
                call = self._calls.get(asked.call_id) if asked else None
                if asked and call is not None and not call.ended:
                    allowed = replace(call, state=_allowed(call), since=record.at)
                    denied = replace(call, state="doubt" if asked.in_doubt else "refused", output=body.reason)
                    yield self._kept(asked.call_id, allowed if body.decision is Decision.ALLOW else denied)
                yield notices.answer(
                    record, body, wording.wanted(asked.tool, asked.what) if asked else str(body.approval_id)
                )

    @staticmethod
    def _kin(record: Record) -> Iterator[Row]:
        """Yield what became of a subagent or a window; one that the plan sends out is announced by its task."""
        body = record.body
        from_plan = isinstance(body, AgentSpawned | AgentEnded) and body.parent is None
        if from_plan or not isinstance(body, AgentEvent | ContextEvent):
            return
        told = subagents.told(record, body)
        if told is not None:
            hint = "F2" if told.details and isinstance(body, AgentEvent) else ""
            row = notices.notice(record, told.sign, told.what, told.why, hint=hint)
            yield replace(row, details=told.details)

    def _operator(self, record: Record, body: OperatorEvent) -> Iterator[Row]:
        match body:
            case MessageGiven():
                if record.place.task is not None and body.source is Source.OPERATOR:
                    yield notices.notice(record, notices.KERNEL, f"{record.place.agent} begins", body.text)
                elif body.source is not Source.OPERATOR:
                    yield notices.notice(record, notices.KERNEL, "told the model", body.text)
                elif body.text.strip() != self._goal.strip():
                    yield self._steering(record, body)
            case ModeChanged():
                yield notices.notice(record, notices.KERNEL, f"mode {body.mode.value}")
            case RunPaused():
                yield notices.notice(record, STOPPED, "frozen", f"by {body.by}; what runs goes on, nothing new starts")
            case RunUnpaused():
                yield notices.notice(record, notices.KERNEL, "thawed", f"by {body.by}")
            case InterruptAsked():
                self._interrupt = (notices.origin(record), body.by)
                yield notices.notice(record, notices.KERNEL, "interrupt", f"asked for by {body.by}")
            case ConfigApplied() | ConfigRefused():
                yield notices.edited(record, body)


def _allowed(call: Call) -> CallState:
    """Return how a call stands that may go ahead."""
    return "waiting" if call.changes else "running"


def _halted(call: Call, at: float | None) -> Call:
    """Return a call as the end of its run left it: what had begun to act may have acted, if nobody saw it end."""
    if call.state != "running":
        return replace(call, state="stopped")
    if at is None:
        return replace(call, state="doubt")
    return replace(call, state="stopped", seconds=max(at - call.since, 0.0))
