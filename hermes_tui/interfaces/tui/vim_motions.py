"""Where vim's motions lead in a text: offsets in, offsets out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hermes_tui.domain.values import frozen


@frozen(kw_only=False)
class Span:
    """From one offset to before another; `lines` says whole lines."""

    start: int
    end: int
    lines: bool = False


# where things are


def line_start(text: str, at: int) -> int:
    """Return where the line of `at` begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Return where the line of `at` ends: at its line feed, or at the end of the text."""
    found = text.find("\n", at)
    return found if found >= 0 else len(text)


def lines_of(text: str, first: int, last: int) -> Span:
    """Return the whole lines from one offset to another."""
    low, high = sorted((first, last))
    return Span(line_start(text, low), line_end(text, high), lines=True)


def _class_of(letter: str, *, big: bool) -> int:
    """Return 0 for a blank, 1 for a letter of a word, 2 for a sign."""
    if letter.isspace():
        return 0
    return 1 if big or letter.isalnum() or letter == "_" else 2


def _next_word(text: str, at: int, *, big: bool) -> int:
    if at >= len(text):
        return at
    here = _class_of(text[at], big=big)
    while at < len(text) and here and _class_of(text[at], big=big) == here:
        at += 1
    while at < len(text) and text[at].isspace():
        at += 1
        if text[at - 1 : at + 1] == "\n\n":
            break
    return at


def _word_back(text: str, at: int, *, big: bool) -> int:
    at -= 1
    while at > 0 and text[at].isspace():
        at -= 1
    while at > 0 and _class_of(text[at - 1], big=big) == _class_of(text[at], big=big):
        at -= 1
    return max(at, 0)


def _word_end(text: str, at: int, *, big: bool) -> int:
    at += 1
    while at < len(text) and text[at].isspace():
        at += 1
    while at + 1 < len(text) and _class_of(text[at + 1], big=big) == _class_of(text[at], big=big):
        at += 1
    return min(at, max(len(text) - 1, 0))


def row_away(text: str, at: int, by: int) -> int:
    """Return the same column some lines away, or the nearest there is."""
    column = at - line_start(text, at)
    for _ in range(abs(by)):
        if by > 0 and line_end(text, at) < len(text):
            at = line_end(text, at) + 1
        elif by < 0 and line_start(text, at) > 0:
            at = line_start(text, line_start(text, at) - 1)
    start = line_start(text, at)
    return min(start + column, line_end(text, start))


def first_letter(text: str, at: int) -> int:
    """Return the first letter of a line that is no blank."""
    start, end = line_start(text, at), line_end(text, at)
    return end - len(text[start:end].lstrip())


def line_number(text: str, count: int) -> int:
    """Return where line `count` begins, or the last line."""
    at = 0
    for _ in range(count - 1):
        at = min(line_end(text, at) + 1, line_start(text, len(text)))
    return at


def sought(text: str, at: int, how: str, count: int) -> int:
    """Return where `f`, `t`, `F` or `T` with its letter leads; the start where it leads nowhere."""
    kind, letter = how[0], how[1]
    start, end, found = line_start(text, at), line_end(text, at), at
    for _ in range(count):
        found = text.find(letter, found + 1, end) if kind in "ft" else text.rfind(letter, start, found)
        if found < 0:
            return at
    return found + {"t": -1, "T": 1}.get(kind, 0)


def _times(step: Callable[[str, int], int]) -> Callable[[str, int, int], int]:
    def many(text: str, at: int, count: int) -> int:
        for _ in range(min(count, len(text) + 1)):
            at = step(text, at)
        return at

    return many


MOTIONS: Final[dict[str, Callable[[str, int, int], int]]] = {
    "h": lambda text, at, count: max(at - count, line_start(text, at)),
    "l": lambda text, at, count: min(at + count, line_end(text, at)),
    "j": row_away,
    "k": lambda text, at, count: row_away(text, at, -count),
    "w": _times(lambda text, at: _next_word(text, at, big=False)),
    "W": _times(lambda text, at: _next_word(text, at, big=True)),
    "b": _times(lambda text, at: _word_back(text, at, big=False)),
    "B": _times(lambda text, at: _word_back(text, at, big=True)),
    "e": _times(lambda text, at: _word_end(text, at, big=False)),
    "E": _times(lambda text, at: _word_end(text, at, big=True)),
    "0": lambda text, at, _: line_start(text, at),
    "^": lambda text, at, _: first_letter(text, at),
    "$": lambda text, at, count: line_end(text, row_away(text, at, count - 1)),
}
INCLUSIVE: Final = frozenset("eEft")
LINEWISE: Final = frozenset("jkG")
REVERSED: Final = {"f": "F", "F": "f", "t": "T", "T": "t"}


def word_around(text: str, at: int, kind: str) -> Span:
    """Return the word at `at`; `a` takes the blanks after it too, or those before where there are none."""
    if at >= len(text) or text[at] == "\n":
        return Span(at, at)
    low, high = line_start(text, at), line_end(text, at)
    big = kind[1] == "W"
    here = _class_of(text[at], big=big)
    start = end = at
    while start > low and _class_of(text[start - 1], big=big) == here:
        start -= 1
    while end < high and _class_of(text[end], big=big) == here:
        end += 1
    if kind[0] == "a":
        after = len(text[end:high]) - len(text[end:high].lstrip())
        start -= 0 if after else len(text[low:start]) - len(text[low:start].rstrip())
        end += after
    return Span(start, end)
