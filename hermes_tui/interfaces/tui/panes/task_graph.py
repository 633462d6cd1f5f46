"""The task graph: a drawn DAG, one node a row or as a picture, with the detail of the node under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer

from hermes_tui.domain.commands import Command, EditPlan, KillAgent, PauseAgent, ResumeAgent, UndoEdit
from hermes_tui.domain.events import EditKind, PlanOp
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import TaskState
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, one_line, width_of
from hermes_tui.interfaces.tui.drawing.glyphs import NEEDS_YOU
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.graph import picture
from hermes_tui.interfaces.tui.graph.detail import LastSaid, detail_lines
from hermes_tui.interfaces.tui.graph.folding import GraphRows, needs_of, speaker_of
from hermes_tui.interfaces.tui.graph.frame import RULE_ROOM, Counts, counted, hint, legend, path_line
from hermes_tui.interfaces.tui.graph.rows import (
    FULL_WIDTH,
    WHO_FROM,
    AgentRow,
    GraphRow,
    GroupRow,
    StepRow,
    TaskRow,
    heading,
)
from hermes_tui.interfaces.tui.panes._graph_view import Edge, GraphView
from hermes_tui.interfaces.tui.panes._pane import Pane, Sheet, View
from hermes_tui.interfaces.tui.panes._picture import PictureView
from hermes_tui.interfaces.tui.rules import Divider, TitleRule

REST_S: Final = 0.1
"""The detail follows a cursor that rested so long: while a key is held down, rows are all that is drawn."""
RULE_CELLS: Final = 8
"""What a title rule needs besides its title and its hint."""
EMPTY_TEXT = (
    EMPTY,
    Line(((" No tasks yet. A goal becomes a plan here.", "muted"),)),
    Line(((" Esc, then type one.", "muted"),)),
)


class TaskGraphPane(Pane):
    """What is planned and what became of it."""

    TITLE = "tasks"
    KEY = "F2"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "edit('retry')", "retry", id="graph.retry"),
        Binding("s", "edit('skip')", "skip", id="graph.skip"),
        Binding("p", "edit('pause')", "pause or resume; an agent too", id="graph.pause"),
        Binding("x", "edit('cancel')", "cancel; an agent is ended", id="graph.cancel"),
        Binding("plus", "priority(1)", "higher priority", id="graph.higher"),
        Binding("minus", "priority(-1)", "lower priority", id="graph.lower"),
        Binding("e", "change", "edit what the task is to do", id="graph.edit"),
        Binding("u", "undo", "take the latest edit back", id="graph.undo"),
        Binding("d", "ask('plan')", "what each edit of the plan changed", id="graph.diff"),
        Binding("i", "steer", "tell its agent something", id="graph.steer"),
        Binding("a", "ask('approvals')", "answer", id="graph.answer"),
        Binding("v", "picture", "as a picture, up to 25 tasks", id="graph.picture"),
        Binding("Z", "fold_all", "fold all but what is under way", id="graph.fold_all"),
        Binding("right_square_bracket", "seek(1)", "next that needs you or failed", id="graph.next_open"),
        Binding("left_square_bracket", "seek(-1)", "previous that needs you or failed", id="graph.previous_open"),
        Binding("right_curly_bracket", "along(1)", "next on the critical path", id="graph.next_chain"),
        Binding("left_curly_bracket", "along(-1)", "previous on the critical path", id="graph.previous_chain"),
    ]

    class Ordered(Message):
        """The operator wants to change the plan, or to hold or end an agent."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command

    def __init__(self, look: Look) -> None:
        super().__init__(look, name="graph")
        self.rows = GraphRows()
        self.shown: list[TaskRow] = []
        self.heading = Edge(look, "graph-heading")
        self.foot = Edge(look, "graph-foot")
        self.view = GraphView(look, name="graph-rows", folds=False, follows=False, empty=EMPTY_TEXT)
        self.picture = PictureView(look)
        self.detail_rule = TitleRule(look, "detail")
        self.detail = Sheet(look, name="graph-detail-rows", focusable=False)
        self._plain: dict[TaskId, TaskRow] = {}
        self._seen: View | None = None
        self._drawn: tuple[object, ...] = ()
        self._warned: object = None
        self._counts = Counts()
        self._last_said = LastSaid()
        self._resting: Timer | None = None

    def contents(self) -> ComposeResult:
        """The rows or the picture; the detail beside or below them."""
        with Horizontal(id="graph-columns"):
            with Vertical(id="graph-main"):
                yield self.rule
                yield self.heading
                yield self.view
                yield self.picture
                yield self.foot
            yield Divider(self.look, "graph-divider")
            with Vertical(id="graph-detail"):
                yield self.detail_rule
                yield self.detail

    # showing

    def show(self, view: View) -> None:
        """Draw the graph where it changed."""
        self._seen = view
        state, chronicle = view.state, view.chronicle
        roomy = self.view.size.width >= WHO_FROM or self.full
        facts = (state.graph, state.spend.by_task, state.agents, len(chronicle.asked), len(chronicle.task_models))
        self.rows.rates = view.rates
        drawn = (*facts, chronicle.stepped, chronicle.ended, frozenset(self.rows.toggled), roomy, view.rates)
        if drawn != self._drawn:
            self._drawn = drawn
            self._plain = self.rows.tasks(state, chronicle)
            rows = self.rows.of(state, chronicle, self._plain, steps=roomy)
            tops = self.rows.tops
            self.shown = sorted(self._plain.values(), key=lambda row: tops.get(row.task.id, len(tops)))
            self._counts = counted(self.shown)
            self.view.replace_all(rows)
        if self.picture.display:
            self._show_picture(view)
        self._frame(view)
        self._show_detail()

    def _frame(self, view: View) -> None:
        """Say what stands around the rows."""
        width, room = self.view.size.width, self.rule.size.width
        left = self.rows.remaining.said(view.now) if view.live else ""
        critical = left if self.rows.path else None
        rows = bool(self.shown) and not self.picture.display
        self.heading.say(heading(width, self.rows.width) if rows and width >= FULL_WIDTH else None)
        foot = legend(width, critical) if self.full and self.shown else None
        if critical is not None and not self.full and room < RULE_ROOM and rows:
            foot = path_line(critical)
        self.foot.say(foot)
        # Its line follows the last row; in full it stands at the foot of the screen.
        self.view.limit(0 if self.full or foot is None else max(len(self.view), 1))
        self._title(view, critical)

    @property
    def rows_wanted(self) -> int:
        """How many lines below its title it would fill."""
        return len(self.view) + self.foot.display

    def _title(self, view: View, critical: str | None) -> None:
        title: list[Span] = [(self.TITLE, "text bold")]
        if self.shown:
            title.append((f" {self._counts.done}/{self._counts.tasks}", "text bold"))
            title.append((f" · rev {view.state.graph.rev}" if self.full else "", "muted"))
        room = self.rule.size.width - width_of(title) - RULE_CELLS
        self.rule.say(tuple(title), hint(self._counts, critical, self.KEY, room, full=self.full and bool(self.shown)))

    def _show_picture(self, view: View) -> None:
        room = (max(self.picture.size.width, 20), view.now)
        drawn = picture.draw(self._plain, needs_of(view.state), self.rows.path, self.picture.chosen, room)
        if drawn is None:
            self.picture.put_lines([EMPTY, *picture.refusal(len(self.shown), max(self.picture.size.width, 20))], {})
        else:
            self.picture.put_lines(list(drawn.lines), drawn.places)

    @property
    def row(self) -> GraphRow | None:
        """The row under the cursor, in the rows or in the picture."""
        if self.picture.display and self.picture.chosen is not None:
            return self._plain.get(self.picture.chosen)
        row = self.view.current
        return row if isinstance(row, TaskRow | GroupRow | AgentRow | StepRow) else None

    @on(LineView.Moved)
    def _moved(self, event: LineView.Moved) -> None:
        event.stop()
        self._warned = None
        if self.picture.display and self._seen is not None:
            self._show_picture(self._seen)
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST_S, self._show_detail)

    @on(LineView.Scrolled)
    def _scrolled(self, event: LineView.Scrolled) -> None:
        event.stop()

    @on(LineView.Folded)
    def _folded(self, event: LineView.Folded) -> None:
        """Open or fold what belongs to the row: a group, a task's steps, the group that a task is part of."""
        event.stop()
        row = self.row
        if isinstance(row, TaskRow) and not row.mark and (stem := self.rows.group_of(row.task.id)):
            self.rows.toggled ^= {("group", stem)}
        elif row is not None:
            self.rows.toggled ^= {row.key}
        self._again()

    def on_resize(self) -> None:
        """Draw the detail for its new width."""
        self.call_after_refresh(self._show_detail)

    def _again(self) -> None:
        if self._seen is not None:
            self.show(self._seen)

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        event.stop()
        match self.row:
            case TaskRow() as row:
                self.post_message(self.Jump("console", ("task", row.task.id)))
            case GroupRow() as row:
                self.rows.toggled ^= {row.key}
                self._again()
            case AgentRow() as row:
                self.post_message(OrderAsked("transcript", str(row.agent.agent)))
            case StepRow() as row:
                self.post_message(self.Jump("console", row.key))
            case None:
                return

    def _show_detail(self) -> None:
        if not self.full and not self.detail.size.width:
            return  # it has no place beside a small graph
        row = self.row or next((one for one in self.shown if one.live or one.sign is NEEDS_YOU), None)
        if self._seen is None or row is None:
            self.detail_rule.say((("detail", "text bold"),))
            self.detail.show([Line(((" Up or Down picks a task.", "muted"),))])
            return
        name = row.task.title if isinstance(row, TaskRow) else row.copy().partition("\n")[0]
        number = str(row.task.id) if isinstance(row, TaskRow) else ""
        self.detail_rule.say(((one_line(name), "text bold"),), ((number, "muted"),) if number else ())
        width = max(self.detail.size.width, 30)
        self.detail.show(detail_lines(row, self._seen, width, self._plain, self._last_said))

    # acting

    def _order(self, op: PlanOp, why: str) -> None:
        if self._seen is not None:
            self.post_message(self.Ordered(EditPlan(base_rev=self._seen.state.graph.rev, why=why, ops=(op,))))

    def action_edit(self, kind: str) -> None:
        """Ask for one edit of the task under the cursor, or hold or end its subagent; lost work is asked about."""
        row = self.row
        if isinstance(row, AgentRow):
            self._direct(row, kind)
        elif isinstance(row, TaskRow):
            wanted = EditKind(kind)
            if wanted is EditKind.PAUSE and row.status.state is TaskState.PAUSED:
                wanted = EditKind.RESUME
            if self._sure(row, wanted):
                self._order(PlanOp(kind=wanted, target=row.task.id), f"{wanted.value} {row.task.id}, by key")

    def _direct(self, row: AgentRow, kind: str) -> None:
        agent = row.agent.agent
        if kind == "pause":
            held = ResumeAgent(agent=agent) if row.agent.paused else PauseAgent(agent=agent)
            self.post_message(self.Ordered(held))
        elif kind == "cancel" and self._again_to((kind, row.key), f"x again ends {agent} with all it runs."):
            self.post_message(self.Ordered(KillAgent(agent=agent)))

    def _sure(self, row: TaskRow, kind: EditKind) -> bool:
        """Whether an edit loses nothing, or was asked for twice."""
        if kind is EditKind.CANCEL and row.live:
            return self._again_to((kind, row.key), f"x again cancels {one_line(row.task.title)}; its work is lost.")
        if kind is EditKind.SKIP and self._seen is not None:
            lose = [one.title for one in self._seen.state.graph.tasks.values() if row.task.id in one.needs]
            if lose:
                named = ", ".join(one_line(title) for title in lose[:3])
                what = f"{wording.count(len(lose), 'task needs', 'tasks need')} its result: {named}"
                return self._again_to((kind, row.key), f"s again skips it. {what}.")
        return True

    def _again_to(self, what: tuple[str, object], text: str) -> bool:
        """Whether this is the second press; the first says what would be lost."""
        sure, self._warned = self._warned == what, what
        if not sure:
            self.post_message(self.Warned(text))
        return sure

    def action_priority(self, by: int) -> None:
        """Ask for another priority of the task under the cursor."""
        row = self.row
        if isinstance(row, TaskRow):
            op = PlanOp(kind=EditKind.REORDER, target=row.task.id, priority=row.task.priority + by)
            self._order(op, f"reorder {row.task.id}, by key")

    def action_change(self) -> None:
        """Edit what the task under the cursor is to do."""
        if isinstance(self.row, TaskRow):
            self.post_message(OrderAsked("edit", str(self.row.task.id)))

    def action_undo(self) -> None:
        """Take the latest edit of the plan back."""
        if self._seen is not None:
            self.post_message(self.Ordered(UndoEdit(base_rev=self._seen.state.graph.rev)))

    def action_ask(self, name: str) -> None:
        """Ask the app for something."""
        self.post_message(OrderAsked(name))

    def action_steer(self) -> None:
        """Tell the agent of the row something."""
        if self.row is not None and self._seen is not None:
            agent = speaker_of(self._seen.state, self.row)
            if agent is not None:
                self.post_message(OrderAsked("steer", str(agent)))

    def action_picture(self) -> None:
        """Draw the graph as a picture, or as rows again."""
        row = self.row
        self.picture.display = not self.picture.display
        self.view.display = not self.picture.display
        self.set_class(self.picture.display, "-picture")
        if isinstance(row, TaskRow):
            self.picture.chosen = row.task.id
            self.view.show_row(row.key)
        elif self.picture.chosen not in self._plain:
            self.picture.chosen = next(iter(self._plain), None)
        (self.picture if self.picture.display else self.view).focus()
        self.call_after_refresh(self._again)

    def action_fold_all(self) -> None:
        """Fold every group but those with something under way or wrong."""
        if self._seen is not None:
            self.rows.fold_all(self._seen.state, self._plain)
            self._again()

    def action_seek(self, by: int) -> None:
        """Go to the next task that needs the operator or failed."""
        wrong = [row for row in self.shown if row.sign is NEEDS_YOU or row.status.state is TaskState.FAILED]
        self._go([row.task.id for row in wrong], by)

    def action_along(self, by: int) -> None:
        """Go along the critical path."""
        self._go([row.task.id for row in self.shown if row.task.id in self.rows.path], by)

    def _go(self, tasks: Sequence[TaskId], by: int) -> None:
        """Go to the next of some tasks; one in a folded group stands for the group."""
        found = {self.view.window.find(("task", task)) for task in tasks}
        found |= {self.view.window.find(("group", self.rows.group_of(task))) for task in tasks}
        here = self.view.window.cursor
        ahead = sorted(at for at in found if at >= 0 and (at > here if by > 0 else at < here))
        if ahead:
            key = self.view.window.rows[ahead[0] if by > 0 else ahead[-1]].key
            self.view.show_row(key)
            row = self.view.current
            self.picture.chosen = row.task.id if isinstance(row, TaskRow) else self.picture.chosen
            self._again()
