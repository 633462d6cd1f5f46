"""Speed at many memories: ingest one by one and in batches, search, rebuild size."""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hermes_tui.capabilities.memory.database import IndexDatabase
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.ranking import Recall, Search
from tests.bench_memory.measures import percentile

BATCH = 500
SINGLE = 2_000
QUERIES = 200
VOCABULARY = 20_000
THREAD = 200


def report(count: int) -> None:
    """Print ingest rates, search times and memory with `count` memories of made-up talk (words follow Zipf's law)."""
    random.seed(7)
    items = list(_talk(count))
    with tempfile.TemporaryDirectory() as folder:
        index = MemoryIndex(IndexDatabase(Path(folder) / "index.db"))
        before = _resident_mb()
        batched = _batched(index, items[:-SINGLE])
        single = _singly(index, items[-SINGLE:])
        recall = Recall(index)
        times = [_search(recall, item) for item in random.sample(items, QUERIES)]
        found = sum(hit for _, hit in times)
        seconds = [elapsed for elapsed, _ in times]
        size_mb = (Path(folder) / "index.db").stat().st_size / 1e6
        index.database.close()
    _say(
        f"{count} memories: ingest {batched:,.0f}/s in batches of {BATCH}, {single:,.0f}/s singly, searchable on return"
    )
    p50, p95 = percentile(seconds, 0.5) * 1e3, percentile(seconds, 0.95) * 1e3
    _say(
        f"search p50 {p50:.1f} ms, p95 {p95:.1f} ms; what was asked for was in the first ten {found} of {QUERIES} times"
    )
    _say(f"index.db {size_mb:.0f} MB; resident set grew by {_resident_mb() - before:.0f} MB at most")


def _talk(count: int) -> Iterator[Item]:
    words = [_word(number) for number in range(VOCABULARY)]
    shares = [1 / (rank + 10) for rank in range(VOCABULARY)]
    for number in range(count):
        text = " ".join(random.choices(words, shares, k=random.randint(6, 30)))
        yield Item(
            id=f"m{number}",
            text=text,
            thread=f"t{number // THREAD}",
            speaker=f"Speaker{number % 7}",
            at=1.7e9 + number,
        )


def _word(number: int) -> str:
    """Return a pronounceable word that no stemmer touches."""
    parts: list[str] = []
    for _ in range(3):
        number, rest = divmod(number, 60)
        parts.append("bdfgklmnprtv"[rest % 12] + "aeiou"[rest // 12])
    return "".join(parts) + "k"


def _batched(index: MemoryIndex, items: list[Item]) -> float:
    started = time.perf_counter()
    for start in range(0, len(items), BATCH):
        index.add(items[start : start + BATCH])
    return len(items) / (time.perf_counter() - started)


def _singly(index: MemoryIndex, items: list[Item]) -> float:
    started = time.perf_counter()
    for item in items:
        index.add([item])
    return len(items) / (time.perf_counter() - started)


def _search(recall: Recall, item: Item) -> tuple[float, bool]:
    """Ask for an item by two to five of its words; return the seconds and whether it was among the first ten."""
    words = item.text.split()
    query = " ".join(random.sample(words, min(len(words), random.randint(2, 5))))
    started = time.perf_counter()
    hits = recall.search(Search(text=query, now=1.8e9, most=10, layers=(Layer.EPISODE,)))
    return time.perf_counter() - started, any(hit.item.id == item.id for hit in hits)


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
