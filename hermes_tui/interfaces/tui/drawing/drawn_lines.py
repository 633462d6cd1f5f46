"""Lines of a view as the terminal gets them: kept, wherever they stand, until they look different."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.color import TRANSPARENT
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.domain.values import mutable
from hermes_tui.interfaces.tui.drawing.cells import Line

ScreenLine = tuple[Line, str, int]
"""A line, the ground it is drawn on, and its place among all lines of its view, -1 without one."""
KEPT: Final = 240
"""Drawn lines that are kept, some screens full: each takes a kilobyte or two."""


@mutable
class DrawnLines:
    """The lines of one view. It has no border, so that behind `draw` only the filters of the app are still due."""

    view: Widget
    draw: Callable[[ScreenLine, int], Strip]
    _strips: dict[tuple[ScreenLine, int], Strip] = field(default_factory=dict[tuple[ScreenLine, int], Strip])

    def forget(self) -> None:
        """Draw every line again when it is next wanted."""
        self._strips.clear()

    def get(self, lines: Sequence[ScreenLine], width: int) -> list[Strip]:
        """Return lines in `width` cells; one that was drawn before is not drawn again."""
        if len(self._strips) >= KEPT:
            self._strips = {(line, width): kept for line in lines if (kept := self._strips.get((line, width)))}
        new = [line for line in lines if (line, width) not in self._strips]
        filters = self.view.get_line_filters() if new else ()
        ground = self.view.background_colors[1] if filters else TRANSPARENT
        for line in new:
            strip = self.draw(line, width)
            for one in filters:
                strip = strip.apply_filter(one, ground)
            self._strips[line, width] = strip
        return [self._strips[line, width] for line in lines]


def marked(strip: Strip, span: tuple[int, int], style: Style) -> Strip:
    """Return a line with some of its cells marked; -1 stands for its end."""
    width = strip.cell_length
    start, end = span[0], span[1] if span[1] >= 0 else width
    if not 0 <= start < end <= width:
        return strip
    before, chosen, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end, width)
    return Strip.join([before, Strip([Segment(segment.text, style) for segment in chosen]), after])
