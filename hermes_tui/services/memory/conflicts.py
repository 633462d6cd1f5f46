"""Notes that hold together and cannot both be true: named beside each, since nobody has chosen between them yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from hermes_tui.capabilities.memory.likeness import Likeness, compare
from hermes_tui.capabilities.memory.notes import Note

MOST_CHARS: Final = 400
"""Longer notes say several things, of which one may contradict another and the rest hold."""


def conflicts(notes: Sequence[Note]) -> Mapping[str, Sequence[Note]]:
    """Return for each id of live `notes` the others that it contradicts, or that tell of the same one subject.

    Such pairs come from an editor or a `git pull`: what is written through Hermes is compared first, and what was said
    to hold beside another is no conflict.
    """
    found: dict[str, list[Note]] = {}
    for one, other in combinations(notes, 2):
        if _exclude_each_other(*sorted((one, other), key=_written)):
            found.setdefault(one.id, []).append(other)
            found.setdefault(other.id, []).append(one)
    return found


def _exclude_each_other(old: Note, new: Note) -> bool:
    if old.scope != new.scope or old.id in new.beside or new.id in old.beside:
        return False
    if old.about and old.about == new.about:
        return True
    return max(len(old.body), len(new.body)) <= MOST_CHARS and compare(new.body, old.body) is Likeness.CONTRADICTS


def _written(note: Note) -> tuple[str, str]:
    return note.created, note.id
