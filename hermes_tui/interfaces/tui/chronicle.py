"""What the screen knows beyond the session's state: who answers, since when, and how spending went over time."""

from __future__ import annotations

from dataclasses import field

from hermes_tui.domain.approval import Decision
from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    ModeChanged,
    ModelAwaited,
    ModelChosen,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    RunEnded,
    RunResumed,
    RunStarted,
    SessionForked,
    TaskWaiting,
    ToolFinished,
    ToolIntended,
    ToolRefused,
    ToolRequested,
)
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId, RequestId, TaskId
from hermes_tui.domain.parts import Effort
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Effect, Mode
from hermes_tui.domain.usage import Usage
from hermes_tui.domain.values import frozen, mutable, replace
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, IN_DOUBT, LEFT, NEEDS_YOU, RUNNING, WAITING, Sign

RATE_S = 360.0
"""What is spent per minute is told of so many seconds at most."""


@frozen(kw_only=False)
class Asked:
    """A question to the operator: its words, when and by whom it was asked, and its record."""

    question: ApprovalAsked
    at: float
    agent: AgentId
    task: TaskId | None
    seq: int = 0


@frozen(kw_only=False)
class Decided:
    """A question and its answer."""

    asked: Asked
    answer: ApprovalGiven
    at: float


@frozen
class Step:
    """A call of an agent as part of its task; `ended_at` is 0 while it is under way.

    One that `changes` something waits its turn until its intent, and is timed from there.
    """

    call_id: CallId
    agent: AgentId
    tool: str
    what: str
    at: float
    sign: Sign
    ended_at: float = 0.0
    changes: bool = False


@mutable
class Chronicle:
    """A fold over records that only the screen needs."""

    records: int = 0
    last_at: float = 0.0
    model: str = ""
    why: str = ""
    effort: Effort | None = None
    loading: str = ""
    role_models: dict[str, str] = field(default_factory=dict[str, str])
    model_roles: dict[str, str] = field(default_factory=dict[str, str])
    context: Usage | None = None
    open_requests: dict[RequestId, tuple[str, float]] = field(default_factory=dict[RequestId, tuple[str, float]])
    task_models: dict[TaskId, str] = field(default_factory=dict[TaskId, str])
    task_steps: dict[TaskId, int] = field(default_factory=dict[TaskId, int])
    steps: dict[TaskId, dict[CallId, Step]] = field(default_factory=dict[TaskId, dict[CallId, Step]])
    stepped: int = 0
    doubts: set[TaskId] = field(default_factory=set[TaskId])
    waits: dict[TaskId, TaskWaiting] = field(default_factory=dict[TaskId, TaskWaiting])
    asked: dict[ApprovalId, Asked] = field(default_factory=dict[ApprovalId, Asked])
    arguments: dict[CallId, str] = field(default_factory=dict[CallId, str])
    decided: list[Decided] = field(default_factory=list[Decided])
    spending: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    mode: Mode | None = None
    began: float = 0.0
    ended: float = 0.0

    def take(self, record: Record) -> None:
        """Take one record into account."""
        self.records += 1
        body = record.body
        match body:
            case ModeChanged():
                self.mode = body.mode
            case RunStarted() | RunResumed() | RunEnded():
                self._bounded(record, body)
            case SessionForked() if self.began and not self.ended:
                self.cut_off()  # what was under way goes on in the other session
            case ModelRequested() | ModelFinished() | ModelFailed() | ModelAwaited() | ModelChosen():
                self._modelled(record, body)
            case TaskWaiting():
                if record.place.task is not None:
                    self.waits[record.place.task] = body
            case ToolRequested() | ApprovalAsked() | ApprovalGiven():
                self._question(record, body)
            case _:
                self._stepped(record)
        self.last_at = record.at

    def cut_off(self) -> None:
        """Know that Hermes ended with the last record, without closing the run: what had begun to act is in doubt."""
        self.ended = self.last_at
        self.open_requests.clear()
        self._leave(self.ended, IN_DOUBT)

    def _leave(self, at: float, acting: Sign) -> None:
        """Let no call be under way any more, `acting` or not; one with an open question still waits for its answer."""
        asked = {one.question.call_id for one in self.asked.values()}
        for task, mine in self.steps.items():
            for name, step in mine.items():
                if not step.ended_at and name not in asked:
                    sign = acting if step.sign is RUNNING else LEFT
                    mine[name] = replace(step, sign=sign, ended_at=at)
                    self.doubts |= {task} if sign is IN_DOUBT else set()
        self.stepped += 1

    def _question(self, record: Record, body: ToolRequested | ApprovalAsked | ApprovalGiven) -> None:
        match body:
            case ToolRequested():
                self._begun(record, body)
                if body.ruling.decision is Decision.ASK:
                    self.arguments[body.call_id] = body.arguments
            case ApprovalAsked():
                asked = Asked(body, record.at, record.place.agent, record.place.task, record.seq)
                self.asked[body.approval_id] = asked
                self._turned(asked, record.at, NEEDS_YOU)
            case ApprovalGiven():
                answered = self.asked.pop(body.approval_id, None)
                if answered is not None:
                    self.decided.append(Decided(answered, body, record.at))
                    refused = IN_DOUBT if answered.question.in_doubt else FAILED
                    self._turned(answered, record.at, None if body.decision is Decision.ALLOW else refused)

    def _turned(self, asked: Asked, at: float, sign: Sign | None) -> None:
        """Let the call that a question is about have another sign; None is that of one that may go ahead."""
        mine = self.steps.get(asked.task, {}) if asked.task is not None else {}
        step = mine.get(asked.question.call_id)
        if step is None or step.sign in (DONE, FAILED):
            return  # what to do about a call that failed is a question too
        self.stepped += 1
        ended_at = at if sign in (FAILED, IN_DOUBT) else 0.0
        mine[step.call_id] = replace(step, sign=sign or _allowed(changes=step.changes), at=at, ended_at=ended_at)

    def _begun(self, record: Record, body: ToolRequested) -> None:
        self.stepped += 1
        changes, asks = body.effect >= Effect.WRITE, body.ruling.decision is Decision.ASK
        if record.place.task is not None:
            self.steps.setdefault(record.place.task, {})[body.call_id] = Step(
                call_id=body.call_id,
                agent=record.place.agent,
                tool=body.tool,
                what=wording.wanted(body.tool, body.summary),
                at=record.at,
                sign=NEEDS_YOU if asks else _allowed(changes=changes),
                changes=changes,
            )

    def _stepped(self, record: Record) -> None:
        body = record.body
        if not isinstance(body, ToolIntended | ToolFinished | ToolRefused):
            return
        mine = self.steps.get(record.place.task, {}) if record.place.task is not None else {}
        step = mine.get(body.call_id)
        if step is None:
            return
        self.stepped += 1
        match body:
            case ToolIntended():
                mine[body.call_id] = replace(step, sign=RUNNING, at=record.at, ended_at=0.0)
            case ToolFinished():
                mine[body.call_id] = replace(step, sign=DONE if body.ok else FAILED, ended_at=record.at)
            case ToolRefused():
                mine[body.call_id] = replace(step, sign=FAILED, ended_at=record.at)

    def waits_its_turn(self, task: TaskId) -> bool:
        """Whether all that a task has under way are calls that have not begun to act."""
        open_ones = [step for step in self.steps.get(task, {}).values() if not step.ended_at]
        return bool(open_ones) and all(step.sign is WAITING for step in open_ones)

    def mode_in_force(self, configured: Mode) -> Mode:
        """Return how much runs without a question; before the first run, what the config says."""
        return self.mode or configured

    def _bounded(self, record: Record, body: RunStarted | RunResumed | RunEnded) -> None:
        if isinstance(body, RunEnded):
            self.ended = record.at
            self.open_requests.clear()
            self._leave(record.at, LEFT)
            return
        if self.began and not self.ended:
            self.cut_off()  # the run before has no end on record: Hermes ended without closing it
        self.doubts.clear()
        self.mode = body.mode if isinstance(body, RunStarted) else self.mode
        self.began = record.at if isinstance(body, RunStarted) or not self.began else self.began
        self.ended = 0.0

    def _modelled(
        self, record: Record, body: ModelRequested | ModelFinished | ModelFailed | ModelAwaited | ModelChosen
    ) -> None:
        match body:
            case ModelRequested():
                self._requested(record, body)
            case ModelFinished() | ModelFailed():
                self._settled(record, body)
            case ModelAwaited():
                self.loading = "" if body.delay_s else body.why
            case ModelChosen():
                self.role_models[body.role] = body.model
                self.model, self.why = body.model, body.why

    def _requested(self, record: Record, body: ModelRequested) -> None:
        self.model, self.why = body.model, body.why
        if body.role == "cortex":
            self.effort = body.effort
        self.role_models[body.role] = body.model
        self.model_roles[body.model] = body.role
        self.open_requests[body.request_id] = (body.model, record.at)
        if record.place.task is not None:
            self.task_models[record.place.task] = body.model
            self.task_steps[record.place.task] = body.step

    def _settled(self, record: Record, body: ModelFinished | ModelFailed) -> None:
        self.open_requests.pop(body.request_id, None)
        self.loading = ""
        if isinstance(body, ModelFinished):
            self.context = body.usage
        if body.usd:
            self.spending.append((record.at, body.usd))

    def rate_over_s(self, now: float) -> float:
        """Return the seconds that the rate is of: the last six minutes at most, or what there is of the run."""
        return max(min(now - self.began, RATE_S), 1.0)

    def rate_usd(self, now: float) -> float | None:
        """Return the spending per minute over the last `rate_over_s` seconds, None before anything was spent."""
        if not self.spending or not self.began:
            return None
        over_s = self.rate_over_s(now)
        return sum(usd for at, usd in self.spending if at >= now - over_s) / (over_s / 60)

    def columns(self, now: float, count: int, step_s: float = 15.0) -> list[float]:
        """Return the spending of the last `count` spans of `step_s` seconds, oldest first."""
        start = now - count * step_s
        found = [0.0] * count
        for at, usd in reversed(self.spending):
            if at < start:
                break
            found[min(int((at - start) / step_s), count - 1)] += usd
        return found


def _allowed(*, changes: bool) -> Sign:
    """Return the sign of a call that may go ahead."""
    return WAITING if changes else RUNNING
