"""One note: markdown with a head that says what it is, who wrote it and whether it still holds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from hermes_tui.capabilities.memory import frontmatter
from hermes_tui.capabilities.memory.frontmatter import Value
from hermes_tui.capabilities.memory.plain_words import plain_words
from hermes_tui.capabilities.memory.scopes import FOLDER, WORKSPACES, scope_of_path
from hermes_tui.domain.memory import NoteAuthor, NoteKind, NoteStatus
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.chance import token

_TITLE_CHARS: Final = 80
_CONFLICT: Final = re.compile(r"^(?:<{7} |={7}$|>{7} )", re.MULTILINE)
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,63}")
E = TypeVar("E", bound=StrEnum)


@frozen
class Note:
    """A note as its file says it. Times are ISO texts in UTC; `problems` say what could not be read.

    `provenance` names the sources nobody vouches for that its writer had read, such as the web. `scope` is empty for a
    note that holds everywhere, else the name of the workspace's folder under `memory/workspaces`. `beside` are notes
    that it resembles or seems to contradict, and that hold as well, as whoever wrote it has said.
    """

    id: str
    path: str
    body: str
    kind: NoteKind = NoteKind.FACT
    status: NoteStatus = NoteStatus.LIVE
    author: NoteAuthor = NoteAuthor.OPERATOR
    scope: str = ""
    created: str = ""
    updated: str = ""
    valid_from: str = ""
    valid_to: str = ""
    expires: str = ""
    source: str = ""
    provenance: str = ""
    about: str = ""
    confidence: str = ""
    pin: bool = False
    supersedes: tuple[str, ...] = ()
    superseded_by: str = ""
    beside: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The first heading or line."""
        first = next((line.strip() for line in self.body.split("\n") if line.strip()), "")
        return _shortened(first.lstrip("#").strip())

    @property
    def words(self) -> str:
        """A fingerprint of the words alone: case, marks and spacing are nothing."""
        return hashlib.sha256(" ".join(plain_words(self.body)).encode()).hexdigest()[:32]

    def holds(self, now: float) -> bool:
        """Whether recall may bring it at Unix second `now`."""
        today = day_of(now)
        ended = any(end and end[:10] <= today for end in (self.expires, self.valid_to))
        return self.status is NoteStatus.LIVE and not self.superseded_by and not ended


def read_note(path: str, text: str) -> Note:
    """Return the note of the file at `path`, relative to the home; anything can be read, if need be as plain text."""
    front = frontmatter.read(text)
    problems = list(front.problems)
    if _CONFLICT.search(text):
        problems.append("conflict markers of a merge")
    given = front.text("id")
    if given and not _ID.fullmatch(given):
        problems.append(f"`id: {given[:40]}` is no id")
    return Note(
        id=given if _ID.fullmatch(given) else id_of_path(path),
        path=path,
        body=front.body.strip("\n"),
        kind=_one_of(NoteKind, front.text("kind") or front.text("type"), NoteKind.FACT, problems),
        status=_one_of(NoteStatus, front.text("status"), NoteStatus.LIVE, problems),
        author=_one_of(NoteAuthor, front.text("author"), NoteAuthor.OPERATOR, problems),
        scope=scope_of_path(path),
        created=front.text("created"),
        updated=front.text("updated"),
        valid_from=front.text("valid_from"),
        valid_to=front.text("valid_to"),
        expires=front.text("expires"),
        source=front.text("source"),
        provenance=front.text("provenance"),
        about=front.text("about"),
        confidence=front.text("confidence"),
        pin=front.text("pin").lower() in ("yes", "true", "on"),
        supersedes=front.many("supersedes"),
        superseded_by=front.text("superseded_by"),
        beside=front.many("beside"),
        tags=front.many("tags"),
        problems=tuple(problems),
    )


def write_note(note: Note) -> str:
    """Return the text of a new note."""
    values: Mapping[str, Value] = {
        "id": note.id,
        "kind": note.kind.value,
        "status": "" if note.status is NoteStatus.LIVE else note.status.value,
        "author": note.author.value,
        "created": note.created,
        "updated": note.updated,
        "valid_from": note.valid_from,
        "expires": note.expires,
        "source": note.source,
        "provenance": note.provenance,
        "about": note.about,
        "confidence": note.confidence,
        "pin": note.pin,
        "supersedes": note.supersedes,
        "beside": note.beside,
        "tags": note.tags,
    }
    return frontmatter.head({key: value for key, value in values.items() if value}) + note.body.strip("\n") + "\n"


def id_of_path(path: str) -> str:
    """Return the id of a note that names none."""
    return "p" + hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def new_id(key: str = "") -> str:
    """Return an id for a new note; always the same one for the same `key`."""
    return "m" + (hashlib.sha256(key.encode()).hexdigest()[:12] if key else token(6))


def paths_for(note_id: str, title: str, kind: NoteKind, scope: str) -> tuple[str, str]:
    """Return where a new note is put, and where it goes if that place is taken: notes of one title may end alike."""
    slug = "-".join(plain_words(title)[:6])[:40].strip("-") or "note"
    folder = f"{WORKSPACES}/{scope}" if scope else FOLDER
    return f"{folder}/{kind.value}s/{slug}-{note_id[-4:]}.md", f"{folder}/{kind.value}s/{slug}-{note_id}.md"


def day_of(at: float) -> str:
    """Return the day of a Unix second, in UTC, as ISO text."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def instant_of(text: str) -> float:
    """Return the Unix second of an ISO text, 0 where it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _one_of(kind: type[E], text: str, otherwise: E, problems: list[str]) -> E:
    if not text:
        return otherwise
    try:
        return kind(text.lower())
    except ValueError:
        problems.append(f"`{text[:40]}` is none of {', '.join(kind)}")
        return otherwise


def _shortened(text: str) -> str:
    return text if len(text) <= _TITLE_CHARS else text[: _TITLE_CHARS - 1].rstrip() + "…"
