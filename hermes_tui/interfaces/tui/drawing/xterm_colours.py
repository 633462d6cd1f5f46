"""In 256 colours: each colour becomes the one that looks most like it, and a theme's own stay what they are."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from hermes_tui.interfaces._contrast import number_of

KEPT = 512


class XtermColours(LineFilter):
    """Names colours by their number: the terminal shows the very ones that a theme's contrast was measured with.

    Rich would work the numbers out by rules of its own, and by them the lighter grays become the next darker ones.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - as Textual asks
        """Return the segments in colours of the 256."""
        return [Segment(text, style and _numbered(style), control) for text, style, control in segments]


@lru_cache(KEPT)
def _numbered(style: Style) -> Style:
    return style + Style.from_color(_number(style.color), _number(style.bgcolor))


def _number(colour: RichColor | None) -> RichColor | None:
    if colour is None or colour.triplet is None:
        return colour
    return RichColor.from_ansi(number_of(colour.triplet.hex))
