"""Rows that are only read, such as headings, and a window whose cursor passes over them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final

from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing.cells import Line, Span
from hermes_tui.interfaces.tui.drawing.row_window import Room, Row, RowWindow
from hermes_tui.interfaces.tui.rules import rule_line

NOWHERE: Final = -1


class Passed:
    """What a row is that is read and never chosen."""

    __slots__ = ()


@frozen(kw_only=False)
class Told(Passed):
    """Lines to read."""

    key: Hashable
    drawn: tuple[Line, ...]
    live: bool = False

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Return them."""
        del room
        return self.drawn

    def copy(self) -> str:
        """Return their text."""
        return "\n".join(line.text.strip() for line in self.drawn)


@frozen(kw_only=False)
class Heading(Passed):
    """A title rule in a list."""

    title: tuple[Span, ...]
    live: bool = False

    @property
    def key(self) -> Hashable:
        """Its first words."""
        return ("heading", self.title[0][0])

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw the rule."""
        return (rule_line(self.title, (), room.width, focused=False),)

    def copy(self) -> str:
        """Return its words."""
        return "".join(text for text, _ in self.title)


class ChoiceWindow(RowWindow):
    """A window over rows of which some are only read: the cursor is never on one of those."""

    def replace_all(self, rows: Iterable[Row]) -> None:
        """Show other rows; a cursor that would be on one that is only read goes to the nearest other."""
        super().replace_all(rows)
        on: object = self.current
        if isinstance(on, Passed):
            self.move_to(self.cursor)

    def step(self, by: int) -> bool:
        """Move the cursor to the next row that can be chosen; return whether it moved."""
        start = self.cursor if self.cursor >= 0 else len(self.rows)
        target = self._choice(start + by, by)
        return self.move_to(target) if target != NOWHERE else False

    def move_to(self, index: int) -> bool:
        """Put the cursor on a row, or on the nearest that can be chosen: one below it, else one above."""
        index = max(0, min(index, len(self.rows) - 1))
        below = self._choice(index, 1)
        chosen = below if below != NOWHERE else self._choice(index, -1)
        return super().move_to(chosen) if chosen != NOWHERE else False

    def _choice(self, index: int, by: int) -> int:
        """Return the first row from `index` on, in one direction, that can be chosen."""
        while 0 <= index < len(self.rows):
            if not isinstance(self.rows[index], Passed):
                return index
            index += by
        return NOWHERE
