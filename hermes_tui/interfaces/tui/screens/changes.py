"""Every change of a session on a page, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events, on
from textual.binding import Binding, BindingType

from hermes_tui.interfaces.tui.changed_files import FILE_KEYS, ChangedFiles, file_by_file, made_by
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, one_line
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.rows import Call
from hermes_tui.interfaces.tui.screens.page import Page

NOTHING: Final = Line(((" Nothing was written or edited in this session.", "muted"),))


class ChangesPage(Page):
    """The diff of a session; the rule names the file under the cursor, two keys go from file to file."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "file(1)", "the next file", id="changes.next_file"),
        Binding("left_square_bracket", "file(-1)", "the file before", id="changes.previous_file"),
    ]

    def __init__(self, look: Look, calls: Sequence[Call]) -> None:
        super().__init__(look, "changes", self._draw, {"c": ("commit", "commit this")})
        self.made = made_by(calls)
        self.drawn = ChangedFiles(lines=())
        self.at = 0

    def _draw(self, width: int) -> Sequence[Line]:
        self.drawn = file_by_file(self.made, width)
        return self.drawn.lines or [NOTHING]

    def on_resize(self, event: events.Resize) -> None:
        """Draw for another width; the file stays."""
        super().on_resize(event)
        if self.at:
            self._begin_with(self.drawn.start_of(self.at))
        self._say()

    def action_file(self, by: int) -> None:
        """Go to the beginning of another file; back from within one, to its own."""
        self._begin_with(self.drawn.turned(max(self.sheet.window.cursor, 0), by))

    def _begin_with(self, line: int | None) -> None:
        if line is not None:
            self.sheet.begin_with(line)

    @on(LineView.Moved)
    def _moved(self, event: LineView.Moved) -> None:
        event.stop()
        self.at = self.drawn.file_at(self.sheet.window.cursor)
        self._say()

    def _say(self) -> None:
        files = self.drawn.files
        title: list[Span] = [("changes", "text bold")]
        if files:
            title += [(f" {self.at + 1:,} of {wording.count(len(files), 'file')}", "muted")]
            title += [(f" {one_line(files[self.at])}", "text")]
        keys = f"{FILE_KEYS} · " if len(files) > 1 else ""
        self.rule.say(tuple(title), ((f"{keys}c commit this · Esc closes", "muted"),))
