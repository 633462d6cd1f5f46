"""What every figure is given: how often to run, where to write, and a fair order of turns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from tests.bench.rows import Samples

Measure = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """How often each figure is taken, and a folder of its own on a real disk."""

    runs: int
    folder: Path

    def new_folder(self, name: str) -> Path:
        """Return a new, empty folder."""
        return Path(mkdtemp(prefix=f"{name}-", dir=self.folder))

    def alternate(self, *measures: Measure, runs: int | None = None) -> tuple[Samples, ...]:
        """Take turns: one warm-up each, then as often as asked, each round in the opposite order of the last.

        What else the machine does then falls on ours and the baselines alike.
        """
        for measure in measures:
            measure()
        taken: list[list[float]] = [[] for _ in measures]
        for turn in range(runs or self.runs):
            order = list(enumerate(measures))
            for at, measure in reversed(order) if turn % 2 else order:
                taken[at].append(measure())
        return tuple(Samples(tuple(values)) for values in taken)


def say(line: str) -> None:
    """Tell the operator on stderr how far the bench is."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
