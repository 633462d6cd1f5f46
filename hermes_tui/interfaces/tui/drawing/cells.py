"""Text as cells: foreign text made harmless, cut, padded and wrapped on whole graphemes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.cells import cell_len, split_graphemes

from hermes_tui.domain.values import frozen

Span = tuple[str, str]
"""A text and its role, such as `("done", "muted")` or `("ask", "bg on-accent bold")`."""

TAB: Final = "    "
SIGN_CELLS: Final = 2
"""Each line of a row begins with a sign and a blank, or with two blanks."""
_HARMFUL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_TOKENS: Final = re.compile(r"\s+|\S+")
_WORD: Final = re.compile(r"[\w~/.@:+-]*[\w/]")


@frozen(kw_only=False)
class Line:
    """One screen line; `ground` colours its whole width.

    The first `gutter` cells are no part of what is copied: signs and line numbers. A line that is `joined` goes on with
    what the line above it could not hold.
    """

    spans: tuple[Span, ...] = ()
    ground: str = ""
    gutter: int = 0
    joined: bool = False

    @property
    def text(self) -> str:
        """The line without its roles."""
        return "".join(text for text, _ in self.spans)

    @property
    def width(self) -> int:
        """How many cells the line takes."""
        return sum(cell_len(text) for text, _ in self.spans)

    def behind(self, cells: int) -> Line:
        """Return the line behind so many blanks; an empty one stays empty."""
        if not self.spans or not cells:
            return self
        return Line(((" " * cells, ""), *self.spans), self.ground, self.gutter + cells, self.joined)


EMPTY: Final = Line()


def _visible(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def harmless(text: str) -> str:
    """Return `text` with nothing a terminal would obey; line feeds stay, tabs become blanks."""
    if text.isascii() and text.isprintable():
        return text
    return _HARMFUL.sub(_visible, text.replace("\r\n", "\n").replace("\t", TAB))


def masked(text: str) -> str:
    """Return `text` with a dot for each character a terminal would obey, so that places in it stay what they were."""
    return text if text.isprintable() else _HARMFUL.sub("·", text)


def one_line(text: str) -> str:
    """Return `text` harmless and on one line."""
    return harmless(text.strip()).replace("\n", " ")


def foreign(text: str, role: str = "text") -> Iterator[Span]:
    """Yield `text` in `role`, what had to be made visible in muted."""
    if text.isascii() and text.isprintable():
        yield text, role
        return
    text, start = text.replace("\r\n", "\n").replace("\t", TAB), 0
    for found in _HARMFUL.finditer(text):
        if found.start() > start:
            yield text[start : found.start()], role
        yield _visible(found), "muted"
        start = found.end()
    if start < len(text):
        yield text[start:], role


def width_of(spans: Iterable[Span]) -> int:
    """Return how many cells some spans take."""
    return sum(cell_len(text) for text, _ in spans)


def _head(text: str, width: int) -> str:
    """Return as many whole graphemes from the start as fit in `width` cells."""
    if text.isascii():
        return text[:width]
    used = 0
    for start, _end, cells in split_graphemes(text)[0]:
        used += cells
        if used > width:
            return text[:start]
    return text


def fit(text: str, width: int, more: str = "…") -> str:
    """Return `text` in at most `width` cells; a cut is shown."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return _head(text, width - 1) + more


def fit_middle(text: str, width: int, more: str = "…") -> str:
    """Return `text` in at most `width` cells, cut in its middle."""
    if cell_len(text) <= width or width < 5:
        return fit(text, width, more)
    head = _head(text, (width - 1) // 2)
    room = width - 1 - cell_len(head)
    tail = text[::-1] if text.isascii() else ""
    if tail:
        return head + more + text[len(text) - room :]
    graphemes = split_graphemes(text)[0]
    start = len(text)
    for first, _end, cells in reversed(graphemes):
        if cells > room:
            break
        room, start = room - cells, first
    return head + more + text[start:]


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells."""
    text = fit(text, width)
    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks


def clip(spans: Iterable[Span], width: int, more: str = "…") -> tuple[Span, ...]:
    """Return the spans in at most `width` cells; a cut is shown."""
    spans = tuple(spans)
    if width_of(spans) <= width:
        return spans
    kept: list[Span] = []
    room = width
    for text, role in spans:
        cells = cell_len(text)
        if cells >= room:
            kept.append((fit(text + more, room, more), role) if cells == room else (fit(text, room, more), role))
            break
        kept.append((text, role))
        room -= cells
    return tuple(kept)


def ends(left: Iterable[Span], right: Iterable[Span], width: int, *, ground: str = "") -> Line:
    """Return a line with `left` at its start and `right` at its end; `left` is cut first."""
    right = clip(right, width)
    space = width - width_of(right)
    left = clip(left, space - 1 if right and space > 0 else space)
    gap = space - width_of(left)
    return Line((*left, (" " * gap, ""), *right), ground)


def wrap(spans: Iterable[Span], width: int) -> list[list[Span]]:
    """Break spans into lines of at most `width` cells, at blanks where possible; line feeds break too."""
    lines: list[list[Span]] = []
    for paragraph in _paragraphs(spans):
        if width_of(paragraph) <= width:
            lines.append(paragraph)
        else:
            lines.extend(_wrapped(paragraph, max(width, 2)))
    return lines


def _paragraphs(spans: Iterable[Span]) -> Iterator[list[Span]]:
    current: list[Span] = []
    for text, role in spans:
        first, *rest = text.split("\n")
        if first:
            current.append((first, role))
        for part in rest:
            yield current
            current = [(part, role)] if part else []
    yield current


def _words(spans: Sequence[Span]) -> Iterator[tuple[list[Span], int, bool]]:
    """Yield words and blanks: spans, width, whether it is blank. A word may run over several spans."""
    word: list[Span] = []
    for token, role in ((token, role) for text, role in spans for token in _TOKENS.findall(text)):
        if not token.isspace():
            word.append((token, role))
            continue
        if word:
            yield word, width_of(word), False
            word = []
        yield [(token, role)], cell_len(token), True
    if word:
        yield word, width_of(word), False


def _wrapped(spans: Sequence[Span], width: int) -> Iterator[list[Span]]:
    line: list[Span] = []
    used = 0
    for word, cells, blank in _words(spans):
        if used + cells <= width:
            _join(line, word)
            used += cells
            continue
        if used:
            yield line
        line, used = [], 0
        if blank:
            continue
        *whole, line = chopped(word, width)
        yield from whole
        used = width_of(line)
    if line:
        yield line


def _join(line: list[Span], word: Sequence[Span]) -> None:
    """Add a word; what has the role of what stands before it becomes one span, as each is a change of colour."""
    for text, role in word:
        if line and line[-1][1] == role:
            line[-1] = (line[-1][0] + text, role)
        else:
            line.append((text, role))


def chopped(word: Sequence[Span], width: int) -> Iterator[list[Span]]:
    """Break one long word, or a line of code, into pieces that fit, on whole graphemes; nothing of it is lost."""
    line: list[Span] = []
    room = width
    rests = [(text, role) for text, role in reversed(word) if text]
    while rests:
        text, role = rests.pop()
        head = _head(text, room) or (text[:1] if room == width else "")
        line += [(head, role)] if head else []
        room -= cell_len(head)
        if len(head) < len(text):
            rests.append((text[len(head) :], role))
            yield line
            line, room = [], width
    yield line


def indented(lines: Iterable[Iterable[Span]], first: Sequence[Span], rest: str) -> list[Line]:
    """Return lines with `first` before the first one and `rest` before the others."""
    return [Line((*(first if at == 0 else ((rest, ""),)), *spans)) for at, spans in enumerate(lines)]


def word_at(text: str, x: int) -> tuple[int, int]:
    """Return in which cells the word under a cell stands, a path or an address being one; none where there is none."""
    for found in _WORD.finditer(text):
        start = cell_len(text[: found.start()])
        end = start + cell_len(found[0])
        if start <= x < end:
            return start, end
    return x, x
