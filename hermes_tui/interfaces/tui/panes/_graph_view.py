"""What the pane of the task graph is made of besides its rule: the rows with their cursor, a line above and below."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line
from hermes_tui.interfaces.tui.drawing.drawn_lines import ScreenLine
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.graph.rows import CURSOR


class GraphView(LineView):
    """The rows; the cursor has a column of its own, so that it is seen without colour."""

    _most = 0

    def limit(self, most: int) -> None:
        """Be no higher than so many lines; 0 leaves it to the layout."""
        # Textual lays the whole screen out anew for each time that a limit is taken away, even where there was none.
        if most != self._most:
            self._most = most
            self.styles.max_height = most or None

    def _strip(self, line: ScreenLine, width: int) -> Strip:
        drawn, ground, place = line
        mark = ("▌", "accent") if ground == "select" else (" ", "")
        spans = tuple(mark if span == CURSOR else span for span in drawn.spans)
        return super()._strip((Line(spans, drawn.ground), ground, place), width)


class Edge(Widget):
    """A line above or below the rows; there while it says something."""

    DEFAULT_CSS = "Edge { height: 1; display: none; }"

    def __init__(self, look: Look, name: str) -> None:
        super().__init__(id=name)
        self.look = look
        self.line = EMPTY

    def say(self, line: Line | None) -> None:
        """Show another line, or none."""
        self.display = line is not None
        if line is not None and line != self.line:
            self.line = line
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        del y
        return self.look.strip(self.line, self.size.width)
