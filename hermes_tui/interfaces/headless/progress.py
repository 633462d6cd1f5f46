"""Live progress for people: one line on stderr for each thing that happened."""

from __future__ import annotations

import sys
import time
from typing import Final

from hermes_tui.domain.approval import Decision
from hermes_tui.domain.events import (
    ApprovalAsked,
    CriterionChecked,
    ModelFailed,
    ModelFinished,
    PlanEdited,
    RetryScheduled,
    RunEnded,
    RunResumed,
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

WIDTH: Final = 100


class Progress:
    """Writes a line per record worth a line; text of models and tools is made safe for a terminal first."""

    def __init__(self) -> None:
        self._summaries: dict[str, str] = {}

    def show(self, record: Record) -> None:
        """Write the record's line, if it has one."""
        line = self._line(record)
        if line:
            clock = time.strftime("%H:%M:%S", time.localtime(record.at))
            sys.stderr.write(f"{clock} {printable(line)[:WIDTH]}\n")

    def _line(self, record: Record) -> str:
        body = record.body
        match body:
            case PlanEdited():
                return f"• plan     rev {body.base_rev + 1}, {len(body.ops)} tasks: {body.why}"
            case RunResumed():
                return "• resume   finished work is kept"
            case TaskStarted() | TaskFinished() | TaskFailed() | TaskSkipped():
                return _task_line(record, body)
            case CriterionChecked():
                return f"{'✓' if body.ok else '×'} check    {body.text}"
            case ApprovalAsked():
                return f"◊ needs you {body.approval_id}: {body.tool} {body.what}"
            case RunEnded():
                return f"{'✓' if body.exit_code == 0 else '■'} {body.status:8} {body.reason}"
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


def _model_line(body: ModelFinished | ModelFailed | RetryScheduled) -> str:
    match body:
        case ModelFinished():
            cost = "price unknown" if body.usd is None else f"${body.usd:.4f}"
            return f"• model    {body.model}  {body.usage.total_tokens:,} tokens · {cost} · {body.seconds:.1f} s"
        case ModelFailed():
            return f"× model    {body.model}: {body.message}"
        case RetryScheduled():
            return f"○ model    {body.model}: {body.reason.value}; try {body.attempt} of 3 in {body.delay_s:.1f} s"


def printable(text: str) -> str:
    """Return `text` on one line with control characters and direction overrides made visible."""
    return "".join(_visible(letter) for letter in text.replace("\n", " ").replace("\t", " "))


def _visible(letter: str) -> str:
    code = ord(letter)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"\\x{code:02x}"
    if 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or code in (0x200E, 0x200F, 0xFEFF):
        return f"\\u{code:04x}"
    return letter
