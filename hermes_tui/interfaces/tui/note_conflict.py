"""A note that changed outside while it was edited: both texts, what differs, and the two as one."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Final

from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, one_line, wrap
from hermes_tui.interfaces.tui.memory_rows import diff_line

MINE, BETWEEN, THEIRS = "<<<<<<< yours", "=======", ">>>>>>> theirs"
_KEYS: Final = (("D", "compares"), ("y", "keeps yours"), ("t", "keeps theirs"), ("e", "merges"))

_Stretch = tuple[int, int, int, int]


@frozen
class Conflict:
    """The text that was edited, what became of it here and what stands on disk since `at`."""

    path: str
    before: str
    mine: str
    theirs: str
    at: float

    @property
    def said(self) -> str:
        """What happened, then what to press."""
        keys = ", ".join(f"{key} {does}" for key, does in _KEYS)
        return f"{self._happened} {keys}."

    @property
    def _happened(self) -> str:
        name, when = one_line(self.path.rpartition("/")[2]), wording.short_clock(self.at)
        return f"{name} changed outside Hermes at {when}. Yours and theirs are both kept."

    def lines(self, width: int) -> list[Line]:
        """Return the same, drawn in the place of the note's text."""
        keys: list[Span] = []
        for key, does in _KEYS:
            keys += [(key, "accent"), (f" {does}", "text"), (", " if does != "merges" else ".", "text")]
        said = (*wrap(((self._happened, "warn"),), width - 2), *wrap(keys, width - 2))
        return [EMPTY, *(Line(((" ", ""), *spans)) for spans in said)]

    def compared(self) -> list[Line]:
        """Return what yours takes away from theirs and adds to it."""
        theirs, mine = self.theirs.splitlines(), self.mine.splitlines()
        found = list(difflib.unified_diff(theirs, mine, lineterm=""))[3:]
        return [diff_line(line) for line in found] or [Line(((" Both say the same.", "muted"),))]

    def merged(self) -> str:
        """Return both changes in one text; where both changed the same lines, both stand, marked."""
        texts = tuple(text.split("\n") for text in (self.before, self.mine, self.theirs))
        return "\n".join(_merged(*texts))


def unsettled(text: str) -> bool:
    """Whether a text still has lines of both, marked."""
    return not {MINE, THEIRS}.isdisjoint(text.split("\n"))


def _merged(before: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a three-way merge (Khanna, Kunal and Pierce, "A Formal Investigation of Diff3", 2007)."""
    base_at = mine_at = theirs_at = 0
    for base_to, length, mine_to, theirs_to in _stretches(before, mine, theirs):
        old, own, other = before[base_at:base_to], mine[mine_at:mine_to], theirs[theirs_at:theirs_to]
        if other in (own, old):
            yield from own
        elif own == old:
            yield from other
        else:
            yield from (MINE, *own, BETWEEN, *other, THEIRS)
        yield from before[base_to : base_to + length]
        base_at, mine_at, theirs_at = base_to + length, mine_to + length, theirs_to + length


def _stretches(before: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[_Stretch]:
    """Yield what stands in all three: where it is in the first, its length, where it is in the others."""
    ours, others = (
        difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks() for after in (mine, theirs)
    )
    own = other = 0
    while own < len(ours) and other < len(others):
        one, two = ours[own], others[other]
        start, end = max(one.a, two.a), min(one.a + one.size, two.a + two.size)
        if start < end:
            yield start, end - start, one.b + start - one.a, two.b + start - two.a
        if one.a + one.size <= two.a + two.size:
            own += 1
        else:
            other += 1
    yield len(before), 0, len(mine), len(theirs)
