"""How a session opens: the first page where no brain answers, and what has the focus then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from textual import on
from textual.widget import Widget

from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Record
from hermes_tui.interfaces._bridge import Seat
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.choosing import Choosing
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.journey import Journey
from hermes_tui.interfaces.tui.left_open import LeftOpen, LeftOpenCard
from hermes_tui.interfaces.tui.panes._note_wishes import Wish
from hermes_tui.interfaces.tui.panes._pane import Pane
from hermes_tui.interfaces.tui.panes.console import ConsolePane
from hermes_tui.interfaces.tui.screens._entry import Entry
from hermes_tui.interfaces.tui.screens._timeline import Timeline
from hermes_tui.interfaces.tui.welcome import (
    LOCAL,
    ORDER_OF,
    Found,
    connectable,
    first_rows,
    how_to_start,
    welcome_lines,
)
from hermes_tui.services.missing import Missing

TO_TYPE: Final = "Tab to type a goal now; it is kept until a brain is connected"


class Opening(Entry):
    """The screen as it is at the start. The first page has the focus then, unless something was typed before."""

    console_pane: ConsolePane
    page_keys: Mapping[str, str]
    """What the keys of the first page stand for."""

    def __init__(
        self,
        journey: Journey,
        seat: Seat,
        earlier: Callable[[], Sequence[Record]],
        panes: Sequence[Pane],
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__(journey, seat, earlier, panes, monotonic)
        self.page_keys = {}
        self.found = Found()
        self.chosen_from_at = 0.0
        self.console_pane.place = wording.place(seat.facts.workspace)
        self.left: LeftOpenCard | None = None
        self.recovery_keys: Mapping[str, str] = {}
        self._settled = self._begun = self._offered = False

    # what was found

    def show_brains(self, found: Sequence[Brain | Missing]) -> None:
        """Show who can answer."""
        self.brains = found
        self.found = self.found.at(self.look.now())
        if self.is_mounted:  # a provider that needs no network answers before there is anything to draw on
            if connectable(found) and not self.seen:
                self.post_message(Wish("count"))
            self.post_message(Timeline.Moved())

    def show_surroundings(self, *, notes: int, in_git: bool, branch: str) -> None:
        """Show how many notes there are and which branch the folder is on."""
        self.found = self.found.counted(notes, in_git=in_git)
        place = wording.place(self.seat.facts.workspace)
        self.console_pane.place = f"{place} · {one_line(branch)}" if branch else place
        self.show_first_page()

    # the first page

    def show_first_page(self) -> None:
        """Show what to begin with, as long as nothing happened; where nobody can answer, to choose from."""
        console, early = self.console_pane, not self.seen and not self.travelling
        missing = connectable(self.brains) if early else []
        self.alone = bool(missing)
        if missing:
            found = self.found.confined(self.seat.facts.sandbox)
            console.offer(partial(first_rows, missing, found, armed=console.view.has_focus))
        else:
            console.offer(None)
            if early:
                console.begin_with(partial(welcome_lines, self.brains))
        console.keys = {key: name for key, name in self.page_keys.items() if number_of(name) <= len(missing)}
        console.show(self.view_now())
        if self._offered and not console.first_page and console.view.has_focus:
            self.prompt.focus()
        self._offered = console.first_page
        self.prompt.placeholder = TO_TYPE if console.first_page and not self.prompt.has_focus else ""
        self.show_prompt()
        self._begin()

    def settle(self) -> None:
        """Know that all that was typed early is where it belongs."""
        self._settled = True
        self._begin()

    def _begin(self) -> None:
        """Give the focus, once, to what the session opens with; what was typed keeps it where it is."""
        if self._begun or not self._settled or (self.brains is None and not self.seen):
            return
        self._begun = True
        place = self.left if self.left is not None else self.console_pane.view
        chosen_from = self.left is not None or self.console_pane.first_page
        if chosen_from and self.is_current and self.prompt.has_focus and not self.prompt.text:
            self.chosen_from_at = self.monotonic()
            self.set_focus(place)

    def restore(self, *, focus: bool = True) -> None:
        """Bring the columns back; the first page has the focus again where nothing is being typed."""
        full = self.full_pane
        super().restore(focus=focus)
        if full and focus and self.console_pane.first_page and not self.prompt.text:
            self.console_pane.view.focus()

    @property
    def choosing(self) -> Choosing | None:
        """What has the focus and is chosen from, before anything was typed."""
        console = self.console_pane
        if self.left is not None and self.left.has_focus:
            self.left.keys = self.recovery_keys
            return self.left
        return console if console.first_page and console.view.has_focus else None

    def write(self, text: str) -> None:
        """Give the prompt the focus at once, and put a text where its cursor is."""
        self.set_focus(self.prompt)
        if text:
            self.prompt.insert(text)

    def idle_keys(self) -> Sequence[tuple[str, str]]:
        """Return the keys that the prompt's rule names while nothing runs."""
        if not self.console_pane.first_page:
            return super().idle_keys()
        first = (("Enter", "send"), ("Esc", "back")) if self.prompt.has_focus else (("Tab", "type"),)
        return (*first, ("/", "commands"), ("F1", "keys"))

    # a run that was left open

    def ask_about(self, left: LeftOpen) -> None:
        """Ask what is to become of a run that Hermes left open."""
        self.left = LeftOpenCard(self.look, left)
        self.query_one("#entry").mount(self.left, before=self.dock)

    def answer_about(self) -> None:
        """Take the question away; the transcript says what it said."""
        card, self.left = self.left, None
        if card is None:
            return
        self.console_pane.say(card.left.row)
        if card.has_focus:
            self.prompt.focus()
        card.remove()

    @on(LeftOpenCard.Chosen)
    def _answered_about(self, event: LeftOpenCard.Chosen) -> None:
        event.stop()
        if event.name == "recovery.look":
            self.post_message(OrderAsked("travel"))
            return
        self.answer_about()
        if event.name == "recovery.go_on":
            self.post_message(OrderAsked("resume"))

    def arrive(self) -> None:
        """Show now again; the question about a run is still there to be answered."""
        super().arrive()
        if self.left is not None:
            self.left.focus()

    def stops(self) -> list[Widget]:
        """Return what Tab stops at; the question about a run comes after the prompt."""
        rest, *others = super().stops()
        return [rest, *([self.left] if self.left is not None and not self.travelling else []), *others]

    @on(ConsolePane.Begun)
    def _chosen(self, event: ConsolePane.Begun) -> None:
        event.stop()
        number, missing = number_of(event.name), connectable(self.brains)
        if not number:
            order, _, argument = ORDER_OF[event.name.rpartition(".")[2]].partition(" ")
            self.post_message(OrderAsked(order, argument))
        elif number <= len(missing) and missing[number - 1].provider in LOCAL:
            self._own_app.push_screen(how_to_start(self.look, missing[number - 1]))
        elif number <= len(missing):
            self.post_message(OrderAsked("key", missing[number - 1].provider))


def number_of(name: str) -> int:
    """Return the number that a key of the first page connects by its id, 0 for a letter."""
    number = name.rpartition("_")[2]
    return int(number) if number.isdigit() else 0
