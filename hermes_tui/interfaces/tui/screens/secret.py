"""A line for a key: what is typed or pasted is never shown and never kept by the screen."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from hermes_tui.interfaces.tui.line_view import Look
from hermes_tui.interfaces.tui.panes._pane import TitleRule


class Secret(ModalScreen[str | None]):
    """Returns what was typed, None if nothing was."""

    DEFAULT_CSS = """
    Secret { align: left bottom; }
    Secret #sheet { height: auto; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave")]

    def __init__(self, look: Look, title: str) -> None:
        super().__init__()
        self.rule = TitleRule(look, title, "used until Hermes ends, written nowhere · Enter · Esc leaves")
        self.rule.focused = True
        self.entry = Input(password=True, placeholder="paste it here", compact=True)

    def compose(self) -> ComposeResult:
        """Rule and line."""
        with Vertical(id="sheet"):
            yield self.rule
            yield self.entry

    def on_mount(self) -> None:
        """Take what is typed."""
        self.entry.focus()

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip() or None)

    def action_leave(self) -> None:
        """Return nothing."""
        self.dismiss(None)
