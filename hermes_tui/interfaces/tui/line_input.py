"""The one-line field of every screen: its cursor stands still, so that nothing is sent while nothing happens."""

from __future__ import annotations

from textual.widgets import Input


class LineInput(Input):
    """A line to type in."""

    def on_mount(self) -> None:
        """Let the cursor stand still."""
        self.cursor_blink = False
