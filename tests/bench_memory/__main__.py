"""`make bench-memory`: recall on dialogues and documents, then speed at 100,000 memories."""

from __future__ import annotations

import sys

from tests.bench_memory.dialogues import FILE, folder
from tests.bench_memory.nearest import report as nearest
from tests.bench_memory.quality import report as quality
from tests.bench_memory.speed import report as speed
from tests.bench_memory.writes import report as writes


def main() -> int:
    """Print every report; what cannot be measured here is said, not hidden."""
    quality(folder() / FILE)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    speed(count)
    nearest(count)
    writes()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
