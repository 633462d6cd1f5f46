"""Run one process tree to its end: deadline, output cap, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import math
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import IO, Final

from hermes_tui.capabilities.sandbox.cgroup import Group
from hermes_tui.domain.processes import ProcessEnd, ProcessResult
from hermes_tui.domain.values import frozen, mutable

CHUNK_BYTES: Final = 65_536
GRACE_S: Final = 5.0
MARK: Final = "HERMES_CALL"
_ROUNDS: Final = 250


@frozen
class Launch:
    """How a process is started; `env` is all of its environment, `descriptors` are inherited by number and closed here.

    `group` is joined first. `status` is a descriptor on which bubblewrap tells of the namespace's first process.
    `marked` adds a mark to the environment, by which processes that left the tree are found again. A process without
    `own_session` only leads a group of processes, which starts sooner on a busy machine: Linux schedules each session
    as one. It has to make a session itself before it runs what nobody vouches for.
    `heard` is told what it prints, up to the ceiling. With `stdio`, two descriptors of the caller's, others talk to
    the process; only its errors are read here.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stdin: bytes
    timeout_s: float
    output_limit_bytes: int
    descriptors: tuple[int, ...] = ()
    group: Group = field(default_factory=lambda: Group(()))
    status: int | None = None
    marked: bool = False
    own_session: bool = True
    heard: Callable[[bytes], None] | None = None
    stdio: tuple[int, int] | None = None


@mutable
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


class _Tree:
    """A started process and everything that comes of it."""

    def __init__(self, process: subprocess.Popen[bytes], launch: Launch, mark: str) -> None:
        self.process = process
        self.executed = launch.status is None
        self._group = launch.group
        self.in_group = launch.status is not None and bool(launch.group.folders)
        """Whether the group names every process of the tree: what bubblewrap confines cannot leave it."""
        self.gone = False
        """Whether the process has ended and nothing is left of its tree that could do anything."""
        self._mark = mark
        self._first_pid = 0
        self._first: int | None = None
        """A descriptor of the namespace's first process: the kernel kills all others with it, and waits for them."""

    def hear_out(self, status: int) -> None:
        """Read what bubblewrap said until now, all at once: it says it in a dozen pieces, each worth a wake-up."""
        os.set_blocking(status, False)
        with suppress(BlockingIOError):
            self._hear(os.read(status, CHUNK_BYTES).split(b"\n"))

    async def listen(self, status: int) -> None:
        """Read what bubblewrap says: the namespace's first process, later that the command was executed and ended."""
        rest = b""
        while chunk := await _chunk(status):
            *lines, rest = (rest + chunk).split(b"\n")
            self._hear(lines)

    def _hear(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            with suppress(ValueError):
                self._heard(json.loads(line))

    def _heard(self, said: dict[str, int]) -> None:
        self.executed = self.executed or "exit-code" in said
        first = said.get("child-pid")
        if first is None or self._first_pid:
            return
        self._first_pid = first
        if not self.in_group:
            with suppress(OSError):
                self._first = os.pidfd_open(first)

    def kill(self) -> None:
        """Kill all that is known of the tree."""
        if self._first is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
        for pid in self._members():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def clear(self) -> None:
        """Kill what the process left running when it ended: mostly, the first process of its namespace alone.

        That one is bubblewrap itself and only takes its mounts down then, for which nobody has to wait.
        """
        self.kill()
        self.gone = self.in_group and not self._mark and self._group.holds_at_most(self._first_pid)

    async def end(self) -> None:
        """Kill the tree; return when it is gone, or after GRACE_S."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await self._end()
        if self._first is not None:
            os.close(self._first)

    def close(self) -> None:
        """Close our ends of its pipes."""
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    async def _end(self) -> None:
        self.kill()
        await _ended(self.process)
        self.process.wait()
        if self._first is not None and descendants(self._first_pid):
            # It ends after all others. Left alone it only takes its mounts down, for which nobody has to wait.
            await _readable(self._first)
        for _ in range(_ROUNDS):
            # Whoever forked between the look and the kill is found by looking again.
            left = self._members()
            if not left:
                return
            for pid in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.001)

    def _members(self) -> set[int]:
        found = self._group.members()
        if self._first is None and not self.in_group:
            found.update(descendants(self.process.pid))
        if self._mark:
            found.update(marked(self._mark))
        return found


async def run(launch: Launch) -> tuple[ProcessResult, bool]:
    """Run to the end, the deadline or the output cap; the whole process tree is dead when this returns.

    The second value says whether the command itself was executed, as far as `launch.status` tells.

    Raises:
        OSError: the program cannot be started.
    """
    began = time.monotonic()
    mark = secrets.token_hex(8) if launch.marked else ""
    process = _started(launch, mark)
    tree = _Tree(process, launch, mark)
    outputs = (_Capture(launch.output_limit_bytes), _Capture(launch.output_limit_bytes))
    end = ProcessEnd.EXITED
    try:
        async with asyncio.timeout(launch.timeout_s):
            end = await _attend(tree, launch, outputs)
    except TimeoutError:
        end = ProcessEnd.DEADLINE
    finally:
        if tree.gone:
            process.wait()
            tree.close()
        else:
            await asyncio.shield(_closed(tree))
    code = process.returncode or 0
    result = ProcessResult(
        exit_code=128 - code if code < 0 else code,
        stdout=outputs[0].text(),
        stderr=outputs[1].text(),
        end=end,
        seconds=time.monotonic() - began,
    )
    return result, tree.executed


def _started(launch: Launch, mark: str) -> subprocess.Popen[bytes]:
    """Start the process; its descriptors are closed here in any case.

    Raises:
        OSError: the program cannot be started.
    """
    stdin, stdout = launch.stdio or (subprocess.PIPE if launch.stdin else subprocess.DEVNULL, subprocess.PIPE)
    try:
        with launch.group.joined(launch.argv) as argv:
            return subprocess.Popen(  # noqa: S603 - the words are the caller's, and no shell reads them
                argv,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                env={**launch.env, **({MARK: mark} if mark else {})},
                cwd=launch.cwd,
                start_new_session=launch.own_session,
                process_group=None if launch.own_session else 0,
                pass_fds=launch.descriptors,
                bufsize=0,
            )
    finally:
        for descriptor in launch.descriptors:
            os.close(descriptor)


async def _attend(tree: _Tree, launch: Launch, outputs: tuple[_Capture, _Capture]) -> ProcessEnd:
    talked_to = launch.stdio is not None
    pipes = (None if talked_to else tree.process.stdout, tree.process.stderr)
    async with asyncio.TaskGroup() as group:
        if launch.stdin and not talked_to:
            group.create_task(_feed(tree.process.stdin, launch.stdin))
        if launch.status is not None and not tree.in_group:
            group.create_task(tree.listen(launch.status))
        full = [
            group.create_task(_drain(pipe, capture, launch, tree))
            for pipe, capture in zip(pipes, outputs, strict=True)
            if pipe is not None
        ]
        group.create_task(_leave(tree, launch.status))
    return ProcessEnd.OUTPUT_LIMIT if any(task.result() for task in full) else ProcessEnd.EXITED


async def _leave(tree: _Tree, status: int | None) -> None:
    """Wait for the command, then kill what it left running: its pipes would else stay open."""
    await _ended(tree.process)
    if status is not None and tree.in_group:
        tree.hear_out(status)
    tree.clear()


async def _ended(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a process; where the system has descriptors of processes, without a thread."""
    if process.returncode is not None:
        return
    if not hasattr(os, "pidfd_open"):
        await asyncio.to_thread(process.wait)
        return
    with suppress(ProcessLookupError):
        watched = os.pidfd_open(process.pid)
        try:
            await _readable(watched)
        finally:
            os.close(watched)


async def _closed(tree: _Tree) -> None:
    """End the tree and close our ends of its pipes."""
    try:
        await tree.end()
    finally:
        tree.close()


async def _feed(pipe: IO[bytes] | None, data: bytes) -> None:
    assert pipe is not None  # noqa: S101 - asked for above
    descriptor, left = pipe.fileno(), memoryview(data)
    os.set_blocking(descriptor, False)
    with suppress(BrokenPipeError, ConnectionResetError):
        while left:
            await _writable(descriptor)
            left = left[os.write(descriptor, left) :]
    pipe.close()


async def _drain(pipe: IO[bytes], capture: _Capture, launch: Launch, tree: _Tree) -> bool:
    """Read to the end; past the ceiling the tree is killed. Return whether that happened."""
    ceiling = math.inf if launch.stdio else launch.output_limit_bytes * 10
    while chunk := await _chunk(pipe.fileno()):
        if capture.total <= ceiling:
            capture.take(chunk)
            if launch.heard is not None:
                launch.heard(chunk)
        if capture.total > ceiling:
            tree.kill()
    return capture.total > ceiling


async def _writable(descriptor: int) -> None:
    """Wait until `descriptor` takes more, or nobody is left to read."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(descriptor, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_writer(descriptor)


async def _readable(descriptor: int) -> None:
    """Wait until `descriptor` can be read; a process descriptor can once its process ended."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _chunk(descriptor: int) -> bytes:
    await _readable(descriptor)
    return os.read(descriptor, CHUNK_BYTES)


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`, where `/proc` tells; they are reaped by init once orphaned."""
    found: list[int] = []
    pending = [pid]
    while pending:
        children = list(_children(pending.pop()))
        found += children
        pending += children
    return found


def _children(pid: int) -> Iterable[int]:
    """Yield the children of a process; it may end at any moment while this looks."""
    threads: list[str] = []
    with suppress(OSError):
        threads = [entry.name for entry in Path(f"/proc/{pid}/task").iterdir()]
    for thread in threads:
        with suppress(OSError):
            yield from map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())


def marked(mark: str) -> Iterable[int]:
    """Yield the living processes whose environment carries `mark`, also those that left their tree."""
    wanted = f"{MARK}={mark}".encode()
    if not Path("/proc/self").exists():
        return
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            if wanted in Path(entry.path, "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
