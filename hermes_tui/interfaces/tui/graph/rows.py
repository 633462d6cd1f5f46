"""The rows of the task graph, in the same columns: a task, folded tasks, a subagent, one of its steps."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

from hermes_tui.domain.state.agents import AgentStatus
from hermes_tui.domain.state.graph import TaskStatus
from hermes_tui.domain.tasks import Task, TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.chronicle import Step
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, fit_middle, one_line, pad
from hermes_tui.interfaces.tui.drawing.glyphs import (
    DONE,
    FAILED,
    LEFT,
    NEEDS_YOU,
    RUNNING,
    STOPPED,
    UNKNOWN,
    Sign,
)
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.graph.signs import TASK

FULL_WIDTH: Final = 70
"""From here on there is room for the names of the columns, and for whole names in them."""
WHO_FROM: Final = 60
"""From here on a row has a column for who works on it, and what belongs to a running task stands below it."""
STATE_WIDTH, WHO_WIDTH = 9, 17
LEAST_WHO_WIDTH: Final = 13
TIME_WIDTH, COST_WIDTH = 8, 6
MOST_LANES_WIDTH: Final = 24
CURSOR: Final[Span] = (" ", "cursor")
"""The column before the titles, where the cursor stands."""


@frozen
class Lanes:
    """What stands left of a row: its part of the lanes (`*` is where its node is) and how wide all of them are."""

    cells: str
    width: int

    def spans(self, sign: Sign) -> list[Span]:
        """Return the lanes with the sign of the row at its node."""
        spans: list[Span] = []
        for letter in self.cells.ljust(self.width)[: self.width]:
            if letter == "*":
                spans.append((sign.glyph, sign.role))
            else:
                spans.append((letter, "accent" if letter == "║" else "rule"))
        return spans


@frozen
class Columns:
    """What stands in the columns of a row."""

    title: str
    word: str
    word_role: str
    who: str
    seconds: float | None
    cost: str
    live: bool
    role: str = "text"


def draw(before: list[Span], columns: Columns, room: Room) -> Line:
    """Return a row: what stands before the title, the title, and the columns that fit."""
    full = room.width >= FULL_WIDTH
    spell = wording.elapsed if full else wording.brief
    time = spell(columns.seconds) if columns.seconds is not None else UNKNOWN
    number = "text" if columns.live else "muted"
    cells: list[Span] = [(pad(columns.word, STATE_WIDTH), columns.word_role)]
    if room.width >= WHO_FROM:
        cells.append((pad(f" {one_line(columns.who)}", WHO_WIDTH if full else LEAST_WHO_WIDTH), "muted"))
    if room.width >= 34:
        cells.append((pad(time, TIME_WIDTH if full else 5, right=True), number))
    if room.width >= 42:
        cells.append((pad(columns.cost, COST_WIDTH if full else 5, right=True), number))
    taken = sum(len(text) for text, _ in before) + sum(len(text) for text, _ in cells) + 1
    free = room.width - taken
    title = pad(fit_middle(one_line(columns.title), max(free - 1, 6)), max(free, 7))
    return Line((*before, (title, columns.role), *cells))


def heading(width: int, lanes_width: int) -> Line:
    """Return the names of the columns, as wide as the rows below."""
    cells = (
        f"{pad('state', STATE_WIDTH)}{pad(' brain or agent', WHO_WIDTH)}{'time':>{TIME_WIDTH}}{'cost':>{COST_WIDTH}}"
    )
    before = " " * (lanes_width + 2)
    return Line(((pad(f"{before}task", max(width - len(cells) - 1, 4)), "muted"), (cells, "muted")))


def _indent(depth: int, room: Room) -> str:
    """Return the blanks before what stands below a task."""
    return " " * ((4 if room.width >= FULL_WIDTH else 2) * depth)


@frozen
class TaskRow:
    """One task. `mark` says whether what belongs to it is folded; empty if there is nothing.

    `until` is when the run ended around it, 0 while its clock runs.
    """

    task: Task
    status: TaskStatus
    lanes: Lanes
    sign: Sign
    word: str
    who: str
    cost: str
    mark: str = ""
    until: float = 0.0

    @property
    def key(self) -> Hashable:
        """The task."""
        return ("task", self.task.id)

    @property
    def live(self) -> bool:
        """A clock runs while the task does."""
        return self.begun and not self.until

    @property
    def begun(self) -> bool:
        """Whether it was begun and has not ended."""
        return self.status.state in (TaskState.RUNNING, TaskState.WAITING)

    def seconds(self, now: float) -> float | None:
        """Return for how long the task was worked on, None if it never was."""
        if self.begun and self.status.started_at:
            return self.status.seconds + max((self.until or now) - self.status.started_at, 0.0)
        return self.status.seconds if self.status.attempts else None

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw it in the columns that fit."""
        state = self.status.state
        role = "text bold" if state is TaskState.RUNNING else "text"
        columns = Columns(
            title=self.task.title,
            word=self.word,
            word_role=self.sign.said,
            who=self.who,
            seconds=self.seconds(room.now),
            cost=self.cost,
            live=self.live,
            role="muted" if state in (TaskState.SKIPPED, TaskState.CANCELLED) else role,
        )
        # Where a title has little room, what is folded goes without its mark.
        mark = f"{self.mark} " if self.mark and (self.mark == "▼" or room.width >= WHO_FROM) else ""
        return [draw([(" ", ""), *self.lanes.spans(self.sign), CURSOR, (mark, "muted")], columns, room)]

    @property
    def marks(self) -> str:
        """State and worker, so that a search can name them."""
        return f"state:{self.word} agent:{self.who}"

    def copy(self) -> str:
        """Return the title and the state."""
        return f"{self.task.id} {self.task.title}: {self.word} {self.status.note}".strip()


@frozen
class GroupRow:
    """Tasks that stand folded under the stem of their ids: what matters most among them, and how many are done."""

    stem: str
    members: tuple[TaskRow, ...]
    lanes: Lanes
    sign: Sign
    cost: str

    @property
    def key(self) -> Hashable:
        """The group."""
        return ("group", self.stem)

    @property
    def live(self) -> bool:
        """A clock runs while one of its tasks does."""
        return any(row.live for row in self.members)

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw it as one row."""
        known = [seconds for row in self.members if (seconds := row.seconds(room.now)) is not None]
        done = sum(row.status.state is TaskState.DONE for row in self.members)
        columns = Columns(
            title=f"{self.stem} × {len(self.members)}",
            word=f"{done}/{len(self.members)}",
            word_role=self.sign.said,
            who=self.sign.word,
            seconds=sum(known) if known else None,
            cost=self.cost,
            live=self.live,
            role="text bold" if self.live else "text",
        )
        return [draw([(" ", ""), *self.lanes.spans(self.sign), CURSOR, ("► ", "muted")], columns, room)]

    @property
    def marks(self) -> str:
        """States and workers of what is in it."""
        return " ".join(dict.fromkeys(row.marks for row in self.members))

    def copy(self) -> str:
        """Return its name and what is in it."""
        return "\n".join([f"{self.stem} × {len(self.members)}", *(row.copy() for row in self.members)])


_ENDS: Final = {"done": DONE, "failed": FAILED, "limited": STOPPED, "cancelled": TASK[TaskState.CANCELLED]}


@frozen
class AgentRow:
    """A subagent below the task that it works for."""

    agent: AgentStatus
    lanes: Lanes
    asks: bool
    cost: str
    depth: int = 1
    until: float = 0.0

    @property
    def key(self) -> Hashable:
        """The agent."""
        return ("agent", self.agent.agent)

    @property
    def live(self) -> bool:
        """A clock runs until it comes back."""
        return self.agent.ended is None and not self.until

    @property
    def sign(self) -> Sign:
        """How it stands with it."""
        ended = self.agent.ended
        if ended is not None:
            return _ENDS.get(ended.status, Sign("–", ended.status, "muted"))
        if self.asks:
            return NEEDS_YOU
        if self.until:
            return LEFT
        return TASK[TaskState.PAUSED] if self.agent.paused else RUNNING

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw it below its task."""
        sign, ended = self.sign, self.agent.ended
        columns = Columns(
            title=f"{self.agent.agent}: {self.agent.spawned.title}",
            word=sign.word,
            word_role=sign.said,
            who=f"step {self.agent.steps}",
            seconds=ended.seconds if ended is not None else max((self.until or room.now) - self.agent.at, 0.0),
            cost=self.cost,
            live=self.live,
        )
        before: list[Span] = [(" ", ""), *self.lanes.spans(sign), CURSOR, (_indent(self.depth, room), "")]
        return [draw([*before, (f"{sign.glyph} ", sign.role)], columns, room)]

    @property
    def marks(self) -> str:
        """State and name, so that a search can name them."""
        return f"state:{self.sign.word} agent:{self.agent.agent}"

    def copy(self) -> str:
        """Return its name and its task."""
        return f"{self.agent.agent}: {self.agent.spawned.task}"


@frozen
class StepRow:
    """A call of an agent below its task, or several alike that went well."""

    step: Step
    count: int
    lanes: Lanes
    depth: int = 1

    @property
    def key(self) -> Hashable:
        """The call, by the name it has in every pane."""
        return ("call", self.step.call_id)

    @property
    def sign(self) -> Sign:
        """How it stands with the call."""
        return self.step.sign

    @property
    def live(self) -> bool:
        """A clock runs while the call does."""
        return self.step.ended_at == 0.0

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw it below its task."""
        step, sign = self.step, self.sign
        many = f"► {step.tool} × {self.count}" if self.count > 1 else step.what
        columns = Columns(
            title=many,
            word=sign.word,
            word_role=sign.said,
            who=str(step.agent),
            seconds=(step.ended_at or room.now) - step.at,
            cost=UNKNOWN,
            live=self.live,
            role="muted" if step.ended_at else "text",
        )
        before: list[Span] = [(" ", ""), *self.lanes.spans(sign), CURSOR, (_indent(self.depth, room), "")]
        return [draw([*before, (f"{sign.glyph} ", sign.role)], columns, room)]

    def copy(self) -> str:
        """Return what was called."""
        return self.step.what


GraphRow = TaskRow | GroupRow | AgentRow | StepRow


def ribbon(rows: Sequence[TaskRow]) -> tuple[Span, ...]:
    """Return the graph as one sign per task; above 24 tasks, as a count per state."""
    if len(rows) <= 24:
        return tuple((row.sign.glyph, row.sign.role) for row in rows)
    counts: dict[str, tuple[Sign, int]] = {}
    for row in rows:
        counts[row.sign.word] = (row.sign, counts.get(row.sign.word, (row.sign, 0))[1] + 1)
    return tuple(span for sign, number in counts.values() for span in ((sign.glyph, sign.role), (f"{number} ", "text")))
