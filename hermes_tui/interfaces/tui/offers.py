"""The list of completions above the prompt."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.interfaces._completion import Offer, Offered, Sources, offered_for
from hermes_tui.interfaces.tui.drawing.cells import Line, ends, fit_middle, foreign, one_line, pad
from hermes_tui.interfaces.tui.drawing.look import Look


class Offers(Widget):
    """The list of completions above the prompt; not there while there are none."""

    DEFAULT_CSS = "Offers { height: auto; display: none; }"

    def __init__(self, look: Look, sources: Sources | None = None) -> None:
        super().__init__(id="offers")
        self.look = look
        self.sources = Sources() if sources is None else sources
        self.offered = Offered()
        self.cursor = 0
        self._before = ""

    @property
    def open(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.offered.offers)

    @property
    def current(self) -> Offer | None:
        """The completion that would be taken."""
        return self.offered.offers[self.cursor] if self.open else None

    def look_up(self, before: str) -> None:
        """Offer what completes a row of text up to the cursor."""
        self._before = before
        self.show(offered_for(before, self.sources))

    def keep_up(self, before: str) -> None:
        """Offer for this text, where what is offered is for an earlier one: keys may come faster than completions."""
        if self.open and before != self._before:
            self.look_up(before)

    def show(self, offered: Offered) -> None:
        """Offer something else; the first of it is chosen."""
        if offered == self.offered:
            return
        self.offered, self.cursor = offered, 0
        self.display = self.open
        self.styles.height = len(offered.offers)
        self.refresh()

    def step(self, by: int) -> None:
        """Choose another."""
        self.cursor = (self.cursor + by) % max(len(self.offered.offers), 1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one completion."""
        if y >= len(self.offered.offers):
            return self.look.strip(Line(), self.size.width)
        offer, width = self.offered.offers[y], self.size.width
        room = min(max(len(one.text) for one in self.offered.offers) + 2, max(width - 6, 10))
        chosen = y == self.cursor
        name = pad(fit_middle(one_line(offer.text), room), room)
        left = ((("▌ " if chosen else "  "), "accent"), (name, "text bold" if chosen else "text"))
        return self.look.strip(ends((*left, *foreign(one_line(offer.about), "muted")), (), width), width, "")
