"""Notes of other agents, read from their files: `§` entries, folders with front matter, lists under headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.memory import frontmatter
from hermes_tui.capabilities.memory.decoding import MOST_BYTES, decode
from hermes_tui.domain.memory import NoteKind
from hermes_tui.domain.values import frozen

_SIGN: Final = "§"
_ENTRY: Final = re.compile(r"^(?:[-*+]|\d+[.)])[ \t]+", re.MULTILINE)
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_LEAST_CHARS: Final = 4
_KINDS: Final = {
    "user": NoteKind.PERSON,
    "human": NoteKind.PERSON,
    "person": NoteKind.PERSON,
    "persona": NoteKind.STYLE,
    "style": NoteKind.STYLE,
    "preference": NoteKind.PREFERENCE,
    "preferences": NoteKind.PREFERENCE,
    "feedback": NoteKind.PREFERENCE,
    "procedure": NoteKind.PROCEDURE,
    "workflow": NoteKind.PROCEDURE,
    "skill": NoteKind.PROCEDURE,
}


@frozen(kw_only=False)
class ForeignNote:
    """One note of another agent: its text, what it seems to be, and where it stood."""

    text: str
    kind: NoteKind
    source: str


def foreign_notes(place: Path) -> list[ForeignNote]:
    """Return the notes of a file, or of the markdown and text files of a folder; links are not followed.

    A line of an index that begins with a link to another of the files is no note: that file is.
    """
    found: list[ForeignNote] = []
    paths = list(_files(place))
    for path in paths:
        data = path.read_bytes()[:MOST_BYTES]
        name = path.name if path == place else path.relative_to(place).as_posix()
        notes = _notes_of(name, decode(data).text)
        found += [note for note in notes if not ((link := _LINK.match(note.text)) and path.parent / link[1] in paths)]
    return found


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for path in sorted(place.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
        if path.suffix in (".md", ".txt") and path.is_file() and not path.is_symlink() and not hidden:
            yield path


def _notes_of(name: str, text: str) -> list[ForeignNote]:
    front = frontmatter.read(text)
    kind = _kind(name, front)
    if front.values:
        about = front.text("description")
        body = front.body.strip()
        whole = f"{about}\n\n{body}" if about and about not in body else body
        return [ForeignNote(whole, kind, name)] if len(whole) >= _LEAST_CHARS else []
    parts = text.split(_SIGN) if _SIGN in text else _listed(text)
    entries = (" ".join(part.split()) if "\n\n" not in part.strip() else part.strip() for part in parts)
    return [ForeignNote(entry, kind, name) for entry in entries if len(entry) >= _LEAST_CHARS]


def _kind(name: str, front: frontmatter.Front) -> NoteKind:
    given = [front.text("type"), front.text("kind"), front.text("label"), *re.split(r"[/._-]", name)]
    return next((_KINDS[word.lower()] for word in given if word.lower() in _KINDS), NoteKind.FACT)


def _listed(text: str) -> list[str]:
    """Return list items and paragraphs, each under its nearest heading where it would not stand alone."""
    found: list[str] = []
    heading = ""
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip("\n").split("\n")
        if lines[0].startswith("#"):
            heading = lines.pop(0).lstrip("# ").strip()
        body = "\n".join(lines)
        if not body.strip():
            continue
        starts = [match.start() for match in _ENTRY.finditer(body)]
        parts = [body] if not starts else [body[a:b] for a, b in zip(starts, [*starts[1:], len(body)], strict=True)]
        for part in parts:
            entry = _ENTRY.sub("", part.strip()).strip()
            short = len(entry.split()) < 4 and heading
            found.append(f"{heading}: {entry}" if short else entry)
    return found
