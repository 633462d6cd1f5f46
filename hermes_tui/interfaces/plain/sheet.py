"""Turns lines into text for this terminal: coloured where it can, plain where it cannot; foreign text made safe."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from hermes_tui.domain.text import printable

STYLES: Final = {"accent": "cyan", "ok": "green", "warn": "yellow", "fail": "red", "bold": "bold", "text": ""}
"""The roles of a theme in the terminal's own colours; what they say, a word says too."""
TAB: Final = 4
HANGING: Final = 2
_WORDS: Final = re.compile(r"\s*\S+")
_GAP: Final = re.compile(r"\s{2,}(?=\S)")


class Sheet:
    """Renders lines for the terminal that standard output is."""

    def __init__(self) -> None:
        self._file = io.StringIO()
        self._console = Console(
            file=self._file,
            force_terminal=sys.stdout.isatty(),
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
        )

    @property
    def coloured(self) -> bool:
        """Whether the terminal shows colours and the operator wants them."""
        return self._console.color_system is not None and not self._console.no_color

    @property
    def width(self) -> int:
        """How many letters stand in a row."""
        return self._console.width

    def line(self, text: str, role: str = "text") -> str:
        """Return text with its line end, each of its lines made safe."""
        return self._drawn(Text(_safe(text), style=STYLES[role]))

    def prose(self, text: str, role: str = "text") -> str:
        """Return text as `line` does, broken between words where this terminal would break within one."""
        return self._drawn(Text("\n".join(_broken(_safe(text), self.width)), style=STYLES[role]))

    def code(self, line: str, language: str) -> str:
        """Return one line of code."""
        if not self.coloured or not language:
            return self.line(line)
        drawn = Syntax("", language, theme="ansi_dark", background_color="default").highlight(_safe(line))
        drawn.rstrip()
        return self._drawn(drawn)

    def _drawn(self, text: Text) -> str:
        self._console.print(text)
        drawn = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        return drawn


def _broken(text: str, width: int) -> Iterator[str]:
    """Yield lines of at most `width` cells; a word that is longer stays whole, so that it can be copied."""
    for line in text.split("\n"):
        if cell_len(line) <= width:
            yield line
            continue
        indent, row = _indent(line, width), ""
        for word in _WORDS.findall(line):
            if row.strip() and cell_len(row + word) > width:
                yield row
                row = " " * indent + word.lstrip()
            else:
                row += word
        yield row


def _indent(line: str, width: int) -> int:
    """Return where a broken line goes on: below its last column, or a little further in than it begins."""
    columns = [cell_len(line[: gap.end()]) for gap in _GAP.finditer(line) if gap.start()]
    within = [at for at in columns if at <= width * 2 // 3]
    return within[-1] if within else len(line) - len(line.lstrip()) + HANGING


def _safe(text: str) -> str:
    return "\n".join(printable(line.expandtabs(TAB)) for line in text.split("\n"))
