"""The vault's files: which there are, read without following links, replaced whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.memory.decoding import MOST_BYTES
from hermes_tui.capabilities.memory.scopes import FOLDER, INDEX
from hermes_tui.domain.errors import HermesError

UNSETTLED: Final = ""
_SETTLED_NS: Final = 50_000_000
"""A file written this instant may be written again within the same stamp."""
_TEMPORARY: Final = ".hermes-"


class NoteUnreadable(HermesError):
    """A file of the vault is no plain file, is too large, or may not be read."""


def digest_of_bytes(data: bytes | None) -> str:
    """Return the sha256 of a file's content, empty where there is no file."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


class VaultFiles:
    """`MEMORY.md` and `memory/**.md` of one home; paths are relative to it, with `/`."""

    def __init__(self, home: Path, state: Path) -> None:
        self.home = home
        self._thread = threading.RLock()
        self._depth = 0
        self._folders: tuple[str, ...] = ()
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(state / "memory.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Keep every other process and thread from changing the vault; may be entered again by the same thread."""
        with self._thread:
            if self._depth == 0:
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def changing(self) -> Generator[None]:
        """Mark, inside `locked`, that a change is under way; the mark stays if the process is killed meanwhile."""
        os.pwrite(self._lock, b"busy", 0)
        yield
        os.ftruncate(self._lock, 0)

    @property
    def interrupted(self) -> bool:
        """Whether the last change was not brought to its end."""
        return os.fstat(self._lock).st_size > 0

    def settle(self) -> None:
        """Say that what was interrupted has been dealt with."""
        os.ftruncate(self._lock, 0)

    def survey(self, paths: Sequence[str] | None = None) -> dict[str, str]:
        """Return a stamp of each file, or of some that are there.

        It changes whenever the content may have changed, and is `UNSETTLED` if that was a moment ago.
        """
        now = time.time_ns()
        found = self._walk() if paths is None else self._named(paths)
        return {path: _stamp(state, now) for path, state in found}

    def folders(self) -> dict[str, int]:
        """Return a stamp of each folder that the last whole survey found.

        It changes when a file is added, removed, renamed or saved by a rename there, not when one is edited in place.
        """
        found: dict[str, int] = {}
        for folder in self._folders:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found[folder] = os.lstat(self.home / folder).st_mtime_ns
        return found

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, None if there is none.

        Raises:
            NoteUnreadable: it is a link or a device, larger than 1 MB, or may not be read.
        """
        try:
            handle = os.open(self.home / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NoteUnreadable(f"{path} cannot be read: {error.strerror}.") from error
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NoteUnreadable(f"{path} is no plain file.")
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise NoteUnreadable(f"{path} is larger than 1 MB.", hint="Split it, or use `hermes ingest`.")
        return data

    def write(self, path: str, data: bytes | None) -> None:
        """Replace a file as a whole, durable on return; None removes it.

        Raises:
            NoteUnreadable: the folder leads out of the vault.
        """
        target = self.home / path
        self._check(target)
        if data is None:
            with contextlib.suppress(FileNotFoundError):
                target.unlink()
                _sync_folder(target.parent)
            return
        self._make_folder(target.parent)
        temporary = target.with_name(f"{_TEMPORARY}{secrets.token_hex(6)}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _mode(target))
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)

    def sweep(self) -> None:
        """Remove temporary files that a killed process left."""
        for folder in (self.home, *(Path(found) for found, _, _ in os.walk(self.home / FOLDER))):
            for left in folder.glob(f"{_TEMPORARY}*"):
                left.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the lock file."""
        os.close(self._lock)

    def _named(self, paths: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
        for path in paths:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                state = os.lstat(self.home / path)
                if stat.S_ISREG(state.st_mode):
                    yield path, state

    def _walk(self) -> Iterator[tuple[str, os.stat_result]]:
        yield from self._named([INDEX])
        waiting, walked = [FOLDER], ["."]
        while waiting:
            folder = waiting.pop()
            walked.append(folder)
            for entry in _entries(self.home / folder):
                path = f"{folder}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif entry.name.endswith(".md") and (state := _plain(entry)):
                    yield path, state
        self._folders = tuple(walked)

    def _check(self, target: Path) -> None:
        real = Path(os.path.realpath(target.parent))
        home = Path(os.path.realpath(self.home))
        if real != home and not real.is_relative_to(home / FOLDER):
            raise NoteUnreadable(f"{target} leads out of the vault.")

    def _make_folder(self, folder: Path) -> None:
        missing: list[Path] = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for new in reversed(missing):
            new.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(new.parent)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def _plain(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Return the state of a plain file, None of anything else."""
    try:
        return entry.stat(follow_symlinks=False) if entry.is_file(follow_symlinks=False) else None
    except FileNotFoundError:
        return None


def _stamp(state: os.stat_result, now: int) -> str:
    if now - max(state.st_mtime_ns, state.st_ctime_ns) < _SETTLED_NS:
        return UNSETTLED
    return f"{state.st_mtime_ns}-{state.st_ctime_ns}-{state.st_size}-{state.st_ino}"


def _mode(target: Path) -> int:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return 0o600


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
