"""A control group per call where this user may make one: the only limit on processes and memory that binds root.

RLIMIT_NPROC is not enforced for the host's user 0, also inside a user namespace (kernel/fork.c, `INIT_USER`), and
RLIMIT_DATA counts each process alone. Interfaces: cgroups(7), version 1 and 2.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from hermes_tui.domain.values import frozen

ROOT: Final = Path("/sys/fs/cgroup")
OWN: Final = Path("/proc/self/cgroup")
_NAME: Final = "hermes-call-"
_JOIN: Final = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1/cgroup.procs" || exit 125; shift; n=$((n-1)); done; '
_TRIES: Final = 50
_counter = itertools.count()


@frozen(kw_only=False)
class Group:
    """The folders of one call's control group, one for each hierarchy."""

    folders: tuple[Path, ...]

    def joining(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """Return `argv` started by a shell that first puts itself into the group, so that no child is missed."""
        if not self.folders:
            return argv
        folders = (str(folder) for folder in self.folders)
        return ("/bin/sh", "-c", f'{_JOIN}exec "$@"', "sh", str(len(self.folders)), *folders, *argv)

    def members(self) -> set[int]:
        """Return the processes in the group."""
        found: set[int] = set()
        for folder in self.folders:
            # Asked several times in each call: a text file object would be most of the cost.
            with suppress(OSError), (folder / "cgroup.procs").open("rb", buffering=0) as file:
                found.update(map(int, file.readall().split()))
        return found

    async def remove(self) -> None:
        """Remove the group; its processes are dead, though the kernel may need a moment to notice."""
        left = [folder for folder in self.folders if not _removed(folder)]
        for _ in range(_TRIES):
            if not left:
                return
            await asyncio.sleep(0.01)
            left = [folder for folder in left if not _removed(folder)]


def open_group(most_processes: int, most_bytes: int, *, root: Path = ROOT, own: Path = OWN) -> Group:
    """Return a new group with these limits; without folders where none can be made."""
    name = f"{_NAME}{os.getpid()}-{next(_counter)}"
    limits = {"pids.max": most_processes, "memory.max": most_bytes, "memory.limit_in_bytes": most_bytes}
    folders: list[Path] = []
    for parent in _parents(root, own):
        folder = parent / name
        try:
            folder.mkdir()
        except OSError:
            continue
        if _limit(folder, limits):
            folders.append(folder)
        else:
            _removed(folder)
    return Group(tuple(folders))


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
    with (folder / name).open("wb", buffering=0) as file:
        return file.write(b"%d" % value) or 0


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
