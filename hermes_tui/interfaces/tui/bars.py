"""The one-line widgets around the prompt: its mark and the status line."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.interfaces.tui.cells import Line, Span, ends
from hermes_tui.interfaces.tui.line_view import Look
from hermes_tui.interfaces.tui.panes._pane import View
from hermes_tui.interfaces.tui.status import status_line


class Mark(Widget):
    """The sign before the prompt."""

    DEFAULT_CSS = "Mark { width: 2; height: 1; }"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        del y
        return self.look.strip(Line((("› ", "accent"),)), self.size.width)


class StatusLine(Widget):
    """The one status line; a word to the operator takes its place for a moment."""

    def __init__(self, look: Look) -> None:
        super().__init__(id="status")
        self.look = look
        self.view: View | None = None
        self.word: tuple[Span, ...] = ()
        self._drawn: Line | None = None

    def show(self, view: View) -> None:
        """Show a state, if that changes anything."""
        self.view = view
        if self._line() != self._drawn:
            self.refresh()

    def flash(self, word: tuple[Span, ...]) -> None:
        """Say something; nothing takes it back."""
        self.word = word
        self.refresh()

    def _line(self) -> Line:
        width = self.size.width
        if self.word:
            return ends(((" ", ""), *self.word), (), width)
        return status_line(self.view, width) if self.view is not None else Line()

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        del y
        self._drawn = self._line()
        return self.look.strip(self._drawn, self.size.width)
