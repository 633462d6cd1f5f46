"""Vectors at many memories: each way to compare them, and a whole search by words and vectors, in one run."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hermes_tui.capabilities.memory.database import GIVEN, Connection, IndexDatabase
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.matrix import MatrixScan
from hermes_tui.capabilities.memory.scan import Scan, SignScan
from hermes_tui.capabilities.memory.vectors import Query
from tests.bench_memory import children
from tests.bench_memory.measures import percentile, say
from tests.bench_memory.speed import query_of, talk

SIZE = 384
CENTRES = 400
QUERIES = 40
ROUNDS = 3
MOST = 100
SHOWN = (10, 50, 100)
Nearest = Callable[[Query], Sequence[int]]


def report(count: int) -> None:
    """Print the times of `count` clustered made-up vectors, and how many of the exactly nearest each way found."""
    chance = np.random.default_rng(3)
    random.seed(9)
    centres = chance.normal(size=(CENTRES, SIZE)).astype(np.float32)
    bodies = [_near(chance, centres) for _ in range(count)]
    queries = [Query(GIVEN, _near(chance, centres)) for _ in range(QUERIES)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.db"
        items = _fill(path, bodies)
        database = IndexDatabase(path)
        with database.reading() as connection:
            exact = _exact(connection)
            wanted = [list(exact(query)) for query in queries]
            _tell(f"numpy, every vector exactly, {count * SIZE * 4 / 1e6:.0f} MB kept", exact, queries, wanted)
            children.sqlite_vec(path, [query.body for query in queries], ROUNDS)
            scans: list[Scan] = [MatrixScan(), SignScan()]
            for scan in scans:
                _tell(f"hermes: {scan.name}", _by(scan, connection), queries, wanted)
        database.close()
        del exact, bodies
        asked = [
            (query_of(item), query.body) for item, query in zip(random.sample(items, QUERIES), queries, strict=True)
        ]
        children.whole_search(path, asked, ROUNDS)


def _fill(path: Path, bodies: Sequence[bytes]) -> list[Item]:
    index = MemoryIndex(IndexDatabase(path))
    items = [replace(item, vector=body) for item, body in zip(talk(len(bodies)), bodies, strict=True)]
    for start in range(0, len(items), 500):
        index.add(items[start : start + 500])
    index.database.close()
    return items


def _near(chance: np.random.Generator, centres: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> bytes:
    vector = centres[chance.integers(CENTRES)] + chance.normal(0, 0.8, SIZE)
    body: bytes = (vector / np.linalg.norm(vector)).astype("<f4").tobytes()
    return body


def _exact(connection: Connection) -> Nearest:
    rows = connection.execute("SELECT row, body FROM item JOIN vector USING(digest) JOIN numbers USING(no)").fetchall()
    matrix = np.frombuffer(b"".join(body for _, body in rows), "<f4").reshape(len(rows), -1)
    places = np.array([row for row, _ in rows])

    def nearest(query: Query) -> Sequence[int]:
        near = matrix @ np.frombuffer(query.body, "<f4")
        best = np.argpartition(-near, MOST)[:MOST]
        found: list[int] = places[best[np.argsort(-near[best])]].tolist()
        return found

    return nearest


def _by(scan: Scan, connection: Connection) -> Nearest:
    return lambda query: list(scan.nearest(connection, Layer.EPISODE, query, MOST))


def _tell(name: str, nearest: Nearest, queries: Sequence[Query], wanted: Sequence[Sequence[int]]) -> None:
    started = time.perf_counter()
    nearest(queries[0])
    first = time.perf_counter() - started
    rounds: list[list[float]] = []
    found: list[Sequence[int]] = []
    for _ in range(ROUNDS):
        seconds: list[float] = []
        found = []
        for query in queries:
            started = time.perf_counter()
            found.append(nearest(query))
            seconds.append(time.perf_counter() - started)
        rounds.append(seconds)
    p50, p95 = (min(percentile(each, share) for each in rounds) * 1e3 for share in (0.5, 0.95))
    shares = ", ".join(f"{_shared(found, wanted, most):.1f} % of the exact {most}" for most in SHOWN)
    say(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {shares}; first {first * 1e3:.0f} ms")


def _shared(found: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]], most: int) -> float:
    """Return how many percent of the exactly nearest `most` are among as many of those found."""
    pairs = zip(found, wanted, strict=True)
    return 100 * sum(len(set(got[:most]) & set(right[:most])) for got, right in pairs) / (most * len(wanted))
