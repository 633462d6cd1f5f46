"""Markdown as lines of cells, block by block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Final

from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import mutable
from hermes_tui.interfaces.tui.drawing import fences
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, foreign, pad, width_of, wrap
from hermes_tui.interfaces.tui.drawing.fences import Fence, opened_by

PROSE_WIDTH: Final = 84
"""Prose is not drawn wider than this: longer lines are hard to read."""

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


def draw(text: str, width: int, lead: int = 0) -> list[Line]:
    """Return Markdown as lines of `width` cells behind `lead` blanks."""
    lines: list[Line] = []
    for block in blocks(text.split("\n")):
        add_block(lines, block, width, lead)
    while lines and not lines[-1].spans:
        lines.pop()
    return lines


def add_block(lines: list[Line], block: list[str], width: int, lead: int = 0) -> None:
    """Draw one more block, behind `lead` blanks, below lines that stand already."""
    if lines and lines[-1] == EMPTY and opened_by(block[0]):
        lines.pop()  # a label and its numbers set code apart; a blank line would do it twice
    lines += [line.behind(lead) for line in _draw_block(block, width)]


@mutable
class Blocks:
    """Takes lines one by one and tells blocks apart: a fence with its lines, a blank line, or what belongs together.

    `lines` are those of the block that has not ended, `fence` what opened it, if it is code.
    """

    lines: list[str] = field(default_factory=list[str])
    fence: Fence | None = None

    def take(self, line: str) -> Iterator[list[str]]:
        """Add a line; yield the blocks that end with it."""
        line = line.removesuffix("\r")
        if self.fence is not None:
            self.lines.append(line)
            if self.fence.closed_by(line):
                yield self._ended()
            return
        fence = opened_by(line)
        alone = not line.strip() or bool(_HEADING.match(line))
        if self.lines and (alone or fence or _ITEM.match(line) or _RULE.match(line)):
            yield self._ended()
        self.lines.append(line)
        self.fence = fence
        if alone:
            yield self._ended()

    def _ended(self) -> list[str]:
        block, self.lines, self.fence = self.lines, [], None
        return block


def blocks(source: Iterable[str]) -> Iterator[list[str]]:
    """Yield the blocks of some lines; the last ends where they do."""
    reader = Blocks()
    for line in source:
        yield from reader.take(line)
    if reader.lines:
        yield reader.lines


def _draw_block(block: list[str], width: int) -> list[Line]:
    first = block[0]
    if opened_by(first):
        return fences.draw(block, width)
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
