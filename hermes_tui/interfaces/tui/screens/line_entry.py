"""One line to be typed: a name, a number, an argument; or a key, which is never shown."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.line_input import LineInput
from hermes_tui.interfaces.tui.rules import TitleRule


class LineEntry(ModalScreen[str | None]):
    """Returns what was typed, which may be nothing; None if it was left. What is `masked` is not shown."""

    DEFAULT_CSS = """
    LineEntry { align: left bottom; }
    LineEntry #sheet { height: auto; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave")]

    def __init__(self, look: Look, title: str, *, hint: str = "", value: str = "", masked: bool = False) -> None:
        super().__init__()
        said = f"{hint} · Enter · Esc leaves" if hint else "Enter takes · Esc leaves"
        self.rule = TitleRule(look, title, said)
        self.rule.focused = True
        self.entry = LineInput(value, password=masked, placeholder="paste it here" if masked else "", compact=True)

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
        self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Return nothing."""
        self.dismiss(None)
