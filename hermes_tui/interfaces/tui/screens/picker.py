"""Pickers with keys of their own: sessions to open, look through, rename and fork; brains, with the patchbay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.screens.chooser import Choice, Chooser

BRAINS_HINT: Final = "type to filter · Enter takes · F3 patchbay · Esc leaves"
HINT: Final = "Enter open · Ctrl+T look · Ctrl+R rename · Ctrl+F fork · Esc"


class SessionPicker(Chooser):
    """Returns a session; `verb` says what is wanted of it: open, travel, rename or fork."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "take('travel')", "look through it", id="picker.travel", priority=True),
        Binding("ctrl+r", "take('rename')", "rename it", id="picker.rename", priority=True),
        Binding("ctrl+f", "take('fork')", "fork it at its last record", id="picker.fork", priority=True),
    ]

    def __init__(self, look: Look, choices: Sequence[Choice] = ()) -> None:
        super().__init__(look, "sessions", choices, hint=HINT)
        self.verb = "open"

    def action_take(self, verb: str) -> None:
        """Return the session under the cursor for another purpose."""
        row = self.rows.current
        if isinstance(row, Choice):
            self.verb = verb
            self.dismiss(row.value)


class BrainPicker(Chooser):
    """Returns a brain, or `PATCHBAY` where its key is pressed once more."""

    PATCHBAY: ClassVar[str] = "!patchbay"

    def __init__(self, look: Look, choices: Sequence[Choice], *, start: str) -> None:
        super().__init__(look, "brains", choices, start=start, hint=BRAINS_HINT)

    def further(self) -> None:
        """Go on to the patchbay."""
        self.dismiss(self.PATCHBAY)
