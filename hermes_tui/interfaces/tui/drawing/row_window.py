"""Rows of any number and height, and the window over them: anchored to a row, so that only what is seen is drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import field
from typing import Final, Protocol, runtime_checkable

from hermes_tui.domain.values import frozen, mutable
from hermes_tui.interfaces.tui.drawing.cells import Line

KEPT: Final = 2000
"""Rows whose lines are kept; the oldest are drawn again when they come back."""


@frozen(kw_only=False)
class Room:
    """What a row is drawn for: its width, the time, whether it is open, and whether that time is `past`.

    Nothing can be ordered in the past, so that rows name no key for it there.
    """

    width: int
    now: float = 0.0
    opened: bool = False
    past: bool = False


class Row(Protocol):
    """One entry; immutable, so that a change is another row under the same key."""

    @property
    def key(self) -> Hashable:
        """What the entry is, whatever becomes of it."""
        ...

    @property
    def live(self) -> bool:
        """Whether it shows a clock."""
        ...

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw it; without a line it is not seen and the cursor passes over it."""
        ...

    def copy(self) -> str:
        """Return what copying it means; searching looks here too."""
        ...


@runtime_checkable
class Marked(Protocol):
    """A row that is found by more than by what is copied."""

    @property
    def marks(self) -> str:
        """What else it is found by, such as `state:failed`."""
        ...


def searched(row: Row) -> str:
    """Return what a search looks at in a row."""
    return f"{row.copy()} {row.marks}" if isinstance(row, Marked) else row.copy()


@mutable
class _Drawn:
    row: Row
    width: int
    opened: bool
    lines: Sequence[Line]


@mutable
class RowWindow:
    """Rows and where the screen is among them.

    Nothing above the screen is ever measured: the window hangs on its top row while it is scrolled up, and on the
    last row while it follows. Appending costs O(1), a frame costs what is visible.
    """

    clock: Callable[[], float]
    follows: bool = True
    following: bool = True
    past: bool = False
    width: int = 80
    height: int = 1
    cursor: int = -1
    unseen: int = 0
    opened: set[Hashable] = field(default_factory=set[Hashable])
    rows: list[Row] = field(default_factory=list[Row])
    _index: dict[Hashable, int] = field(default_factory=dict[Hashable, int])
    _top: tuple[int, int] = (0, 0)
    _drawn: dict[int, _Drawn] = field(default_factory=dict[int, _Drawn])
    _layout: list[tuple[int, int]] | None = None

    def __post_init__(self) -> None:
        """Follow only where following makes sense."""
        self.following = self.follows

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def find(self, key: Hashable) -> int:
        """Return where the row called `key` is, or -1."""
        return self._index.get(key, -1)

    # change

    def extend(self, rows: Iterable[Row]) -> int:
        """Add rows at the end and return how many; a row whose key is there already takes its place."""
        before = len(self.rows)
        for row in rows:
            at = self._index.setdefault(row.key, len(self.rows))
            if at == len(self.rows):
                self.rows.append(row)
            else:
                self.rows[at] = row
        added = len(self.rows) - before
        self.unseen += 0 if self.following else added
        self._layout = None
        return added

    def replace_all(self, rows: Iterable[Row]) -> None:
        """Show other rows; cursor and top stay on their rows where those are still there."""
        top = self.rows[self._top[0]].key if self._top[0] < len(self.rows) else None
        on = self.current
        self.rows = list(rows)
        self._index = {row.key: at for at, row in enumerate(self.rows)}
        self._drawn = {at: drawn for at, drawn in self._drawn.items() if self._stands(drawn.row, at)}
        self._top = (self._index[top], self._top[1]) if top in self._index else (0, 0)
        if on is not None:
            self.cursor = self._index.get(on.key, min(self.cursor, len(self.rows) - 1))
        self._layout = None

    def drop_last(self, key: Hashable) -> None:
        """Take the last row away, if it is the one called `key`."""
        if self.rows and self.rows[-1].key == key:
            del self._index[key]
            self._drawn.pop(len(self.rows) - 1, None)
            self.rows.pop()
            self.cursor = min(self.cursor, len(self.rows) - 1)
            self._layout = None

    def _stands(self, row: Row, at: int) -> bool:
        return at < len(self.rows) and self.rows[at] is row

    def forget(self, indexes: Iterable[int] | None = None) -> None:
        """Draw some rows again, or all."""
        if indexes is None:
            self._drawn.clear()
        else:
            for index in indexes:
                self._drawn.pop(index, None)
        self._layout = None

    def resize(self, width: int, height: int) -> None:
        """Take another size; the top row stays."""
        if (width, height) != (self.width, self.height):
            if width != self.width:
                self._top = (self._top[0], 0)
            self.width, self.height, self._layout = width, height, None

    # what is on screen

    def lines_of(self, index: int) -> Sequence[Line]:
        """Return the lines of a row at the present width."""
        row = self.rows[index]
        opened = row.key in self.opened
        drawn = self._drawn.get(index)
        if drawn is not None and drawn.row is row and drawn.width == self.width and drawn.opened == opened:
            return drawn.lines
        lines = row.lines(Room(self.width, self.clock(), opened, self.past))
        if len(self._drawn) > KEPT:
            for old in list(self._drawn)[: KEPT // 4]:
                del self._drawn[old]
        self._drawn[index] = _Drawn(row, self.width, opened, lines)
        return lines

    def layout(self) -> list[tuple[int, int]]:
        """Return the row, and the line of that row, for each screen line in use."""
        if self._layout is None:
            last = self._back(len(self.rows), self.height)
            self._top = last if self.following else min(self._top, last)
            self._layout = list(self._forward(self._top, self.height))
        return self._layout

    def visible(self) -> range:
        """Return the rows on screen."""
        layout = self.layout()
        return range(layout[0][0], layout[-1][0] + 1) if layout else range(0)

    def _forward(self, start: tuple[int, int], count: int) -> Iterator[tuple[int, int]]:
        index, line = start
        while index < len(self.rows) and count > 0:
            shown = range(line, min(len(self.lines_of(index)), line + count))
            yield from ((index, at) for at in shown)
            count -= len(shown)
            index, line = index + 1, 0

    def _back(self, index: int, count: int, line: int = 0) -> tuple[int, int]:
        """Return the place `count` lines before line `line` of row `index`, or the very start."""
        while count > line:
            if index == 0:
                return 0, 0
            count -= line
            index -= 1
            line = len(self.lines_of(index))
        return index, line - count

    # moving

    def scroll(self, lines: int) -> None:
        """Scroll by some lines, down if positive; reaching the end follows again."""
        self.layout()
        last = self._back(len(self.rows), self.height)
        if lines < 0:
            self._top = self._back(self._top[0], -lines, self._top[1])
        else:
            ahead = list(self._forward(self._top, lines + 1))
            self._top = min(ahead[-1], last) if ahead else self._top
        self.follow(following=self._top >= last)

    def follow(self, *, following: bool) -> None:
        """Stay at the end from now on, or stop doing so."""
        self.following = following and self.follows
        self.unseen = 0 if following else self.unseen
        self._layout = None

    def move_to(self, index: int) -> bool:
        """Put the cursor on a row and bring it on screen; return whether it moved."""
        if not self.rows:
            return False
        index = max(0, min(index, len(self.rows) - 1))
        moved, self.cursor = index != self.cursor, index
        whole = [at for at, line in self.layout() if line == 0]
        tall = len(self.lines_of(index)) >= self.height
        if index not in whole or tall:
            below = bool(whole) and index >= whole[-1] and not tall
            self.following = False
            self._top = self._back(index + 1, self.height) if below else (index, 0)
        elif index == whole[-1]:
            self._top = max(self._top, self._back(index + 1, self.height))
        self.follow(following=index == len(self.rows) - 1 and not tall)
        return moved

    def begin_with(self, index: int) -> bool:
        """Put the cursor on a row and let the screen begin with it, where enough follows; return whether it moved."""
        moved = self.move_to(index)
        self._top = min((max(self.cursor, 0), 0), self._back(len(self.rows), self.height))
        self._layout = None
        return moved

    def step(self, by: int) -> bool:
        """Move the cursor to the next row that is seen; return whether it moved."""
        start = self.cursor if self.cursor >= 0 else len(self.rows)
        target = start + by
        while 0 <= target < len(self.rows) and not self.lines_of(target):
            target += by
        return self.move_to(target) if 0 <= target < len(self.rows) else False

    def search(self, words: str, by: int) -> int:
        """Return the next row after the cursor, in the direction of `by`, that holds `words`; -1 if none does."""
        wanted = words.casefold()
        count = len(self.rows)
        start = self.cursor if self.cursor >= 0 else (count if by < 0 else -1)
        order = range(1, count + 1)
        places = ((start + by * step) % count for step in order)
        return next((at for at in places if wanted in searched(self.rows[at]).casefold()), -1)
