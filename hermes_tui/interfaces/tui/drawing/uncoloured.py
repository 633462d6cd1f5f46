"""Without a theme's colours: what Textual's own widgets draw says by reverse video what it would say by a ground."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

KEPT = 512
_REVERSE = Style(reverse=True)


class Uncoloured(LineFilter):
    """Takes every colour away that is not the terminal's own, greys too; a palette without colours leaves none at all.

    Textual's own filter for `NO_COLOR` sends greys, dark on light or light on dark whatever the terminal's ground is.
    With sixteen colours Rich would send the nearest, and both of a pair may have the same.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colours; a cursor or a selection, which has a ground of its own, is reversed."""
        return [Segment(text, style and _bare(style, background.rgb), control) for text, style, control in segments]


@lru_cache(KEPT)
def _bare(style: Style, ground: tuple[int, int, int]) -> Style:
    ink, own = style.color, style.bgcolor
    kept = (one if one is not None and one.triplet is None else None for one in (ink, own))
    bare = style.without_color + Style.from_color(*kept)
    return bare + _REVERSE if own is not None and own.triplet is not None and own.triplet != ground else bare
