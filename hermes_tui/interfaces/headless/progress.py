"""Live progress for people: one line on stderr for each thing that happened."""

from __future__ import annotations

import time
from typing import Final

from hermes_tui.domain.approval import Decision
from hermes_tui.domain.events import (
    AgentEnded,
    AgentSpawned,
    ApprovalAsked,
    CriterionChecked,
    ModelFailed,
    ModelFinished,
    PlanEdited,
    RetryScheduled,
    RunEnded,
    RunPaused,
    RunResumed,
    RunUnpaused,
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
from hermes_tui.domain.text import printable
from hermes_tui.interfaces.headless.outlet import Outlet

WIDTH: Final = 100


class Progress:
    """Writes a line per record worth a line; text of models and tools is made safe for a terminal first."""

    def __init__(self, out: Outlet) -> None:
        self._out = out
        self._summaries: dict[str, str] = {}

    def show(self, record: Record) -> None:
        """Write the record's line, if it has one."""
        line = self._line(record)
        if line:
            clock = time.strftime("%H:%M:%S", time.localtime(record.at))
            self._out.line(f"{clock} {printable(line)[:WIDTH]}")

    def _line(self, record: Record) -> str:
        body = record.body
        match body:
            case PlanEdited():
                return f"• plan     rev {body.base_rev + 1}, {len(body.ops)} tasks: {body.why}"
            case RunResumed() | RunPaused() | RunUnpaused():
                return _hold_line(body)
            case TaskStarted() | TaskFinished() | TaskFailed() | TaskSkipped():
                return _task_line(record, body)
            case CriterionChecked():
                return f"{'✓' if body.ok else '×'} check    {body.text}"
            case ApprovalAsked():
                return f"◊ needs you: {body.tool} {body.what}   hermes approvals allow {body.approval_id}"
            case RunEnded():
                return f"{'✓' if body.exit_code == 0 else '■'} {body.status:8} {body.reason}"
            case AgentSpawned() | AgentEnded():
                return _agent_line(record, body)
            case ModelFinished() | ModelFailed() | RetryScheduled():
                return _model_line(body)
            case ToolRequested() | ToolFinished() | ToolRefused() | ToolResolved():
                return self._tool_line(body)
            case _:
                return ""

    def _tool_line(self, body: ToolRequested | ToolFinished | ToolRefused | ToolResolved) -> str:
        match body:
            case ToolRequested():
                self._summaries[body.call_id] = body.summary
                return "" if body.ruling.decision is Decision.ALLOW else f"◊ {body.tool:8} {body.summary}"
            case ToolFinished():
                mark = "✓" if body.ok else "×"
                return f"{mark} {body.tool:8} {self._summaries.get(body.call_id, '')}  {body.seconds:.1f} s"
            case ToolRefused():
                return f"× {body.tool:8} refused: {body.reason}"
            case ToolResolved():
                return f"? in doubt {body.call_id}: {body.how}, {body.evidence}"


def _task_line(record: Record, body: TaskStarted | TaskFinished | TaskFailed | TaskSkipped) -> str:
    match body:
        case TaskStarted():
            return f"● task     {record.place.task}"
        case TaskFinished():
            return f"✓ task     {record.place.task}  {body.seconds:.1f} s"
        case TaskFailed():
            return f"× task     {record.place.task}: {body.message}"
        case TaskSkipped():
            return f"» task     {record.place.task}: {body.why}"


def _agent_line(record: Record, body: AgentSpawned | AgentEnded) -> str:
    if isinstance(body, AgentSpawned):
        return f"→ {record.place.agent:8} sent out: {body.title}"
    mark = "✓" if body.status == "done" else "×"
    return f"{mark} {record.place.agent:8} {body.status}: {body.why or body.answer}"


def _hold_line(body: RunResumed | RunPaused | RunUnpaused) -> str:
    match body:
        case RunResumed():
            return "• resume   finished work is kept"
        case RunPaused():
            return f"‖ paused   by {body.by}; nothing new is started"
        case RunUnpaused():
            return f"• goes on  by {body.by}"


def _model_line(body: ModelFinished | ModelFailed | RetryScheduled) -> str:
    match body:
        case ModelFinished():
            cost = "price unknown" if body.usd is None else f"${body.usd:.4f}"
            return f"• model    {body.model}  {body.usage.total_tokens:,} tokens · {cost} · {body.seconds:.1f} s"
        case ModelFailed():
            return f"× model    {body.model}: {body.message}"
        case RetryScheduled():
            return f"○ model    {body.model}: {body.reason.value}; try {body.attempt} of 3 in {body.delay_s:.1f} s"
