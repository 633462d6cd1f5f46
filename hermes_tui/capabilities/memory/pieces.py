"""Long texts in pieces that can be found on their own: cut at headings and paragraphs, each with its first line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hermes_tui.domain.values import frozen

PIECE_CHARS: Final = 1_200
LONGEST_CHARS: Final = 2_400


@frozen(kw_only=False)
class Piece:
    """A part of a text; `line` counts from 1, `heading` is the nearest one above it."""

    text: str
    line: int
    heading: str = ""


def pieces_of(text: str, most: int = PIECE_CHARS) -> list[Piece]:
    """Return `text` in pieces of about `most` characters, whole paragraphs where they fit."""
    found: list[Piece] = []
    open_piece: list[str] = []
    first, heading, size = 1, "", 0
    for line, block in _blocks(text):
        is_heading = block.startswith("#") and block.lstrip("#")[:1] == " "
        if open_piece and (size + len(block) > most or is_heading):
            found.append(Piece("\n\n".join(open_piece), first, heading))
            open_piece, size = [], 0
        if is_heading:
            heading = block.split("\n", 1)[0].lstrip("# ").strip()
        if not open_piece:
            first = line
        open_piece.append(block)
        size += len(block)
    if open_piece:
        found.append(Piece("\n\n".join(open_piece), first, heading))
    return found


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield the paragraphs of `text` with their first lines; one that is too long comes in portions."""
    start, lines = 1, list[str]()
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.strip():
            if not lines:
                start = number
            lines.append(line.rstrip())
            if sum(map(len, lines)) <= LONGEST_CHARS:
                continue
        if lines:
            yield from _portions(start, "\n".join(lines))
            lines = []


def _portions(line: int, block: str) -> Iterator[tuple[int, str]]:
    while len(block) > LONGEST_CHARS:
        cut = block.rfind(" ", LONGEST_CHARS // 2, LONGEST_CHARS)
        cut = cut if cut > 0 else LONGEST_CHARS
        yield line, block[:cut]
        line += block[:cut].count("\n")
        block = block[cut:].lstrip()
    if block:
        yield line, block
