"""From a note's text to the items that are searched and the row that is listed."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from hermes_tui.capabilities.memory.catalog import NoteRow
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.notes import Note, instant_of
from hermes_tui.capabilities.memory.pieces import pieces_of
from hermes_tui.capabilities.memory.scopes import scope_of_path
from hermes_tui.domain.memory import NoteStatus

_ENTRY: Final = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+", re.MULTILINE)
_LINK: Final = re.compile(r"\]\((?:\./)?(?:memory/)?[^)]*\.md\)")


def items_of_note(note: Note, now: float) -> list[Item]:
    """Return the items of a note: one, or one for each piece of a long one."""
    at = instant_of(note.updated or note.valid_from or note.created)
    live = note.holds(now)
    return [
        Item(
            id=note.id if number == 0 else f"{note.id}.{number + 1}",
            text=piece.text,
            layer=Layer.NOTE,
            thread=note.path,
            place=number,
            at=at,
            source=note.path,
            kind=note.kind.value,
            live=live,
            scope=note.scope,
            anchor=f"L{piece.line}" if number else "",
        )
        for number, piece in enumerate(pieces_of(note.body))
    ]


def items_of_index(path: str, text: str) -> list[Item]:
    """Return the items of an index: each entry that is not merely a link to a note."""
    scope = scope_of_path(path)
    found: dict[str, Item] = {}
    for line, entry in _entries(text):
        if _LINK.search(entry) or not entry.strip():
            continue
        item_id = "i" + hashlib.sha256(f"{scope}\0{entry}".encode()).hexdigest()[:12]
        found[item_id] = Item(
            id=item_id,
            text=entry,
            layer=Layer.NOTE,
            thread=path,
            place=len(found),
            source=path,
            kind="index",
            scope=scope,
            anchor=f"L{line}",
        )
    return list(found.values())


def catalog_row(note: Note, now: float, size: int) -> NoteRow:
    """Return the row by which a note is listed."""
    holds = note.holds(now)
    status = NoteStatus.LIVE if holds else NoteStatus.REVIEW if note.status is NoteStatus.REVIEW else NoteStatus.PAST
    ends = min((end[:10] for end in (note.expires, note.valid_to) if end), default="")
    return NoteRow(
        id=note.id,
        path=note.path,
        title=note.title,
        kind=note.kind.value,
        scope=note.scope,
        author=note.author.value,
        status=status.value,
        created=note.created,
        updated=note.updated,
        superseded_by=note.superseded_by,
        pin=note.pin,
        about=note.about,
        fingerprint=note.words,
        problem="; ".join(note.problems),
        size=size,
        ends=ends,
    )


def _entries(text: str) -> list[tuple[int, str]]:
    """Return the list items of an index with their lines; what stands between them is for the reader only."""
    found: list[tuple[int, list[str]]] = []
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if _ENTRY.match(line):
            found.append((number, [_ENTRY.sub("", line).strip()]))
            inside = True
        elif inside and line[:1] in " \t" and line.strip():
            found[-1][1].append(line.strip())
        else:
            inside = False
    return [(number, " ".join(lines)) for number, lines in found]
