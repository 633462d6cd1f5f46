"""A session's SQLite file: opened for its owner or for a reader, and refused where it cannot be trusted."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import sys
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from hermes_tui.capabilities.state.durable import write_durably
from hermes_tui.domain.errors import JournalError, JournalPoisoned, JournalUnreadable

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x48524D53
BUSY_MS: Final = 5_000
_MAGIC: Final = b"SQLite format 3\0"
_VERSIONS: Final = slice(18, 20)
_WRITE_AHEAD: Final = b"\2\2"
"""What the versions to write and to read by are in the header of a file with a write-ahead log (SQLite's file format,
1.3.3); in memory there is none."""
MOUNTS: Final = Path("/proc/mounts")

_NETWORK: Final = frozenset(
    (
        *(
            "9p",
            "afs",
            "afpfs",
            "beegfs",
            "ceph",
            "cifs",
            "glusterfs",
            "lustre",
            "ncpfs",
            "nfs",
            "nfs4",
            "smb2",
            "smb3",
        ),
        *("smbfs", "webdav", "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.glusterfs", "fuse.davfs"),
    )
)
_TABLES: Final = (
    """CREATE TABLE record(
        seq INTEGER PRIMARY KEY, v INTEGER NOT NULL, at REAL NOT NULL, session TEXT NOT NULL, run TEXT, turn TEXT,
        task TEXT, attempt INTEGER NOT NULL, agent TEXT NOT NULL, cause INTEGER NOT NULL, type TEXT NOT NULL,
        body BLOB NOT NULL, mac BLOB NOT NULL)""",
    "CREATE TABLE blob(sha256 BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    f"INSERT INTO meta VALUES('schema', '{SCHEMA_VERSION}')",
    f"PRAGMA application_id={APPLICATION_ID}",
)


def connect_owner(path: Path) -> sqlite3.Connection:
    """Open the file for the one process that may write it; make it if there is none.

    Raises:
        JournalUnreadable: not a session file, damaged, of a newer version, or on a network file system.
    """
    refuse_network(path)
    try:
        _make_private(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except OSError as error:
        raise _unmade(path, error) from error
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    try:
        prepare(connection, path, made=not path.stat().st_size)
    except sqlite3.Error as error:
        connection.close()
        raise _unreadable(path, error) from error
    except JournalUnreadable:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the file read-only, beside its owner; never runs a checkpoint.

    Raises:
        JournalUnreadable: missing, not a session file, damaged, or of a newer version.
    """
    if not path.exists():
        raise JournalUnreadable(f"There is no session file {path}.", hint="List sessions with: hermes sessions list")
    connection = None
    try:
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        _check_version(connection, path, _application(connection))
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise _unreadable(path, error) from error
    except JournalUnreadable:
        if connection is not None:
            connection.close()
        raise
    return connection


def is_blank(path: Path) -> bool:
    """Whether a file was begun as a session and never got its tables: its maker was killed, or the disk was full."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError:
        return False
    if head != _MAGIC:
        return not head
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as connection:
            return _is_blank(connection)
    except sqlite3.Error:
        return False


def _is_blank(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not _application(connection) and not tables


def _application(connection: sqlite3.Connection) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return int(application)


def refuse_network(path: Path, mounts: Path = MOUNTS) -> None:
    """Refuse a file on a network file system, where locks and shared memory do not hold.

    Raises:
        JournalUnreadable: `path` lies on one.
    """
    kind = _file_system(path, mounts)
    if kind in _NETWORK:
        raise JournalUnreadable(
            f"{path} lies on a network file system ({kind}), where a journal cannot be safe.",
            hint="Choose a home on a local disk with --home or $HERMES_TUI_HOME.",
        )


def engine() -> tuple[str, str]:
    """Return SQLite's version, and why it cannot load extensions; the reason is empty if it can."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.enable_load_extension(True)  # noqa: FBT003 - its only argument
        except AttributeError:
            return sqlite3.sqlite_version, "this Python was built without it"
        except sqlite3.Error as error:
            return sqlite3.sqlite_version, str(error)
    return sqlite3.sqlite_version, ""


def _file_system(path: Path, mounts: Path) -> str:
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    # As text with a slash at the end: every session that opens or wakes comes through here.
    real = os.path.join(os.path.realpath(path.parent), "")  # noqa: PTH118 - a Path drops the slash
    best, kind = 0, ""
    for line in lines:
        fields = line.split(" ", 3)
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ").rstrip("/") + "/"
        if real.startswith(point) and len(point) >= best:
            best, kind = len(point), fields[2]
    return kind


def _make_private(path: Path) -> None:
    """Create a session file without records that only its owner may read, if there is none.

    It is put there whole: to let SQLite make it would wait for the disk three times as often.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        write_durably(path, _empty())


@cache
def _empty() -> bytes:
    """Return a session file without records; none at all where this SQLite cannot give it away as bytes."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        if not hasattr(connection, "serialize"):
            return b""
        for statement in _TABLES:
            connection.execute(statement)
        content = bytearray(connection.serialize())
    content[_VERSIONS] = _WRITE_AHEAD
    return bytes(content)


def prepare(connection: sqlite3.Connection, path: Path, *, made: bool) -> None:
    """Set a write connection up; give a file that was just `made` its tables."""
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    if not made:
        application = _application(connection)
        made = not application and _is_blank(connection)
        if not made:
            _check_version(connection, path, application)
    if sys.platform == "darwin":
        connection.execute("PRAGMA fullfsync=ON")
        connection.execute("PRAGMA checkpoint_fullfsync=ON")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    if made:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute("COMMIT")


def _check_version(connection: sqlite3.Connection, path: Path, application: int) -> None:
    if application != APPLICATION_ID:
        raise JournalUnreadable(
            f"{path} is a database, but not a session of Hermes.", hint="List sessions with: hermes sessions list"
        )
    row = connection.execute("SELECT value FROM meta WHERE key='schema'").fetchone()
    if row is None:
        raise JournalUnreadable(f"{path} has lost its schema version.", hint="Restore it from an export.")
    if int(row[0]) > SCHEMA_VERSION:
        raise JournalUnreadable(
            f"{path} was written by a newer Hermes (schema {row[0]}, this one reads {SCHEMA_VERSION}).",
            hint="Update Hermes.",
        )


def _unreadable(path: Path, error: sqlite3.Error) -> JournalError:
    if is_full(error):
        return JournalPoisoned(f"{path} could not be written: {error}.", hint="Free some space, then run it again.")
    return JournalUnreadable(
        f"{path} cannot be read as a session file: {error}.",
        hint="Restore it from an export, or start a new session with --fresh.",
    )


def _unmade(path: Path, error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return JournalPoisoned(
            f"{path} could not be made: {error.strerror}.", hint="Free some space, then run it again."
        )
    return error


def is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else held the lock for longer than anyone waits for it: stopped, perhaps, in the middle."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def is_full(error: sqlite3.Error) -> bool:
    """Whether it is the disk that failed, not the file that is wrong."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
