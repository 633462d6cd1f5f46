"""The task graph: a drawn DAG, one node per row, with the detail of the node under the cursor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from hermes_tui.domain.events import EditKind
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.tasks import TaskState
from hermes_tui.interfaces.tui import wording
from hermes_tui.interfaces.tui.cells import EMPTY, Line, Span, foreign, one_line, wrap
from hermes_tui.interfaces.tui.glyphs import NEEDS_YOU, UNKNOWN
from hermes_tui.interfaces.tui.graph_rows import GraphRows, TaskRow
from hermes_tui.interfaces.tui.line_view import LineView, Look
from hermes_tui.interfaces.tui.meter import spent_text
from hermes_tui.interfaces.tui.panes._pane import Divider, Pane, Sheet, TitleRule, View

EMPTY_TEXT = (
    EMPTY,
    Line(((" No tasks yet. A goal becomes a plan here.", "muted"),)),
    Line(((" Esc, then type one.", "muted"),)),
)
DETAIL_WIDTH = 44


class TaskGraphPane(Pane):
    """What is planned and what became of it."""

    TITLE = "tasks"
    KEY = "F2"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "edit('retry')", "retry", id="graph.retry"),
        Binding("s", "edit('skip')", "skip", id="graph.skip"),
        Binding("p", "edit('pause')", "pause or resume", id="graph.pause"),
        Binding("x", "edit('cancel')", "cancel", id="graph.cancel"),
        Binding("plus", "priority(1)", "higher priority", id="graph.higher"),
        Binding("minus", "priority(-1)", "lower priority", id="graph.lower"),
        Binding("right_square_bracket", "seek(1)", "next that needs you or failed", id="graph.next_open"),
        Binding("left_square_bracket", "seek(-1)", "previous that needs you or failed", id="graph.previous_open"),
        Binding("right_curly_bracket", "along(1)", "next on the critical path", id="graph.next_chain"),
        Binding("left_curly_bracket", "along(-1)", "previous on the critical path", id="graph.previous_chain"),
    ]

    class EditAsked(Message):
        """The operator wants to change the plan at one task."""

        def __init__(self, kind: EditKind, row: TaskRow, priority: int = 0) -> None:
            super().__init__()
            self.kind = kind
            self.row = row
            self.priority = priority

    def __init__(self, look: Look) -> None:
        super().__init__(look, name="graph")
        self.rows = GraphRows()
        self.shown: list[TaskRow] = []
        self.view = LineView(look, name="graph-rows", folds=False, follows=False, empty=EMPTY_TEXT)
        self.detail_rule = TitleRule(look, "detail")
        self.detail = Sheet(look, name="graph-detail-rows", focusable=False)
        self._seen: View | None = None
        self._drawn: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """The rows; the detail beside or below them."""
        with Horizontal(id="graph-columns"):
            with Vertical(id="graph-main"):
                yield self.rule
                yield self.view
            yield Divider(self.look, "graph-divider")
            with Vertical(id="graph-detail"):
                yield self.detail_rule
                yield self.detail

    def show(self, view: View) -> None:
        """Draw the graph where it changed."""
        self._seen = view
        state, chronicle = view.state, view.chronicle
        drawn = (state.graph, state.spend.by_task, len(chronicle.asked), len(chronicle.task_models))
        if drawn != self._drawn:
            self._drawn = drawn
            self.shown = self.rows.of(state, chronicle)
            self.view.replace_all(self.shown)
        self._title(view)
        self._show_detail()

    def _title(self, view: View) -> None:
        done = sum(row.status.state is TaskState.DONE for row in self.shown)
        title: list[Span] = [(self.TITLE, "text bold")]
        if self.shown:
            title.append((f" {done}/{len(self.shown)}", "text bold"))
            title.append((f" · rev {view.state.graph.rev}" if self.full else "", "muted"))
        failed = sum(row.status.state is TaskState.FAILED for row in self.shown)
        asking = sum(row.sign is NEEDS_YOU for row in self.shown)
        roomy = self.view.size.width >= 60
        hint: list[Span] = [(f"{failed} failed · ", "fail")] if failed else []
        hint += [(f"{asking} needs you · ", "warn")] if asking and roomy else []
        hint += [("║ longest chain · ", "muted")] if self.rows.path and roomy else []
        self.rule.say(tuple(title), (*hint, (self.KEY, "muted")))

    @on(LineView.Moved)
    def _moved(self, event: LineView.Moved) -> None:
        event.stop()
        self._show_detail()

    @on(LineView.Scrolled)
    def _scrolled(self, event: LineView.Scrolled) -> None:
        event.stop()

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        event.stop()
        if isinstance(event.row, TaskRow):
            self.post_message(self.Jump("console", ("task", event.row.task.id)))

    def _show_detail(self) -> None:
        row = self.view.current or next((one for one in self.shown if one.live or one.sign is NEEDS_YOU), None)
        if self._seen is None or not isinstance(row, TaskRow):
            self.detail_rule.say((("detail", "text bold"),))
            self.detail.show([Line(((" Up or Down picks a task.", "muted"),))])
            return
        self.detail_rule.say(((one_line(row.task.title), "text bold"),), ((str(row.task.id), "muted"),))
        self.detail.show(detail_lines(row, self._seen, max(self.detail.size.width, 30)))

    def action_edit(self, kind: str) -> None:
        """Ask for one edit of the task under the cursor."""
        row = self.view.current
        if isinstance(row, TaskRow):
            wanted = EditKind(kind)
            if wanted is EditKind.PAUSE and row.status.state is TaskState.PAUSED:
                wanted = EditKind.RESUME
            self.post_message(self.EditAsked(wanted, row))

    def action_priority(self, by: int) -> None:
        """Ask for another priority of the task under the cursor."""
        row = self.view.current
        if isinstance(row, TaskRow):
            self.post_message(self.EditAsked(EditKind.REORDER, row, row.task.priority + by))

    def action_seek(self, by: int) -> None:
        """Go to the next task that needs the operator or failed."""
        self._go([row for row in self.shown if row.sign is NEEDS_YOU or row.status.state is TaskState.FAILED], by)

    def action_along(self, by: int) -> None:
        """Go along the longest chain of open tasks."""
        self._go([row for row in self.shown if row.task.id in self.rows.path], by)

    def _go(self, rows: Sequence[TaskRow], by: int) -> None:
        places = [self.view.window.find(row.key) for row in rows]
        here = self.view.window.cursor
        ahead = [at for at in places if (at > here if by > 0 else at < here)]
        if ahead:
            self.view.show_row(self.view.window.rows[ahead[0] if by > 0 else ahead[-1]].key)


def detail_lines(row: TaskRow, view: View, width: int) -> list[Line]:
    """Return what is known of one task."""
    task, status, state = row.task, row.status, view.state
    seconds = row.seconds(view.now)
    facts = [
        ("state", f"{row.sign.glyph} {row.word}", row.sign.role),
        ("note", status.note, "text"),
        ("kind", f"{task.kind.value} {task.use}".strip(), "text"),
        ("brain", view.chronicle.task_models.get(task.id, ""), "text"),
        ("steps", str(view.chronicle.task_steps.get(task.id, "")), "text"),
        ("time", wording.elapsed(seconds) if seconds is not None else UNKNOWN, "text"),
        ("tries", f"{status.attempts} of {task.retry + 1}" if status.attempts else "", "text"),
        ("cost", _cost(state.spend.by_task.get(task.id)), "text"),
        ("cap", wording.money(task.budget.usd) if task.budget and task.budget.usd else "", "text"),
        ("needs", ", ".join(task.needs), "text"),
        ("feeds", ", ".join(other.id for other in state.graph.tasks.values() if task.id in other.needs), "text"),
        ("writes", ", ".join(task.write), "text"),
        ("priority", str(task.priority) if task.priority else "", "text"),
        ("result", _result(status.result), "text"),
    ]
    lines = [line for name, text, role in facts if text for line in _fact(name, text, role, width)]
    keys = (" r retry · s skip · p pause · x cancel", " + - priority · [ ] open questions · { } chain")
    return [*lines, EMPTY, *(Line(((text, "muted"),)) for text in keys)]


def _cost(spent: Spent | None) -> str:
    return spent_text(spent) if spent is not None and spent.calls else UNKNOWN


def _fact(name: str, text: str, role: str, width: int) -> list[Line]:
    wrapped = wrap(foreign(text, role), max(width - 11, 12))[:8]
    return [Line(((f" {name if at == 0 else '':<9}", "muted"), *spans)) for at, spans in enumerate(wrapped)]


def _result(text: str) -> str:
    if not text or text == "null":
        return ""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text[:400]
    return value[:400] if isinstance(value, str) else text[:400]
