"""The outbox of memory in the ledger: a change is on disk there before the file is touched, until git has it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.memory import FileChange, NoteAuthor

_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS note_change(
        no INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, at REAL NOT NULL, path TEXT NOT NULL,
        before TEXT NOT NULL, digest TEXT NOT NULL, after BLOB, author TEXT NOT NULL, subject TEXT NOT NULL,
        trailers TEXT NOT NULL, commit_id TEXT NOT NULL)""",
    "CREATE TABLE IF NOT EXISTS note_file(path TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID",
)
_COLUMNS: Final = "key, at, path, before, digest, after, author, subject, trailers, commit_id"


class LedgerOutbox:
    """Implements `memory.Outbox` over the ledger's short transactions."""

    def __init__(self, ledger: Ledger) -> None:
        """Make the tables if they are not there."""
        self._ledger = ledger
        with ledger.transaction() as connection:
            for statement in _TABLES:
                connection.execute(statement)

    def put(self, changes: Sequence[FileChange]) -> None:
        """Keep all of `changes` or none, durable on return."""
        rows = [(*_row(change),) for change in changes]
        with self._ledger.transaction() as connection:
            connection.executemany(
                f"INSERT OR IGNORE INTO note_change({_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
            for change in changes:
                if change.after is None:
                    connection.execute("DELETE FROM note_file WHERE path=?", (change.path,))
                else:
                    row = (change.path, change.digest)
                    connection.execute("INSERT OR REPLACE INTO note_file VALUES(?, ?)", row)

    def pending(self) -> list[FileChange]:
        """Return what is not yet in history, in order."""
        with self._ledger.reading() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM note_change ORDER BY no").fetchall()  # noqa: S608 - constants
        return [_change(row) for row in rows]

    def mark(self, keys: Sequence[str], commit: str) -> None:
        """Say which commit is about to hold some changes."""
        with self._ledger.transaction() as connection:
            connection.executemany("UPDATE note_change SET commit_id=? WHERE key=?", [(commit, key) for key in keys])

    def done(self, keys: Sequence[str]) -> None:
        """Forget changes that stand in history."""
        with self._ledger.transaction() as connection:
            connection.executemany("DELETE FROM note_change WHERE key=?", [(key,) for key in keys])

    def recorded(self, paths: Sequence[str] | None = None) -> dict[str, str]:
        """Return the digest of every file, or of some, as it was last handed over."""
        query = "SELECT path, digest FROM note_file"
        with self._ledger.reading() as connection:
            if paths is None:
                return dict(connection.execute(query).fetchall())
            rows = (connection.execute(f"{query} WHERE path=?", (path,)).fetchone() for path in paths)
            return dict(row for row in rows if row)

    def scrub(self, paths: Sequence[str]) -> None:
        """Forget everything about some files, and overwrite what the database held of them."""
        with self._ledger.transaction() as connection:
            for table in ("note_change", "note_file"):
                connection.executemany(f"DELETE FROM {table} WHERE path=?", [(path,) for path in paths])  # noqa: S608 - ours
        self._ledger.compact()


def _row(change: FileChange) -> tuple[str | float | bytes | None, ...]:
    trailers = json.dumps(change.trailers, ensure_ascii=False)
    return (
        *(change.key, change.at, change.path, change.before, change.digest, change.after, change.author.value),
        *(change.subject, trailers, change.commit),
    )


def _change(row: tuple[str, float, str, str, str, bytes | None, str, str, str, str]) -> FileChange:
    key, at, path, before, digest, after, author, subject, trailers, commit = row
    pairs = tuple((str(name), str(value)) for name, value in json.loads(trailers))
    return FileChange(
        key=key,
        at=at,
        path=path,
        before=before,
        digest=digest,
        after=after,
        author=NoteAuthor(author),
        subject=subject,
        trailers=pairs,
        commit=commit,
    )
