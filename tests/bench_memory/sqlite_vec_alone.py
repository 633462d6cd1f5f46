"""Times sqlite-vec over a copy of an index's vectors; run by whichever Python loads it, so it imports nothing else."""

from __future__ import annotations

import base64
import json
import sqlite3
import sys
import time
from typing import Any

MOST = 100


def main() -> None:
    """Answer the line on stdin with the version and the seconds of each round."""
    given = json.loads(sys.stdin.readline())
    connection = _filled(given["index"], given["extension"])
    queries = [base64.b64decode(text) for text in given["queries"]]
    rounds = [[_search(connection, query) for query in queries] for _ in range(given["rounds"] + 1)]
    (version,) = connection.execute("SELECT vec_version()").fetchone()
    sys.stdout.write(json.dumps({"version": version, "rounds": rounds[1:]}))


def _filled(index: str, extension: str) -> sqlite3.Connection:
    connection: Any = sqlite3.connect(":memory:")
    connection.enable_load_extension(True)
    connection.load_extension(extension)
    connection.execute("ATTACH ? AS memory", (f"{index}",))
    (size,) = connection.execute("SELECT length(body) / 4 FROM memory.numbers LIMIT 1").fetchone()
    connection.execute(f"CREATE VIRTUAL TABLE vectors USING vec0(body float[{size}])")
    connection.execute("INSERT INTO vectors(rowid, body) SELECT no, body FROM memory.numbers")
    found: sqlite3.Connection = connection
    return found


def _search(connection: sqlite3.Connection, query: bytes) -> float:
    started = time.perf_counter()
    found = "SELECT rowid FROM vectors WHERE body MATCH ? AND k = ? ORDER BY distance"
    connection.execute(found, (query, MOST)).fetchall()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
