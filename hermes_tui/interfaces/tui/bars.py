"""The one-line widgets around the prompt: its mark and the status line."""

from __future__ import annotations

from typing import Final

from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.interfaces.tui.drawing.cells import Line, Span, ends, foreign, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import WAITING
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.graph.queued import NONE, Queued
from hermes_tui.interfaces.tui.layout import room_above
from hermes_tui.interfaces.tui.panes._pane import View
from hermes_tui.interfaces.tui.status import status_line

QUEUE_ROWS: Final = 3


class QueueRows(Widget):
    """What waits for its turn: tasks without a free slot in one row, then what is sent after the run, one row each.

    Not there while nothing waits.
    """

    DEFAULT_CSS = "QueueRows { height: auto; display: none; }"

    def __init__(self, look: Look) -> None:
        super().__init__(id="queue")
        self.look = look
        self.queue: list[str] = []
        self.waiting = NONE

    def show(self, queue: list[str]) -> None:
        """Show these; the first is sent first."""
        self.queue = list(queue)
        self._fit()

    def wait(self, waiting: Queued) -> None:
        """Say how many tasks wait for a free slot."""
        if waiting != self.waiting:
            self.waiting = waiting
            self._fit()

    def _fit(self) -> None:
        """Take as many lines as there are rows."""
        self.display = bool(self.queue or self.waiting.tasks)
        self.styles.height = min(len(self.queue), QUEUE_ROWS) + bool(self.waiting.tasks)
        self.styles.margin = (room_above(self.screen.size.height), 0, 0, 0)
        self.refresh()

    def _waiting(self, width: int) -> Line:
        said = self.waiting.said(width - 2)
        hint = "F2 tasks " if len(said) + 12 <= width else ""
        return ends(((f"{WAITING.glyph} ", WAITING.role), (said, "text")), ((hint, "muted"),), width)

    def render_line(self, y: int) -> Strip:
        """Draw one of them."""
        if self.waiting.tasks and y == 0:
            return self.look.strip(self._waiting(self.size.width), self.size.width)
        y -= bool(self.waiting.tasks)
        if y >= len(self.queue):
            return self.look.strip(Line(), self.size.width)
        more = f" and {len(self.queue) - QUEUE_ROWS} more" if y == QUEUE_ROWS - 1 < len(self.queue) - 1 else ""
        left = (("• ", "muted"), (f"queued {y + 1}{more}  ", "muted"), *foreign(one_line(self.queue[y]), "text"))
        hint = (("Up edit ", "muted"),) if y == min(len(self.queue), QUEUE_ROWS) - 1 else ()
        return self.look.strip(ends(left, hint, self.size.width), self.size.width)


class StatusLine(Widget):
    """The one status line; a word to the operator takes its place for a moment."""

    def __init__(self, look: Look) -> None:
        super().__init__(id="status")
        self.look = look
        self.view: View | None = None
        self.word: tuple[Span, ...] = ()
        self._held: tuple[Span, ...] = ()
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

    def hold(self, text: str) -> None:
        """Say what the next key could be, whatever else is said; with an empty text, no longer."""
        self._held = ((text, "accent"),) if text else ()
        self.refresh()

    def unflash(self, text: str) -> None:
        """Take a word back, unless another took its place."""
        if self.word and self.word[0][0] == text:
            self.flash(())

    def _line(self) -> Line:
        width = self.size.width
        word = self._held or self.word
        if word:
            return ends(((" ", ""), *word), (), width)
        return status_line(self.view, width) if self.view is not None else Line()

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        del y
        self._drawn = self._line()
        return self.look.strip(self._drawn, self.size.width)
