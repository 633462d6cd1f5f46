"""Measures of a ranking: recall, reciprocal rank and discounted gain, averaged over questions."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

NAMES = ("R@5", "R@10", "R@20", "MRR", "nDCG@10")


def measure(ranked: Sequence[str], wanted: AbstractSet[str]) -> tuple[float, ...]:
    """Return each of `NAMES` for one question."""
    recalls = (len(wanted & set(ranked[:most])) / len(wanted) for most in (5, 10, 20))
    places = [place for place, item in enumerate(ranked) if item in wanted]
    gain = sum(1 / math.log2(place + 2) for place in places if place < 10)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(10, len(wanted))))
    return *recalls, 1 / (places[0] + 1) if places else 0.0, gain / ideal


def mean(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Return the mean of each column, in percent."""
    return tuple(100 * sum(column) / len(rows) for column in zip(*rows, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(line: str) -> None:
    """Print a line at once, so that a long run shows how far it is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
