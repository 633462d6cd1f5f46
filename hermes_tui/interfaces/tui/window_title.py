"""The title of the window: shown where a terminal has one, and given back as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

SAVE: Final = "\x1b[22;2t"
GIVE_BACK: Final = "\x1b]2;\a\x1b[23;2t"
"""Clears the title, then takes the one that was saved: a terminal that saved none is left without, not with ours."""
TITLELESS: Final = ("dumb", "unknown", "linux", "vt", "cons", "ansi", "eterm")
"""How terminals are named that have no title, and that may print what is meant for one."""


class WindowTitle:
    """Writes a title where it is another one than before, and gives back the one that was found."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._shown = ""

    def show(self, title: str) -> None:
        """Show a title; the first one saves what stood there."""
        if title != self._shown:
            self._write(f"{'' if self._shown else SAVE}\x1b]2;{title}\a")
            self._shown = title

    def give_back(self) -> str:
        """Put the title back that was found; return the one that was shown."""
        shown, self._shown = self._shown, ""
        if shown:
            self._write(GIVE_BACK)
        return shown


def takes_title(term: str) -> bool:
    """Return whether a terminal of this name has a title."""
    return bool(term) and not term.startswith(TITLELESS)
