"""The workspace: every pane around one prompt. It folds what the bridge brings and turns keys into orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Static

from hermes_tui.domain.commands import Interrupt, RaiseCap
from hermes_tui.domain.events import RunEnded, RunPaused, RunResumed, RunStarted, RunUnpaused
from hermes_tui.domain.records import Record
from hermes_tui.interfaces._bridge import Batch, Seat
from hermes_tui.interfaces.tui import choices, notices
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.dock import Card
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.graph.rows import TaskRow
from hermes_tui.interfaces.tui.journey import Journey
from hermes_tui.interfaces.tui.left_open import left_open
from hermes_tui.interfaces.tui.panes._pane import Pane, Showing
from hermes_tui.interfaces.tui.panes._question import Answers
from hermes_tui.interfaces.tui.panes.approvals import ApprovalsPane
from hermes_tui.interfaces.tui.panes.budget import BudgetPane
from hermes_tui.interfaces.tui.panes.console import ConsolePane
from hermes_tui.interfaces.tui.panes.memory import MemoryPane
from hermes_tui.interfaces.tui.panes.mind_log import MindLogPane
from hermes_tui.interfaces.tui.panes.task_graph import TaskGraphPane
from hermes_tui.interfaces.tui.rows import Call, Notice, Origin, seq_of
from hermes_tui.interfaces.tui.rules import Divider
from hermes_tui.interfaces.tui.screens._opening import Opening
from hermes_tui.interfaces.tui.screens._stage import Stage
from hermes_tui.interfaces.tui.screens._timeline import Timeline
from hermes_tui.interfaces.tui.screens.chooser import Chooser
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.interfaces.tui.time_limits import limits_of

TWICE_S: Final = 1.0
AGAIN: Final = "Esc again rewinds to an earlier prompt."
LATE_S: Final = 1.0
"""What is shown so long after it happened is behind, and the console says by how much."""


class Workspace(Opening):
    """The main screen."""

    AUTO_FOCUS = "#prompt"
    STYLES = Path(__file__).with_name("workspace.tcss")
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
        Binding("greater_than_sign", "widen(2)", "wider column", id="pane.wider"),
        Binding("less_than_sign", "widen(-2)", "narrower column", id="pane.narrower"),
        Binding("ctrl+up", "heighten(1)", "higher pane", id="pane.higher"),
        Binding("ctrl+down", "heighten(-1)", "lower pane", id="pane.lower"),
        Binding("equals_sign", "usual", "borders back to where they were", id="pane.usual"),
        Binding("m", "jump('mind')", "why: mind-log", id="jump.mind"),
        Binding("g", "jump('graph')", "where: task graph", id="jump.graph"),
        Binding("t", "travel", "when: time travel to it", id="jump.travel"),
        Binding("c", "jump('console')", "in which words: console", id="jump.console"),
    ]

    def __init__(
        self, look: Look, seat: Seat, earlier: Callable[[], Sequence[Record]], monotonic: Callable[[], float]
    ) -> None:
        self._shown = (0, "")
        self.settled = asyncio.Event()
        """Set once the prompt has the focus for the first time."""
        self._said_long = 0
        self._escaped = -TWICE_S
        self._last_key = ""
        self.clock_s = 1.0
        first_token_s = seat.facts.config.brain("cortex").clocks.first_token_s
        limit_of = limits_of(lambda: seat.errands.station.tools)
        self.console_pane = ConsolePane(look, first_token_s=first_token_s, limit_of=limit_of)
        self.graph_pane = TaskGraphPane(look)
        self.approvals_pane = ApprovalsPane(look, monotonic)
        self.mind_pane = MindLogPane(look)
        self.budget_pane = BudgetPane(look)
        self.memory_pane = MemoryPane(look)
        self._beside = (self.graph_pane, self.approvals_pane, self.mind_pane, self.budget_pane, self.memory_pane)
        panes = (self.console_pane, *self._beside)
        journey = Journey(look, self.console_pane, self.mind_pane)
        super().__init__(journey, seat, earlier, panes, monotonic)
        self.dock.card.read = self.approvals_pane.reading.whole
        self.dock.card.calls = self.approvals_pane.calls = self.console_pane.calls
        self.showing: tuple[Showing, ...] = (self.console_pane, self.status)

    # building

    def compose(self) -> ComposeResult:
        """Columns, prompt and status line."""
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.console_pane
                yield from self.compose_entry()
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
        yield self.scrubber
        yield self.status

    def on_mount(self) -> None:
        """Show what is on record, then begin to follow."""
        self.prompt.focus()
        self.read_again()
        self.set_interval(self.clock_s, self.tick)

    async def furnish(self) -> None:
        """Fill the panes that came empty, those in sight first, and show the present state in them."""
        for one in sorted((*self._beside, self.dock), key=lambda one: not one.display):
            await one.furnish()
        if self.dock.is_attached:  # the operator may have left meanwhile
            self.showing = (self.console_pane, *self._beside, self.dock, self.status)
            self.refresh_panes()

    def read_again(self) -> None:
        """Take in the records that the journal holds and the screen has not seen."""
        records = [record for record in self.earlier() if record.seq > self.seen]
        self.take(records)
        if (left := left_open(records)) is not None:
            self.cut_off()
            self.ask_about(left)
        self.refresh_panes()

    # folding

    def absorb(self, batch: Batch) -> None:
        """Take in one frame's worth."""
        if batch.overflowed:
            self.take(self.earlier())
        for record in batch.records:
            self._note(record)
        self.take(batch.records)
        late = bool(batch.records) and self.look.now() - batch.records[-1].at > LATE_S
        self.console_pane.show_behind(self.seat.state.seq - self.seen if late else 0)
        if batch.parts:
            self.console_pane.hear(batch.parts)
        if batch.records:
            self.refresh_panes()
        self.paint()

    def _note(self, record: Record) -> None:
        if isinstance(record.body, RunStarted | RunResumed):
            self.live = True
            self.answer_about()
        elif isinstance(record.body, RunPaused | RunUnpaused):
            self.frozen = isinstance(record.body, RunPaused)
        elif isinstance(record.body, RunEnded):
            self.live = False
            if self.queue and record.body.status == "done":
                self.post_message(self.Typed(self.queue.pop(0)))
                self.post_message(self.Drafted())

    def refresh_panes(self) -> None:
        """Show the present state everywhere."""
        view = self.view_now()
        self._shown = (view.state.seq, view.facts.sandbox)
        for one in self.showing:
            one.show(view)
        self.task_count = self.graph_pane.rows_wanted
        self.show_prompt()
        shape = self.division.shape
        self.console_pane.show_ribbon(self.graph_pane.shown, wanted=shape in ("one", "narrow"))
        self.show_first_page()
        self.divide()

    @on(Stage.Divided)
    @on(Timeline.Moved)
    def _shown_otherwise(self, event: Stage.Divided | Timeline.Moved) -> None:
        event.stop()
        self.refresh_panes()

    @on(Timeline.Refused)
    @on(Pane.Warned)
    def _warned(self, event: Timeline.Refused | Pane.Warned) -> None:
        event.stop()
        self.say(event.text, "warn")

    @on(Stage.NotFound)
    def _not_found(self, event: Stage.NotFound) -> None:
        event.stop()
        self.say(f"Nothing about this in {event.pane.TITLE}.")

    def tick(self) -> None:
        """Move the clocks of what is under way."""
        if self.travelling:
            return
        if (self.seat.state.seq, self.seat.facts.sandbox) != self._shown:
            self.refresh_panes()
        if not self.live and not self.chronicle.asked:
            return
        view = self.view_now()
        self.show_waiting(view)
        for line_view in self.query(LineView):
            if line_view.display:
                line_view.tick()
        moving = (self.dock, self.status, *(pane for pane in (self.budget_pane, self.graph_pane) if pane.display))
        for one in moving:
            if one in self.showing:
                one.show(view)

    def say(self, text: str, role: str = "text") -> None:
        """Say something in the status line for a moment; where it does not fit, it stands in the console too."""
        super().say(text, role)
        if self.seen and cell_len(text) + 2 > self.size.width:
            self._said_long += 1
            where = Origin(key=("said", self._said_long), at=self.look.now())
            self.console_pane.say(Notice(origin=where, sign=notices.KERNEL, spans=((one_line(text), role),)))

    def on_descendant_focus(self) -> None:
        """Mark the prompt's rule while it has the focus."""
        if self.console_pane.first_page:
            self.call_after_refresh(self.show_first_page)
        self.prompt_rule.mark(focused=self.prompt.has_focus)
        if self.prompt.has_focus:
            self.settled.set()

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
        elif self.travelling or self.reading:
            self.step_back_in_time()
        elif not self.prompt.has_focus:
            self.dock.answers.close()
            self.budget_pane.entry.display = False
            self.prompt.focus()
        elif self.live:
            self.post_message(self.Ordered(Interrupt()))
        elif self.console_pane.first_page:
            self.console_pane.view.focus()
        elif not self.prompt.text:
            self._escape()

    def pressed(self, key: str) -> None:
        """Know a key before it acts: a second Esc is one right after the first; what was said of it goes with it."""
        self.status.unflash(AGAIN)
        if key != self._last_key:
            self._escaped = -TWICE_S
        self._last_key = key

    def _escape(self) -> None:
        """Rewind on the second Esc within a second; the first says so."""
        now = self.monotonic()
        if now - self._escaped < TWICE_S:
            self.post_message(OrderAsked("rewind"))
        elif self.seen:
            self.say(AGAIN)
        self._escaped = now

    def action_travel(self) -> None:
        """Show everything as it was at the row under the cursor."""
        focused = self.focused
        row = focused.current if isinstance(focused, LineView) else None
        if row is None:
            return
        seq = row.status.ended_seq if isinstance(row, TaskRow) else seq_of(row)
        if seq:
            self.post_message(OrderAsked("travel", f"@{seq}"))
        else:
            self.say("This row stands for no record yet.")

    def redraw(self) -> None:
        """Draw everything again, as after a change of theme."""
        for view in self.query(LineView):
            view.redraw()
        for widget in self.query("TitleRule, Divider, StatusLine, Card, Mark, QueueRows, Offers"):
            widget.refresh()

    # what the operator does

    @on(Answers.Given)
    def _answered(self, event: Answers.Given) -> None:
        event.stop()
        self.send(event.command)
        if self.full_pane != "approvals":
            self.resting_place.focus()
        else:
            self.approvals_pane.view.focus()

    @on(Card.WholeAsked)
    def _whole(self, event: Card.WholeAsked) -> None:
        event.stop()
        asked = self.dock.card.asked
        if asked is not None:
            self.approvals_pane.turn_to(asked.question.approval_id)
        self.make_full("approvals")

    @on(ConsolePane.LinksAsked)
    def _links(self, event: ConsolePane.LinksAsked) -> None:
        event.stop()
        targets = event.targets
        if not targets:
            self.say("No link stands in this row.")
        elif len(targets) == 1:
            self.post_message(OrderAsked("open", targets[0]))
        else:
            links = Chooser(self.look, "links", list(map(choices.of_link, targets)))
            self._own_app.push_screen(links, self._open)

    def _open(self, target: str | None) -> None:
        if target is not None:
            self.post_message(OrderAsked("open", target))

    @on(ConsolePane.WholeAsked)
    def _whole_row(self, event: ConsolePane.WholeAsked) -> None:
        event.stop()
        if isinstance(event.row, Call) and event.row.artifact:
            self.post_message(OrderAsked("open", event.row.artifact))
            return
        lines = event.row.copy().splitlines()
        self._own_app.push_screen(Page(self.look, "all of it", lambda width: choices.page_lines(lines, width)))

    @on(TaskGraphPane.Ordered)
    def _edited(self, event: TaskGraphPane.Ordered) -> None:
        event.stop()
        self.send(event.command)

    @on(BudgetPane.RaiseAsked)
    def _raised(self, event: BudgetPane.RaiseAsked) -> None:
        event.stop()
        self.send(RaiseCap(usd=event.usd))

    @on(Pane.PageAsked)
    def _page_asked(self, event: Pane.PageAsked) -> None:
        event.stop()
        self._own_app.push_screen(Page(self.look, event.title, event.draw))
