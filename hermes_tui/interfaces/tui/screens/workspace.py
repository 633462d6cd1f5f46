"""The workspace: every pane around one prompt. It folds what the bridge brings and turns keys into orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static, TextArea

from hermes_tui.domain.commands import Command, EditPlan, Interrupt, RaiseCap, Submit
from hermes_tui.domain.events import PlanOp, RunEnded, RunPaused, RunResumed, RunStarted, RunUnpaused
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import fold_all
from hermes_tui.interfaces._bridge import Batch, Seat
from hermes_tui.interfaces._completion import Sources, offered_for
from hermes_tui.interfaces.tui import notices
from hermes_tui.interfaces.tui.bars import Mark, QueueRows, StatusLine
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.dock import Card, Dock
from hermes_tui.interfaces.tui.line_view import LineView, Look
from hermes_tui.interfaces.tui.offers import Offers
from hermes_tui.interfaces.tui.panes._pane import Divider, Showing, TitleRule, View
from hermes_tui.interfaces.tui.panes._question import Answers
from hermes_tui.interfaces.tui.panes.approvals import ApprovalsPane
from hermes_tui.interfaces.tui.panes.budget import BudgetPane
from hermes_tui.interfaces.tui.panes.console import ConsolePane
from hermes_tui.interfaces.tui.panes.memory import MemoryPane
from hermes_tui.interfaces.tui.panes.mind_log import MindLogPane
from hermes_tui.interfaces.tui.panes.task_graph import TaskGraphPane
from hermes_tui.interfaces.tui.prompt import Prompt
from hermes_tui.interfaces.tui.screens._stage import Stage
from hermes_tui.interfaces.tui.welcome import welcome_lines
from hermes_tui.services.brains import Missing
from hermes_tui.services.sessions import resumable

FLASH_S: Final = 6.0


class Workspace(Stage):
    """The main screen."""

    AUTO_FOCUS = "#prompt"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "pane('graph')", "task graph", id="pane.graph", priority=True),
        Binding("f4", "pane('mind')", "mind-log", id="pane.mind", priority=True),
        Binding("f5", "pane('memory')", "memory", id="pane.memory", priority=True),
        Binding("f6", "pane('budget')", "budget", id="pane.budget", priority=True),
        Binding("f7", "approvals", "answer; again: the inbox", id="pane.approvals", priority=True),
        Binding("escape", "back", "back; from the prompt, interrupt", id="app.back"),
        Binding("tab", "next_pane", "next pane", id="pane.next"),
        Binding("shift+tab", "previous_pane", "previous pane", id="pane.previous"),
        Binding("z", "full", "full screen", id="pane.full"),
        Binding("m", "jump('mind')", "why: mind-log", id="jump.mind"),
        Binding("g", "jump('graph')", "where: task graph", id="jump.graph"),
        Binding("c", "jump('console')", "in which words: console", id="jump.console"),
    ]

    class Ordered(Message):
        """Something for the kernel."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command

    class Typed(Message):
        """A line from the prompt."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Settled(Message):
        """The prompt has the focus for the first time."""

    class Drafted(Message):
        """The draft or the queue changed."""

    def __init__(
        self, look: Look, seat: Seat, earlier: Callable[[], Sequence[Record]], monotonic: Callable[[], float]
    ) -> None:
        self.seat = seat
        self.earlier = earlier
        self.chronicle = Chronicle()
        self.seen = self._shown = 0
        self.live = self.frozen = self._settled = False
        self.queue: list[str] = []
        self.sources = Sources()
        self.brains: Sequence[Brain | Missing] | None = None
        self.brains_at = 0.0
        first_token_s = seat.facts.config.brain("cortex").clocks.first_token_s
        self.console_pane = ConsolePane(look, first_token_s=first_token_s)
        self.graph_pane = TaskGraphPane(look)
        self.approvals_pane = ApprovalsPane(look, monotonic)
        self.mind_pane = MindLogPane(look)
        self.budget_pane = BudgetPane(look)
        self.memory_pane = MemoryPane(look)
        middle = (self.graph_pane, self.approvals_pane)
        panes = (self.console_pane, *middle, self.mind_pane, self.budget_pane, self.memory_pane)
        self.dock = Dock(look, monotonic)
        self.queue_rows = QueueRows(look)
        self.offers = Offers(look)
        self.prompt = Prompt(self.offers)
        super().__init__(look, {str(pane.id): pane for pane in panes}, resting_place=self.prompt)
        self.prompt_rule = TitleRule(look, "goal")
        self.status = StatusLine(look)
        self.showing: tuple[Showing, ...] = (*panes, self.dock, self.status)

    def stops(self) -> list[Widget]:
        """Return what Tab stops at; an open question comes after the prompt."""
        prompt, *others = super().stops()
        return [prompt, *([self.dock.card] if self.dock.display else []), *others]

    # building

    def compose(self) -> ComposeResult:
        """Columns, prompt and status line."""
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.console_pane
                yield self.queue_rows
                yield self.dock
                yield self.offers
                yield self.prompt_rule
                with Horizontal(id="prompt-line"):
                    yield Mark(self.look)
                    yield self.prompt
            yield Divider(self.look, "main-divider")
            with Container(id="side"):
                with Vertical(id="middle"):
                    yield self.graph_pane
                    yield self.approvals_pane
                yield Divider(self.look, "side-divider")
                with Vertical(id="right"):
                    yield self.mind_pane
                    yield self.budget_pane
                    yield self.memory_pane
        yield Static("", id="too-small", markup=False)
        yield self.status

    def on_mount(self) -> None:
        """Show what is on record, then begin to follow."""
        self.prompt.focus()
        self.read_again()
        self.set_interval(1.0, self.tick)

    def read_again(self) -> None:
        """Take in the records that the journal holds and the screen has not seen."""
        records = [record for record in self.earlier() if record.seq > self.seen]
        self._take(records)
        left = fold_all(records)
        if left.run.run is not None and left.run.ended is None:
            self.console_pane.say(notices.left_open(left, records[-1].at))
        self.refresh_panes()

    # folding

    def absorb(self, batch: Batch) -> None:
        """Take in one frame's worth."""
        if batch.overflowed:
            self._take([record for record in self.earlier() if record.seq > self.seen])
        for record in batch.records:
            self._note(record)
        self._take([record for record in batch.records if record.seq > self.seen])
        if batch.parts:
            self.console_pane.hear(batch.parts)
        if batch.records:
            self.refresh_panes()

    def _note(self, record: Record) -> None:
        if isinstance(record.body, RunStarted | RunResumed):
            self.live = True
        elif isinstance(record.body, RunPaused | RunUnpaused):
            self.frozen = isinstance(record.body, RunPaused)
        elif isinstance(record.body, RunEnded):
            self.live = False
            if self.queue and record.body.status == "done":
                self.post_message(self.Ordered(Submit(text=self.queue.pop(0))))
                self.post_message(self.Drafted())

    def _take(self, records: Sequence[Record]) -> None:
        if not records:
            return
        for record in records:
            self.chronicle.take(record)
        self.seen = records[-1].seq
        self.console_pane.take(records)
        self.mind_pane.take(records)

    def view_now(self) -> View:
        """Return what the panes show."""
        able = [one for one in self.brains or () if isinstance(one, Brain)]
        return View(
            state=self.seat.state,
            chronicle=self.chronicle,
            facts=self.seat.facts,
            now=self.look.clock(),
            live=self.live,
            frozen=self.frozen,
            brain=None if self.brains is None else able[0].name if able else "",
            windows={one.name: one.window_tokens for one in able},
        )

    def refresh_panes(self) -> None:
        """Show the present state everywhere."""
        view = self.view_now()
        self._shown = view.state.seq
        for one in self.showing:
            one.show(view)
        self.task_count = len(self.graph_pane.shown)
        self._show_prompt()
        shape = self.division.shape
        self.console_pane.show_ribbon(self.graph_pane.shown, wanted=shape in ("one", "narrow"))
        if not self.seen:
            width = self.console_pane.view.size.width or self.size.width
            self.console_pane.view.empty = welcome_lines(self.brains, self.brains_at, width)
            self.console_pane.view.refresh()
        self.divide()

    @on(Stage.Divided)
    def _divided_again(self, event: Stage.Divided) -> None:
        event.stop()
        self.refresh_panes()

    @on(Stage.NotFound)
    def _not_found(self, event: Stage.NotFound) -> None:
        event.stop()
        self.say(f"Nothing about this in {event.pane.TITLE}.")

    def tick(self) -> None:
        """Move the clocks of what is under way, once a second."""
        if self.seat.state.seq != self._shown:
            self.refresh_panes()
        if not self.live and not self.chronicle.asked:
            return
        view = self.view_now()
        for line_view in self.query(LineView):
            if line_view.display:
                line_view.tick()
        self.dock.show(view)
        self.status.show(view)
        if self.budget_pane.display:
            self.budget_pane.show(view)

    @property
    def unfinished(self) -> bool:
        """Whether a run was begun, does not go on, and could."""
        return not self.live and resumable(self.seat.state)

    def show_brains(self, found: Sequence[Brain | Missing]) -> None:
        """Show who can answer."""
        self.brains, self.brains_at = found, self.look.clock()
        self.refresh_panes()

    def _show_prompt(self) -> None:
        self.prompt.busy, self.prompt.queued = self.live, len(self.queue)
        self.queue_rows.show(self.queue)
        title = "to main" if self.live else "goal, after an unfinished run" if self.unfinished else "goal"
        busy = (("Enter", "steer"), ("Tab", "queue"), ("Esc", "interrupt"))
        more = ("/resume", "goes on") if self.unfinished else ("/", "commands")
        idle = (("Enter", "send"), more, ("F1", "keys"))
        said = " · ".join(f"{key} {means}" for key, means in (busy if self.live else idle))
        self.prompt_rule.say(((title, "text bold"),), ((said, "muted"),) if self.size.width >= 60 else ())

    def on_descendant_focus(self) -> None:
        """Mark the prompt's rule while it has the focus."""
        self.prompt_rule.mark(focused=self.prompt.has_focus)
        if self.prompt.has_focus and not self._settled:
            self._settled = True
            self.post_message(self.Settled())

    # keys

    def action_approvals(self) -> None:
        """Focus the oldest question; from there, or with none, show the inbox."""
        if self.dock.display and not self.dock.has_focus_within and not self.full_pane:
            self.dock.card.focus()
        else:
            self.action_pane("approvals")

    def action_back(self) -> None:
        """Go one layer back; from the prompt, interrupt what runs."""
        if any(pane.has_focus_within and pane.step_back() for pane in self.panes.values()):
            return
        if self.full_pane:
            self.restore()
        elif not self.prompt.has_focus:
            self.dock.answers.close()
            self.budget_pane.entry.display = False
            self.prompt.focus()
        elif self.live:
            self.post_message(self.Ordered(Interrupt()))

    def redraw(self) -> None:
        """Draw everything again, as after a change of theme."""
        for view in self.query(LineView):
            view.redraw()
        for widget in self.query("TitleRule, Divider, StatusLine, Card, Mark, QueueRows, Offers"):
            widget.refresh()

    # what the operator does

    def say(self, text: str, role: str = "text") -> None:
        """Say something in the status line for a moment."""
        self.status.flash(((text, role),))
        self.set_timer(FLASH_S, lambda: self.status.unflash(text))

    @on(TextArea.Changed, "#prompt")
    @on(TextArea.SelectionChanged, "#prompt")
    def _edited_draft(self, event: Message) -> None:
        event.stop()
        if isinstance(event, TextArea.Changed):
            self.offers.show(offered_for(self.prompt.before_cursor, self.sources))
            self.post_message(self.Drafted())

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        event.stop()
        if isinstance(event, Prompt.Queued):
            self.queue.append(event.text)
            self._show_prompt()
            self.post_message(self.Drafted())
        else:
            self.post_message(self.Typed(event.text))

    @on(Prompt.EditQueueAsked)
    def _edit_queue(self, event: Prompt.EditQueueAsked) -> None:
        event.stop()
        if self.queue:
            self.prompt.fill(self.queue.pop())
            self._show_prompt()

    @on(Prompt.TabAsked)
    def _tab(self, event: Prompt.TabAsked) -> None:
        event.stop()
        self.action_next_pane()

    @on(Answers.Given)
    def _answered(self, event: Answers.Given) -> None:
        event.stop()
        self.post_message(self.Ordered(event.command))
        if self.full_pane != "approvals":
            self.prompt.focus()
        else:
            self.approvals_pane.view.focus()

    @on(Card.WholeAsked)
    def _whole(self, event: Card.WholeAsked) -> None:
        event.stop()
        self.make_full("approvals")

    @on(TaskGraphPane.EditAsked)
    def _edited(self, event: TaskGraphPane.EditAsked) -> None:
        event.stop()
        graph = self.seat.state.graph
        op = PlanOp(kind=event.kind, target=event.row.task.id, priority=event.priority)
        why = f"{event.kind.value} {event.row.task.id}, by key"
        self.post_message(self.Ordered(EditPlan(base_rev=graph.rev, why=why, ops=(op,))))

    @on(BudgetPane.RaiseAsked)
    def _raised(self, event: BudgetPane.RaiseAsked) -> None:
        event.stop()
        self.post_message(self.Ordered(RaiseCap(usd=event.usd)))
