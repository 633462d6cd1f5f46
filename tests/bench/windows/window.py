"""A program in a real pseudo-terminal: when its bytes came, what it weighs, what it burns."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.programs import ProgramFailed

SIZE: Final = (120, 36)
WIDE: Final = (200, 60)
"""Where every pane is shown."""
PATIENCE_S: Final = 60.0
PIECE: Final = 262_144
_CONTROL: Final = re.compile(rb"\x1b\[[0-9;:?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b.")
_ANSWERS: Final = (
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b[c", b"\x1b[?62;22c"),
    (b"\x1b[?u", b"\x1b[?0u"),
    (b"\x1b]10;?", b"\x1b]10;rgb:d8d8/dede/e6e6\x1b\\"),
    (b"\x1b]11;?", b"\x1b]11;rgb:1010/1414/1818\x1b\\"),
)
"""What a terminal says when it is asked: where the cursor is, what it is, its keyboard protocol, its colours."""


class Window:
    """A terminal with a program in it; times are `time.monotonic`, as in the fake provider's log."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], folder: Path, size: tuple[int, int]) -> None:
        self.raw = bytearray()
        self.began = time.monotonic()
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            # The size must be known before the program asks for it.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.chdir(folder)
            os.execve(argv[0], list(argv), dict(env))  # noqa: S606 - no shell is wanted

    def type(self, text: str) -> float:
        """Type a text; return when."""
        at = time.monotonic()
        os.write(self.terminal, text.encode())
        return at

    def read(self, seconds: float) -> bytes:
        """Read what comes at once, waiting for it at most so long; questions of the program are answered."""
        if not select.select([self.terminal], [], [], max(seconds, 0))[0]:
            return b""
        try:
            data = os.read(self.terminal, PIECE)
        except OSError as error:
            raise ProgramFailed(f"the program ended: {self.text[-600:]}") from error
        self.raw += data
        for question, answer in _ANSWERS:
            if question in data:
                os.write(self.terminal, answer)
        return data

    def read_for(self, seconds: float) -> int:
        """Read for so long; return how many bytes came."""
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            count += len(self.read(left))
        return count

    def settle(self, quiet_s: float = 1.0) -> None:
        """Read until nothing comes for a while."""
        while self.read(quiet_s):
            pass

    def until(self, holds: Callable[[], bool], what: str, every_s: float = 0.5) -> float:
        """Read until something holds; return when the bytes that made it so had come.

        Where no bytes tell of it, it is seen `every_s` late at most.

        Raises:
            ProgramFailed: it never did.
        """
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if holds():
                return time.monotonic()
            self.read(every_s)
        raise ProgramFailed(f"{what} never came: {self.text[-600:]}")

    def until_said(self, words: str, after: int = 0) -> float:
        """Read until words stand in what was printed behind a place in it; return when they had come."""
        wanted = words.encode()
        near = 4 * len(wanted) + 4_096
        seen = after

        def said() -> bool:
            nonlocal seen
            start, seen = max(after, seen - near), len(self.raw)
            return wanted in _CONTROL.sub(b"", bytes(self.raw[start:]))

        return self.until(said, words)

    @property
    def text(self) -> str:
        """Everything printed so far, without what moves and colours."""
        return _CONTROL.sub(b"", bytes(self.raw)).decode("utf-8", "replace")

    @property
    def takes_keys(self) -> bool:
        """Whether something is drawn and each key reaches the program as it is typed."""
        drawn = len(_CONTROL.sub(b"", bytes(self.raw)).strip()) > 0
        return drawn and not termios.tcgetattr(self.terminal)[3] & termios.ECHO

    def pss_mib(self) -> float:
        """Return the memory of the program and what it started: shared pages count by their share."""
        return sum(_of_rollup(process, "Pss:") for process in self._family()) / 1024

    def own_mib(self) -> float:
        """Return the memory that is nobody else's: a share of pages moves with whoever else maps them."""
        return sum(_of_rollup(process, "Private_Dirty:") for process in self._family()) / 1024

    def rss_mib(self) -> float:
        """Return the resident memory of the same."""
        return sum(_of_rollup(process, "Rss:") for process in self._family()) / 1024

    def cpu_s(self) -> float:
        """Return the processor time of every thread, to the nanosecond."""
        return sum(_run_ns(process) for process in self._family()) / 1e9

    def _family(self) -> list[int]:
        family, at = [self.process], 0
        while at < len(family):
            for task in Path(f"/proc/{family[at]}/task").glob("*/children"):
                family += [int(child) for child in task.read_text(encoding="ascii").split()]
            at += 1
        return family


@contextmanager
def window(
    argv: Sequence[str], env: Mapping[str, str], folder: Path, size: tuple[int, int] = SIZE
) -> Generator[Window]:
    """Run a program in a terminal while the block runs."""
    opened = Window(argv, {"TERM": "xterm-256color", "LANG": "C.UTF-8", **env}, folder, size)
    try:
        yield opened
    finally:
        os.kill(opened.process, signal.SIGKILL)
        os.waitpid(opened.process, 0)
        os.close(opened.terminal)


def _of_rollup(process: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def _run_ns(process: int) -> int:
    total = 0
    for path in Path(f"/proc/{process}/task").glob("*/schedstat"):
        try:
            total += int(path.read_text(encoding="ascii").split()[0])
        except OSError:
            continue
    return total
