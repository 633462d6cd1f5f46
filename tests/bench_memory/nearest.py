"""Vectors at many memories: each way to compare them, and a whole search by words and vectors, in one run."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hermes_tui.capabilities.memory import extension
from hermes_tui.capabilities.memory.database import GIVEN, Connection, IndexDatabase
from hermes_tui.capabilities.memory.extension import ExtensionScan
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.capabilities.memory.matrix import MatrixScan
from hermes_tui.capabilities.memory.ranking import Recall, Search
from hermes_tui.capabilities.memory.scan import Scan, SignScan
from hermes_tui.capabilities.memory.vectors import Query
from tests.bench_memory.measures import percentile
from tests.bench_memory.speed import query_of, talk

SIZE = 384
CENTRES = 400
QUERIES = 40
ROUNDS = 3
MOST = 50
Nearest = Callable[[Query], Sequence[int]]


def report(count: int) -> None:
    """Print the times of `count` clustered made-up vectors, and how many of the exact ten each way found."""
    chance = np.random.default_rng(3)
    random.seed(9)
    centres = chance.normal(size=(CENTRES, SIZE)).astype(np.float32)
    bodies = [_near(chance, centres) for _ in range(count)]
    queries = [Query(GIVEN, _near(chance, centres)) for _ in range(QUERIES)]
    with tempfile.TemporaryDirectory() as folder:
        index = MemoryIndex(IndexDatabase(Path(folder) / "index.db"), MatrixScan())
        items = [replace(item, vector=body) for item, body in zip(talk(count), bodies, strict=True)]
        for start in range(0, count, 500):
            index.add(items[start : start + 500])
        with index.database.reading() as connection:
            exact = _exact(connection)
            wanted = [set(exact(query)[:10]) for query in queries]
            _tell(f"numpy, every vector exactly, {count * SIZE * 4 / 1e6:.0f} MB kept", exact, queries, wanted)
            scans: list[Scan] = [MatrixScan(), SignScan(), *_extension(connection)]
            for scan in scans:
                _tell(f"hermes: {scan.name}", _by(scan, connection), queries, wanted)
        texts = [query_of(item) for item in random.sample(items, QUERIES)]
        _whole(index, list(zip(texts, queries, strict=True)))
        index.database.close()


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
    return lambda query: scan.nearest(connection, Layer.EPISODE, query, MOST)


def _extension(connection: Connection) -> list[Scan]:
    if extension.loads(connection):
        return [ExtensionScan(), ExtensionScan(exact=sys.maxsize)]
    _say("sqlite-vec: not measured, this Python's SQLite loads no extensions")
    return []


def _tell(name: str, nearest: Nearest, queries: Sequence[Query], wanted: Sequence[set[int]]) -> None:
    started = time.perf_counter()
    nearest(queries[0])
    first = time.perf_counter() - started
    rounds: list[list[float]] = []
    shared = 0
    for _ in range(ROUNDS):
        seconds: list[float] = []
        shared = 0
        for query, right in zip(queries, wanted, strict=True):
            started = time.perf_counter()
            found = nearest(query)
            seconds.append(time.perf_counter() - started)
            shared += len(right & set(found[:10]))
        rounds.append(seconds)
    p50, p95 = (min(percentile(each, share) for each in rounds) * 1e3 for share in (0.5, 0.95))
    share = 100 * shared / (10 * len(queries))
    _say(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {share:.1f} % of the exact ten; first {first * 1e3:.0f} ms")


def _whole(index: MemoryIndex, asked: Sequence[tuple[str, Query]]) -> None:
    recall = Recall(index)
    rounds: list[list[float]] = []
    for _ in range(ROUNDS + 1):
        seconds: list[float] = []
        for text, query in asked:
            started = time.perf_counter()
            recall.search(Search(text=text, now=1.8e9, most=10, layers=(Layer.EPISODE,), query=query))
            seconds.append(time.perf_counter() - started)
        rounds.append(seconds)
    p50, p95 = (min(percentile(each, share) for each in rounds[1:]) * 1e3 for share in (0.5, 0.95))
    _say(f"search by words and vectors: p50 {p50:.1f} ms, p95 {p95:.1f} ms, the best of {ROUNDS} rounds")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
