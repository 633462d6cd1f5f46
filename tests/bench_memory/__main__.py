"""`make bench-memory`: recall on long dialogues, then speed at 100,000 memories."""

from __future__ import annotations

import sys

from tests.bench_memory.dialogues import FILE, folder
from tests.bench_memory.quality import report as quality
from tests.bench_memory.speed import report as speed


def main() -> int:
    """Print both reports; a missing dialogue set is said, not hidden."""
    path = folder() / FILE
    if path.is_file():
        quality(path)
    else:
        say(f"recall: not measured, there is no {path}; set HERMES_BENCH_LOCOMO to the folder that holds {FILE}.")
    speed(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    return 0


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
