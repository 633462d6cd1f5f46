"""A change as a drawn diff: lines with their sign, on the ground of their kind."""

from __future__ import annotations

from typing import Final

from hermes_tui.interfaces._changes import Change
from hermes_tui.interfaces.tui.drawing.cells import Line, harmless

_GROUND: Final = {"+": "add", "-": "del"}
_ROLE: Final = {"+": "ok", "-": "fail"}


def diff_lines(change: Change, indent: int) -> list[Line]:
    """Return the diff, indented."""
    return [_drawn(sign, text, indent) for sign, text in change.rows()]


def _drawn(sign: str, text: str, indent: int) -> Line:
    lead = " " * indent
    if sign == " ":
        return Line(((f"{lead}  {harmless(text)}", "muted"),))
    return Line(((f"{lead}{sign} ", _ROLE[sign]), (harmless(text), "text")), _GROUND[sign])
