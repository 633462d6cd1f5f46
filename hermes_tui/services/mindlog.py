"""The mind-log: every action with its reason, what was expected of it and what came of it, read off the journal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, field
from typing import Any, Final

from hermes_tui.domain.events import (
    AgentEnded,
    AgentSpawned,
    ApprovalAsked,
    ApprovalGiven,
    BoardSet,
    BudgetRefused,
    CompactionAsked,
    ContextCompacted,
    ContextRestored,
    Event,
    InterruptAsked,
    MessageGiven,
    ModeChanged,
    ModelChosen,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    OutputsPruned,
    PlanEdited,
    RetryScheduled,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUnpaused,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    ToolFinished,
    ToolRefused,
    ToolRequested,
    ToolResolved,
)
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import frozen, mutable

KINDS: Final = ("think", "act", "ask", "plan", "task", "delegate", "context", "operator", "decide", "run")
OUTCOME: Final = 300


@mutable(kw_only=True)
class Entry:
    """One action. `met` says whether what was expected came true, None while nothing is known.

    `seq` is the record that began it, `ended_seq` the one that told its outcome. `usd` is None where it is unknown.
    """

    seq: int
    at: float
    kind: str
    agent: str
    task: str | None
    what: str
    rationale: str
    expectation: str
    outcome: str = ""
    met: bool | None = None
    seconds: float = 0.0
    usd: float | None = 0.0
    ended_seq: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as it is exported."""
        return asdict(self)


@frozen
class Query:
    """Which entries are wanted; what is left out restricts nothing. `text` stands in what, why or outcome."""

    task: str | None = None
    agent: str | None = None
    kind: str | None = None
    text: str | None = None
    failed: bool = False

    def takes(self, entry: Entry) -> bool:
        """Whether an entry is wanted."""
        said = f"{entry.what}\n{entry.rationale}\n{entry.expectation}\n{entry.outcome}".lower()
        return (
            self.task in (None, entry.task)
            and self.agent in (None, entry.agent)
            and self.kind in (None, entry.kind)
            and (self.text is None or self.text.lower() in said)
            and (not self.failed or entry.met is False)
        )


def query(records: Iterable[Record], wanted: Query) -> Iterator[Entry]:
    """Return the entries of a session that are wanted, in the order in which they began."""
    return (entry for entry in entries(records) if wanted.takes(entry))


def entries(records: Iterable[Record]) -> Sequence[Entry]:
    """Return every action of a session, in the order in which they began."""
    log = _Log()
    for record in records:
        log.take(record)
    return log.made


@mutable
class _Log:
    """Entries in order, and those whose outcome is still to come."""

    made: list[Entry] = field(default_factory=list[Entry])
    pending: dict[str, Entry] = field(default_factory=dict[str, Entry])

    def take(self, record: Record) -> None:
        """Open an entry, close one, or both."""
        body = record.body
        opened = _opened(body)
        if opened is not None:
            kind, what, why, expected = opened
            self._open(record, (kind, what, why, expected), _key(record))
        closed = _closed(body)
        if closed is not None:
            self._close(record, closed)

    def _open(self, record: Record, said: tuple[str, str, str, str], key: str) -> None:
        place = record.place
        entry = Entry(
            seq=record.seq,
            at=record.at,
            kind=said[0],
            agent=place.agent,
            task=place.task,
            what=said[1],
            rationale=said[2],
            expectation=said[3],
        )
        self.made.append(entry)
        if key:
            before = self.pending.get(key)
            if before is not None:
                # After an answer or a crash the same action is taken up again; its outcome is told there.
                before.outcome, before.ended_seq = f"taken up again at record {record.seq}", record.seq
            self.pending[key] = entry
        else:
            entry.ended_seq, entry.met, entry.outcome = record.seq, True, "it was so from then on"

    def _close(self, record: Record, closed: tuple[bool, str]) -> None:
        entry = self.pending.pop(_key(record), None)
        body = record.body
        if entry is None:
            began = _untold(body)
            if began is None:
                return
            self._open(record, began, "untold")
            entry = self.pending.pop("untold")
        entry.met, entry.outcome = closed[0], closed[1][:OUTCOME]
        entry.ended_seq = record.seq
        entry.seconds = max(0.0, record.at - entry.at)
        if isinstance(body, ModelFinished | ModelFailed | AgentEnded):
            entry.usd, entry.seconds = body.usd, body.seconds
        elif isinstance(body, ToolFinished):
            entry.seconds = body.seconds


def _key(record: Record) -> str:
    """Return what joins the record that begins an action to the one that tells its outcome."""
    body, place = record.body, record.place
    match body:
        case ModelRequested() | ModelFinished() | ModelFailed():
            return f"model {body.request_id}"
        case ToolRequested() | ToolFinished() | ToolRefused() | ToolResolved():
            return f"call {body.call_id}"
        case ApprovalAsked() | ApprovalGiven():
            return f"approval {body.approval_id}"
        case AgentSpawned() | AgentEnded():
            return f"agent {place.agent}"
        case TaskStarted() | TaskFinished() | TaskFailed() | TaskCancelled():
            return f"task {place.task}"
        case RunStarted() | RunEnded():
            return f"run {place.run}"
        case _:
            return ""


def _opened(body: Event) -> tuple[str, str, str, str] | None:
    """Return kind, what, rationale and expectation of the action that a record begins; None where it begins none."""
    match body:
        case ModelRequested():
            most = "" if body.bound.usd is None else f", at most ${body.bound.usd:.4f}"
            return "think", f"{body.model} as {body.role}", body.why, f"a whole reply{most}"
        case ToolRequested():
            return "act", f"{body.tool} {body.summary}", body.rationale or body.ruling.rule, body.expectation
        case ApprovalAsked():
            return "ask", f"{body.tool}: {body.what}", body.why, "an operator's answer"
        case AgentSpawned():
            wanted = f"the fields {', '.join(body.returns)}" if body.returns else "a short report"
            return "delegate", body.title, body.task, wanted
        case TaskStarted():
            return "task", "an attempt at it", "all that it needs is done", "that it ends well"
        case RunStarted():
            return "run", body.goal.text, f"mode {body.mode}", "; ".join(c.text for c in body.goal.criteria)
        case _:
            return _decided(body)


def _untold(body: Event) -> tuple[str, str, str, str] | None:
    """Return the action of which nothing but its end is on record: a call that was refused, a task without a call."""
    match body:
        case ToolRefused():
            return "act", body.tool, "", "that it runs"
        case TaskFailed():
            return _opened(TaskStarted())
        case _:
            return None


def _decided(body: Event) -> tuple[str, str, str, str] | None:
    """Return an action that is its own outcome: it was decided and holds from then on."""
    match body:
        case PlanEdited():
            return "plan", ", ".join(f"{op.kind} {op.target}" for op in body.ops), body.why, ""
        case BoardSet():
            return "act", f"board: {body.key} is version {body.version}", "", ""
        case OutputsPruned() | CompactionAsked() | ContextCompacted() | ContextRestored():
            return _condensed(body)
        case ModelChosen() | RetryScheduled() | BudgetRefused() | TaskSkipped():
            return _chosen(body)
        case MessageGiven():
            return ("operator", body.text, "", "that the agent reads it") if body.source == "operator" else None
        case ModeChanged() | InterruptAsked() | RunPaused() | RunUnpaused() | RunResumed():
            return "operator", type(body).__name__, str(getattr(body, "by", "")), ""
        case _:
            return None


def _condensed(
    body: OutputsPruned | CompactionAsked | ContextCompacted | ContextRestored,
) -> tuple[str, str, str, str]:
    if isinstance(body, CompactionAsked):
        return "context", "older messages are to be condensed", f"by {body.by}", ""
    if isinstance(body, ContextRestored):
        return "context", "a summary taken back", f"by {body.by}", ""
    saved = f"{body.before_tokens - body.after_tokens:,} tokens less"
    if isinstance(body, OutputsPruned):
        return "context", f"digests for {len(body.digests)} outputs", body.why, saved
    return "context", f"a summary up to message {body.upto}", "; ".join(body.checks), saved


def _chosen(body: ModelChosen | RetryScheduled | BudgetRefused | TaskSkipped) -> tuple[str, str, str, str]:
    match body:
        case ModelChosen():
            return "decide", f"ask {body.model} for {body.role}", body.why, "that it answers"
        case RetryScheduled():
            return "decide", f"try {body.model} again in {body.delay_s:.1f} s", body.reason.value, "that it answers now"
        case BudgetRefused():
            return "decide", "not to make a call", f"its bound is more than the cap leaves: {body.limit}", ""
        case TaskSkipped():
            return "decide", "to skip the task", body.why, ""


def _closed(body: Event) -> tuple[bool, str] | None:
    """Return whether an action came out as expected, and its outcome in words; None where a record ends none."""
    match body:
        case ModelFinished():
            calls = ", ".join(call.name for call in body.message.calls)
            return True, f"asks for {calls}" if calls else body.message.text
        case ModelFailed():
            return False, f"{body.reason.value}: {body.message}"
        case ToolFinished() | ToolRefused() | ToolResolved():
            return _answered(body)
        case ApprovalGiven():
            return True, f"{body.decision} by {body.by}{f': {body.reason}' if body.reason else ''}"
        case TaskFinished() | TaskFailed() | TaskCancelled():
            return _ended(body)
        case AgentEnded():
            return body.status == "done", f"{body.status}: {body.answer or body.why}"
        case RunEnded():
            return body.status == "done", f"{body.status}: {body.reason or body.answer}"
        case _:
            return None


def _answered(body: ToolFinished | ToolRefused | ToolResolved) -> tuple[bool, str]:
    match body:
        case ToolFinished():
            return body.ok, body.output
        case ToolRefused():
            return False, f"refused by {body.stage}: {body.reason}"
        case ToolResolved():
            return body.how != "restored", f"in doubt after a crash, {body.how}: {body.evidence}"


def _ended(body: TaskFinished | TaskFailed | TaskCancelled) -> tuple[bool, str]:
    match body:
        case TaskFinished():
            return True, body.result
        case TaskFailed():
            return False, f"{body.kind}: {body.message}"
        case TaskCancelled():
            return False, f"cancelled: {body.why}"


def line(entry: Entry) -> str:
    """Return an entry as one JSON line."""
    return json.dumps(entry.as_json(), ensure_ascii=False)
