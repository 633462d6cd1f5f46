"""The lock that makes one process the owner of a session."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import SessionLocked

_TRIES: Final = 5
_PAUSE_S: Final = 0.01


class SessionLock:
    """An exclusive `flock` on a file of its own; the kernel lets go of it when the process dies.

    The descriptor is not inherited by programs that are started.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._started = time.time()

    @classmethod
    def take(cls, path: Path, control: str = "") -> SessionLock:
        """Become the owner; `control` is the path of the owner's control socket.

        Raises:
            SessionLocked: another live process is; the message names it.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        if not _flock(descriptor, _TRIES):
            os.close(descriptor)
            raise SessionLocked(
                f"The session is in use by {_words(owner_of(path))}.",
                hint="Follow it with: hermes watch, or stop that process.",
            )
        lock = cls(path, descriptor)
        lock.announce(control)
        return lock

    def announce(self, control: str) -> None:
        """Write who owns the session, and where its control socket listens."""
        content = {"pid": os.getpid(), "started": self._started, "host": socket.gethostname(), "control": control}
        data = json.dumps(content).encode()
        os.pwrite(self._descriptor, data, 0)
        os.ftruncate(self._descriptor, len(data))

    def release(self) -> None:
        """Give the session back; harmless if done before."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1


def is_free(path: Path) -> bool:
    """Say whether no live process owns the lock file at `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        return _flock(descriptor, 1)
    finally:
        os.close(descriptor)


def owner_of(path: Path) -> dict[str, object]:
    """Return what the owner wrote: pid, started, host, control; empty if nothing readable is there."""
    try:
        content: object = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {str(key): value for key, value in content.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _flock(descriptor: int, tries: int) -> bool:
    """Lock; try again shortly, since `is_free` of another process holds it for an instant."""
    for left in range(tries - 1, -1, -1):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_PAUSE_S)
        else:
            return True
    return False


def _words(owner: dict[str, object]) -> str:
    if "pid" not in owner:
        return "another process"
    return f"process {owner['pid']} on {owner.get('host', 'this machine')}"
