"""The mind-log as rows: each action with its reason, what came of it, and who decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hermes_tui.domain.approval import Decision
from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.events import (
    AgentEvent,
    ApprovalAsked,
    ApprovalEvent,
    ApprovalGiven,
    BudgetRefused,
    CapRaised,
    ContextEvent,
    InterruptAsked,
    ModelChosen,
    ModelFailed,
    PlanEdited,
    RecoveryTried,
    RetryScheduled,
    RunEnded,
    RunResumed,
    RunStarted,
    SessionForked,
    TaskSkipped,
    ToolEvent,
    ToolFinished,
    ToolIntended,
    ToolRefused,
    ToolRequested,
    ToolResolved,
)
from hermes_tui.domain.ids import ApprovalId, CallId
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Effect
from hermes_tui.domain.text import gist
from hermes_tui.domain.values import frozen, replace
from hermes_tui.interfaces.tui import subagents
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, ends, foreign, one_line, pad, wrap
from hermes_tui.interfaces.tui.drawing.glyphs import (
    DONE,
    FAILED,
    IN_DOUBT,
    LEFT,
    NEEDS_YOU,
    RUNNING,
    STOPPED,
    WAITING,
    Sign,
)
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.notices import ENDINGS, KERNEL, SKIPPED, call_key, origin
from hermes_tui.interfaces.tui.rows import Entry, Origin

FULL_WIDTH: Final = 70
_OPEN: Final = (RUNNING, WAITING, NEEDS_YOU)
KINDS: Final = ("all", "act", "agent", "context", "ask", "plan", "brain", "budget", "run")


@frozen
class Thought(Entry):
    """One decision: what, why, and what was seen; `rule` let it happen, `last` is how a failed call's output ends.

    `since` is when what it waits for, or does, began; 0 where no clock runs.
    """

    origin: Origin
    sign: Sign
    who: str
    kind: str
    action: str
    why: str = ""
    expected: str = ""
    observed: str = ""
    last: str = ""
    outcome: str = ""
    rule: str = ""
    since: float = 0.0

    @property
    def live(self) -> bool:
        """Whether a clock runs, until an answer or an end."""
        return bool(self.since) and self.sign in _OPEN

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw it: two rows in a narrow pane, one in a wide one; all that is known when it is open."""
        when = wording.clock(self.origin.at)
        if room.width >= FULL_WIDTH:
            return self._wide(room, when)
        left: tuple[Span, ...] = (
            (f" {when} ", "muted"),
            (f"{self.sign.glyph} ", self.sign.role),
            (f"{pad(self.who, 8)} ", "text"),
            *foreign(self.action, "text"),
        )
        lines = [ends(left, ((" ", ""),), room.width)]
        reason = (self.last or self.observed if self.sign in (FAILED, STOPPED) else "") or self.why
        if reason:
            lines.append(ends(((" " * 10, ""), *foreign(one_line(reason), "muted")), ((" ", ""),), room.width))
        return [*lines, *(self._details(room.width, 10) if room.opened else ())]

    def _wide(self, room: Room, when: str) -> list[Line]:
        left: tuple[Span, ...] = (
            (f" {when} ", "muted"),
            (f"{self.sign.glyph} ", self.sign.role),
            (f"{pad(self.who, 12)} ", "text"),
            (f"{pad(str(self.origin.task or ''), 10)} ", "muted"),
            (f"{pad(self.kind, 7)} ", "muted"),
            *foreign(self.action, "text"),
        )
        lines = [ends(left, ((f"{self._came(room.now)} ", "muted"),), room.width)]
        return [*lines, *(self._details(room.width, 12) if room.opened else ())]

    def _came(self, now: float) -> str:
        """Return what came of it, or for how long nothing has."""
        if not self.live:
            return self.outcome
        passed = max(now - self.since, 0.0)
        return wording.took(passed) if self.sign is RUNNING else f"waits {wording.elapsed(passed)}"

    def _details(self, width: int, indent: int) -> list[Line]:
        facts = (("why", self.why), ("expected", self.expected), ("observed", self.observed), ("decided", self.rule))
        lines = [line for name, text in facts if text for line in _fact(name, text, indent, width)]
        return [*lines, *_fact("record", f"{self.origin.seq}", indent, width)]

    def copy(self) -> str:
        """Return everything known."""
        parts = (self.who, self.kind, self.action, self.why, self.expected, self.observed, self.rule)
        return "\n".join(part for part in parts if part)


def _fact(name: str, text: str, indent: int, width: int) -> list[Line]:
    wrapped = wrap(foreign(text.strip()), max(width - indent - 11, 16))
    return [
        Line(((" " * indent, ""), (pad(name if at == 0 else "", 10), "muted"), *spans))
        for at, spans in enumerate(wrapped[:12])
    ]


class MindLog:
    """The decisions so far. Taking a record returns the rows that are new or changed."""

    def __init__(self) -> None:
        self._calls: dict[CallId, Thought] = {}
        self._asked: dict[ApprovalId, Thought] = {}
        self._open: set[CallId] = set()
        self._allowed: set[CallId] = set()

    def take(self, record: Record) -> list[Thought]:
        """Return the rows that a record adds or changes."""
        body = record.body
        if isinstance(body, ToolEvent):
            row = self._tool(record, body)
            return [row] if row is not None else []
        if isinstance(body, ApprovalEvent):
            return self._approval(record, body)
        if isinstance(body, SessionForked):
            return self.cut_off()
        left = self._left(LEFT) if isinstance(body, RunEnded) else []
        if isinstance(body, RunStarted | RunResumed):
            left = self.cut_off()  # the run before has no end on record: Hermes ended without closing it
        other = _other(record)
        return [*left, other] if other is not None else left

    def cut_off(self) -> list[Thought]:
        """Return what was under way when Hermes ended without closing, or where a fork begins: its end is not known."""
        return self._left(IN_DOUBT)

    def _left(self, sign: Sign) -> list[Thought]:
        """Return the calls that are under way no more; one that waits for an answer still waits for it."""
        left = [call_id for call_id in self._open if self._calls[call_id].sign in (RUNNING, WAITING)]
        self._open.difference_update(left)
        for call_id in left:
            call = self._calls[call_id]
            # What waited its turn had not begun to act: its end is known.
            self._calls[call_id] = replace(call, sign=LEFT if call.sign is WAITING else sign)
        return [self._calls[call_id] for call_id in left]

    def _tool(self, record: Record, body: ToolEvent) -> Thought | None:
        known = self._calls.get(body.call_id)
        match body:
            case ToolRequested():
                known = _requested(record, body, known, allowed=body.call_id in self._allowed)
            case ToolIntended():
                known = replace(known, sign=RUNNING, since=record.at) if known else None
            case ToolFinished():
                seen = one_line(body.output[:400]) if body.output.strip() else "no output"
                last = "" if body.ok else one_line(body.output.strip().rpartition("\n")[2])
                sign, took = DONE if body.ok else FAILED, wording.took(body.seconds)
                known = replace(known, sign=sign, observed=seen, last=last, outcome=took) if known else None
            case ToolRefused():
                known = replace(known, sign=FAILED, observed=body.reason, outcome="refused") if known else None
            case ToolResolved():
                known = replace(known, sign=IN_DOUBT, observed=body.evidence, outcome=body.how) if known else None
        if known is None:
            return None
        self._calls[body.call_id] = known
        (self._open.discard if isinstance(body, ToolFinished | ToolRefused) else self._open.add)(body.call_id)
        return known

    def _approval(self, record: Record, body: ApprovalEvent) -> list[Thought]:
        """Return the row that waits for an answer, or did: the call that is asked about, else the question itself."""
        match body:
            case ApprovalAsked():
                row = self._calls[body.call_id] if body.call_id in self._open else _question(record, body)
                self._asked[body.approval_id] = replace(row, sign=NEEDS_YOU, since=record.at)
                return [self._keep(self._asked[body.approval_id])]
            case ApprovalGiven():
                answer = _answer(record, body)
                if body.approval_id not in self._asked:
                    return [answer]
                row = self._asked.pop(body.approval_id)
                under_way = [call_id for call_id in self._open if call_key(call_id) == row.key]
                if not under_way:
                    return [replace(row, sign=answer.sign, outcome=f"{answer.action} by {body.by}"), answer]
                allowed = body.decision is Decision.ALLOW
                self._allowed.update(under_way if allowed else ())
                answered = replace(row, sign=WAITING if allowed else FAILED, since=record.at)
                return [self._keep(answered), answer]

    def _keep(self, row: Thought) -> Thought:
        """Keep a row where it is that of a call that is under way."""
        self._calls |= {call_id: row for call_id in self._open if call_key(call_id) == row.key}
        return row


def _requested(record: Record, body: ToolRequested, known: Thought | None, *, allowed: bool) -> Thought:
    """Return the row of a call; taken up again, it stands where it was decided.

    What changes something acts only from its intent on: until then it waits, for leave or for its turn.
    """
    begins = WAITING if body.effect >= Effect.WRITE else RUNNING
    return Thought(
        origin=known.origin if known is not None else origin(record, call_key(body.call_id)),
        sign=NEEDS_YOU if body.ruling.decision is Decision.ASK and not allowed else begins,
        who=_who(record),
        kind="act",
        action=_action(body),
        why=one_line(gist(body.rationale)),
        expected=one_line(body.expectation),
        rule=f"{body.ruling.decision.value} by {body.ruling.rule}, reach {body.reach.name.lower()}",
        since=record.at,
    )


def _question(record: Record, body: ApprovalAsked) -> Thought:
    """Return the row of a question that is about no call under way, such as how to go on after a failure."""
    row = _thought(record, NEEDS_YOU, "ask", (wording.wanted(body.tool, body.what), body.why))
    return replace(row, origin=replace(row.origin, key=("asked", body.approval_id)))


def _answer(record: Record, body: ApprovalGiven) -> Thought:
    sign = DONE if body.decision is Decision.ALLOW else FAILED
    said = f"{body.decision.value} {body.scope.value}"
    return replace(_thought(record, sign, "ask", (said, body.reason)), who=body.by)


def _who(record: Record) -> str:
    agent = str(record.place.agent)
    return agent if agent != "main" else "kernel"


def _action(body: ToolRequested) -> str:
    summary = one_line(body.summary)
    return summary if summary.startswith(body.tool) else f"{body.tool} {summary}"


def _other(record: Record) -> Thought | None:
    body = record.body
    if isinstance(body, AgentEvent | ContextEvent):
        return _kin(record, body)
    match body:
        case PlanEdited():
            rev = f"plan rev {body.base_rev + 1}, {wording.count(len(body.ops), 'change')}"
            return _thought(record, KERNEL, "plan", (rev, body.why), rule=f"by {body.by}")
        case RecoveryTried() if body.taken:
            return _thought(record, KERNEL, "plan", (f"{record.place.task} recovers by {body.rung.value}", body.why))
        case RecoveryTried():
            return _thought(record, FAILED, "plan", (f"nothing mends {record.place.task}", body.why))
        case TaskSkipped():
            return _thought(record, SKIPPED, "plan", (f"skip {record.place.task}", body.why))
        case ModelChosen():
            return _thought(record, KERNEL, "brain", (f"{body.role} is now {body.model}", body.why))
        case ModelFailed():
            sign = STOPPED if body.reason is FailureReason.CANCELLED else FAILED
            return _thought(record, sign, "brain", (body.model, body.message))
        case RetryScheduled():
            said = f"{body.model} again in {body.delay_s:.0f} s"
            return _thought(record, WAITING, "brain", (said, f"{body.reason.value}, try {body.attempt}"))
        case _:
            return _ruled(record)


def _kin(record: Record, body: AgentEvent | ContextEvent) -> Thought | None:
    """Return what became of a subagent or a window."""
    told = subagents.told(record, body)
    if told is None:
        return None
    kind = "agent" if isinstance(body, AgentEvent) else "context"
    what = told.what.removeprefix(f"{record.place.agent}").removeprefix(":").strip()
    row = _thought(record, told.sign, kind, (what, told.why))
    return replace(row, observed=one_line(told.details[:400]))


def _ruled(record: Record) -> Thought | None:
    """Return what the operator, the budget or the end of the run decided."""
    body = record.body
    match body:
        case BudgetRefused():
            return _thought(record, STOPPED, "budget", (f"refused a call: cap of the {body.limit}", ""))
        case CapRaised():
            said = f"cap of the run {wording.money(body.limits.usd)}"
            return replace(_thought(record, KERNEL, "budget", (said, "")), who=body.by)
        case InterruptAsked():
            return _thought(record, KERNEL, "run", ("interrupt", f"asked for by {body.by}"))
        case RunEnded():
            sign, word = ENDINGS[body.status]
            return _thought(record, sign, "run", (word, body.reason))
        case _:
            return None


def _thought(record: Record, sign: Sign, kind: str, said: tuple[str, str], *, rule: str = "") -> Thought:
    action, why = (one_line(text) for text in said)
    return Thought(origin=origin(record), sign=sign, who=_who(record), kind=kind, action=action, why=why, rule=rule)
