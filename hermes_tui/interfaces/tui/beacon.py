"""Calls the operator who looks elsewhere: the bell, and a word that the desktop may show (OSC 9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual import events

from hermes_tui.interfaces.tui.drawing.cells import fit, one_line

EVERY_S: Final = 10.0
AWAY_S: Final = 30.0
"""Where a terminal does not tell who has the focus, an operator who pressed no key for so long may look elsewhere."""
WORD_CELLS: Final = 100


class Beacon:
    """Knows whether the operator may be elsewhere, and calls at most once in ten seconds."""

    def __init__(self, monotonic: Callable[[], float], write: Callable[[str], None]) -> None:
        self._monotonic = monotonic
        self._write = write
        self._focused: bool | None = None
        self._called_at = self._pressed_at = -EVERY_S - AWAY_S

    def noticed(self, event: events.Event) -> None:
        """Learn from what the terminal tells."""
        if isinstance(event, events.AppFocus | events.AppBlur):
            self._focused = isinstance(event, events.AppFocus)
        elif isinstance(event, events.Key | events.Paste | events.MouseDown):
            self._pressed_at = self._monotonic()

    @property
    def away(self) -> bool:
        """Whether the operator looks elsewhere, or may, as far as the terminal can tell."""
        quiet = self._monotonic() - self._pressed_at >= AWAY_S
        return quiet if self._focused is None else not self._focused

    def call(self, words: str) -> None:
        """Ring, with a word that says why, unless the operator is here or was called a moment ago."""
        now = self._monotonic()
        if self.away and now - self._called_at >= EVERY_S:
            self._called_at = now
            self._write(f"\a\x1b]9;{fit(one_line(words), WORD_CELLS)}\a")
