"""A change as a drawn diff: lines with their sign, on the ground of their kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.cells import chop_cells

from hermes_tui.interfaces._changes import Change
from hermes_tui.interfaces.tui.drawing.cells import Line, harmless

_GROUND: Final = {"+": "add", "-": "del"}
_ROLE: Final = {"+": "ok", "-": "fail"}


LEAST: Final = 20


def diff_lines(change: Change, indent: int, width: int) -> list[Line]:
    """Return the diff, indented; nothing of a line is left out: what does not fit goes on below it."""
    room = max(width - indent - 3, LEAST)
    return [line for sign, text in change.rows() for line in _drawn(sign, harmless(text), " " * indent, room)]


def _drawn(sign: str, text: str, lead: str, room: int) -> Iterator[Line]:
    for at, piece in enumerate(chop_cells(text, room) or [""]):
        mark = sign if at == 0 else " "
        if sign == " ":
            yield Line(((f"{lead}  {piece}", "muted"),))
        else:
            yield Line(((f"{lead}{mark} ", _ROLE[sign]), (piece, "text")), _GROUND[sign])
