"""Markdown as lines of cells: block by block, so that what has settled is drawn once while the rest streams in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Final

from hermes_tui.capabilities.registry import load_late
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import mutable
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, foreign, pad, width_of, wrap

PROSE_WIDTH: Final = 84
"""Prose is not drawn wider than this: longer lines are hard to read."""

_FENCE: Final = later(r"^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)")
_HEADING: Final = later(r"^ {0,3}#{1,6}\s+(.*?)\s*#*$")
_ITEM: Final = later(r"^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$")
_RULE: Final = later(r"^ {0,3}([-*_])(\s*\1){2,}\s*$")
_TABLE_RULE: Final = later(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_INLINE: Final = later(
    r"(?P<code>`+)(?P<code_text>.+?)(?P=code)"
    r"|\*\*(?P<strong>\S(?:.*?\S)?)\*\*"
    r"|(?<![\w*])\*(?P<emphasis>[^\s*](?:[^*]*?[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<underline>[^\s_](?:[^_]*?[^\s_])?)_(?![\w_])"
    r"|~~(?P<struck>.+?)~~"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<target>[^()\s]+)\)"
    r"|(?P<url>https?://[^\s<>()\[\]\"'`]+[^\s<>()\[\]\"'`.,;:!?])",
    re.DOTALL,
)
_WEB: Final = later(r"https?://[\x21-\x7e]+")


def inline(text: str, role: str = "text") -> list[Span]:
    """Return one paragraph's text as spans."""
    spans: list[Span] = []
    start = 0
    for found in _INLINE.finditer(text):
        spans += foreign(text[start : found.start()], role) if found.start() > start else ()
        spans += _marked(found, role)
        start = found.end()
    spans += foreign(text[start:], role) if start < len(text) else ()
    return spans


def _marked(found: re.Match[str], role: str) -> list[Span]:
    match found.lastgroup:
        case "code_text":
            return list(foreign(found["code_text"], f"{role} bold"))
        case "strong":
            return inline(found["strong"], f"{role} bold")
        case "emphasis" | "underline":
            return inline(found["emphasis"] or found["underline"], f"{role} italic")
        case "struck":
            return inline(found["struck"], f"{role} strike")
        case "target":
            return _link(found["label"], found["target"], role)
        case _:
            return _link(found["url"], found["url"], role)


def _link(label: str, target: str, role: str) -> list[Span]:
    """Return a link: its target is shown whenever the label could hide it."""
    style = f"{role} underline link={target}" if _WEB.fullmatch(target) else f"{role} underline"
    shown = list(foreign(label, style))
    return shown if label == target else [*shown, *foreign(f" ({target})", "muted")]


def draw(text: str, width: int, *, open_end: bool = False) -> list[Line]:
    """Return Markdown as lines; `open_end` says that the text still grows."""
    lines: list[Line] = []
    for block in _blocks(text.split("\n")):
        if _FENCE.match(block[0]) and lines and lines[-1] == EMPTY:
            lines.pop()  # a label and its ground set code apart; a blank line would do it twice
        lines.extend(_draw_block(block, width, open_end=open_end))
    while lines and not lines[-1].spans:
        lines.pop()
    return lines


def _blocks(source: Sequence[str]) -> Iterator[list[str]]:
    """Yield blocks: a fence with its lines, a blank line, or lines that belong together."""
    block: list[str] = []
    fence = ""
    for line in source:
        opened = _FENCE.match(line)
        if fence:
            block.append(line)
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                yield block
                block, fence = [], ""
            continue
        starts = bool(opened or not line.strip() or _HEADING.match(line) or _ITEM.match(line) or _RULE.match(line))
        if starts and block:
            yield block
            block = []
        block.append(line)
        if opened:
            fence = opened[1]
        elif not line.strip() or _HEADING.match(line):
            yield block
            block = []
    if block:
        yield block


def _draw_block(block: list[str], width: int, *, open_end: bool) -> list[Line]:
    first = block[0]
    if fence := _FENCE.match(first):
        return _draw_fence(block, fence, open_end=open_end)
    if not first.strip():
        return [EMPTY]
    if heading := _HEADING.match(first):
        return [Line(tuple(spans)) for spans in wrap(inline(heading[1], "text bold"), width)]
    if _RULE.match(first):
        return [Line((("─" * min(width, PROSE_WIDTH), "rule"),))]
    if item := _ITEM.match(first):
        return _draw_item(item, block[1:], width)
    if len(block) > 1 and "|" in first and _TABLE_RULE.match(block[1]):
        return _draw_table(block, width)
    if first.lstrip().startswith(">"):
        text = "\n".join(line.lstrip().removeprefix(">").strip() for line in block)
        return [Line((("│ ", "rule"), *spans)) for spans in wrap(inline(text, "muted"), min(width, PROSE_WIDTH) - 2)]
    text = " ".join(line.strip() for line in block)
    return [Line(tuple(spans)) for spans in wrap(inline(text), min(width, PROSE_WIDTH))]


def _draw_fence(block: list[str], fence: re.Match[str], *, open_end: bool) -> list[Line]:
    body = block[1:]
    closed = len(body) > 0 and body[-1].strip().startswith(fence[1]) and not body[-1].strip().strip(fence[1][0])
    body = body[:-1] if closed else body
    language = fence[2].lower()
    if closed or not open_end:
        drawn = _coloured("\n".join(body), language) if body else ()
    else:  # each line by itself: what streams in costs its own length, not the block's
        drawn = tuple(spans for line in body for spans in _coloured(line, language))
    label = [Line(((language, "muted"),))] if language else []
    return [*label, *(Line(tuple(spans)) for spans in drawn)]


def _coloured(text: str, language: str) -> tuple[tuple[Span, ...], ...]:
    """Return each line of source code as spans; pygments is loaded with the first of them."""
    lines: tuple[tuple[Span, ...], ...] = load_late("interfaces.tui.drawing.code").coloured(text, language)
    return lines


def _draw_item(item: re.Match[str], rest: list[str], width: int) -> list[Line]:
    depth = len(item[1].expandtabs(4)) // 2
    mark = "•" if item[2] in "-*+" else item[2]
    lead = "  " * min(depth, 8) + mark + " "
    text = " ".join([item[3], *(line.strip() for line in rest)])
    lines = wrap(inline(text), max(min(width, PROSE_WIDTH) - len(lead), 8))
    return [Line(((lead if at == 0 else " " * len(lead), "muted"), *spans)) for at, spans in enumerate(lines)]


def _cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _draw_table(block: list[str], width: int) -> list[Line]:
    rows = [[inline(cell) for cell in _cells_of(line)] for at, line in enumerate(block) if at != 1]
    count = max(len(row) for row in rows)
    widths = [max((width_of(row[at]) for row in rows if at < len(row)), default=0) for at in range(count)]
    while sum(widths) + 2 * (count - 1) > width and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    lines: list[Line] = []
    for number, row in enumerate(rows):
        role = "muted" if number == 0 else "text"
        texts = ["".join(text for text, _ in row[at]) if at < len(row) else "" for at in range(count)]
        lines.append(Line(tuple((pad(text, size) + "  ", role) for text, size in zip(texts, widths, strict=True))))
    return lines


def settled_length(text: str) -> int:
    """Return how much of a growing text will never be drawn differently: up to its last blank line outside a fence."""
    fence, end, at = "", 0, 0
    for line in text.splitlines(keepends=True):
        at += len(line)
        found = _FENCE.match(line)
        if fence:
            fence = "" if line.strip().startswith(fence) else fence
            end = at if not fence and line.endswith("\n") else end
        elif found:
            fence = found[1]
        elif not line.strip() and line.endswith("\n"):
            end = at
    return end


@mutable
class Flow:
    """A text that streams in: settled blocks are drawn once per width, only the open tail again and again."""

    tail: str = ""
    length: int = 0
    _settled: list[str] = field(default_factory=list[str])
    _lines: list[Line] = field(default_factory=list[Line])
    _drawn: int = 0
    _width: int = 0

    def push(self, text: str) -> None:
        """Add what has arrived."""
        self.tail += text
        self.length += len(text)
        if "\n" in text:
            end = settled_length(self.tail)
            if end:
                self._settled.append(self.tail[:end])
                self.tail = self.tail[end:]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._settled) + self.tail

    def draw(self, width: int, *, whole_lines: bool = False) -> list[Line]:
        """Return all lines so far; with `whole_lines` without the last, which still grows."""
        if width != self._width:
            self._lines, self._drawn, self._width = [], 0, width
        for block in self._settled[self._drawn :]:
            self._lines += draw(block, width)
            if block.endswith("\n\n") or block.strip() == "":
                self._lines.append(EMPTY)
        self._drawn = len(self._settled)
        growing = draw(self.tail, width, open_end=True)
        return [*self._lines, *(growing[:-1] if whole_lines else growing)]
