"""When something that failed is tried again: a circuit that opens, and one probe that closes it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hermes_tui.domain.values import frozen, replace

THRESHOLD: Final = 5
"""Failures in a row that open the circuit."""
OPEN_S: Final = 60.0
PROBE_S: Final = 60.0
"""A probe that has not ended after this time belongs to a process that is gone."""


class Flow(StrEnum):
    """Whether a circuit lets a call through."""

    CLOSED = "closed"
    OPEN = "open"
    """It failed too often, or one caller is trying it: nobody else calls."""
    PROBE = "probe"
    """Its time is over: one caller may try it."""


@frozen
class Circuit:
    """How something that calls depend on stands; instants are Unix seconds.

    `failures` are those in a row, `why` describes the last one, `at` is the time of the last change.
    """

    failures: int = 0
    why: str = ""
    at: float = 0.0
    open_until: float = 0.0
    probed_until: float = 0.0

    def flow(self, now: float) -> Flow:
        """Return whether it lets a call through; a clock that was set back never keeps it from doing so."""
        if now < self.at:
            return Flow.CLOSED
        if now < self.closed_to_all_until:
            return Flow.OPEN
        return Flow.PROBE if self.open_until else Flow.CLOSED

    @property
    def closed_to_all_until(self) -> float:
        """When the next caller may try it; 0 if it never opened."""
        return max(self.open_until, self.probed_until)

    def probed(self, now: float) -> Circuit:
        """Return the circuit while one caller tries it."""
        return replace(self, at=now, probed_until=now + PROBE_S)

    def failed(self, now: float, why: str, *, at_once: bool = False, for_s: float = 0.0) -> Circuit:
        """Return the circuit after one more failure.

        Args:
            now: The time.
            why: What went wrong.
            at_once: Open it whatever the count is.
            for_s: Keep it open for so long, if that is more than `OPEN_S`.
        """
        failures = self.failures + 1
        if failures >= THRESHOLD or self.open_until or at_once:
            until = now + max(OPEN_S, for_s)
            return Circuit(failures=max(failures, THRESHOLD), why=why, at=now, open_until=until)
        return Circuit(failures=failures, why=why, at=now)
