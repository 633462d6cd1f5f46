"""A control group per call where this user may make one: the only limit on processes and memory that binds root.

RLIMIT_NPROC is not enforced for the host's user 0, also inside a user namespace (kernel/fork.c, `INIT_USER`), and
RLIMIT_DATA counts each process alone. Interfaces: cgroups(7), version 1 and 2.
"""

from __future__ import annotations

import itertools
import os
import weakref
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from hermes_tui.domain.values import frozen

ROOT: Final = Path("/sys/fs/cgroup")
OWN: Final = Path("/proc/self/cgroup")
_NAME: Final = "hermes-call-"
_JOIN: Final = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1" || exit 125; shift; n=$((n-1)); done; exec "$@"'
_DOOR: Final = "tasks"
_counter = itertools.count()


@frozen(kw_only=False)
class Group:
    """The folders of one call's control group, one for each hierarchy."""

    folders: tuple[Path, ...]
    lends: bool = False
    """Whether a thread of ours can go in and come back, see `joined`."""

    @contextmanager
    def joined(self, argv: Sequence[str]) -> Generator[Sequence[str]]:
        """Give the words by which `argv` is started within the block, so that it and all its children are in the group.

        Where threads move alone, this one is in the group meanwhile: that is free. Elsewhere a shell joins first.
        """
        if not self.lends:
            yield self._by_shell(argv)
            return
        for folder in self.folders:
            _write(folder, _DOOR, 0)
        try:
            yield argv
        finally:
            for folder in self.folders:
                _write(folder.parent, _DOOR, 0)

    def _by_shell(self, argv: Sequence[str]) -> Sequence[str]:
        """Return the words of a shell that joins and becomes the program.

        To move a process from outside costs the same wait, and once more for each that it started meanwhile; only
        CLONE_INTO_CGROUP (clone3(2)) waits for nobody, and no safe way leads there from a process with threads but
        through a program of our own.
        """
        if not self.folders:
            return argv
        doors = [str(folder / "cgroup.procs") for folder in self.folders]
        return ("/bin/sh", "-c", _JOIN, "sh", str(len(doors)), *doors, *argv)

    def members(self) -> set[int]:
        """Return the processes in the group but our own; who is in one of its folders is in the first."""
        return self._members() or set()

    def holds_at_most(self, pid: int) -> bool:
        """Whether it is certain that nobody but this process is in it; 0 is nobody."""
        found = self._members()
        return found is not None and found <= ({pid} if pid else set())

    @property
    def free(self) -> bool:
        """Whether it is still there and nobody is in it."""
        return self.holds_at_most(0) and all(os.path.isdir(folder) for folder in self.folders[1:])  # noqa: PTH112 - as below

    def _members(self) -> set[int] | None:
        """Return the processes in the group but our own, None where that cannot be read."""
        # Asked several times in each call: a path and a text file object would be most of the cost.
        with suppress(OSError, IndexError), open(f"{self.folders[0]}/cgroup.procs", "rb", buffering=0) as file:  # noqa: PTH123
            return set(map(int, file.readall().split())) - {os.getpid()}
        return None


class Groups:
    """The groups of one sandbox: each call has one to itself, and a later call gets it again once it is empty.

    They are removed with their owner. What a Hermes left that was killed is removed by the next one.
    """

    def __init__(self, most_processes: int, most_bytes: int, *, root: Path = ROOT, own: Path = OWN) -> None:
        self._limits = {"pids.max": most_processes, "memory.max": most_bytes, "memory.limit_in_bytes": most_bytes}
        self._places = (root, own)
        self._idle: deque[Group] = deque()
        self._parents: list[Path] | None = None
        weakref.finalize(self, _discard, self._idle)

    @contextmanager
    def one(self) -> Generator[Group]:
        """Lend a group for one call; it has no folders where none can be made."""
        group = self._taken()
        try:
            yield group
        finally:
            if group.folders:
                self._idle.append(group)

    def _taken(self) -> Group:
        for _ in range(len(self._idle)):
            # Calls of several threads may be at it: whoever takes a group out has it.
            with suppress(IndexError):
                group = self._idle.popleft()
                if group.free:
                    return group
                if group.members():
                    self._idle.append(group)
        return self._made()

    def _made(self) -> Group:
        if self._parents is None:
            self._parents = _parents(*self._places)
            _sweep(self._parents)
        name = f"{_NAME}{os.getpid()}-{next(_counter)}"
        folders = tuple(_folders(self._parents, name, self._limits))
        return Group(folders, lends=bool(folders) and all(_lends(folder) for folder in folders))


def _folders(parents: list[Path], name: str, limits: dict[str, int]) -> Iterator[Path]:
    """Make a limited folder in each hierarchy that lets us; yield them."""
    for parent in parents:
        folder = parent / name
        try:
            folder.mkdir()
        except OSError:
            continue
        if _limit(folder, limits):
            yield folder
        else:
            _remove(folder)


def _lends(folder: Path) -> bool:
    """Whether a thread may move into `folder` and back to where it came from, as version 1 allows.

    A thread that moves only itself does not wait until nobody on the machine forks (kernel/cgroup/cgroup.c,
    `cgroup_procs_write_start`); a process that moves does, for 10 to 20 ms where there is work.
    """
    return all(os.access(place / _DOOR, os.W_OK) for place in (folder, folder.parent))


def _parents(root: Path, own: Path) -> list[Path]:
    """Return where groups could be made: below our own of `pids` and `memory`, in version 2 beside it."""
    found: list[Path] = []
    with suppress(OSError):
        for line in own.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            place = path.lstrip("/")
            found += [root / name / place for name in controllers.split(",") if name in ("pids", "memory")]
            if not controllers and (root / "cgroup.controllers").exists():
                found.append((root / place).parent if place else root)
    return found


def _limit(folder: Path, limits: dict[str, int]) -> bool:
    """Write the limits that `folder` knows; say whether there was any."""
    try:
        offered = set(os.listdir(folder))  # noqa: PTH208 - names are all that is asked for
        known = [_write(folder, name, value) for name, value in limits.items() if name in offered]
        for swap, value in (("memory.swap.max", 0), ("memory.memsw.limit_in_bytes", limits["memory.max"])):
            if swap in offered:
                _write(folder, swap, value)
    except OSError:
        return False
    return bool(known)


def _write(folder: Path, name: str, value: int) -> int:
    # Each call asks for it several times: a path and a file object would be most of the cost.
    descriptor = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        return os.write(descriptor, b"%d" % value)
    finally:
        os.close(descriptor)


def _discard(idle: deque[Group]) -> None:
    """Remove the groups of an owner that is gone."""
    for group in idle:
        for folder in group.folders:
            _remove(folder)


def _sweep(parents: list[Path]) -> None:
    """Remove empty groups of processes that are no more; one in which something still runs stays."""
    for parent in parents:
        with suppress(OSError):
            for folder in list(parent.glob(f"{_NAME}*-*")):
                _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    pid = folder.name.removeprefix(_NAME).partition("-")[0]
    if not Path("/proc", pid).exists():
        _remove(folder)


def _remove(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
