"""What can complete the line being typed: commands after `/`, their arguments, files after `@`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui import fuzzy, orders
from hermes_tui.interfaces.tui.cells import Line, ends, fit_middle, foreign, one_line, pad
from hermes_tui.interfaces.tui.line_view import Look

MOST: Final = 8
_MENTION: Final = re.compile(r"(?:^|\s)@(\S*)$")


@frozen(kw_only=False)
class Offer:
    """One completion: what takes the place of what was typed, and a word about it. `sends` says Enter is enough."""

    text: str
    about: str = ""
    sends: bool = False


@frozen(kw_only=False)
class Offered:
    """Completions for the text between `start` and the cursor, both columns of the cursor's row."""

    start: int = 0
    offers: tuple[Offer, ...] = ()


@dataclass(slots=True)
class Sources:
    """What is known to choose from: files of the workspace, and arguments by command."""

    files: Sequence[str] = ()
    arguments: Mapping[str, Callable[[], Sequence[str]]] = field(default_factory=dict[str, Callable[[], Sequence[str]]])


def offered_for(before: str, sources: Sources) -> Offered:
    """Return the completions for a row of text up to the cursor."""
    offered = _found(before, sources)
    alone = len(offered.offers) == 1 and offered.offers[0].text == before[offered.start :]
    return Offered() if alone else offered


def _found(before: str, sources: Sources) -> Offered:
    if mention := _MENTION.search(before):
        found = fuzzy.best(mention[1], sources.files, str, MOST)
        return Offered(mention.start(1) - 1, tuple(Offer(f"@{name}") for name in found))
    parsed = orders.parse(before)
    if parsed is None:
        return Offered()
    name, _ = parsed
    if " " not in before:
        return Offered(0, tuple(_command(order) for order in orders.closest(name)[:MOST]))
    start = before.index(" ") + 1
    known = sources.arguments.get(name)
    found = fuzzy.best(before[start:], known(), str, MOST) if known is not None else []
    return Offered(start, tuple(Offer(text, sends=True) for text in found))


def _command(order: orders.Order) -> Offer:
    sends = not order.argument or order.argument.startswith("[")
    about = f"{order.argument}  {order.does}" if order.argument else order.does
    return Offer(f"/{order.name}", about, sends)


class Offers(Widget):
    """The list of completions above the prompt; not there while there are none."""

    DEFAULT_CSS = "Offers { height: auto; display: none; }"

    def __init__(self, look: Look) -> None:
        super().__init__(id="offers")
        self.look = look
        self.offered = Offered()
        self.cursor = 0

    @property
    def open(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.offered.offers)

    @property
    def current(self) -> Offer | None:
        """The completion that would be taken."""
        return self.offered.offers[self.cursor] if self.open else None

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
