"""Where a note is edited: Markdown is coloured as it is written, and nothing in a note steers the terminal."""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual.widgets import TextArea

from hermes_tui.domain.patterns import later
from hermes_tui.interfaces.tui.drawing.cells import masked
from hermes_tui.interfaces.tui.drawing.look import Look

_MARKS: Final = (
    (later(r"^ {0,3}#{1,6}\s.*"), "accent bold"),
    (later(r"^\s*(?:[-*+]|\d{1,9}[.)])(?=\s)"), "accent"),
    (later(r"^ {0,3}>.*"), "muted"),
    (later(r"^ {0,3}(?:`{3}|~{3}).*|^---$"), "muted"),
    (later(r"(`+)[^`]+?\1"), "ok"),
    (later(r"\*\*\S(?:.*?\S)?\*\*"), "text bold"),
    (later(r"(?<![\w*])\*[^\s*](?:[^*]*?[^\s*])?\*(?![\w*])"), "text italic"),
    (later(r"\[[^\]]+\]\([^()\s]+\)|https?://\S+"), "text underline"),
)


class NoteEditor(TextArea):
    """A plain editor that shows headings, lists, code, stress and links of Markdown."""

    def __init__(self, look: Look) -> None:
        super().__init__(id="note-editor", soft_wrap=True, compact=True, show_line_numbers=False)
        self.look = look
        self.cursor_blink = False

    def get_line(self, line_index: int) -> Text:
        """Return a line as it is drawn."""
        line = super().get_line(line_index)
        line.plain = masked(line.plain)
        for pattern, role in _MARKS:
            for found in pattern.finditer(line.plain):
                line.stylize(self.look.palette.style(role), *found.span())
        return line
