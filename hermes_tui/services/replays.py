"""Playing a run again in the time it took, or faster; read-only, from its journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from hermes_tui.domain.ports import Clock
from hermes_tui.domain.records import Record

LONGEST_GAP_S: Final = 3600.0


async def play(
    records: Sequence[Record], clock: Clock, *, speed: float = 1.0, longest_gap_s: float = LONGEST_GAP_S
) -> AsyncIterator[Record]:
    """Yield `records` as far apart as they were, divided by `speed`.

    The pace is kept against the clock, so that what the reader takes is not added. A gap longer than `longest_gap_s` of
    the run's own time, as when nobody ran it overnight, is cut to that; time that goes back counts as none.

    Args:
        records: In order.
        clock: Whose time is used.
        speed: 1 is real time, 10 ten times as fast; it must be above 0.
        longest_gap_s: In seconds of the run.
    """
    began, played_s = clock.monotonic(), 0.0
    last: float | None = None
    for record in records:
        if last is not None:
            played_s += min(max(0.0, record.at - last), longest_gap_s) / speed
        last = record.at
        wait_s = began + played_s - clock.monotonic()
        if wait_s > 0:
            await clock.sleep(wait_s)
        yield record
