"""Hermes in a terminal of its own: keys in, what it prints out."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

WAIT_S = 60.0
"""Only a process that hangs takes so long."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")


class Terminal:
    """A pseudo-terminal with a process in it."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self.descriptor = descriptor
        self.raw = b""
        self._seen = 0

    @property
    def text(self) -> str:
        """Everything printed so far, without what only moves or colours."""
        return _CONTROL.sub("", self.raw.decode("utf-8", "replace"))

    def until(self, *said: str) -> str:
        """Read until one of these was printed that no earlier call has waited for; return which one."""
        end = time.monotonic() + WAIT_S
        while not (found := [(at, one) for one in said if (at := self.text.find(one, self._seen)) >= 0]):
            assert time.monotonic() < end, f"{said!r} never came:\n{self.text}"
            assert self._read(), f"{said!r} never came and the process ended:\n{self.text}"
        at, one = min(found)
        self._seen = at + len(one)
        return one

    def answer(self, line: str, said: str) -> None:
        """Answer a question; again where the first time was too soon after it to be meant for it."""
        self.type(line)
        while self.until(said, "say it again") != said:
            self.type(line)

    def _read(self) -> bool:
        if select.select([self.descriptor], [], [], 1.0)[0]:
            try:
                self.raw += os.read(self.descriptor, 65_536)
            except OSError:
                return False
        return True

    def read_what_is_there(self) -> None:
        """Read what was printed by a process that prints no more; `until` waits for what comes after it."""
        while select.select([self.descriptor], [], [], 0.0)[0] and self._read():
            pass
        self._seen = len(self.text)

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self.descriptor, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size."""
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def hang_up(self) -> int | None:
        """Take the terminal away, as a connection that breaks does; return the exit code, None where it never ends."""
        os.close(self.descriptor)
        self.descriptor = -1
        # With the hang-up, the end of a shell tells whoever is stopped to go on, so that it can end.
        os.kill(self.pid, signal.SIGCONT)
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            select.select([], [], [], 0.05)
        return None

    def ended(self) -> int:
        """Read to the end of the process; return its exit code."""
        end = time.monotonic() + WAIT_S
        while self._read():
            assert time.monotonic() < end, f"the process never ended:\n{self.text}"
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@contextmanager
def terminal(
    arguments: list[str], environment: Mapping[str, str], folder: Path, size: tuple[int, int] = (100, 30)
) -> Generator[Terminal]:
    """Run `hermes ARGUMENTS` in a terminal while the block runs."""
    pid, descriptor = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-m", "hermes_tui", *arguments], dict(environment))  # noqa: S606 - no shell is wanted
    opened = Terminal(pid, descriptor)
    opened.resize(*size)
    try:
        yield opened
    finally:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(pid, 0)
        with suppress(OSError):
            os.close(opened.descriptor)
