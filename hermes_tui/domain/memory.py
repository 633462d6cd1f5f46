"""What memory is made of: notes, who wrote them and why, changes on their way into history, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

from hermes_tui.domain.values import frozen


class NoteKind(StrEnum):
    """What a note holds."""

    FACT = "fact"
    PREFERENCE = "preference"
    PROCEDURE = "procedure"
    PERSON = "person"
    EPISODE = "episode"
    """A summary of what happened."""
    STYLE = "style"


class NoteStatus(StrEnum):
    """Whether a note counts."""

    LIVE = "live"
    REVIEW = "review"
    """It waits for the operator; recall does not bring it."""
    PAST = "past"
    """It was superseded or has expired; it is kept for its history."""


class NoteAuthor(StrEnum):
    """Who changed a note."""

    OPERATOR = "operator"
    AGENT = "agent"
    DREAM = "dream"


@frozen
class Origin:
    """Who wrote and where it came from; `source` says what the text rests on. `key` makes a write idempotent.

    `provenance` names the sources nobody vouches for that the writer had read, such as the web; empty for none.
    """

    author: NoteAuthor
    session: str = ""
    run: str = ""
    source: str = ""
    key: str = ""
    provenance: str = ""


@frozen
class NoteDraft:
    """A note to be written.

    `about` names a subject and property of which only one note may be live ("deploy day"). `replaces` is the id of the
    note it supersedes. `beside` says that a note it was found to resemble holds as well. `workspace` keeps it to the
    present workspace. `expires` is an ISO date, empty for never.
    """

    text: str
    kind: NoteKind = NoteKind.FACT
    about: str = ""
    replaces: str = ""
    beside: bool = False
    workspace: bool = False
    pin: bool = False
    expires: str = ""
    tags: tuple[str, ...] = ()


class Landing(StrEnum):
    """What became of a draft."""

    WRITTEN = "written"
    KNOWN = "known"
    SUPERSEDED = "superseded"
    """Written; it takes the place of another note."""
    REVIEW = "review"
    """Written, but the operator must accept it first."""


@frozen
class Remembered:
    """The outcome of a draft: the note it became or was known as, and a sentence for who wrote it."""

    landing: Landing
    note_id: str
    path: str
    message: str


@frozen
class Recalled:
    """One memory that was found, with everything needed to judge it.

    `features` are the named features that add up to its score, the largest first. `window` holds what stands around a
    hit of talk. `warnings` say what is wrong or has changed, such as that it replaced another note. `provenance` is
    that of its writer, see `Origin`: who reads such text is as little to be trusted with it as with the web itself.
    """

    id: str
    layer: str
    text: str
    source: str
    at: float
    score: float
    features: tuple[tuple[str, float], ...] = ()
    speaker: str = ""
    kind: str = ""
    window: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: str = ""


MARK: Final = "[recalled; known already, never remember it again]"
"""Stands before everything that comes out of memory, so that it is not taken for something new."""
TEXT_CHARS: Final = 1_500


def recalled_text(found: Sequence[Recalled]) -> str:
    """Return what was found as a model reads it, marked as recalled; empty if nothing was."""
    return "\n\n".join([MARK, *map(_entry, found)]) if found else ""


def _entry(hit: Recalled) -> str:
    day = datetime.fromtimestamp(hit.at, UTC).date().isoformat() if hit.at else "no date"
    about = ", ".join(filter(None, (hit.kind or hit.layer, hit.speaker, day, hit.source)))
    text = hit.text if len(hit.text) <= TEXT_CHARS else hit.text[:TEXT_CHARS] + " …"
    lines = [f"{hit.id} ({about})", *(f"! {warning}" for warning in hit.warnings)]
    return "\n".join([*lines, *(hit.window or (text,))])


class Memory(Protocol):
    """What an agent may do with memory."""

    async def remember(self, draft: NoteDraft, origin: Origin) -> Remembered:
        """Keep a note, durable on return.

        Raises:
            ToolError: it holds a secret, policy forbids it, or it contradicts a note and nobody said which holds.
        """
        ...

    async def brief(self, query: str) -> str:
        """Return the notes that matter before a turn on `query`, marked as recalled; empty if none does.

        None is among them whose text nobody vouches for: nobody asked for these notes.
        """
        ...

    async def recall(self, query: str, most: int, place: str) -> Sequence[Recalled]:
        """Find notes and documents; `place` says for whom, for the log of recalls."""
        ...

    async def search_sessions(self, query: str, most: int, place: str) -> Sequence[Recalled]:
        """Find what was said and done in any session."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def name(self) -> str:
        """What its vectors are kept under; another model's are never compared with them."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return a vector for each text, as little-endian float32 of length one.

        Raises:
            ProviderError: it did not answer, refused, or sent something else.
        """
        ...


@frozen
class FileChange:
    """One change of one file of the vault, kept until it stands in history.

    `path` is relative to the home. `before` and `digest` are sha256 of the bytes, empty where there is no file; `after`
    None deletes. `commit` names the commit that is about to hold it, empty before there is one.
    """

    key: str
    at: float
    path: str
    before: str
    digest: str
    after: bytes | None
    author: NoteAuthor
    subject: str
    trailers: tuple[tuple[str, str], ...] = ()
    commit: str = ""


class Outbox(Protocol):
    """Changes that must not be lost between the file and its history; shared by every process of a home."""

    def put(self, changes: Sequence[FileChange]) -> None:
        """Keep all of `changes` or none, durable on return; each path is known by its new digest from now on."""
        ...

    def pending(self) -> Sequence[FileChange]:
        """Return what is not yet in history, in order."""
        ...

    def mark(self, keys: Sequence[str], commit: str) -> None:
        """Say which commit is about to hold some changes."""
        ...

    def done(self, keys: Sequence[str]) -> None:
        """Forget changes that stand in history."""
        ...

    def recorded(self, paths: Sequence[str] | None = None) -> dict[str, str]:
        """Return the digest of every file, or of some, as it was last handed over."""
        ...

    def scrub(self, paths: Sequence[str]) -> None:
        """Forget everything about some files, leaving no trace in the database."""
        ...
