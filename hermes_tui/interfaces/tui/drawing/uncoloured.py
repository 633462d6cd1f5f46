"""Without colours: what Textual's own widgets draw says by reverse video what it would say by a ground."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

KEPT = 512
_REVERSE = Style(reverse=True)


class Uncoloured(LineFilter):
    """Takes every colour away, greys too: what a terminal draws text with is all that is left.

    Textual's own filter for `NO_COLOR` sends greys, dark on light or light on dark whatever the terminal's ground is.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colours; a cursor or a selection, which has a ground of its own, is reversed."""
        return [Segment(text, style and _bare(style, background.rgb), control) for text, style, control in segments]


@lru_cache(KEPT)
def _bare(style: Style, ground: tuple[int, int, int]) -> Style:
    own = style.bgcolor
    stands_out = own is not None and not own.is_default and tuple(own.get_truecolor()) != ground
    return style.without_color + _REVERSE if stands_out else style.without_color
