"""`index.db`: opened, checked, made anew where it cannot be trusted; written under one lock across processes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from hermes_tui.domain.errors import HermesError

Connection = sqlite3.Connection
Cursor = sqlite3.Cursor
Damaged = sqlite3.DatabaseError

SCHEMA: Final = 3
GIVEN: Final = "given"
"""The model's name of vectors that came with their items."""
_BUSY_MS: Final = 5_000
_BATCH: Final = 400
_LAYERS: Final = ("episode", "note", "document")
_TABLES: Final = (
    """CREATE TABLE item(
        row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, layer TEXT NOT NULL,
        spot INTEGER NOT NULL UNIQUE, speaker TEXT NOT NULL, at REAL NOT NULL, text TEXT NOT NULL,
        terms TEXT NOT NULL, size INTEGER NOT NULL, cues INTEGER NOT NULL, source TEXT NOT NULL,
        kind TEXT NOT NULL, live INTEGER NOT NULL, scope TEXT NOT NULL, anchor TEXT NOT NULL, digest BLOB NOT NULL)""",
    """CREATE TABLE thread(
        no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, layer TEXT NOT NULL, next INTEGER NOT NULL)""",
    "CREATE TABLE tally(layer TEXT PRIMARY KEY, items INTEGER NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE speaker(name TEXT PRIMARY KEY, items INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE seen(
        name TEXT PRIMARY KEY, digest TEXT NOT NULL, status TEXT NOT NULL, stamp TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE vector(
        no INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL, model TEXT NOT NULL, signs BLOB NOT NULL,
        UNIQUE(digest, model))""",
    "CREATE TABLE numbers(no INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TRIGGER vector_gone AFTER DELETE ON vector BEGIN DELETE FROM numbers WHERE no=old.no; END",
    """CREATE TABLE note(
        id TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, title TEXT NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL,
        author TEXT NOT NULL, status TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL,
        superseded_by TEXT NOT NULL, pin INTEGER NOT NULL, about TEXT NOT NULL, fingerprint TEXT NOT NULL,
        problem TEXT NOT NULL, size INTEGER NOT NULL, ends TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX item_source ON item(source)",
    "CREATE INDEX item_digest ON item(digest, layer)",
    "CREATE INDEX note_fingerprint ON note(fingerprint)",
    "CREATE INDEX note_replaced ON note(superseded_by) WHERE superseded_by<>''",
    "CREATE INDEX note_about ON note(about)",
    "INSERT INTO meta VALUES('generation', '0')",
    *(f"INSERT INTO tally VALUES('{layer}', 0, 0)" for layer in _LAYERS),
    *(
        f"CREATE VIRTUAL TABLE {layer}_words USING fts5(terms, content='', detail=full, tokenize='ascii')"
        for layer in _LAYERS
    ),
    *(f"CREATE VIRTUAL TABLE {layer}_terms USING fts5vocab({layer}_words, row)" for layer in _LAYERS),
    f"PRAGMA user_version={SCHEMA}",
)
_OURS: Final = (
    "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'"
    r" AND (name NOT LIKE '%\_words\_%' ESCAPE '\')"
)
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
T = TypeVar("T")


def _is_damage(error: Damaged) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF in _DAMAGE


def parts(keys: Sequence[T]) -> Iterable[Sequence[T]]:
    """Return `keys` in portions that fit one statement."""
    return (keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH))


def marks(part: Sequence[object]) -> str:
    """Return the question marks for `part`."""
    return ",".join("?" * len(part))


def born(connection: Connection) -> int:
    """Return at which generation the index was last empty."""
    row = connection.execute("SELECT value FROM meta WHERE key='born'").fetchone()
    return int(row[0]) if row else 0


class IndexUnreadable(HermesError):
    """`index.db` is damaged; it is derived, so it can be made again from the files and journals."""


class IndexDatabase:
    """One connection to `index.db`. Reads need no lock; writes take `index.lock`, then the database's own."""

    def __init__(self, path: Path) -> None:
        """Open the file; one that is damaged or of another version is set aside and made anew (`fresh` is then True).

        Raises:
            OSError: the folder cannot be written.
        """
        self.path = path
        self.fresh = False
        self._thread = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with self._locked():
            self.connection = self._open()

    @contextlib.contextmanager
    def transaction(self) -> Generator[Connection]:
        """Hold both locks for a few statements: all of them hold, or none."""
        with self._locked():
            self.connection.execute("BEGIN IMMEDIATE")
            done = False
            try:
                yield self.connection
                self.connection.execute("UPDATE meta SET value=value+1 WHERE key='generation'")
                self.connection.execute("COMMIT")
                done = True
            finally:
                if not done and self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def reading(self) -> Generator[Connection]:
        """Hold one state of the database over several queries.

        Raises:
            IndexUnreadable: the file is damaged.
        """
        with self._thread:
            try:
                yield self.connection
            except Damaged as error:
                if not _is_damage(error):
                    raise
                raise IndexUnreadable(f"{self.path} is damaged: {error}.", hint="Run: hermes memory reindex") from error

    def generation(self) -> int:
        """Return a number that grows with every write."""
        with self.reading() as connection:
            return int(connection.execute("SELECT value FROM meta WHERE key='generation'").fetchone()[0])

    def born(self) -> int:
        """Return what changes when everything is thrown away; until then no number of a row is given twice."""
        with self.reading() as connection:
            return born(connection)

    def is_sound(self) -> bool:
        """Check the whole file; slow on a large one."""
        try:
            with self._thread:
                (found,) = self.connection.execute("PRAGMA integrity_check(1)").fetchone()
                return bool(found == "ok")
        except Damaged:
            return False

    @property
    def complete(self) -> bool:
        """Whether everything there is was indexed at least once; a rebuild that was cut off is not complete."""
        with self.reading() as connection:
            return connection.execute("SELECT 1 FROM meta WHERE key='complete'").fetchone() is not None

    def set_complete(self) -> None:
        """Say that everything there is was indexed."""
        with self._locked():
            self.connection.execute("INSERT OR REPLACE INTO meta VALUES('complete', '1')")

    def start_over(self) -> None:
        """Throw everything away; who has the file open sees it empty, unless it was damaged and had to go."""
        with self._locked():
            try:
                self._empty()
            except Damaged:
                self.connection.close()
                self._set_aside()
                self.connection = self._open()

    def _empty(self) -> None:
        connection = self.connection
        generation = connection.execute("SELECT value FROM meta WHERE key='generation'").fetchone()[0]
        names = [name for (name,) in connection.execute(_OURS)]
        connection.execute("BEGIN IMMEDIATE")
        try:
            for name in sorted(names, key=lambda name: not name.endswith("_terms")):
                connection.execute(f"DROP TABLE {name}")
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("UPDATE meta SET value=? WHERE key='generation'", (int(generation) + 1,))
            connection.execute("INSERT INTO meta VALUES('born', ?)", (int(generation) + 1,))
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def compact(self) -> None:
        """Leave nothing in the files of what was taken out: neither in free pages nor in the log beside it."""
        with self._locked():
            self.connection.execute("DELETE FROM vector WHERE digest NOT IN (SELECT digest FROM item)")
            for layer in _LAYERS:
                self.connection.execute(f"INSERT INTO {layer}_words({layer}_words) VALUES('optimize')")
            self.connection.execute("VACUUM")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of the file."""
        with self._thread:
            self.connection.close()
            os.close(self._lock)

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        with self._thread:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _open(self) -> Connection:
        try:
            return self._prepared()
        except (Damaged, IndexUnreadable):
            self._set_aside()
            return self._prepared()

    def _prepared(self) -> Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(connection)
        except (Damaged, IndexUnreadable):
            connection.close()
            raise
        self.path.chmod(0o600)
        return connection

    def _prepare(self, connection: Connection) -> None:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-8000")
        connection.execute("PRAGMA secure_delete=ON")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA):
            raise IndexUnreadable(f"{self.path} is of version {version}.")
        if version == 0:
            self.fresh = True
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("COMMIT")

    def _set_aside(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            place = self.path.with_name(self.path.name + suffix)
            with contextlib.suppress(FileNotFoundError):
                place.unlink()
