"""From the outbox into git: changes of one author and run become one commit, made without touching the work tree."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.memory.repository import COMMITTER, KEPT, HistoryUnavailable, Repository, quoted
from hermes_tui.capabilities.memory.scopes import is_index
from hermes_tui.domain.memory import FileChange, NoteAuthor, Outbox
from hermes_tui.domain.values import frozen

NEXT: Final = "refs/hermes/next"
DELAY_S: Final = 1.0
"""How long the background writer waits for more changes before it commits."""
AUTHORS: Final[Mapping[NoteAuthor, tuple[str, str]]] = {
    NoteAuthor.OPERATOR: ("Operator", "operator@localhost"),
    NoteAuthor.AGENT: ("Hermes agent", "agent@localhost"),
    NoteAuthor.DREAM: ("Hermes dream", "dream@localhost"),
}
_SUBJECT_CHARS: Final = 72
_TRIES: Final = 5


@frozen(kw_only=False)
class Commit:
    """Changes that become one commit."""

    changes: tuple[FileChange, ...]

    @property
    def message(self) -> str:
        """Subject, the other subjects, trailers."""
        subjects = list(dict.fromkeys(change.subject for change in self.changes))
        more = f" (and {len(subjects) - 1} more)" if len(subjects) > 1 else ""
        first = subjects[0][: _SUBJECT_CHARS - len(more)] + more
        trailers = dict.fromkeys(f"{name}: {value}" for change in self.changes for name, value in change.trailers)
        body = "\n".join(f"- {subject}" for subject in subjects) if more else ""
        return "\n\n".join(filter(None, (first, body, "\n".join(trailers)))) + "\n"

    def stream(self, mark: int, parent: str) -> bytes:
        """Return the commit as fast-import reads it; `parent` is a commit, a mark or empty."""
        last = self.changes[-1]
        name, mail = AUTHORS[last.author]
        at = f"{int(last.at)} +0000"
        message = self.message.encode(errors="surrogateescape")
        head = f"commit {NEXT}\nmark :{mark}\nauthor {name} <{mail}> {at}\n"
        head += f"committer {COMMITTER[0]} <{COMMITTER[1]}> {at}\ndata {len(message)}\n"
        parts = [head.encode(), message, b"\n", f"from {parent}\n".encode() if parent else b""]
        for path, change in {change.path: change for change in self.changes}.items():
            if change.after is None:
                parts.append(b"D " + quoted(path) + b"\n")
            else:
                parts += [
                    b"M 100644 inline ",
                    quoted(path),
                    f"\ndata {len(change.after)}\n".encode(),
                    change.after,
                    b"\n",
                ]
        return b"".join(parts)


class History:
    """Brings what waits in the outbox into the repository; any number of processes may try at once."""

    def __init__(self, repository: Repository, outbox: Outbox, state: Path) -> None:
        self.repository = repository
        self._outbox = outbox
        self._lock = state / "memory-git.lock"

    def flush(self) -> int:
        """Commit what waits; return how many commits that made.

        Raises:
            HistoryUnavailable: git is missing or failed, or an operator is in the middle of a merge; nothing is lost.
        """
        if not self._outbox.pending():
            return 0
        handle = os.open(self._lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self.repository.prepare()
            if doing := self.repository.busy():
                raise HistoryUnavailable(f"The repository is in the middle of something ({doing}).", hint="Finish it.")
            return self._commit()
        finally:
            os.close(handle)

    def waiting(self) -> int:
        """Return how many changes are not yet in history."""
        return len(self._outbox.pending())

    def _commit(self) -> int:
        for _ in range(_TRIES):
            head = self.repository.head()
            pending = self._settled(head)
            commits = list(_commits(self._new(pending, head)))
            if not commits:
                self._outbox.done([change.key for change in pending])
                return 0
            new = self._import(commits, head)
            self._outbox.mark([change.key for change in pending], new)
            if self.repository.advance(new, head, NEXT):
                self._outbox.done([change.key for change in pending])
                paths = [change.path for commit in commits for change in commit.changes]
                self.repository.refresh(new, list(dict.fromkeys(paths)))
                return len(commits)
        raise HistoryUnavailable("Someone else kept committing to the repository.", hint="Try again later.")

    def _settled(self, head: str) -> list[FileChange]:
        """Return what waits, without what a process committed before it could say so."""
        pending = list(self._outbox.pending())
        known = {
            commit: self.repository.is_ancestor(commit, head) for commit in {c.commit for c in pending if c.commit}
        }
        self._outbox.done([change.key for change in pending if known.get(change.commit)])
        return [change for change in pending if not known.get(change.commit)]

    def _new(self, pending: Sequence[FileChange], head: str) -> Iterator[FileChange]:
        """Yield the changes that history does not show already, such as what a `git pull` brought."""
        kept = [change for change in pending if change.path.split("/", 1)[0] in KEPT]
        now = self.repository.blobs(head, list(dict.fromkeys(change.path for change in kept)))
        for change in kept:
            blob = "" if change.after is None else _blob_id(change.after, len(head) or 40)
            if now.get(change.path, "") != blob:
                now[change.path] = blob
                yield change

    def _import(self, commits: Sequence[Commit], head: str) -> str:
        stream = bytearray(f"reset {NEXT}\n".encode())
        stream += f"from {head}\n\n".encode() if head else b"\n"
        for mark, commit in enumerate(commits, 1):
            stream += commit.stream(mark, f":{mark - 1}" if mark > 1 else head)
        stream += f"get-mark :{len(commits)}\ndone\n".encode()
        printed = self.repository.run("fast-import", "--quiet", "--force", "--done", stdin=bytes(stream))
        return printed.decode().split()[-1]


class HistoryWriter:
    """The background thread of a process that commits a moment after the last change; `close` commits what is left."""

    def __init__(
        self, history: History, report: Callable[[HistoryUnavailable], None], delay_s: float = DELAY_S
    ) -> None:
        self._history = history
        self._report = report
        self._delay_s = delay_s
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="memory-history", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that something changed."""
        self._wanted.set()

    def close(self) -> None:
        """Commit what is left and end the thread."""
        self._closing.set()
        self._wanted.set()
        self._thread.join()

    def _work(self) -> None:
        closing = False
        while not closing:
            self._wanted.wait()
            self._wanted.clear()
            closing = self._closing.wait(self._delay_s)
            try:
                self._history.flush()
            except HistoryUnavailable as error:
                self._report(error)


def _commits(changes: Iterator[FileChange]) -> Iterator[Commit]:
    """Put neighbours of one author and origin together; a note that changes twice keeps both states."""
    group: list[FileChange] = []
    for change in changes:
        again = not is_index(change.path) and any(change.path == other.path for other in group)
        if group and (again or _origin(change) != _origin(group[-1])):
            yield Commit(tuple(group))
            group = []
        group.append(change)
    if group:
        yield Commit(tuple(group))


def _origin(change: FileChange) -> tuple[object, ...]:
    outside = not change.trailers
    return (
        change.author,
        outside,
        *(value for name, value in change.trailers if name in ("Hermes-Run", "Hermes-Session")),
    )


def _blob_id(data: bytes, length: int) -> str:
    digest = hashlib.sha1(usedforsecurity=False) if length == 40 else hashlib.sha256()
    digest.update(b"blob %d\0" % len(data) + data)
    return digest.hexdigest()
