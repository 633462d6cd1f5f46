"""What a figure says: samples of ours and of a baseline, a bar, and the verdict."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Whether a bar was met."""

    PASS = "pass"
    FAIL = "FAIL"
    NO_BAR = "-"
    NOT_RUN = "not run"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Samples:
    """The values of several runs, in the order they were taken."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The least value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The greatest value."""
        return max(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What must hold: `value` bounds the ratio to the baseline, or ours where there is no `ratio`.

    `least` turns the bound around: more is better. `goal` is where the bar may go next.
    """

    value: float
    ratio: bool = False
    least: bool = False
    goal: float | None = None

    def holds(self, measured: float) -> bool:
        """Say whether a measured value meets the bar."""
        return measured >= self.value if self.least else measured <= self.value

    def __str__(self) -> str:
        """Return the bar as it is read."""
        sign, unit = ("≥" if self.least else "≤"), (" ×" if self.ratio else "")
        goal = f" (goal {self.goal:g})" if self.goal is not None else ""
        return f"{sign} {self.value:g}{unit}{goal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. Without `ours` it was not measured, `note` says why; `broken` if that is a fault."""

    figure: str
    what: str
    unit: str
    ours: Samples | None = None
    baseline: Samples | None = None
    against: str = ""
    bar: Bar | None = None
    note: str = ""
    broken: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours over the baseline: the median over the pairs that ran beside each other."""
        if self.ours is None or self.baseline is None:
            return None
        pairs = zip(self.ours.values, self.baseline.values, strict=False)
        ratios = [ours / theirs for ours, theirs in pairs if theirs > 0]
        return statistics.median(ratios) if ratios else None

    @property
    def verdict(self) -> Verdict:
        """Whether the bar is met by the median."""
        if self.broken:
            return Verdict.BROKEN
        if self.ours is None:
            return Verdict.NOT_RUN
        if self.bar is None:
            return Verdict.NO_BAR
        measured = self.ratio if self.bar.ratio else self.ours.median
        if measured is None:
            return Verdict.NOT_RUN
        return Verdict.PASS if self.bar.holds(measured) else Verdict.FAIL

    def to_json(self) -> dict[str, Any]:
        """Return everything, raw samples included."""
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict.value}
