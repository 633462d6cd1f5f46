"""The console: the transcript of the session, following what happens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from hermes_tui.domain.parts import Part
from hermes_tui.domain.records import Place, Record
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.row_window import Row, RowWindow
from hermes_tui.interfaces.tui.graph.rows import TaskRow, ribbon
from hermes_tui.interfaces.tui.headings import ChoiceWindow
from hermes_tui.interfaces.tui.links import link_at, links_in
from hermes_tui.interfaces.tui.panes._pane import Pane, View
from hermes_tui.interfaces.tui.rows import Call
from hermes_tui.interfaces.tui.time_limits import LimitOf, unknown
from hermes_tui.interfaces.tui.transcript import Transcript
from hermes_tui.interfaces.tui.welcome import BEGINNINGS, CONNECTING, Beginning


class ConsolePane(Pane):
    """Everything said and done, one row for each thing."""

    TITLE = "console"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "links", "open a link in the row", id="console.links"),
        *(
            Binding(str(number), f"begin('{name}')", "connect what has this number", id=name)
            for number, name in enumerate(CONNECTING, 1)
        ),
        *(Binding(letter, f"begin('start.{name}')", does, id=f"start.{name}") for letter, name, _, does in BEGINNINGS),
        Binding("v", "whole", "all of the row on a page", id="console.whole"),
    ]

    class Begun(Message):
        """The operator chose something on the first page, by the id of its key."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class LinksAsked(Message):
        """The operator wants to open one of these."""

        def __init__(self, targets: Sequence[str]) -> None:
            super().__init__()
            self.targets = targets

    class WholeAsked(Message):
        """The operator wants to read everything that a row stands for."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self, look: Look, *, first_token_s: float | None = None, limit_of: LimitOf = unknown) -> None:
        super().__init__(look, name="console")
        self.furnished = True
        self.transcript = Transcript(first_token_s=first_token_s, limit_of=limit_of, whole_lines=bool(look.step_s))
        self.view = LineView(look, name="transcript")
        self.place = ""
        self.keys: Mapping[str, str] = {}
        self._aside: RowWindow | None = None
        self._choices: Callable[[tuple[int, int]], Sequence[Row]] | None = None
        self._page: Callable[[tuple[int, int]], Sequence[Line]] | None = None
        self._ribbon: tuple[Span, ...] = ()
        self._now: RowWindow | None = None
        self._when = ""
        self._behind = 0

    def contents(self) -> ComposeResult:
        """Rule and transcript."""
        yield self.rule
        yield self.view

    def take(self, records: Iterable[Record]) -> None:
        """Add what happened."""
        rows: dict[object, Row] = {}
        for record in records:
            for row in self.transcript.take(record):
                rows[row.key] = row
        self._add(rows.values())

    def _add(self, rows: Collection[Row]) -> None:
        """Add rows to what stands now, which may be out of sight."""
        if rows:
            self.offer(None)
        if rows and self._now is not None:
            self._now.extend(rows)
        elif rows:
            self.view.extend(rows)

    def show_past(self, rows: Sequence[Row]) -> None:
        """Show these rows; what happens meanwhile goes on out of sight."""
        if self._now is None:
            self._now = self.view.swap(RowWindow(clock=self.look.clock, past=True))
        self._when = wording.clock(self.look.clock())
        self.view.window.follow(following=True)
        self.view.replace_all(rows)

    def show_now(self) -> None:
        """Show what stands now."""
        if self._now is not None:
            self.view.swap(self._now)
            self._now = None
            self._when = ""

    def hear(self, parts: Iterable[tuple[Place, Part]]) -> None:
        """Add what streams in."""
        rows: dict[object, Row] = {}
        now = self.look.now()
        for place, part in parts:
            row = self.transcript.hear(place, part, now)
            if row is not None:
                rows[row.key] = row
        self._add(rows.values())

    def calls(self) -> Iterator[Call]:
        """Yield every tool call on show, in order."""
        return (row for row in self.view.window.rows if isinstance(row, Call))

    def toggle_last_call(self) -> None:
        """Open or fold the newest tool call."""
        rows = self.view.window.rows
        last = next((row for row in reversed(rows) if isinstance(row, Call)), None)
        if last is not None:
            self.view.window.opened ^= {last.key}
            self.view.window.forget([self.view.window.find(last.key)])
            self.view.refresh()

    # the first page

    @property
    def first_page(self) -> bool:
        """Whether there is something to choose from instead of a transcript."""
        return self._aside is not None

    def offer(self, choices: Callable[[tuple[int, int]], Sequence[Row]] | None) -> None:
        """Show rows to choose from, drawn for a width and a height, while nothing was said; None takes them away."""
        if choices is not None and self._aside is None and not self.view.window.rows:
            self._aside = self.view.swap(ChoiceWindow(clock=self.look.clock, follows=False))
        elif choices is None and self._aside is not None:
            self.view.swap(self._aside)
            self._aside = None
        self._choices = choices if self._aside is not None else None
        self._draw_choices()

    def _draw_choices(self) -> None:
        if self._choices is not None:
            self.view.replace_all(self._choices(self.view.size if self.view.size.width else self.screen.size))
            if self.view.current is None:
                self.view.window.move_to(0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the first page act on that page only."""
        del parameters
        return action != "begin" or self.first_page

    def choose(self, name: str) -> None:
        """Do what a key of the first page stands for."""
        self.post_message(self.Begun(name))

    def action_begin(self, name: str) -> None:
        """Do what a key of the first page stands for."""
        self.choose(name)

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        if isinstance(event.row, Beginning):
            event.stop()
            self.choose(event.row.name)

    # rows

    def action_links(self) -> None:
        """Open the link in the row under the cursor, or one of them."""
        if self.view.current is not None:
            self.post_message(self.LinksAsked(links_in(self.view.current.copy())))

    def action_whole(self) -> None:
        """Show all that the row under the cursor stands for."""
        if self.view.current is not None:
            self.post_message(self.WholeAsked(self.view.current))

    @on(LineView.Clicked)
    def _clicked(self, event: LineView.Clicked) -> None:
        event.stop()
        target = link_at(event.line, event.x)
        if target:
            self.post_message(self.LinksAsked([target]))

    def cut_off(self) -> None:
        """Say of everything under way that Hermes ended before it did."""
        self._add(self.transcript.cut_off())

    def say(self, row: Row) -> None:
        """Add a row that is no record, such as what a slash command answers."""
        self._add([row])

    def show(self, view: View) -> None:
        """Know who can answer; rows come by `take` and `hear`, and the plan's says more once that is known."""
        self._add(self.transcript.replies.know(view.brains))
        told = None if view.past else self.transcript.plan.foreseen(view)
        if told is not None:
            self._add([told])
        self._mark()

    def begin_with(self, page: Callable[[tuple[int, int]], Sequence[Line]]) -> None:
        """Show a page, drawn for a width and a height, as long as there is no row."""
        self._page = page
        self.view.empty = page(self.view.size if self.view.size.width else self.screen.size)
        self.view.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Draw the page for the new size."""
        del event
        self._draw_choices()
        if self._page is not None and not self.view.window.rows:
            self.begin_with(self._page)

    def show_behind(self, count: int) -> None:
        """Say how many records the screen is behind; nothing where there are none."""
        if count != self._behind:
            self._behind = count
            self._mark()

    def show_ribbon(self, rows: list[TaskRow], *, wanted: bool) -> None:
        """Show the graph in the title rule where it has no pane."""
        done = sum(row.status.state.ended for row in rows)
        self._ribbon = (*ribbon(rows), (f" {done}/{len(rows)}", "muted")) if wanted and len(rows) > 1 else ()
        self._mark()

    def _mark(self) -> None:
        window = self.view.window
        if self._when:
            hint: tuple[Span, ...] = (*self._ribbon, (" " if self._ribbon else "", ""), (self._when, "text"))
        elif self._behind:
            hint = ((f"behind {self._behind:,}", "warn"),)
        elif window.following:
            hint = self._ribbon or ((("following", "muted"),) if window.rows else ())
        elif window.unseen:
            hint = ((f"{window.unseen:,} new", "text"), (" · ", "muted"), ("End", "accent"))
        else:
            hint = (("End follows", "muted"),)
        if self.first_page:
            self.rule.say((("hermes", "text bold"),), ((self.place, "muted"),))
        else:
            self.rule.say(((self.TITLE, "text bold"),), hint)

    @on(LineView.Scrolled)
    def _scrolled(self, event: LineView.Scrolled) -> None:
        event.stop()
        self._mark()
