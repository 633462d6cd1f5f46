"""`make bench-memory`: recall on dialogues and documents, then speed at 100,000 memories."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from tests.bench_memory.dialogues import FILE, folder
from tests.bench_memory.nearest import report as nearest
from tests.bench_memory.quality import report as quality
from tests.bench_memory.speed import report as speed
from tests.bench_memory.writes import report as writes

COUNT = 100_000
PARTS: Mapping[str, str] = {
    "quality": "recall@5/10/20, MRR and nDCG@10 beside FTS5-BM25 and, with MiniLM, vectors alone and RRF",
    "speed": "ingest, search by words and rebuild, at --count memories",
    "nearest": "each way to compare vectors, and search by words and vectors, at --count memories (needs numpy)",
    "writes": "how soon a note is durable, and in git, beside 1,000 others",
}


def main(argv: list[str] | None = None) -> int:
    """Print the reports that were asked for; what cannot be measured here is said, not hidden."""
    parser = _parser()
    asked = parser.parse_args(argv)
    if unknown := sorted(set(asked.parts) - set(PARTS)):
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    reports: Mapping[str, Callable[[], None]] = {
        "quality": lambda: quality(folder() / FILE),
        "speed": lambda: speed(asked.count),
        "nearest": lambda: nearest(asked.count),
        "writes": writes,
    }
    for part in asked.parts or PARTS:
        reports[part]()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench_memory",
        description='Measure memory; `make bench-memory ARGS="speed --count 20000"` does the same.',
        epilog="parts:\n" + "\n".join(f"  {name:8} {what}" for name, what in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="what to measure (all)")
    parser.add_argument("--count", type=int, default=COUNT, help=f"so many memories ({COUNT:,})")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
