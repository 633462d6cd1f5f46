"""The compositor of the main screen: a change of some lines costs those lines, not every pane they stretch over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from itertools import pairwise
from typing import Any

from rich.console import Console, RenderableType
from textual._compositor import ChopsUpdate, Compositor
from textual._context import visible_screen_stack
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.domain.values import mutable

Stretch = tuple[int, int, int]
"""A part of one line of the screen: y, its first cell, and the cell behind its last."""


@mutable
class Pieces:
    """A stretch that changed, in pieces that belong to one widget each: by their first cell, None while not drawn."""

    y: int
    ends: dict[int, int] = field(default_factory=dict[int, int])
    strips: dict[int, Strip | None] = field(default_factory=dict[int, Strip | None])

    def missing(self, start: int, end: int) -> bool:
        """Whether something between two cells is not drawn yet."""
        return any(strip is None and start <= at < end for at, strip in self.strips.items())

    def take(self, strip: Strip, start: int, end: int) -> None:
        """Take what is missing between two cells from the line of the widget that has them."""
        for at, behind in self.ends.items():
            if self.strips[at] is None and start <= at < end:
                self.strips[at] = strip.crop(at - start, behind - start)


class LinesUpdate(ChopsUpdate):
    """What changed, as the terminal gets it."""

    def __init__(self, pieces: Sequence[Pieces]) -> None:
        super().__init__([], [], [])
        self.pieces = pieces

    def render_segments(self, console: Console) -> str:
        """Return each piece behind the control that moves the cursor to it."""
        return "".join(
            f"\x1b[{line.y + 1};{at + 1}H{strip.render(console)}"
            for line in self.pieces
            for at, strip in line.strips.items()
            if strip is not None
        )


class LineCompositor(Compositor):
    """Asks widgets for lines that changed; Textual's own asks all of them for all lines from the first to the last."""

    def render_update(
        self,
        full: bool = False,  # noqa: FBT001, FBT002 - as Textual declares it
        screen_stack: list[Screen[Any]] | None = None,
        simplify: bool = False,  # noqa: FBT001, FBT002 - as Textual declares it
    ) -> RenderableType | None:
        """Draw what changed, in pieces even if that is everything: what is behind others is not asked for its lines."""
        if full or screen_stack or simplify:
            # Textual leaves open of what its screens are.
            return super().render_update(full, screen_stack, simplify)  # pyright: ignore[reportUnknownMemberType]
        visible_screen_stack.set([])
        return self.render_partial_update()

    def render_partial_update(self) -> LinesUpdate | None:
        """Draw what changed since the last time, None if nothing did."""
        screen = self.size.region
        changed = [region.intersection(screen) for region in self._dirty_regions]
        self._dirty_regions.clear()
        pieces = [self._pieces(*span) for span in self._regions_to_spans(region for region in changed if region)]
        if not pieces:
            return None
        for widget, shown, region, lines in self._touched(pieces):
            self._fill(widget, shown, region, [line for line in lines if line.missing(shown.x, shown.right)])
        return LinesUpdate(pieces)

    def _pieces(self, y: int, start: int, end: int) -> Pieces:
        cuts = sorted({start, end, *(cut for cut in self.cuts[y] if start < cut < end)})
        return Pieces(y, dict(pairwise(cuts)), dict.fromkeys(cuts[:-1]))

    def _touched(self, pieces: Iterable[Pieces]) -> Iterator[tuple[Widget, Region, Region, list[Pieces]]]:
        """Yield the widgets that may have a part in what changed: where each is seen, where it is, and which lines."""
        found: dict[Widget, tuple[Region, Region, list[Pieces]]] = {}
        for line in pieces:
            for widget, shown, region in self.layers_visible[line.y]:
                found.setdefault(widget, (shown, region, []))[2].append(line)
        # Those in front come first, as everywhere in a compositor.
        return ((widget, *found[widget]) for widget in self.visible_widgets if widget in found)

    @staticmethod
    def _fill(widget: Widget, shown: Region, region: Region, lines: Sequence[Pieces]) -> None:
        """Put the lines of a widget where nothing in front of it stands."""
        if not lines:
            return
        first, last = lines[0].y, lines[-1].y
        wanted = Region(shown.x - region.x, first - region.y, shown.width, last - first + 1)
        strips = widget.render_lines(wanted)
        for line in lines:
            line.take(strips[line.y - first], shown.x, shown.right)
