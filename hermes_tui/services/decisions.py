"""Every decision of a run with what came of it and what it cost, read off its journal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Final

from hermes_tui.capabilities.state import codec
from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    BoundPassed,
    BudgetRefused,
    CapRaised,
    ConfigApplied,
    ConfigRefused,
    InterruptAsked,
    ModeChanged,
    ModelAwaited,
    ModelChosen,
    ModelEscalated,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    OutputLowered,
    PlanEdited,
    RetryScheduled,
    RunEnded,
    RunPaused,
    RunUnpaused,
    TaskCancelled,
    TaskSkipped,
    ToolFinished,
    ToolRefused,
    ToolRequested,
    ToolResolved,
)
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import mutable

Fields = dict[str, Any]

_Opens = ModelRequested | ToolRequested | ApprovalAsked
_Closes = ModelFinished | ModelFailed | ToolFinished | ToolRefused | ToolResolved | ApprovalGiven
_ALONE: Final = (
    *(
        PlanEdited,
        ModelChosen,
        ModelAwaited,
        ModelEscalated,
        RetryScheduled,
        BudgetRefused,
        OutputLowered,
        BoundPassed,
        CapRaised,
        ModeChanged,
    ),
    *(InterruptAsked, RunPaused, RunUnpaused, ConfigApplied, ConfigRefused, TaskSkipped, TaskCancelled, RunEnded),
)
_NAMES: Final = {
    "ModelRequested": "ask_model",
    "ToolRequested": "call_tool",
    "ToolRefused": "refuse_call",
    "ApprovalAsked": "ask_operator",
    "PlanEdited": "edit_plan",
    "ModelAwaited": "await_model",
    "ModelChosen": "choose_model",
    "ModelEscalated": "escalate",
    "RetryScheduled": "retry",
    "BudgetRefused": "refuse_cost",
    "OutputLowered": "lower_output",
    "BoundPassed": "correct_bound",
    "CapRaised": "raise_cap",
    "ModeChanged": "change_mode",
    "ConfigApplied": "apply_config",
    "ConfigRefused": "refuse_config",
    "InterruptAsked": "interrupt",
    "RunPaused": "pause",
    "RunUnpaused": "unpause",
    "TaskSkipped": "skip_task",
    "TaskCancelled": "cancel_task",
    "RunEnded": "end_run",
}


@mutable
class Decision:
    """One decision. `result` is None while nothing is known of it; `cost` is US dollars, None where it is unknown."""

    at: float
    decision: str
    params: Fields
    result: Fields | None = None
    cost: float | None = 0.0
    duration_s: float = 0.0

    def as_json(self) -> Fields:
        """Return it as it is exported."""
        return {
            "timestamp": datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds"),
            "decision": self.decision,
            "params": self.params,
            "result": self.result,
            "metrics": {"cost": self.cost, "duration_s": round(self.duration_s, 6)},
        }


@mutable
class _Book:
    """Decisions in their order, and those whose end is still to come by their id."""

    made: list[Decision] = field(default_factory=list[Decision])
    opened: dict[str, Decision] = field(default_factory=dict[str, Decision])

    def add(self, record: Record) -> Decision:
        decision = Decision(at=record.at, decision=_NAMES[record.type], params=_params(record))
        self.made.append(decision)
        return decision


def decisions(records: Iterable[Record]) -> Iterator[Decision]:
    """Return the decisions of a session, in the order in which they were made."""
    book = _Book()
    for record in records:
        body = record.body
        if isinstance(body, _Opens):
            book.opened[_key(body)] = book.add(record)
        elif isinstance(body, _Closes):
            _close(book, record, body)
        elif isinstance(body, _ALONE):
            book.add(record).result = _body(record) if isinstance(body, RunEnded) else {}
    return iter(book.made)


def _key(body: _Opens | _Closes) -> str:
    match body:
        case ModelRequested() | ModelFinished() | ModelFailed():
            return f"model {body.request_id}"
        case ApprovalAsked() | ApprovalGiven():
            return f"approval {body.approval_id}"
        case _:
            return f"call {body.call_id}"


def _close(book: _Book, record: Record, body: _Closes) -> None:
    """Complete the decision that `body` ends; a call refused before it was judged is a decision of its own."""
    decision = book.opened.get(_key(body))
    if decision is None:
        if not isinstance(body, ToolRefused):
            return
        decision = book.add(record)
    decision.result = _body(record)
    decision.duration_s = max(0.0, record.at - decision.at)
    if isinstance(body, ModelFinished | ModelFailed):
        decision.cost = body.usd
    if isinstance(body, ModelFinished | ModelFailed | ToolFinished):
        decision.duration_s = body.seconds


def _params(record: Record) -> Fields:
    place = record.place
    return {"session": place.session, "seq": record.seq, "task": place.task, "agent": place.agent, **_body(record)}


def _body(record: Record) -> Fields:
    fields: Fields = json.loads(codec.encode(record.body))
    return fields
