"""What sessions share: shares of the day's cap, answers that wait, lasting grants, files that nobody vouches for."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state.database import is_busy, is_full, refuse_network
from hermes_tui.domain.approval import Grant
from hermes_tui.domain.errors import JournalPoisoned, JournalUnreadable
from hermes_tui.domain.ids import ApprovalId
from hermes_tui.domain.ports import Answer, Clock

BUSY_S: Final = 5.0
_SCHEMA_VERSION: Final = 1
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS allotment(
        session TEXT NOT NULL, day TEXT NOT NULL, usd REAL NOT NULL, tokens INTEGER NOT NULL,
        spent_usd REAL NOT NULL, spent_tokens INTEGER NOT NULL, PRIMARY KEY(session, day)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS spend(
        session TEXT NOT NULL, seq INTEGER NOT NULL, day TEXT NOT NULL, usd REAL NOT NULL, tokens INTEGER NOT NULL,
        PRIMARY KEY(session, seq)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS beyond(
        session TEXT NOT NULL, day TEXT NOT NULL, usd REAL NOT NULL, tokens INTEGER NOT NULL,
        PRIMARY KEY(session, day)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS alone(day TEXT PRIMARY KEY, session TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS answer(
        approval TEXT PRIMARY KEY, allow INTEGER NOT NULL, text TEXT NOT NULL,
        always INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS lasting(
        rule TEXT PRIMARY KEY, by TEXT NOT NULL, given REAL NOT NULL, expires REAL) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS signature(approval TEXT PRIMARY KEY, hex TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS nonce(nonce TEXT PRIMARY KEY, session TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS anchor(
        session TEXT NOT NULL, seq INTEGER NOT NULL, mac BLOB NOT NULL, at REAL NOT NULL,
        PRIMARY KEY(session, seq)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS taint(
        path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, session TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY(path, sha256)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS taint_content ON taint(sha256)",
)


def answer_key(session: str, approval: str) -> ApprovalId:
    """Return the id under which an answer for one session waits; two sessions may ask the very same question."""
    return ApprovalId(f"{session}:{approval}")


class Ledger:
    """The one database that several processes write: short transactions, each taking the write lock at once."""

    def __init__(self, path: Path, clock: Clock, *, busy_s: float = BUSY_S) -> None:
        """Open the file; make it if there is none. Other processes are waited for, for `busy_s` seconds.

        Raises:
            JournalUnreadable: it is no ledger, or was written by a newer Hermes.
            JournalPoisoned: as `transaction`.
        """
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        refuse_network(path)
        self._connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            if is_full(error) or is_busy(error):
                raise _unwritable(path, error) from error
            raise JournalUnreadable(
                f"{path} cannot be read as a ledger: {error}.", hint="Move it away; Hermes makes a new one."
            ) from error
        except JournalUnreadable:
            self._connection.close()
            raise
        path.chmod(0o600)

    @contextlib.contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Hold the write lock for a few statements: all of them hold, or none.

        Raises:
            JournalPoisoned: the disk is full or fails, or another process does not let go; nothing was changed.
        """
        with self._lock:
            try:
                with self._begun():
                    yield self._connection
            except sqlite3.OperationalError as error:
                if is_full(error) or is_busy(error):
                    raise _unwritable(self.path, error) from error
                raise

    @contextlib.contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Look something up without keeping other processes from writing; each statement sees its own moment."""
        with self._lock:
            yield self._connection

    @contextlib.contextmanager
    def _begun(self) -> Generator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        done = False
        try:
            yield
            self._connection.execute("COMMIT")
            done = True
        finally:
            if not done and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def day_spent(self, day: str) -> float:
        """Return the US dollars that every session booked on a day, given as its local ISO date."""
        with self._lock:
            found = self._connection.execute("SELECT COALESCE(SUM(spent_usd), 0.0) FROM allotment WHERE day=?", (day,))
            return float(found.fetchone()[0])

    def booked_by(self, session: str) -> float:
        """Return the US dollars that one session booked, on whatever day; what it spent last may not be among them."""
        with self._lock:
            found = self._connection.execute(
                "SELECT COALESCE(SUM(spent_usd), 0.0) FROM allotment WHERE session=?", (session,)
            )
            return float(found.fetchone()[0])

    def put(self, answer: Answer) -> None:
        """Queue an operator's answer; a later one for the same approval replaces it."""
        row = (answer.approval_id, int(answer.allow), answer.text, int(answer.always))
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO answer VALUES(?, ?, ?, ?)", row)
            connection.execute("INSERT OR REPLACE INTO signature VALUES(?, ?)", (answer.approval_id, answer.signature))

    def answer(self, approval_id: ApprovalId) -> Answer | None:
        """Return the answer that waits for `approval_id`."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT allow, text, always, COALESCE(hex, '') FROM answer LEFT JOIN signature USING(approval) "
                "WHERE approval=?",
                (approval_id,),
            ).fetchone()
        if row is None:
            return None
        allow, text, always, signature = row
        return Answer(approval_id=approval_id, allow=bool(allow), text=text, always=bool(always), signature=signature)

    def forget(self, approvals: Iterable[ApprovalId]) -> None:
        """Let go of answers that are on record now."""
        keys = [(approval,) for approval in approvals]
        with self.transaction() as connection:
            connection.executemany("DELETE FROM answer WHERE approval=?", keys)
            connection.executemany("DELETE FROM signature WHERE approval=?", keys)

    def burn(self, nonce: str, session: str) -> bool:
        """Use a nonce up for good; return False if it was used before."""
        row = (nonce, session, self._clock.now())
        with self.transaction() as connection:
            return connection.execute("INSERT OR IGNORE INTO nonce VALUES(?, ?, ?)", row).rowcount > 0

    def grant(self, grant: Grant, *, expires: float | None = None) -> None:
        """Keep a grant beyond its run, until Unix second `expires`; None is until it is revoked."""
        row = (grant.rule, grant.by, self._clock.now(), expires)
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO lasting VALUES(?, ?, ?, ?)", row)

    def grants(self) -> tuple[Grant, ...]:
        """Return the grants in force; expired ones are forgotten."""
        now = self._clock.now()
        with self.transaction() as connection:
            connection.execute("DELETE FROM lasting WHERE expires IS NOT NULL AND expires <= ?", (now,))
            rows = connection.execute("SELECT rule, by FROM lasting ORDER BY given, rule").fetchall()
        return tuple(Grant(rule=rule, by=by) for rule, by in rows)

    def revoke(self, rule: str) -> bool:
        """Take a grant back; say whether there was one."""
        with self.transaction() as connection:
            return connection.execute("DELETE FROM lasting WHERE rule=?", (rule,)).rowcount > 0

    def lasting(self) -> list[tuple[str, str, float, float | None]]:
        """Return each grant in force: rule, who gave it, when, and when it ends; None is when it is revoked."""
        now = self._clock.now()
        with self.transaction() as connection:
            connection.execute("DELETE FROM lasting WHERE expires IS NOT NULL AND expires <= ?", (now,))
            return connection.execute("SELECT rule, by, given, expires FROM lasting ORDER BY given, rule").fetchall()

    def damage(self) -> str:
        """Return what SQLite finds wrong with the file; empty if it is whole."""
        try:
            (found,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            return str(error)
        return "" if found == "ok" else str(found)

    def compact(self) -> None:
        """Leave nothing of what was deleted: neither in free pages nor in the rollback journal beside the file."""
        with self._lock:
            (mode,) = self._connection.execute("PRAGMA journal_mode").fetchone()
            self._connection.execute("PRAGMA journal_mode=DELETE")
            self._connection.execute("VACUUM")
            self._connection.execute(f"PRAGMA journal_mode={mode}")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _prepare(self) -> None:
        # No write-ahead log, as several processes write here. A rollback journal that is kept instead of deleted saves
        # three quarters of a commit: it changes no folder.
        self._connection.execute("PRAGMA journal_mode=PERSIST")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA fullfsync=ON")
        with self.transaction() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > _SCHEMA_VERSION:
                raise JournalUnreadable(f"{self.path} was written by a newer Hermes.", hint="Update Hermes.")
            for statement in _TABLES:
                connection.execute(statement)
            if version < _SCHEMA_VERSION:  # to write it again would wait five times for the disk at each start
                connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")


def _unwritable(path: Path, error: sqlite3.Error) -> JournalPoisoned:
    busy = "Another process holds it, perhaps a stopped one: let it go on or end it, then run this again."
    hint = busy if is_busy(error) else "Free some space, then run it again."
    return JournalPoisoned(f"{path} could not be written: {error}.", hint=hint)
