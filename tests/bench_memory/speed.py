"""Speed at many memories: put in, found again by words and by vectors, made anew; beside the plain ways to do it."""

from __future__ import annotations

import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hermes_tui.capabilities.memory.database import IndexDatabase
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.ranking import Recall, Search
from hermes_tui.services.memory.documents import Documents
from tests.bench_memory.measures import percentile, say

BATCH = 500
SINGLE = 2_000
QUERIES = 200
ROUNDS = 3
VOCABULARY = 20_000
THREAD = 200
PASSAGES = 500
"""Passages of one document."""


def report(count: int) -> None:
    """Print rates, times and memory with `count` memories of made-up talk (words follow Zipf's law)."""
    random.seed(7)
    items = list(talk(count))
    with tempfile.TemporaryDirectory() as folder:
        index = MemoryIndex(IndexDatabase(Path(folder) / "index.db"))
        before = _resident_mb()
        batched = _batched(index, items[:-SINGLE])
        single = _singly(index, items[-SINGLE:])
        found, rounds = _searches(Recall(index), random.sample(items, QUERIES))
        size_mb = (Path(folder) / "index.db").stat().st_size / 1e6
        index.database.close()
    say(
        f"{count:,} memories: ingest {batched:,.0f}/s in batches of {BATCH}, {single:,.0f}/s singly, "
        "searchable on return"
    )
    p50, p95 = (min(percentile(each, share) for each in rounds) * 1e3 for share in (0.5, 0.95))
    say(
        f"search by words: p50 {p50:.1f} ms, p95 {p95:.1f} ms, the best of {ROUNDS} rounds; "
        f"what was asked for was in the first ten {found} of {QUERIES} times"
    )
    say(f"index.db {size_mb:.0f} MB; resident set grew by {_resident_mb() - before:.0f} MB at most")
    _rebuild(items)


def talk(count: int) -> Iterator[Item]:
    """Yield made-up turns of talk."""
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


def _searches(recall: Recall, items: list[Item]) -> tuple[int, list[list[float]]]:
    """Ask for each item several times over; return how many were found, and the seconds of each round."""
    asked = [(query_of(item), item.id) for item in items]
    rounds: list[list[float]] = []
    found = 0
    for _ in range(ROUNDS):
        timed = [_search(recall, query, item_id) for query, item_id in asked]
        found = sum(hit for _, hit in timed)
        rounds.append([elapsed for elapsed, _ in timed])
    return found, rounds


def query_of(item: Item) -> str:
    """Return two to five words of an item."""
    words = item.text.split()
    return " ".join(random.sample(words, min(len(words), random.randint(2, 5))))


def _search(recall: Recall, query: str, item_id: str) -> tuple[float, bool]:
    """Return the seconds, and whether the item was among the first ten."""
    started = time.perf_counter()
    hits = recall.search(Search(text=query, now=1.8e9, most=10, layers=(Layer.EPISODE,)))
    return time.perf_counter() - started, any(hit.item.id == item_id for hit in hits)


def _rebuild(items: list[Item]) -> None:
    """Write the texts as documents and make an index from the files alone."""
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts"
        texts.mkdir()
        for start in range(0, len(items), PASSAGES):
            # a passage holds several hundred characters, so each text fills one
            part = (" ".join([item.text] * 8) for item in items[start : start + PASSAGES])
            (texts / f"{start}.txt").write_text("\n\n".join(part), encoding="utf-8")
        index = MemoryIndex(IndexDatabase(Path(folder) / "index.db"))
        documents = Documents(index, Path(folder) / "documents.json", time.time)
        started = time.perf_counter()
        documents.ingest(texts)
        seconds = time.perf_counter() - started
        passages = index.counts()["document"]
        index.database.close()
    say(f"rebuild from files: {passages:,} passages in {seconds:.1f} s, {passages / seconds:,.0f}/s")


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
