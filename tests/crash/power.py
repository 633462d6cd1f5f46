"""A disk that can lose its power: SQLite writes through it, and any moment can be brought back as it may have been."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import apsw

from hermes_tui.capabilities.state.database import prepare

if TYPE_CHECKING:
    from random import Random

SECTOR: Final = 512
"""What a disk writes whole or not at all."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that reached the disk's cache."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file was made shorter."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """What was written to a file is on the platter."""

    name: str


@dataclass(frozen=True, slots=True)
class Delete:
    """A file is gone, which a folder's sync makes lasting."""

    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened outside: a record was called durable, an effect reached the world."""

    kind: str
    value: int


Step = Write | Cut | Sync | Delete | Mark


@dataclass
class Disk:
    """Everything that was done to the files of one folder, in order."""

    steps: list[Step] = field(default_factory=list[Step])

    def syncs(self) -> list[int]:
        """Return every moment right after a completed sync."""
        return [at for at, step in enumerate(self.steps, 1) if isinstance(step, Sync)]

    def marked(self, kind: str, upto: int) -> list[int]:
        """Return what was marked before a moment."""
        return [step.value for step in self.steps[:upto] if isinstance(step, Mark) and step.kind == kind]

    def restored(self, upto: int, dice: Random | None) -> dict[str, bytes]:
        """Return the files after a power loss at `upto`.

        Without `dice` nothing that was not synced is there; with them, sectors of it in any order and number.
        """
        safe: dict[str, bytearray] = {}
        waiting: list[Write | Cut] = []
        for step in self.steps[:upto]:
            match step:
                case Write() | Cut():
                    waiting.append(step)
                case Sync():
                    for one in waiting:
                        if one.name == step.name:
                            _apply(safe, one)
                    waiting = [one for one in waiting if one.name != step.name]
                case Delete():
                    safe.pop(step.name, None)
                    waiting = [one for one in waiting if one.name != step.name]
                case Mark():
                    pass
        if dice is not None:
            for piece in _some(waiting, dice):
                _apply(safe, piece)
        return {name: bytes(data) for name, data in safe.items()}


def _some(waiting: list[Write | Cut], dice: Random) -> Iterator[Write | Cut]:
    """Yield some sectors of what was not synced, in any order."""
    pieces: list[Write | Cut] = []
    for one in waiting:
        if isinstance(one, Cut):
            pieces.append(one)
            continue
        pieces += [
            Write(one.name, one.offset + begin, one.data[begin : begin + SECTOR])
            for begin in range(0, len(one.data), SECTOR)
        ]
    dice.shuffle(pieces)
    yield from pieces[: dice.randint(0, len(pieces))]


def _apply(files: dict[str, bytearray], step: Write | Cut) -> None:
    data = files.setdefault(step.name, bytearray())
    if isinstance(step, Cut):
        del data[step.size :]
        return
    data.extend(bytes(max(0, step.offset - len(data))))
    data[step.offset : step.offset + len(step.data)] = step.data


class _File(apsw.VFSFile):
    """Hands everything on to the real file, and keeps note."""

    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", cast("str", name), cast("Any", flags))
        self._disk = disk
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name)).name

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        cast("Any", super()).xWrite(data, offset)
        self._disk.steps.append(Write(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        super().xTruncate(newsize)
        self._disk.steps.append(Cut(self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        super().xSync(flags)
        self._disk.steps.append(Sync(self._name))


class _Vfs(apsw.VFS):
    """Opens files that keep note."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk = disk
        super().__init__(name, base="")

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802, ANN401 - SQLite's own
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's own
        super().xDelete(filename, syncdir)
        self._disk.steps.append(Delete(Path(filename).name))


class Recorded:
    """A write connection on a disk that keeps note; what the journal uses of one."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._vfs = _Vfs(disk, f"power-{id(disk)}")
        self._connection: Any = apsw.Connection(str(path), vfs=f"power-{id(disk)}")
        # The library's own shared memory does not pass through a recorded file: without it, one connection needs none.
        self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        prepare(cast("sqlite3.Connection", self), path, made=True)

    def execute(self, statement: str, bindings: tuple[Any, ...] = ()) -> Any:  # noqa: ANN401 - a cursor like the standard library's
        return self._connection.execute(statement, bindings)

    def rollback(self) -> None:
        self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()
        self._vfs.unregister()
