"""The durable truth of one session: append now, on disk soon, and a thread that commits without ever waiting."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state import checkpoints
from hermes_tui.capabilities.state.batch import FULL, Batch, Chain
from hermes_tui.capabilities.state.blobs import Blobs
from hermes_tui.capabilities.state.codec import decode, encode, scrubbed
from hermes_tui.capabilities.state.database import connect_owner, connect_reader
from hermes_tui.capabilities.state.lock import SessionLock
from hermes_tui.capabilities.state.rows import HEAD, NO_MAC, SELECT, head_of, is_link, record_of
from hermes_tui.capabilities.state.waiters import Waiters
from hermes_tui.domain.errors import JournalError, JournalPoisoned, JournalUnreadable
from hermes_tui.domain.events import Event
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.ports import Clock, Publish, Redactor
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.values import frozen

LINGER_S: Final = 0.005
"""How long records that nobody waits for may wait for others; each commit costs the agents' threads their turn."""
CROWDED: Final = 64
"""A commit of so many records is one statement, without the seal of the chain's end: others come behind it."""
SEAL_S: Final = 0.05
"""How long the seal may be behind when none come."""


@frozen
class JournalOptions:
    """What a journal may be told.

    `key` seals the chain of hashes (at most 64 bytes). `blobs` is the folder of bodies over 1 MB; None is `blobs`
    beside the folder of the session file. `control` is the path of the owner's socket. `on_poisoned` is called once,
    on the writer thread, when a commit failed; `on_committed` after each one, with the last record's seq and link.
    `connect` opens the write connection.
    """

    key: bytes = b""
    blobs: Path | None = None
    control: str = ""
    on_poisoned: Callable[[JournalPoisoned], None] | None = None
    on_committed: Callable[[Seq, bytes], None] | None = None
    connect: Callable[[Path], sqlite3.Connection] = connect_owner


def blob_folder(path: Path) -> Path:
    """Return where the long bodies of the session file `path` are, unless told otherwise."""
    return path.parent.parent / "blobs"


class SessionJournal:
    """One session file, owned by this process until `close`.

    `append` may be called from any thread; records are published on the thread that appends them. `durable` returns
    what is over when every record up to a seq is on disk, to be awaited; see `Waiters.wait`.
    """

    def __init__(
        self,
        path: Path,
        *,
        redactor: Redactor,
        clock: Clock,
        publish: Publish,
        options: JournalOptions,
    ) -> None:
        self.path = path
        self._redact = redactor.redact
        self._publish = publish
        self._options = options
        self._blob_folder = options.blobs or blob_folder(path)
        self.lock = SessionLock.take(path.with_suffix(".lock"), options.control)
        try:
            self._connection = options.connect(path)
            last, link = _last_of(self._connection, path)
        except (JournalError, OSError):
            self.lock.release()
            raise
        self._blobs = Blobs(self._connection, self._blob_folder)
        self._waiters = Waiters(last, self._waited_for)
        self.durable: Callable[[Seq], Awaitable[None]] = self._waiters.wait
        self._refusal: JournalPoisoned | None = None
        self._chain = Chain(last, link, key=options.key, now=clock.now)
        self._full: deque[Batch] = deque()
        self._unsealed: tuple[Seq, bytes] | None = None
        self._fold: SessionState | None = None
        self._closing = False
        self._idle = False
        self._lingering = False
        self._lock = threading.RLock()
        self._joining = False
        self._work = threading.Condition(self._lock)
        self._writer = threading.Thread(target=self._write, name=f"journal-{path.stem}", daemon=True)
        self._writer.start()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        redactor: Redactor,
        clock: Clock,
        publish: Publish,
        options: JournalOptions | None = None,
    ) -> SessionJournal:
        """Take the lock and open the session file; make it if there is none.

        Raises:
            SessionLocked: another live process owns it.
            JournalUnreadable: it is no session file, damaged, of a newer version, or on a network file system.
        """
        return cls(path, redactor=redactor, clock=clock, publish=publish, options=options or JournalOptions())

    @property
    def last_durable(self) -> Seq:
        """The seq up to which everything is on disk."""
        return Seq(self._waiters.durable)

    def append(self, event: Event, place: Place) -> Record:
        """Store one event without its secrets; return its record, already published, durable soon.

        Raises:
            JournalPoisoned: an earlier commit failed, or the journal is closed.
        """
        try:
            body = encode(event)
        except UnicodeEncodeError:
            event = scrubbed(event)
            body = encode(event)
        text = body.decode()
        clean = self._redact(text)
        if clean != text:
            text, body = clean, clean.encode()
            event = decode(type(event).__name__, body)
        with self._lock:
            if (refusal := self._refusal) is not None:
                raise JournalPoisoned(refusal.message, hint=refusal.hint)
            # The row is made here and not by the writer: the interpreter's lock would be held as long, and each commit
            # would wait for it.
            record = self._chain.add(event, place, text, body)
            full = (self._idle or len(self._chain.values) >= FULL) and self._next()
        if full:
            time.sleep(0)  # its turn now: else it waits for the interpreter's lock for as long as a thread may keep it
        self._publish(record)
        return record

    @contextlib.contextmanager
    def together(self) -> Generator[None]:
        """Let what is appended within reach the disk in one commit: after a crash all of it is there, or none."""
        with self._lock:
            outer, self._joining = self._joining, True
            try:
                yield
            finally:
                self._joining = outer

    def read(self, after: Seq) -> Sequence[Record]:
        """Return the durable records after `after`, in order.

        Raises:
            JournalUnreadable: the file is damaged.
        """
        with self._reading() as connection:
            return list(self._records(connection, after))

    def resume(self) -> tuple[SessionState, Seq]:
        """Return what the durable records come to, and the record of the stored fold that this began with, 0 if none.

        Raises:
            JournalUnreadable: the file is damaged.
        """
        with self._reading() as connection:
            known = checkpoints.find(connection) or SessionState()
            return fold_all(self._records(connection, known.seq), known), known.seq

    def keep(self, state: SessionState) -> None:
        """Store the fold up to its record, with the commit that stores the record or a later one."""
        with self._lock:
            self._fold = state

    @contextlib.contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with contextlib.closing(connect_reader(self.path)) as connection:
            try:
                yield connection
            except sqlite3.Error as error:
                raise JournalUnreadable(f"{self.path} is damaged: {error}.", hint="Restore an export.") from error

    def _records(self, connection: sqlite3.Connection, after: Seq) -> Iterator[Record]:
        blobs = Blobs(connection, self._blob_folder)
        return (record_of(row, blobs.load) for row in connection.execute(SELECT, (after,)))

    def close(self) -> None:
        """Commit what is queued, fold the write-ahead log into the file and give the session back."""
        with self._lock:
            self._closing = True
            self._refusal = self._refusal or JournalPoisoned("The session is closed.", hint="Open it again with -c.")
            self._idle = self._lingering = False
            self._work.notify()
        self._writer.join()
        self.lock.release()

    def _next(self) -> bool:
        """Wake the writer, if it rests; begin another batch, if this one has enough. Return whether it has its turn."""
        if len(self._chain.values) >= FULL and not self._joining:
            self._full.append(self._chain.seal())
        waited = self._lingering and bool(self._full)
        if self._idle or waited:
            self._idle = self._lingering = False
            self._work.notify()
        return waited

    def _waited_for(self) -> None:
        """Let the writer linger no longer; called by whoever begins to wait."""
        if self._lingering:
            with self._lock:
                self._lingering = False
                self._work.notify()

    def _write(self) -> None:
        failure: BaseException | None = JournalError("The writer stopped.")
        try:
            while batch := self._take():
                seq, link = self._commit(batch)
                self._waiters.reach(seq)
                if self._options.on_committed is not None:
                    self._options.on_committed(seq, link)
            self._keep_last()
            # Not TRUNCATE: that waits for readers and for the disk once more, and closing removes the log anyway.
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            failure = None
        except (sqlite3.Error, OSError) as error:
            failure = error
        finally:
            if failure is not None:
                self._poison(failure)
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()

    def _take(self) -> Batch | None:
        """Return the next batch, None at the end; wait while there is nothing, shortly while nobody waits for it."""
        while self._rested():
            self._seal()
        with self._lock:
            self._lingering = not (self._full or self._closing)
            # Whoever begins to wait looks at the flag after joining, so that one of the two sees the other.
            if self._lingering and not self._waiters.waited_for:
                self._work.wait(LINGER_S)
            self._lingering = False
            if self._full:
                return self._full.popleft()
            return self._chain.seal() if self._chain.values else None

    def _rested(self) -> bool:
        """Wait while there is nothing to do; return whether it is time to seal what was committed."""
        with self._lock:
            self._idle = not (self._full or self._chain.values or self._closing)
            if self._idle:
                self._work.wait(None if self._unsealed is None else SEAL_S)
            rested, self._idle = self._idle, False
        return rested

    def _commit(self, batch: Batch) -> tuple[Seq, bytes]:
        """Store a batch; return the last record's seq and link."""
        connection, seq, link = self._connection, batch.last, batch.link
        self._unsealed = seq, link
        if batch.count >= CROWDED and batch.at_once and self._fold is None:
            batch.store(connection)
            return seq, link
        with _transaction(connection):
            for long in batch.long:
                self._blobs.store(long)
            batch.store(connection)
            self._seal()
            self._keep_fold(seq)
        return seq, link

    def _seal(self) -> None:
        """Store the sealed end of the chain."""
        if self._unsealed is not None:
            head = head_of(*self._unsealed, self._options.key)
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (HEAD, head))
            self._unsealed = None

    def _keep_fold(self, upto: int) -> None:
        """Store the fold that waits, if its record is among those up to `upto`."""
        with self._lock:
            state = self._fold if self._fold is not None and self._fold.seq <= upto else None
            if state is not None:
                self._fold = None
        if state is not None:
            checkpoints.keep(self._connection, state)

    def _keep_last(self) -> None:
        """Store what waits when the session is given back; without room for it the next opening folds a little more."""
        if self._fold is None and self._unsealed is None:
            return
        with contextlib.suppress(sqlite3.Error), _transaction(self._connection):
            self._seal()
            self._keep_fold(self._waiters.durable)

    def _poison(self, cause: BaseException) -> None:
        failure = JournalPoisoned(
            f"{self.path} could not be written: {cause}. Nothing after record {self._waiters.durable} is saved.",
            hint="Free some space or mend the disk, then run the same command again to go on.",
        )
        with self._lock:
            self._refusal = failure
            self._full.clear()
            self._chain.drop()
        with contextlib.suppress(sqlite3.Error):
            self._connection.rollback()
        self._waiters.fail(failure)
        if self._options.on_poisoned is not None:
            self._options.on_poisoned(failure)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None]:
    """Commit what is done within, together; whoever is told of an error rolls back."""
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


def _last_of(connection: sqlite3.Connection, path: Path) -> tuple[int, bytes]:
    try:
        row = connection.execute("SELECT seq, mac FROM record ORDER BY seq DESC LIMIT 1").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise JournalUnreadable(f"{path} is damaged: {error}.", hint="Restore an export.") from error
    seq, mac = row or (0, NO_MAC)
    # A file that was cut in the middle of a commit goes on, and the audit goes on to say so.
    return int(seq), mac if is_link(mac) else NO_MAC
