"""The task graph as rows: lanes, title, state, brain, time and cost of each task."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.graph import TaskStatus
from hermes_tui.domain.tasks import Task, TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui import wording
from hermes_tui.interfaces.tui.cells import Line, Span, fit_middle, one_line, pad
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.glyphs import NEEDS_YOU, TASK, UNKNOWN, Sign
from hermes_tui.interfaces.tui.lanes import LaneRow, lay_out, longest_chain, order
from hermes_tui.interfaces.tui.row_window import Room

FULL_WIDTH: Final = 70
"""From here on a row has a column for who works on it."""
STATE_WIDTH, WHO_WIDTH = 9, 18


@frozen
class TaskRow:
    """One task."""

    task: Task
    status: TaskStatus
    lanes: str
    lanes_width: int
    sign: Sign
    word: str
    who: str
    cost: str
    on_path: bool

    @property
    def key(self) -> Hashable:
        """The task."""
        return ("task", self.task.id)

    @property
    def live(self) -> bool:
        """A clock runs while the task does."""
        return self.status.state in (TaskState.RUNNING, TaskState.WAITING)

    def seconds(self, now: float) -> float | None:
        """Return for how long the task was worked on, None if it never was."""
        if self.live and self.status.started_at:
            return self.status.seconds + max(now - self.status.started_at, 0.0)
        return self.status.seconds if self.status.attempts else None

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw it in the columns that fit."""
        full = room.width >= FULL_WIDTH
        seconds = self.seconds(room.now)
        spell = wording.elapsed if full else wording.brief
        time = spell(seconds) if seconds is not None else UNKNOWN
        columns: list[Span] = [(pad(self.word, STATE_WIDTH), self.sign.said)]
        if full:
            columns.append((pad(f" {self.who}", WHO_WIDTH), "muted"))
        if room.width >= 34:
            columns.append((pad(time, 9 if full else 5, right=True), "text" if self.live else "muted"))
        if room.width >= 42:
            columns.append((pad(self.cost, 7 if full else 5, right=True), "text" if self.live else "muted"))
        taken = 1 + self.lanes_width + 1 + sum(len(text) for text, _ in columns) + 1
        title = pad(fit_middle(one_line(self.task.title), max(room.width - taken - 1, 6)), max(room.width - taken, 7))
        role = "text bold" if self.status.state is TaskState.RUNNING else "text"
        role = "muted" if self.status.state in (TaskState.SKIPPED, TaskState.CANCELLED) else role
        return [Line(((" ", ""), *self._lane_spans(), (" ", ""), (title, role), *columns))]

    def _lane_spans(self) -> list[Span]:
        spans: list[Span] = []
        for letter in self.lanes.ljust(self.lanes_width)[: self.lanes_width]:
            if letter == "*":
                spans.append((self.sign.glyph, self.sign.role))
            else:
                spans.append((letter, "accent" if letter == "║" else "rule"))
        return spans

    def copy(self) -> str:
        """Return the title and the state."""
        return f"{self.task.id} {self.task.title}: {self.word} {self.status.note}".strip()


def needs_of(state: SessionState) -> dict[TaskId, list[TaskId]]:
    """Return what each task needs, its guard included."""
    found: dict[TaskId, list[TaskId]] = {}
    for task in state.graph.tasks.values():
        guard = [task.when.task] if task.when is not None else []
        found[task.id] = [need for need in (*task.needs, *guard) if need in state.graph.tasks]
    return found


@dataclass(slots=True)
class GraphRows:
    """Rows of the graph; its lanes are laid out again only when the plan or the critical path changes."""

    _signature: object = None
    _rows: Sequence[LaneRow[TaskId]] = ()
    path: frozenset[TaskId] = frozenset()

    def of(self, state: SessionState, chronicle: Chronicle) -> list[TaskRow]:
        """Return a row for each task."""
        needs = needs_of(state)
        weight = {task: 0.0 if state.graph.state_of(task).ended else 1.0 for task in needs}
        chain = frozenset(longest_chain(needs, weight))
        path = chain if len(chain) > 1 else frozenset[TaskId]()
        signature = (state.graph.rev, path)
        if signature != self._signature:
            ordered = order(needs, path or frozenset(needs))
            self._rows, self.path, self._signature = lay_out(needs, path, ordered), path, signature
        width = max((len(row.cells) for row in self._rows), default=1)
        asking = {asked.task for asked in chronicle.asked.values()}
        return [_row(row, min(width, 24), state, chronicle, asks=row.node in asking) for row in self._rows]

    @property
    def lanes(self) -> int:
        """How many lanes the graph takes."""
        return max((row.lane for row in self._rows), default=0) + 1


def sign_of(status: TaskStatus, *, asks: bool) -> Sign:
    """Return the sign of a task: an open question comes before its state."""
    return NEEDS_YOU if asks and not status.state.ended else TASK[status.state]


def _row(row: LaneRow[TaskId], width: int, state: SessionState, chronicle: Chronicle, *, asks: bool) -> TaskRow:
    task, status = state.graph.tasks[row.node], state.graph.status[row.node]
    sign = sign_of(status, asks=asks)
    word = sign.word
    if status.state is TaskState.RUNNING and not asks and status.attempts > 1:
        word = f"try {status.attempts}/{task.retry + 1}" if task.retry else f"try {status.attempts}"
    model = chronicle.task_models.get(task.id, "")
    return TaskRow(
        task=task,
        status=status,
        lanes=row.cells,
        lanes_width=width,
        sign=sign,
        word=word,
        who=model.partition(":")[2] or model or task.use or task.kind.value,
        cost=wording.cents(state.spend.by_task.get(task.id)),
        on_path=row.node in chronicle.task_models,
    )


def ribbon(rows: Sequence[TaskRow]) -> tuple[Span, ...]:
    """Return the graph as one sign per task; above 24 tasks, as a count per state."""
    if len(rows) <= 24:
        return tuple((row.sign.glyph, row.sign.role) for row in rows)
    counts: dict[str, tuple[Sign, int]] = {}
    for row in rows:
        counts[row.sign.word] = (row.sign, counts.get(row.sign.word, (row.sign, 0))[1] + 1)
    return tuple(span for sign, number in counts.values() for span in ((sign.glyph, sign.role), (f"{number} ", "text")))
