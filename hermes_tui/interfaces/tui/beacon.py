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
    """Knows whether the operator may be elsewhere, and calls at most once in ten seconds.

    What must not be said yet is kept, the newest word of it: it is said by `later`, which does something after so many
    seconds, unless the operator was seen meanwhile.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        write: Callable[[str], None],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._monotonic = monotonic
        self._write = write
        self._later = later
        self._focused: bool | None = None
        self._called_at = self._pressed_at = -EVERY_S - AWAY_S
        self._kept = ""

    def noticed(self, event: events.Event) -> None:
        """Learn from what the terminal tells."""
        if isinstance(event, events.AppFocus | events.AppBlur):
            self._focused = isinstance(event, events.AppFocus)
        elif isinstance(event, events.Key | events.Paste | events.MouseDown):
            self._pressed_at = self._monotonic()
        else:
            return
        if self._focused is not False:
            self._kept = ""

    def call(self, words: str) -> None:
        """Ring, with a word that says why: now, or as soon as it may be; not at all for an operator who is here."""
        if self._focused:
            return
        wait_s = self._wait_s
        if wait_s <= 0.0:
            self._kept, self._called_at = "", self._monotonic()
            self._write(f"\a\x1b]9;{fit(one_line(words), WORD_CELLS)}\a")
            return
        due, self._kept = bool(self._kept), words
        if not due:
            self._later(wait_s, self._again)

    @property
    def _wait_s(self) -> float:
        """How long nothing may be said yet: after the last call, and after a key where focus is not told."""
        quiet = self._pressed_at + AWAY_S if self._focused is None else 0.0
        return max(self._called_at + EVERY_S, quiet) - self._monotonic()

    def _again(self) -> None:
        words, self._kept = self._kept, ""
        if words:
            self.call(words)
