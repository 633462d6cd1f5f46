"""The rows by which notes are listed and known again, kept beside the words of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Final

from hermes_tui.capabilities.memory.database import Connection, IndexDatabase
from hermes_tui.domain.values import frozen

_COLUMNS: Final = (
    "id, path, title, kind, scope, author, status, created, updated, superseded_by, pin, about, fingerprint, problem,"
    " size, ends"
)


@frozen
class NoteRow:
    """What is known of a note without reading its file.

    `path` is relative to the home, `scope` empty or the workspace's. `status` is live, review or past.
    `about` names the subject that only one live note may tell of, `fingerprint` stands for its words. `problem` says
    what is wrong with the file, empty if nothing is. `size` counts bytes. `ends` is the day from which it does not
    hold any more.
    """

    id: str
    path: str
    title: str
    kind: str
    scope: str
    author: str
    status: str
    created: str
    updated: str
    superseded_by: str
    pin: bool
    about: str
    fingerprint: str
    problem: str
    size: int
    ends: str = ""

    @property
    def live(self) -> bool:
        """Whether recall may bring it."""
        return self.status == "live"


def put_note(connection: Connection, note: NoteRow) -> None:
    """Store the row of a note."""
    values = (*astuple(note),)
    connection.execute(f"INSERT OR REPLACE INTO note({_COLUMNS}) VALUES({','.join('?' * len(values))})", values)


def drop_note(connection: Connection, path: str) -> None:
    """Take out the row of the note at `path`."""
    connection.execute("DELETE FROM note WHERE path=?", (path,))


class Catalog:
    """Looks notes up."""

    def __init__(self, database: IndexDatabase) -> None:
        self._database = database

    def every(self) -> list[NoteRow]:
        """Return every note, by path."""
        return self._select("1 ORDER BY path", ())

    def due(self, today: str, problem: str) -> set[str]:
        """Return the paths of live notes that ended by `today`, and of those with some problem."""
        condition = "(status='live' AND ends<>'' AND ends<=?) OR instr(problem, ?)"
        return {row.path for row in self._select(condition, (today, problem))}

    def get(self, note_id: str) -> NoteRow | None:
        """Return the note with this id."""
        return next(iter(self._select("id=?", (note_id,))), None)

    def at(self, path: str) -> NoteRow | None:
        """Return the note of the file at `path`."""
        return next(iter(self._select("path=?", (path,))), None)

    def starting_with(self, prefix: str) -> list[NoteRow]:
        """Return the notes whose id begins with `prefix`."""
        return self._select("substr(id, 1, ?)=? ORDER BY id", (len(prefix), prefix))

    def same_words(self, fingerprint: str) -> list[NoteRow]:
        """Return the notes that say the same in the same words."""
        return self._select("fingerprint=? ORDER BY id", (fingerprint,))

    def telling_of(self, about: str) -> list[NoteRow]:
        """Return the notes on one subject."""
        return self._select("about=? ORDER BY id", (about,))

    def replaced_by(self, note_id: str) -> list[NoteRow]:
        """Return the notes that this one superseded."""
        return self._select("superseded_by=? ORDER BY id", (note_id,))

    def _select(self, condition: str, values: Sequence[object]) -> list[NoteRow]:
        query = f"SELECT {_COLUMNS} FROM note WHERE {condition}"  # noqa: S608 - conditions above
        with self._database.reading() as connection:
            return [_row(*fields) for fields in connection.execute(query, values)]


def _row(*fields: str | int) -> NoteRow:
    names = [name.strip() for name in _COLUMNS.split(",")]
    known = dict(zip(names, fields, strict=True))
    text = {name: str(value) for name, value in known.items() if name not in ("pin", "size")}
    return NoteRow(pin=bool(known["pin"]), size=int(known["size"]), **text)
