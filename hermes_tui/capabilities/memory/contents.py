"""The index that is always in context: one line per note, within a budget that is told, never silently passed."""

from __future__ import annotations

import re

from hermes_tui.capabilities.memory.notes import Note
from hermes_tui.capabilities.memory.scopes import index_of_scope
from hermes_tui.domain.memory import NoteKind
from hermes_tui.domain.values import frozen

_FIRST: tuple[NoteKind, ...] = (NoteKind.PREFERENCE, NoteKind.STYLE, NoteKind.PERSON, NoteKind.PROCEDURE, NoteKind.FACT)


@frozen(kw_only=False)
class Room:
    """How much of the budget is used, in bytes."""

    used: int
    limit: int

    @property
    def left(self) -> int:
        """What is left; negative where the operator wrote more than fits."""
        return self.limit - self.used

    def told(self) -> str:
        """Return it as a sentence."""
        if self.left < 0:
            return f"MEMORY.md is full: {self.used:,} of {self.limit:,} bytes; what is over is cut from the context."
        return f"MEMORY.md: {self.used:,} of {self.limit:,} bytes used, {self.left:,} left."


def line_of(note: Note) -> str:
    """Return the line by which an index names a note."""
    folder = index_of_scope(note.scope).rpartition("/")[0]
    link = note.path.removeprefix(f"{folder}/") if folder else note.path
    title = re.sub(r"([\[\]\\])", r"\\\1", note.title)
    return f"- [{title}](<{link}>)" if re.search(r"[\s()<>]", link) else f"- [{title}]({link})"


def with_line(text: str, note: Note, left: int) -> str | None:
    """Return the index with a line for `note`, None where fewer than its bytes are `left`."""
    line = line_of(note) + "\n"
    if len(line.encode()) > left and not note.pin:
        return None
    return (text if not text or text.endswith("\n") else text + "\n") + line


def without_line(text: str, path: str) -> str:
    """Return the index without the lines that link to the note at `path`."""
    folder_link = path.split("/", 3)[-1] if path.startswith("memory/workspaces/") else path
    links = {f"]({link})" for link in (path, folder_link)} | {f"](<{link}>)" for link in (path, folder_link)}
    return "".join(line for line in text.splitlines(keepends=True) if not any(link in line for link in links))


def deserves_a_line(note: Note) -> bool:
    """Whether a note is named in the index: what shapes every session, and what is pinned; summaries are not.

    Nor is what nobody vouches for: the index is read in every session, and nobody asked for it.
    """
    return not note.provenance and (note.pin or note.kind in _FIRST)
