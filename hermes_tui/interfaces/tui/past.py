"""A session as it was at any of its records: state, rows and decisions up to there, and what each record says."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import field
from typing import Final

from hermes_tui.domain.approval import Decision
from hermes_tui.domain.events import (
    AgentEnded,
    AgentSpawned,
    ApprovalAsked,
    ApprovalGiven,
    ContextCompacted,
    CriterionChecked,
    InterruptAsked,
    MessageGiven,
    ModelChosen,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    PlanEdited,
    RunEnded,
    RunResumed,
    RunStarted,
    SessionForked,
    TaskEvent,
    TaskFailed,
    TaskFinished,
    ToolFinished,
    ToolIntended,
    ToolRequested,
)
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState, fold, fold_all
from hermes_tui.domain.values import frozen, mutable
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, NEEDS_YOU, Sign
from hermes_tui.interfaces.tui.drawing.row_window import Row
from hermes_tui.interfaces.tui.mind_rows import MindLog, Thought
from hermes_tui.interfaces.tui.notices import ENDINGS, KERNEL
from hermes_tui.interfaces.tui.transcript import Transcript

KEEP_EVERY: Final = 128
"""A state is kept at every so many records, so that a step costs at most as many folds."""
PLAIN: Final = Sign(" ", "", "muted")


@frozen(kw_only=False)
class Moment:
    """The session after one record: what panes show."""

    record: Record
    state: SessionState
    chronicle: Chronicle
    rows: Sequence[Row]
    thoughts: Sequence[Thought]

    @property
    def live(self) -> bool:
        """Whether a run was under way."""
        return self.state.run.run is not None and self.state.run.ended is None


@mutable
class Past:
    """The records of a session and what can be seen at each; more may come while it is looked at.

    `marks` are the records worth one on the scrubber, each with its glyph.
    """

    session: str
    records: list[Record] = field(default_factory=list[Record])
    marks: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    _told: Chronicle = field(default_factory=Chronicle)
    _kept: list[SessionState] = field(default_factory=lambda: [SessionState()])
    _latest: SessionState = field(default_factory=SessionState)
    _transcript: Transcript = field(default_factory=Transcript)
    _rows: list[tuple[int, Row]] = field(default_factory=list[tuple[int, Row]])
    _mind: MindLog = field(default_factory=MindLog)
    _thoughts: list[tuple[int, Thought]] = field(default_factory=list[tuple[int, Thought]])

    def extend(self, records: Iterable[Record]) -> None:
        """Take in what came since."""
        for record in records:
            at = len(self.records)
            self.records.append(record)
            sign, _ = said(record)
            if sign is not PLAIN:
                self.marks.append((at, sign.glyph))
            self._latest = fold(self._latest, record)
            if (at + 1) % KEEP_EVERY == 0:
                self._kept.append(self._latest)
            self._rows += [(at, row) for row in self._transcript.take(record)]
            self._thoughts += [(at, thought) for thought in self._mind.take(record)]

    def __len__(self) -> int:
        return len(self.records)

    def at(self, index: int) -> Moment:
        """Return the session after record number `index`, counted from 0."""
        near = (index + 1) // KEEP_EVERY
        state = fold_all(self.records[near * KEEP_EVERY : index + 1], self._kept[near])
        rows: dict[Hashable, Row] = {row.key: row for _, row in self._rows[: _upto(self._rows, index)]}
        thoughts: dict[Hashable, Thought] = {row.key: row for _, row in self._thoughts[: _upto(self._thoughts, index)]}
        told = self._told_until(index)
        return Moment(self.records[index], state, told, list(rows.values()), list(thoughts.values()))

    def _told_until(self, index: int) -> Chronicle:
        """Return the chronicle up to a record; going ahead adds to the one before, which only one moment holds."""
        if index < self._told.records - 1:
            self._told = Chronicle()
        for record in self.records[self._told.records : index + 1]:
            self._told.take(record)
        return self._told

    def index_of(self, seq: Seq) -> int:
        """Return the number of the last record up to `seq`, 0 where there is none before."""
        return max(bisect_right(self.records, seq, key=lambda record: record.seq) - 1, 0)

    def of_tasks(self) -> list[int]:
        """Return the records at which a task began or ended."""
        return [at for at, record in enumerate(self.records) if isinstance(record.body, TaskEvent)]


def _upto(rows: Sequence[tuple[int, object]], index: int) -> int:
    """Return how many of some rows came with records up to `index`."""
    return bisect_right(rows, index, key=lambda row: row[0])


def said(record: Record) -> tuple[Sign, str]:
    """Return what a record says, in a few words; its sign is `PLAIN` unless it is worth a mark."""
    body = record.body
    match body:
        case RunStarted():
            return KERNEL, f"goal: {one_line(body.goal.text)}"
        case MessageGiven() if body.source is Source.OPERATOR:
            return KERNEL, f"you: {one_line(body.text)}"
        case PlanEdited():
            return KERNEL, f"plan rev {body.base_rev + 1}: {one_line(body.why)}"
        case AgentSpawned():
            return KERNEL, f"{record.place.agent} sent out: {one_line(body.title)}"
        case ModelChosen():
            return KERNEL, f"{body.role} is now {body.model}"
        case ContextCompacted():
            return KERNEL, f"{record.place.agent} compacted"
        case SessionForked():
            return KERNEL, f"forked from {body.origin} at record {body.upto:,}"
        case RunResumed():
            return KERNEL, "resumed"
        case _:
            return _outcome(record)


def _outcome(record: Record) -> tuple[Sign, str]:
    """Return what ended, was asked or was answered."""
    body, task = record.body, record.place.task
    match body:
        case RunEnded():
            return ENDINGS[body.status][0], ENDINGS[body.status][1]
        case CriterionChecked():
            return (DONE if body.ok else FAILED), f"check {one_line(body.text)}"
        case TaskFinished() | ToolFinished(ends_task=True):
            return DONE, f"task {task} done"
        case TaskFailed():
            return FAILED, f"task {task} failed: {one_line(body.message)}"
        case AgentEnded():
            return (DONE if body.status == "done" else FAILED), f"{record.place.agent} {body.status}"
        case ModelFailed():
            return FAILED, f"{body.model}: {one_line(body.message)}"
        case ApprovalAsked():
            return NEEDS_YOU, f"asks for {one_line(wording.wanted(body.tool, body.what))}"
        case ApprovalGiven():
            return (DONE if body.decision is Decision.ALLOW else FAILED), f"{body.decision.value} by {body.by}"
        case InterruptAsked():
            return FAILED, f"interrupted by {body.by}"
        case _:
            return _plain(record)


def _plain(record: Record) -> tuple[Sign, str]:
    """Return what has no mark of its own, but for a call that failed."""
    body = record.body
    match body:
        case ToolFinished():
            return (PLAIN if body.ok else FAILED), f"{body.tool} {'done' if body.ok else 'failed'}"
        case ToolRequested():
            return PLAIN, one_line(wording.wanted(body.tool, body.summary))
        case ToolIntended():
            return PLAIN, f"{body.tool} begins"
        case ModelRequested():
            return PLAIN, f"{body.model} asked"
        case ModelFinished():
            return PLAIN, f"{body.model} answered: {one_line(body.message.text)[:80]}"
        case _:
            letters = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in record.type)
            return PLAIN, letters.strip()
