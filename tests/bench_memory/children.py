"""What is measured in a process of its own: sqlite-vec, where another Python loads it, and a search with its memory."""

from __future__ import annotations

import importlib.util
import json
import resource
import shutil
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench_memory.measures import percentile, say

LIMIT_S = 1_800
_LOADS = "import sqlite3; sqlite3.connect(':memory:').enable_load_extension(True)"


def sqlite_vec(path: Path, queries: Sequence[bytes], rounds: int) -> None:
    """Print how long sqlite-vec takes over every vector of an index, exactly; any Python that loads it will do."""
    package = importlib.util.find_spec("sqlite_vec")
    python = next((python for python in _pythons() if _runs(python, _LOADS)), None)
    if package is None or package.origin is None or python is None:
        what = "it is not installed" if package is None else "no Python here loads extensions into SQLite"
        say(f"sqlite-vec: not measured, {what}")
        return
    asked = {
        "index": str(path),
        "extension": str(Path(package.origin).with_name("vec0")),
        "queries": [b64encode(body).decode() for body in queries],
        "rounds": rounds,
    }
    found = _child([python, str(Path(__file__).with_name("sqlite_vec_alone.py"))], asked)
    _tell(f"sqlite-vec {found['version']}, every vector exactly (vec0)", found["rounds"])


def whole_search(path: Path, asked: Sequence[tuple[str, bytes]], rounds: int) -> None:
    """Print how long a search takes by words, and by words and vectors, and what memory takes for it."""
    given = {"index": str(path), "asked": [(text, b64encode(body).decode()) for text, body in asked], "rounds": rounds}
    found = _child([sys.executable, "-m", "tests.bench_memory.children"], given)
    for name, each in found["searches"].items():
        _tell(name, each)
    say(f"resident set of that process grew by {found['grown_mb']:.0f} MB over a bare Python, no model loaded")


def _search() -> None:
    """Search as the line on stdin says; print seconds, and by how much the process grew for it."""
    given = json.loads(sys.stdin.readline())
    before = _resident_mb()
    searches = _timed(given)
    sys.stdout.write(json.dumps({"searches": searches, "grown_mb": _resident_mb() - before}))


def _timed(given: Mapping[str, Any]) -> dict[str, list[list[float]]]:
    # imported here, since what this costs is what is measured
    from hermes_tui.capabilities.memory.database import GIVEN, IndexDatabase  # noqa: PLC0415 - see above
    from hermes_tui.capabilities.memory.index import MemoryIndex  # noqa: PLC0415 - see above
    from hermes_tui.capabilities.memory.items import Layer  # noqa: PLC0415 - see above
    from hermes_tui.capabilities.memory.ranking import Recall, Search  # noqa: PLC0415 - see above
    from hermes_tui.capabilities.memory.vectors import Query  # noqa: PLC0415 - see above
    from hermes_tui.services.memory.scans import best_scan  # noqa: PLC0415 - see above

    database = IndexDatabase(Path(given["index"]))
    recall = Recall(MemoryIndex(database, best_scan(database)))
    found: dict[str, list[list[float]]] = {}
    for name, by_vector in (("search by words", False), ("search by words and vectors", True)):
        rounds: list[list[float]] = []
        for _ in range(given["rounds"] + 1):
            seconds: list[float] = []
            for text, body in given["asked"]:
                query = Query(GIVEN, b64decode(body)) if by_vector else None
                started = time.perf_counter()
                recall.search(Search(text=text, now=1.8e9, layers=(Layer.EPISODE,), query=query))
                seconds.append(time.perf_counter() - started)
            rounds.append(seconds)
        found[name] = rounds[1:]
    database.close()
    return found


def _pythons() -> Iterator[str]:
    """Yield this Python, then those of the system."""
    yield sys.executable
    for folder in ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"):
        if (found := shutil.which("python3", path=folder)) is not None:
            yield found


def _runs(python: str, code: str) -> bool:
    return subprocess.run([python, "-I", "-c", code], capture_output=True, timeout=60, check=False).returncode == 0


def _child(argv: list[str], given: object) -> dict[str, Any]:
    done = subprocess.run(
        argv, input=json.dumps(given) + "\n", capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _tell(name: str, rounds: list[list[float]]) -> None:
    p50, p95 = (min(percentile(each, share) for each in rounds) * 1e3 for share in (0.5, 0.95))
    say(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, the best of {len(rounds)} rounds")


def _resident_mb() -> float:
    """Return the largest resident set so far; what `getrusage` says begins with that of the process that forked."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    _search()
