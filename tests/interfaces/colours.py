"""What a terminal is sent for a style, by how many colours it has."""

from __future__ import annotations

import re
from typing import Final

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from hermes_tui.interfaces._swatch import ALL, SIXTEEN, XTERM
from hermes_tui.interfaces.tui.drawing.xterm_colours import XtermColours

SYSTEMS: Final = {
    SIXTEEN: ColorSystem.STANDARD,
    XTERM: ColorSystem.EIGHT_BIT,
    ALL: ColorSystem.TRUECOLOR,
}
"""What Rich calls so many colours."""
_CODES: Final = re.compile(r"[34]8;5;\d+|[34]8;2;\d+;\d+;\d+|\d+")
_CONTROL: Final = re.compile(r"\x1b\[([0-9;]*)m")


def codes_of(style: Style, depth: int) -> list[str]:
    """Return the codes of a style that a palette made, one for each thing they set."""
    if depth == XTERM:
        ((_, numbered, _),) = XtermColours().apply([Segment("x", style)], Color(0, 0, 0))
        style = numbered or style
    return _CODES.findall(Strip.render_ansi(style, SYSTEMS.get(depth, ColorSystem.STANDARD)))


def codes_in(sent: str) -> set[str]:
    """Return each code in what a terminal was sent."""
    return {code for found in _CONTROL.findall(sent) for code in _CODES.findall(found)}
