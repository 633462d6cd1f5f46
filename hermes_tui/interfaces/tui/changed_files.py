"""Changes file by file: the diffs one after the other, and where two keys lead from file to file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from hermes_tui.domain.values import frozen
from hermes_tui.interfaces._changes import Change, change_of
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, one_line
from hermes_tui.interfaces.tui.drawing.diff import diff_lines
from hermes_tui.interfaces.tui.rows import Call

FILE_KEYS: Final = "[ ] file"

Made = Mapping[str, Sequence[tuple[str, Change]]]
"""By path, each change with the tool that makes it; files stand in the order in which they were first changed."""


@frozen
class ChangedFiles:
    """Lines, the files in them, and the line at which each file begins."""

    lines: Sequence[Line]
    files: Sequence[str] = ()
    starts: Sequence[int] = ()

    def file_at(self, line: int) -> int:
        """Return which file a line belongs to, the first where it stands before them all."""
        return max(0, bisect_right(self.starts, line) - 1)

    def start_of(self, file: int) -> int | None:
        """Return the line at which a file begins, the nearest there is; None where there is no file."""
        return self.starts[max(0, min(file, len(self.starts) - 1))] if self.starts else None

    def turned(self, line: int, by: int) -> int | None:
        """Return where the file `by` after that of a line begins; back from within one, its own beginning."""
        at = self.file_at(line)
        before, within = self.starts and line < self.starts[0], self.starts and line > self.starts[at]
        return self.start_of(at if (by > 0 and before) or (by < 0 and within) else at + by)

    def lines_of(self, file: int) -> Sequence[Line]:
        """Return the lines of one file; none where there is no such file."""
        return self.lines[slice(*[*self.starts, len(self.lines)][file : file + 2])] if file < len(self.starts) else ()


def made_by(calls: Iterable[Call]) -> Made:
    """Return every change that calls made."""
    made: dict[str, list[tuple[str, Change]]] = {}
    for call in calls:
        change = change_of(call.tool, call.arguments)
        if change is not None and call.state == "done":
            made.setdefault(change.path, []).append((call.tool, change))
    return made


def file_by_file(made: Made, width: int, heads: Callable[[int, Change], Line] | None = None) -> ChangedFiles:
    """Return the diffs as lines; those of a file stand together. `heads` draws the line that each file begins with."""
    lines: list[Line] = []
    starts: list[int] = []
    for number, some in enumerate(made.values()):
        starts.append(len(lines) + bool(lines))
        for at, (tool, change) in enumerate(some):
            lines += [EMPTY] if lines else []
            lines += [heads(number, change) if heads is not None and at == 0 else _head(tool, change)]
            lines += diff_lines(change, 1, width)
    return ChangedFiles(lines=lines, files=list(made), starts=starts)


def _head(tool: str, change: Change) -> Line:
    return Line(((f" {tool} {one_line(change.path)} ", "text bold"), *counted(change)))


def counted(change: Change) -> tuple[Span, ...]:
    """Return how many lines come and go."""
    added, removed = change.counts
    return ((f"+{added}", "ok"), (f" -{removed}", "fail"))
