"""A page of plain lines over everything: help, a whole question, every change; it scrolls, Esc closes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from hermes_tui.interfaces.tui.cells import Line
from hermes_tui.interfaces.tui.line_view import Look
from hermes_tui.interfaces.tui.panes._pane import Sheet, TitleRule


class Page(ModalScreen[None]):
    """Lines drawn for the width at hand."""

    DEFAULT_CSS = "Page { layout: vertical; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1", "dismiss", "close", priority=True),
    ]

    def __init__(self, look: Look, title: str, draw: Callable[[int], Sequence[Line]]) -> None:
        super().__init__()
        self.look = look
        self.draw = draw
        self.rule = TitleRule(look, title, "Up Down scroll · Esc closes")
        self.rule.focused = True
        self.sheet = Sheet(look, name="page-lines")

    def compose(self) -> ComposeResult:
        """Rule and lines."""
        yield self.rule
        yield self.sheet

    def on_mount(self) -> None:
        """Move in the lines."""
        self.sheet.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Draw for another width."""
        self.sheet.show(list(self.draw(event.size.width)))
