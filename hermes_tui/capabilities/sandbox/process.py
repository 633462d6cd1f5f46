"""Run one process tree to its end: deadline, output cap, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hermes_tui.domain.ports import ProcessEnd, ProcessResult

CHUNK_BYTES: Final = 65_536
GRACE_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a process is started; `env` is all of its environment, `descriptors` are inherited by number."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stdin: bytes
    timeout_s: float
    output_limit_bytes: int
    descriptors: tuple[int, ...] = ()


@dataclass(slots=True)
class _Capture:
    """Output as it comes: the first half of the limit and the last half are kept."""

    limit: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def take(self, chunk: bytes) -> None:
        self.total += len(chunk)
        room = self.limit // 2 - len(self.head)
        self.head += chunk[:room] if room > 0 else b""
        self.tail += chunk[room:] if room > 0 else chunk
        if len(self.tail) > self.limit:
            del self.tail[: -self.limit // 2]

    def text(self) -> bytes:
        tail = bytes(self.tail[-(self.limit // 2) :])
        left_out = self.total - len(self.head) - len(tail)
        note = b"\n[%d bytes left out]\n" % left_out if left_out > 0 else b""
        return bytes(self.head) + note + tail


async def run(launch: Launch) -> ProcessResult:
    """Run to the end, the deadline or the output cap; the whole process tree is dead when this returns.

    Raises:
        OSError: the program cannot be started.
    """
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *launch.argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(launch.env),
        cwd=launch.cwd,
        start_new_session=True,
        pass_fds=launch.descriptors,
    )
    outputs = (_Capture(launch.output_limit_bytes), _Capture(launch.output_limit_bytes))
    end = ProcessEnd.EXITED
    try:
        async with asyncio.timeout(launch.timeout_s):
            end = await _attend(process, launch, outputs)
    except TimeoutError:
        end = ProcessEnd.DEADLINE
    finally:
        await asyncio.shield(_kill_tree(process))
    code = process.returncode or 0
    return ProcessResult(
        exit_code=128 - code if code < 0 else code,
        stdout=outputs[0].text(),
        stderr=outputs[1].text(),
        end=end,
        seconds=time.monotonic() - began,
    )


async def _attend(
    process: asyncio.subprocess.Process, launch: Launch, outputs: tuple[_Capture, _Capture]
) -> ProcessEnd:
    assert process.stdout is not None  # noqa: S101 - asked for above
    assert process.stderr is not None  # noqa: S101 - asked for above
    async with asyncio.TaskGroup() as group:
        group.create_task(_feed(process, launch.stdin))
        full = [
            group.create_task(_drain(process.stdout, outputs[0], launch.output_limit_bytes * 10, process)),
            group.create_task(_drain(process.stderr, outputs[1], launch.output_limit_bytes * 10, process)),
        ]
        group.create_task(process.wait())
    return ProcessEnd.OUTPUT_LIMIT if any(task.result() for task in full) else ProcessEnd.EXITED


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for above
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _drain(
    stream: asyncio.StreamReader, capture: _Capture, ceiling: int, process: asyncio.subprocess.Process
) -> bool:
    """Read to the end; past the ceiling the tree is killed. Return whether that happened."""
    while chunk := await stream.read(CHUNK_BYTES):
        capture.take(chunk)
        if capture.total > ceiling:
            _signal_tree(process.pid)
            return True
    return False


async def _kill_tree(process: asyncio.subprocess.Process) -> None:
    _signal_tree(process.pid)
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_S):
            await process.wait()


def _signal_tree(pid: int) -> None:
    """Kill the process group and every descendant, also those that left the group."""
    for target in descendants(pid):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(target, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`, where `/proc` tells; they are reaped by init once orphaned."""
    found: list[int] = []
    pending = [pid]
    while pending:
        parent = pending.pop()
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                children = [int(child) for child in path.read_text().split()]
                found += children
                pending += children
    return found
