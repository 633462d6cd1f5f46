"""The modules of a start, compiled, in one file: to find and open five hundred takes longer than to run many of them.

Python searches several folders for each module, asks after its source, and opens, reads and checks a file of its own. A
bundle makes the same checks with one question to the system for each, and reads from one open file. It stands before
`PathFinder` as any finder may, and hands out a module only if Python would find the same one:

- its source has the size and the time that it had when it was compiled, as for a file in `__pycache__`;
- nothing was put into its folder since, or taken away;
- no folder that comes earlier on `sys.path` holds that name now.

All else is left to Python, and the file is written anew when the start is over. It lies in `__pycache__`, beside what
it is made of: whoever may write there may write the modules themselves. Where Python is to write no compiled modules,
neither does this.
"""

from __future__ import annotations

import marshal
import os
import sys
import threading
import time
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

from hermes_tui.version import VERSION

TYPE_CHECKING = False
"""As `typing` has it, which is not loaded yet."""
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import CodeType, ModuleType
    from typing import Any, BinaryIO, Final

    Place = tuple[str, str, str]
    """Of a module: the folder that was searched, its path in there, and the path of Python's own compiled file."""
    Row = tuple[str, str, str, int, int, int, int]
    """Its place, when its source was written (ns) and the size of that, where its code begins in the file, its size."""

MARK: Final = b"hermes modules 1"
"""Ends a whole file; the length of the index stands before it, the index before that, the code of each module first."""
LENGTH: Final = 8
MADE_FOR: Final = (VERSION, sys.version, sys.prefix)
TICK_NS: Final = 20_000_000
"""How late the clock of a file system may be, which moves with the system's ticks."""
UNREADABLE: Final = (OSError, EOFError, ValueError, TypeError, KeyError)
"""What reading a file says that is missing, cut off or damaged."""


class Bundle:
    """A finder of modules that were loaded at an earlier start."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.served: set[str] = set()
        self._file: int | None = None
        self._rows: dict[str, Row] = {}
        self._times: dict[str, int] = {}
        self._unchanged: dict[str, bool] = {}
        self._elsewhere: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._before = frozenset(sys.modules)
        self._folders = [one for one in sys.path if os.path.isabs(one)]
        self._began_ns = time.time_ns() - TICK_NS

    def open(self) -> None:
        """Stand before Python's own finder; with nothing to offer if there is no file that fits."""
        with suppress(*UNREADABLE):
            self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            made_for, folders, tops, self._times, rows = _index(self._file)
            same_order = [one for one in sys.path if one in folders] == [one for one in folders if one in sys.path]
            if made_for == MADE_FOR and same_order:
                self._elsewhere = frozenset(_elsewhere(tops, self._times))
                self._rows = rows
        sys.meta_path.insert(sys.meta_path.index(PathFinder), self)

    def find_spec(self, name: str, path: Sequence[str] | None = None, _: ModuleType | None = None) -> ModuleSpec | None:
        """Return what loads a module, None if that is for another to find."""
        row = self._rows.get(name)
        if row is None or not self._is_found(name, row) or (path is not None and list(path) != [row[0]]):
            return None
        folder, tail, cached, *_rest = row
        source = f"{folder}/{tail}"
        spec = ModuleSpec(name, _Loader(name, source, self), origin=source)
        spec.has_location = True
        spec.cached = cached
        if tail.endswith("/__init__.py"):
            spec.submodule_search_locations = [source.removesuffix("/__init__.py")]
        return spec

    def code(self, name: str, source: str) -> CodeType | None:
        """Return the code of a module, None if its source is not the one that was compiled."""
        with suppress(*UNREADABLE):
            *_, changed_ns, size, at, length = self._rows[name]
            now = os.stat(source)
            if (now.st_mtime_ns, now.st_size) == (changed_ns, size):
                code: CodeType = marshal.loads(self._read(at, length))  # noqa: S302 - as Python does
                self.served.add(name)
                return code
        return None

    def _read(self, at: int, length: int) -> bytes:
        # Another thread may load something at the moment in which the file is closed.
        with self._lock:
            return b"" if self._file is None else os.pread(self._file, length, at)

    def close(self) -> None:
        """Stand aside; what was loaded stays."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        with self._lock:
            file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def keep(self) -> None:
        """Stand aside, and write down what this start has loaded if it was not all here; once, from any thread."""
        if self not in sys.meta_path:
            return
        self.close()
        loaded = {name: place for name, place in _loaded() if name not in self._before}
        if not sys.dont_write_bytecode and not loaded.keys() <= self.served:
            known = {name: row[:3] for name, row in self._rows.items() if self._is_found(name, row)}
            with suppress(OSError):
                self._write(known | loaded)

    def _write(self, places: Mapping[str, Place]) -> None:
        """Put a file of modules in the place of what is there.

        Raises:
            OSError: it cannot be written.
        """
        times = {folder: _time_of(folder) for folder in {*self._folders, *(place[0] for place in places.values())}}
        # Where something was put during the start, Python may find another module from now on.
        times = {folder: changed_ns for folder, changed_ns in times.items() if changed_ns < self._began_ns}
        places = {name: place for name, place in places.items() if place[0] in times}
        tops = {name: place[0] for name, place in places.items() if "." not in name}
        fresh = f"{self.path}.{os.getpid()}"
        try:
            with open(fresh, "xb") as file:
                index = marshal.dumps((MADE_FOR, self._folders, tops, times, dict(_code_into(file, places))))
                file.write(index + len(index).to_bytes(LENGTH, "little") + MARK)
            os.replace(fresh, self.path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(fresh)

    def _is_found(self, name: str, row: Row) -> bool:
        """Whether Python would still find a module where it was."""
        folder = row[0]
        unchanged = self._unchanged.get(folder)
        if unchanged is None:
            unchanged = self._unchanged[folder] = self._times.get(folder) == _time_of(folder)
        return unchanged and name.partition(".")[0] not in self._elsewhere


class _Loader(SourceFileLoader):
    """Loads a module from a bundle; everything else that loaders are asked is answered by its source."""

    def __init__(self, name: str, source: str, bundle: Bundle) -> None:
        super().__init__(name, source)
        self._bundle = bundle

    def get_code(self, fullname: str) -> CodeType | None:
        """Return its code, compiled anew where the bundle does not have it."""
        return self._bundle.code(fullname, self.path) or super().get_code(fullname)


def of_workstation() -> Bundle:
    """Return the bundle of the workstation's start, open."""
    spec = __spec__
    bundle = Bundle(f"{os.path.splitext(spec.cached or '')[0]}.modules")
    bundle.open()
    return bundle


def _index(file: int) -> Any:  # noqa: ANN401 - as it was written; who reads it meets what is not so as an error
    end = os.fstat(file).st_size - LENGTH - len(MARK)
    foot = os.pread(file, LENGTH + len(MARK), end)
    if foot[LENGTH:] != MARK:
        raise ValueError(foot)
    length = int.from_bytes(foot[:LENGTH], "little")
    return marshal.loads(os.pread(file, length, end - length))  # noqa: S302 - as Python does, from the same folder


def _elsewhere(tops: dict[str, str], times: dict[str, int]) -> Iterator[str]:
    """Yield each name that Python would no longer find in its folder: an earlier one has it, or the folder is gone.

    A folder in which nothing was put since need not be read; the current folder, where it is searched, always is.
    """
    places = {folder: at for at, folder in reversed(list(enumerate(sys.path)))}
    yield from (name for name, folder in tops.items() if folder not in places)
    for at, folder in enumerate(sys.path):
        if os.path.isabs(folder) and times.get(folder) == _time_of(folder):
            continue
        for file in _names_in(folder or "."):
            top = file.partition(".")[0]
            if top in tops and at < places.get(tops[top], 0):
                yield top


def _names_in(folder: str) -> Sequence[str]:
    """Return the names in a folder; a folder that is none holds nothing.

    Raises:
        NotADirectoryError: it is an archive, which may hold any name.
    """
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return ()


def _time_of(folder: str) -> int:
    """Return when something was last put into a folder or taken away, in ns; -1 if there is none."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -1


def _loaded() -> Iterator[tuple[str, Place]]:
    """Yield each module that stands where its name says, below a folder of `sys.path`, and where that is."""
    for name, module in list(sys.modules.items()):
        spec: ModuleSpec | None = getattr(module, "__spec__", None)
        if spec is None or spec.name != name or not isinstance(spec.loader, SourceFileLoader) or not spec.cached:
            continue
        parent, _, last = name.rpartition(".")
        inside = spec.submodule_search_locations
        tail = f"{last}.py" if inside is None else f"{last}/__init__.py"
        folder = spec.loader.path.removesuffix(f"/{tail}")
        top = folder.removesuffix("/" + parent.replace(".", "/")) if parent else folder
        stands = spec.loader.path == f"{folder}/{tail}" and top in sys.path and os.path.isabs(folder)
        if stands and (inside is None or list(inside) == [os.path.dirname(spec.loader.path)]):
            yield name, (folder, tail, spec.cached)


def _code_into(file: BinaryIO, places: Mapping[str, Place]) -> Iterator[tuple[str, Row]]:
    """Write the code of each module that is still there; yield where it stands."""
    for name, (folder, tail, cached) in places.items():
        source = f"{folder}/{tail}"
        with suppress(OSError, ImportError, SyntaxError):
            before = os.stat(source)
            code = marshal.dumps(SourceFileLoader(name, source).get_code(name))
            if os.stat(source).st_mtime_ns == before.st_mtime_ns:
                at = file.tell()
                file.write(code)
                yield name, (folder, tail, cached, before.st_mtime_ns, before.st_size, at, len(code))
