"""The workstation in a real terminal: until it takes keys, what it holds, what it does when idle, a frame."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from dataclasses import dataclass
from typing import Final

from hermes_tui.interfaces.tui.row_window import RowWindow
from hermes_tui.interfaces.tui.rows import Origin, Reply
from tests.bench.bench import Bench
from tests.bench.programs import ProgramFailed, environment, hermes
from tests.bench.rows import Bar, Row, Samples

ROWS: Final = 36
COLUMNS: Final = 120
READY: Final = b"F1 help"
PATIENCE_S: Final = 30.0
IDLE_S: Final = 3.0
MESSAGES: Final = 5000
TEXT: Final = "# Heading\n\nSome **words** and `code`.\n\n```python\nfor x in range(10):\n    print(x)\n```\n"


@dataclass(frozen=True, slots=True)
class Opened:
    """One workstation: seconds until typed text is on screen, MiB it holds then, bytes and CPU of an idle while."""

    usable_s: float
    mebibytes: float
    idle_bytes: float
    idle_cpu_s: float


def measure(bench: Bench) -> list[Row]:
    """Open the workstation in a pty, then draw a long transcript in this process."""
    opened = [_open(bench) for _ in range(max(bench.runs, 3))]
    frames = Samples(tuple(_frame_ms() for _ in range(max(bench.runs, 3))))
    usable = Samples(tuple(one.usable_s for one in opened))
    held = Samples(tuple(one.mebibytes for one in opened))
    idle = Samples(tuple(one.idle_bytes / IDLE_S for one in opened))
    busy = Samples(tuple(100 * one.idle_cpu_s / IDLE_S for one in opened))
    return [
        Row(figure="workstation", what="a key typed at the start is on screen", unit="s", ours=usable),
        Row(figure="workstation", what="memory once it is usable", unit="MiB", ours=held),
        Row(figure="workstation", what="bytes to an idle terminal", unit="B/s", ours=idle, bar=Bar(value=0)),
        Row(figure="workstation", what="CPU while idle", unit="%", ours=busy),
        Row(
            figure="workstation", what=f"a frame among {MESSAGES:,} messages", unit="ms", ours=frames, bar=Bar(value=33)
        ),
    ]


def _open(bench: Bench) -> Opened:
    folder = bench.new_folder("workstation")
    env = environment(HERMES_TUI_HOME=str(folder / "home"), TERM="xterm-256color", LANG="C.UTF-8")
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        argv = hermes()
        os.execve(argv[0], argv, env)  # noqa: S606 - this checkout, no shell
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        began = time.perf_counter()
        os.write(terminal, b"zq")
        _read_until(terminal, b"zq", READY)
        usable_s = time.perf_counter() - began
        _settle(terminal)
        before = _cpu_s(process)
        idle = _read_for(terminal, IDLE_S)
        return Opened(usable_s, _mebibytes(process), len(idle), _cpu_s(process) - before)
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)


def _read_until(terminal: int, *wanted: bytes) -> None:
    found = b""
    until = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < until:
        found += _read_for(terminal, 0.01)
        # What was typed before the screen is echoed by the terminal first; the last one is the prompt's.
        if all(word in found.rpartition(b"\x1b[?1049h")[2] for word in wanted):
            return
    message = f"the workstation did not become usable within {PATIENCE_S:.0f} s: {found[-300:]!r}"
    raise ProgramFailed(message)


def _settle(terminal: int) -> None:
    """Read until nothing comes for a second."""
    while _read_for(terminal, 1.0):
        pass


def _read_for(terminal: int, seconds: float) -> bytes:
    found = b""
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        if select.select([terminal], [], [], left)[0]:
            found += os.read(terminal, 65_536)
    return found


def _mebibytes(process: int) -> float:
    with open(f"/proc/{process}/statm", encoding="ascii") as stream:  # noqa: PTH123 - a kernel file
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _cpu_s(process: int) -> float:
    with open(f"/proc/{process}/stat", encoding="ascii") as stream:  # noqa: PTH123 - a kernel file
        fields = stream.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _frame_ms() -> float:
    """Return how long a frame takes after a message came, in a transcript of thousands."""
    window = RowWindow(clock=time.time, width=84, height=ROWS)
    window.extend([Reply(origin=Origin(key=number), text=f"{TEXT}{number}") for number in range(MESSAGES)])
    window.layout()
    began = time.perf_counter()
    window.extend([Reply(origin=Origin(key="new"), text=TEXT)])
    for index, at in window.layout():
        _ = window.lines_of(index)[at]
    return 1000 * (time.perf_counter() - began)
