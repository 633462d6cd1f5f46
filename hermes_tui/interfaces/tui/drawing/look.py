"""How lines are drawn: the palette, the letters a terminal has, and the clock that goes with them."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from textual.strip import Strip

from hermes_tui.interfaces.tui.drawing.cells import Line
from hermes_tui.interfaces.tui.drawing.glyphs import ASCII
from hermes_tui.interfaces.tui.themes import Palette


class Look:
    """How lines become strips: the palette, and whether only ASCII may be drawn. One per app, shared by its views.

    `held_at` is the time that clocks show while the past is looked at. Where `step_s` is above 0, what moves does so by
    steps: clocks by so many seconds, a reply by whole lines.
    """

    def __init__(self, palette: Palette, *, ascii_only: bool = False, clock: Callable[[], float]) -> None:
        self.palette = palette
        self.ascii_only = ascii_only
        self.held_at: float | None = None
        self.step_s = 0.0
        self._clock = clock

    def now(self) -> float:
        """Return Unix seconds: now, or the moment that is looked at."""
        return self._clock() if self.held_at is None else self.held_at

    def clock(self) -> float:
        """Return what clocks show: that moment, by steps where they move by steps."""
        now = self.now()
        return now - now % self.step_s if self.step_s and self.held_at is None else now

    def strip(self, line: Line, width: int, ground: str = "") -> Strip:
        """Return a line in exactly `width` cells; `ground` wins over the line's own."""
        over = ground or line.ground
        on = f" on-{over}" if over else ""
        segments: list[Segment] = []
        for text, role in line.spans:
            shown = text.translate(ASCII) if self.ascii_only else text
            own = "" if "on-" in role and not ground else on
            segments.append(Segment(shown, self.palette.style(f"{role or 'text'}{own}")))
        return Strip(segments).adjust_cell_length(width, self.palette.style(f"text{on}"))
