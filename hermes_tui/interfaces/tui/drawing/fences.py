"""Code in a reply: its language, its line numbers, and its long lines on as many rows as they take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import Final

from hermes_tui.capabilities.registry import load_late
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen, mutable
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, chopped, harmless, width_of

_FENCE: Final = later(r"^( {0,12})(`{3,}(?=[^`]*$)|~{3,})\s*(.*)$")
_LANGUAGE: Final = later(r"[\w+#-]*")
_START: Final = later(
    r"^(?P<range>\d{1,6}):\d+:\S"
    r"|\b(?:linenums|linenostart|firstline|first_line|startline|startfrom|start)\s*=\s*[\"']?(?P<said>\d{1,6})\b"
    r"|\w(?::|#L)(?P<place>\d{1,6})\b",
    re.IGNORECASE,
)
_UNNUMBERED: Final = frozenset(
    [
        "bash",
        "bat",
        "cmd",
        "console",
        "diff",
        "fish",
        "log",
        "markdown",
        "md",
        "mermaid",
        "none",
        "output",
        "patch",
        "plain",
        "plaintext",
        "powershell",
        "sh",
        "shell",
        "shell-session",
        "terminal",
        "text",
        "tree",
        "txt",
        "zsh",
    ]
)
"""Commands to type, what they print, and prose: nobody speaks of the lines of these by number."""
LEAST_CELLS: Final = 2
"""A number takes so many cells at least, so that the ninth line of what streams in moves nothing at the tenth."""
LEAST_ROOM: Final = 8


@frozen
class Fence:
    """What opens a block of code: the marks that close it, how far it is indented, and which lines these are.

    `first` is the number of its first line, 0 for a block whose lines have none.
    """

    marks: str
    indent: int
    language: str
    first: int

    def closed_by(self, line: str) -> bool:
        """Whether a line is nothing but at least as many of the same marks."""
        said = line.strip()
        return said.startswith(self.marks) and not said.strip(self.marks[0])

    def begins_to_close(self, line: str) -> bool:
        """Whether a line that still grows may become the one that closes: it is not shown as code meanwhile."""
        said = line.strip()
        return bool(said) and (self.marks.startswith(said) or self.closed_by(line))

    def code(self, line: str) -> str:
        """Return a line of the block without the indentation that belongs to the fence."""
        blanks = len(line) - len(line.lstrip(" "))
        return line[min(blanks, self.indent) :]

    @property
    def label(self) -> list[Line]:
        """The line above the code, if its language is named."""
        return [Line(((harmless(self.language), "muted"),))] if self.language else []


def opened_by(line: str) -> Fence | None:
    """Return the fence that a line opens, None if it opens none."""
    found = _FENCE.match(line)
    if found is None:
        return None
    info = found[3].strip()
    start = _START.search(info)
    language = _language(info.split(maxsplit=1)[0] if info else "")
    first = int(start["range"] or start["said"] or start["place"]) if start else 0
    if not start and language and language not in _UNNUMBERED:
        first = 1
    return Fence(marks=found[2], indent=len(found[1]), language=language, first=first)


def _language(word: str) -> str:
    """Return the language that a block's first word names, or what a file of that name is written in."""
    name = word.rpartition("/")[2].partition("#L")[0].strip("{}")
    named = next((part for part in name.split(":") if part and not part.isdigit()), "")
    found = _LANGUAGE.match(named.rpartition(".")[2])
    return found[0].lower() if found else ""


def draw(block: Sequence[str], width: int) -> list[Line]:
    """Return a whole block, or one whose end never came, as lines."""
    fence = opened_by(block[0])
    if fence is None:
        return []
    body = block[1:-1] if len(block) > 1 and fence.closed_by(block[-1]) else block[1:]
    spans = _coloured("\n".join(map(fence.code, body)), fence.language) if body else ()
    return [*fence.label, *_numbered(spans, fence.first, _cells(fence, len(body)), width)]


def _coloured(text: str, language: str) -> tuple[tuple[Span, ...], ...]:
    """Return each line of source code as spans; pygments is loaded with the first of them."""
    lines: tuple[tuple[Span, ...], ...] = load_late("interfaces.tui.drawing.code").coloured(text, language)
    return lines


def _cells(fence: Fence, count: int) -> int:
    """Return how many cells the numbers of `count` lines take; 0 where there are none."""
    return max(len(str(fence.first + max(count - 1, 0))), LEAST_CELLS) if fence.first else 0


def _numbered(lines: Iterable[Sequence[Span]], first: int, cells: int, width: int) -> Iterator[Line]:
    """Yield lines of code behind their numbers; what is too long for one goes on below it."""
    gutter = cells + 2 if cells else 0
    blank: tuple[Span, ...] = ((" " * gutter, ""),) if gutter else ()
    for number, spans in enumerate(lines, start=first):
        lead: tuple[Span, ...] = ((f"{number:>{cells}}  ", "muted"),) if cells else ()
        room = max(width - gutter, LEAST_ROOM)
        pieces = [list(spans)] if width_of(spans) <= room else list(chopped(spans, room))
        yield Line((*lead, *pieces[0]), gutter=gutter)
        for piece in pieces[1:]:
            yield Line((*blank, *piece), gutter=gutter, joined=True)


@mutable
class OpenCode:
    """A block whose end has not come: each of its lines is drawn once, however many follow.

    A line is coloured by itself meanwhile; once the block is whole it is coloured as a whole.
    """

    fence: Fence
    _lines: list[Line] = field(default_factory=list[Line])
    _drawn: int = 0
    _room: tuple[int, int, int] = (0, 0, 0)

    def draw(self, body: Sequence[str], tail: str, width: int, lead: int = 0) -> list[Line]:
        """Return the lines so far behind `lead` blanks; `tail` is the line that still grows."""
        room = (width, _cells(self.fence, len(body) + bool(tail)), lead)
        if room != self._room:
            self._lines, self._drawn, self._room = [line.behind(lead) for line in self.fence.label], 0, room
        self._lines += self._some(body[self._drawn :], self._drawn)
        self._drawn = len(body)
        if not tail or self.fence.begins_to_close(tail):
            return list(self._lines)
        return [*self._lines, *self._some([tail], len(body))]

    def _some(self, source: Iterable[str], before: int) -> Iterator[Line]:
        """Yield lines of the source that `before` others stand above."""
        width, cells, lead = self._room
        spans = (_coloured(self.fence.code(line), self.fence.language)[0] for line in source)
        return (line.behind(lead) for line in _numbered(spans, self.fence.first + before, cells, width))
