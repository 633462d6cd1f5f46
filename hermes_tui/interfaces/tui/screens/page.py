"""A page of plain lines over everything: help, a whole question, every change; it scrolls, Esc closes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from hermes_tui.interfaces.tui.drawing.cells import Line
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.panes._pane import Sheet
from hermes_tui.interfaces.tui.rules import TitleRule

NO_ORDERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({})


class Page(ModalScreen[str | None]):
    """Lines drawn for the width at hand; a key of `orders` closes it and names the command to carry out."""

    DEFAULT_CSS = "Page { layout: vertical; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1", "dismiss", "close", priority=True),
    ]

    def __init__(
        self,
        look: Look,
        title: str,
        draw: Callable[[int], Sequence[Line]],
        orders: Mapping[str, tuple[str, str]] = NO_ORDERS,
    ) -> None:
        super().__init__()
        self.look = look
        self.draw = draw
        self.orders = orders
        said = "".join(f"{key} {means} · " for key, (_, means) in orders.items())
        self.rule = TitleRule(look, title, f"{said}Up Down scroll · Esc closes")
        self.rule.focused = True
        self.sheet = Sheet(look, name="page-lines")

    def compose(self) -> ComposeResult:
        """Rule and lines."""
        yield self.rule
        yield self.sheet

    def on_mount(self) -> None:
        """Move in the lines."""
        self.sheet.focus()

    def on_key(self, event: events.Key) -> None:
        """Close with the command of a key."""
        if event.key in self.orders:
            event.stop()
            self.dismiss(self.orders[event.key][0])

    def on_resize(self, event: events.Resize) -> None:
        """Draw for another width."""
        self.sheet.show(list(self.draw(event.size.width)))
