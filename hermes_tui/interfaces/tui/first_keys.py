"""Tells a key from the beginning of a word where keys act though nothing was typed yet: the first page, a card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import events

from hermes_tui.interfaces._questions import GUARD_S
from hermes_tui.interfaces.tui.choosing import Choosing

if TYPE_CHECKING:
    from textual.timer import Timer

    from hermes_tui.interfaces.tui.host import Host

REST_S: Final = 0.4
"""A letter acts once nothing was typed behind it for so long: what begins a word is a word, and a word is a goal."""


class FirstKeys:
    """Takes keys before what is chosen from does; what turns out to be words goes into the prompt, with the focus.

    It is asked for each event before the focus is looked at, so that no key can overtake another on its way.
    """

    def __init__(self, app: Host, moves: frozenset[str]) -> None:
        """`moves` are the letters that move the cursor of a list."""
        self.app = app
        self.rest_s, self.guard_s = REST_S, GUARD_S
        self._moves = moves
        self._typed = ""
        self._meant: tuple[Choosing, str] | None = None
        self._timer: Timer | None = None

    def keep(self, event: events.Event) -> bool:
        """Take an event; return whether nobody else is to see it."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded or not self.app.workspace.is_active:
            return False  # what is forwarded was asked for before: it came back from where it went
        workspace = self.app.workspace
        place = workspace.choosing
        if place is None:
            return False
        if isinstance(event, events.Paste):
            self._write()
            return False
        soon = self.app.monotonic() - workspace.chosen_from_at < self.guard_s
        if event.character and event.is_printable:
            return self._letter(event.key, event.character, place, soon=soon)
        return self._other(event.key, soon=soon)

    def _letter(self, key: str, letter: str, place: Choosing, *, soon: bool) -> bool:
        """Take a letter: an early one is a word, and so is one behind another, unless both only move the cursor."""
        first, moving = not self._typed, key in self._moves and self._meant is None
        if first and key == "question_mark":
            return False
        self._typed += letter
        if soon or not (first or moving) or not (key in place.keys or moving):
            self._write()
            return True
        if not moving:
            self._meant = (place, place.keys[key])
        self._wait()
        return not moving

    def _other(self, key: str, *, soon: bool) -> bool:
        """Take a key that writes nothing: a letter before it has stood alone; Enter is not meant for both."""
        waited = self._meant is not None
        self._settle()
        return key == "enter" and (waited or soon)

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.app.set_timer(self.rest_s, self._settle)

    def _settle(self) -> None:
        """Do what a letter stands for that stood alone."""
        meant, self._meant, self._typed = self._meant, None, ""
        if meant is not None and meant[0] is self.app.workspace.choosing:
            meant[0].choose(meant[1])

    def _write(self) -> None:
        """Put what was typed into the prompt, which has the focus from now on."""
        typed, self._typed, self._meant = self._typed, "", None
        self.app.workspace.write(typed)
