"""A reply as it streams in: what has settled is drawn once, so that a frame costs what has come since the last one."""

from __future__ import annotations

from dataclasses import field

from hermes_tui.domain.values import mutable
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line
from hermes_tui.interfaces.tui.drawing.fences import OpenCode, opened_by
from hermes_tui.interfaces.tui.drawing.markdown import Blocks, add_block, blocks


@mutable
class Flow:
    """A text that grows: whole blocks and whole lines of code are drawn once per width, only its end again and again.

    `said_bytes` is how much has come, `words` how many words that is.
    """

    said_bytes: int = 0
    words: int = 0
    _came: list[str] = field(default_factory=list[str])
    _tail: str = ""
    _open: Blocks = field(default_factory=Blocks)
    _whole: list[list[str]] = field(default_factory=list[list[str]])
    _lines: list[Line] = field(default_factory=list[Line])
    _drawn: int = 0
    _room: tuple[int, int] = (0, 0)
    _code: OpenCode | None = None

    def push(self, text: str) -> None:
        """Add what has arrived."""
        if not text:
            return
        goes_on = bool(self._came) and not self._came[-1][-1].isspace() and not text[0].isspace()
        self.words += len(text.split()) - goes_on
        self.said_bytes += len(text.encode(errors="replace"))
        self._came.append(text)
        *lines, self._tail = (self._tail + text).split("\n")
        for line in lines:
            self._whole += self._open.take(line)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._came)

    def draw(self, width: int, lead: int = 0, *, whole_lines: bool = False) -> list[Line]:
        """Return all lines so far behind `lead` blanks; with `whole_lines` without the last, which still grows."""
        if (width, lead) != self._room:
            self._lines, self._drawn, self._room, self._code = [], 0, (width, lead), None
        for block in self._whole[self._drawn :]:
            add_block(self._lines, block, width, lead)
        self._drawn = len(self._whole)
        growing = self._growing(width, lead)
        under_blank = self._lines[-1:] == [EMPTY] and self._begins_code
        return [*(self._lines[:-1] if under_blank else self._lines), *(growing[:-1] if whole_lines else growing)]

    @property
    def _begins_code(self) -> bool:
        """Whether what has not settled is code, which needs no blank line above it."""
        return opened_by((self._open.lines or [self._tail])[0]) is not None

    def _growing(self, width: int, lead: int) -> list[Line]:
        """Return the lines of what has not settled."""
        if self._open.fence is not None:
            if self._code is None or self._code.fence is not self._open.fence:
                self._code = OpenCode(self._open.fence)
            return self._code.draw(self._open.lines[1:], self._tail, width, lead)
        lines: list[Line] = []
        for block in blocks([*self._open.lines, *filter(None, [self._tail])]):
            add_block(lines, block, width, lead)
        return lines
