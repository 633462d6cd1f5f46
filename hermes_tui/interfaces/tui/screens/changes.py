"""Every change of a session on a page, file by file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events, on
from textual.binding import Binding, BindingType

from hermes_tui.domain.values import frozen
from hermes_tui.interfaces._changes import Change, change_of
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, one_line
from hermes_tui.interfaces.tui.drawing.diff import diff_lines
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.rows import Call
from hermes_tui.interfaces.tui.screens.page import Page

NOTHING: Final = Line(((" Nothing was written or edited in this session.", "muted"),))


@frozen
class Changes:
    """What the page shows: its lines, the files in the order in which they were first changed, where each begins."""

    lines: Sequence[Line]
    files: Sequence[str]
    starts: Sequence[int]


def changes(calls: Sequence[Call], width: int) -> Changes:
    """Return every change that calls made, as one diff after the other; those of a file stand together."""
    made: dict[str, list[tuple[str, Change]]] = {}
    for call in calls:
        change = change_of(call.tool, call.arguments)
        if change is not None and call.state == "done":
            made.setdefault(change.path, []).append((call.tool, change))
    lines: list[Line] = []
    starts: list[int] = []
    for some in made.values():
        starts.append(len(lines) + bool(lines))
        for tool, change in some:
            added, removed = change.counts
            head = ((f" {tool} {one_line(change.path)} ", "text bold"), (f"+{added}", "ok"), (f" -{removed}", "fail"))
            lines += [EMPTY] if lines else []
            lines += [Line(head), *diff_lines(change, 1, width)]
    return Changes(lines=lines or [NOTHING], files=list(made), starts=starts)


class ChangesPage(Page):
    """The diff of a session; the rule names the file under the cursor, two keys go from file to file."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "file(1)", "the next file", id="changes.next_file"),
        Binding("left_square_bracket", "file(-1)", "the file before", id="changes.previous_file"),
    ]

    def __init__(self, look: Look, calls: Sequence[Call]) -> None:
        super().__init__(look, "changes", self._draw, {"c": ("commit", "commit this")})
        self.calls = calls
        self.drawn = changes(calls, 0)
        self.at = 0

    def _draw(self, width: int) -> Sequence[Line]:
        self.drawn = changes(self.calls, width)
        return self.drawn.lines

    def on_resize(self, event: events.Resize) -> None:
        """Draw for another width; the file stays."""
        super().on_resize(event)
        if self.at:
            self._turn_to(self.at)
        self._say()

    def action_file(self, by: int) -> None:
        """Go to the beginning of another file; back from within one, to its own."""
        starts = self.drawn.starts
        within = by < 0 and self.sheet.window.cursor > max(starts[self.at : self.at + 1], default=0)
        self._turn_to(self.at if within else max(0, min(self.at + by, len(starts) - 1)))

    def _turn_to(self, file: int) -> None:
        if file < len(self.drawn.starts):
            self.sheet.begin_with(self.drawn.starts[file])

    @on(LineView.Moved)
    def _moved(self, event: LineView.Moved) -> None:
        event.stop()
        self.at = max(0, bisect_right(self.drawn.starts, self.sheet.window.cursor) - 1)
        self._say()

    def _say(self) -> None:
        files = self.drawn.files
        title: list[Span] = [("changes", "text bold")]
        if files:
            title += [(f" {self.at + 1:,} of {wording.count(len(files), 'file')}", "muted")]
            title += [(f" {one_line(files[self.at])}", "text")]
        keys = "[ ] file · " if len(files) > 1 else ""
        self.rule.say(tuple(title), ((f"{keys}c commit this · Esc closes", "muted"),))
