"""How each model has done: its circuit, its rest and its measured speed, shared by every process of a home."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Generator, Iterable, Mapping
from dataclasses import field
from typing import Final, Protocol

from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.ports import CallEnd, Clock
from hermes_tui.domain.values import frozen, mutable
from hermes_tui.kernel.breaker import Health, Standing

WEIGHT: Final = 0.3
"""Share of the latest call in a measured figure; older calls fade."""
KEEP_S: Final = 1.0
"""How often measured figures are written at most: a disk is slower than many a reply, and they are no truth to lose."""
LEAST_TOKENS: Final = 16
"""A shorter reply says nothing about speed."""
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS health(
        target TEXT PRIMARY KEY, failures INTEGER NOT NULL, reason TEXT, message TEXT NOT NULL, at REAL NOT NULL,
        rests_until REAL NOT NULL, limited_until REAL NOT NULL, open_until REAL NOT NULL,
        probed_until REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS measure(
        target TEXT PRIMARY KEY, calls INTEGER NOT NULL, tokens_per_s REAL NOT NULL, first_token_s REAL NOT NULL,
        at REAL NOT NULL) WITHOUT ROWID""",
)


@frozen(kw_only=False)
class Measure:
    """Measured figures of one model: calls that counted, output tokens per second, seconds to the first token."""

    calls: int = 0
    tokens_per_s: float = 0.0
    first_token_s: float = 0.0
    at: float = 0.0

    def plus(self, end: CallEnd, now: float) -> Measure:
        """Return the figures after one more whole reply."""
        streamed_s = end.seconds - end.first_token_s
        if end.output_tokens < LEAST_TOKENS or streamed_s <= 0:
            return self
        speed, wait = end.output_tokens / streamed_s, end.first_token_s
        if self.calls:
            speed = self.tokens_per_s + WEIGHT * (speed - self.tokens_per_s)
            wait = self.first_token_s + WEIGHT * (wait - self.first_token_s)
        return Measure(self.calls + 1, speed, wait, now)


class Shelf(Protocol):
    """Where healths and measures are kept; what happens inside `held` is one step for every other user."""

    def held(self) -> contextlib.AbstractContextManager[Shelf]:
        """Keep others out for a few lookups and changes."""
        ...

    def health(self, target: str) -> Health:
        """Return what is known, a clean health if nothing is."""
        ...

    def measure(self, target: str) -> Measure:
        """Return what was measured."""
        ...

    def put(self, target: str, health: Health | None = None, measure: Measure | None = None) -> None:
        """Replace one or the other."""
        ...


@mutable
class MemoryShelf:
    """Kept as long as the process lives."""

    healths: dict[str, Health] = field(default_factory=dict[str, Health])
    measures: dict[str, Measure] = field(default_factory=dict[str, Measure])
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @contextlib.contextmanager
    def held(self) -> Generator[Shelf]:
        """Keep other threads out."""
        with self._lock:
            yield self

    def health(self, target: str) -> Health:
        """Return what is known, a clean health if nothing is."""
        return self.healths.get(target, Health())

    def measure(self, target: str) -> Measure:
        """Return what was measured."""
        return self.measures.get(target, Measure())

    def put(self, target: str, health: Health | None = None, measure: Measure | None = None) -> None:
        """Replace one or the other."""
        if health is not None:
            self.healths[target] = health
        if measure is not None:
            self.measures[target] = measure


class LedgerShelf:
    """Kept in the home's ledger: it survives a restart, and holds for every process."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        with ledger.transaction() as connection:
            for statement in _TABLES:
                connection.execute(statement)

    @contextlib.contextmanager
    def held(self) -> Generator[Shelf]:
        """Hold the ledger's write lock."""
        with self._ledger.transaction() as connection:
            yield _Rows(connection)

    def health(self, target: str) -> Health:
        """Return what is known, a clean health if nothing is."""
        with self._ledger.reading() as connection:
            return _Rows(connection).health(target)

    def measure(self, target: str) -> Measure:
        """Return what was measured."""
        with self._ledger.reading() as connection:
            return _Rows(connection).measure(target)

    def put(self, target: str, health: Health | None = None, measure: Measure | None = None) -> None:
        """Replace one or the other."""
        with self.held() as shelf:
            shelf.put(target, health, measure)


@frozen(kw_only=False)
class _Rows:
    """The tables inside one transaction."""

    connection: sqlite3.Connection

    @contextlib.contextmanager
    def held(self) -> Generator[Shelf]:
        yield self

    def health(self, target: str) -> Health:
        row = self.connection.execute(
            "SELECT failures, reason, message, at, rests_until, limited_until, open_until, probed_until "
            "FROM health WHERE target=?",
            (target,),
        ).fetchone()
        if row is None:
            return Health()
        return Health(
            failures=row[0],
            reason=FailureReason(row[1]) if row[1] else None,
            message=row[2],
            at=row[3],
            rests_until=row[4],
            limited_until=row[5],
            open_until=row[6],
            probed_until=row[7],
        )

    def measure(self, target: str) -> Measure:
        row = self.connection.execute(
            "SELECT calls, tokens_per_s, first_token_s, at FROM measure WHERE target=?", (target,)
        ).fetchone()
        return Measure() if row is None else Measure(*row)

    def put(self, target: str, health: Health | None = None, measure: Measure | None = None) -> None:
        if health is not None:
            one = health
            until = (one.rests_until, one.limited_until, one.open_until, one.probed_until)
            self.connection.execute(
                "INSERT OR REPLACE INTO health VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (target, one.failures, one.reason, one.message, one.at, *until),
            )
        if measure is not None:
            row = (target, measure.calls, measure.tokens_per_s, measure.first_token_s, measure.at)
            self.connection.execute("INSERT OR REPLACE INTO measure VALUES(?, ?, ?, ?, ?)", row)


class HealthBook:
    """Decides who may be asked now, and learns from how requests end; the rules are those of `kernel/breaker.py`.

    It is asked before every step of a model, so that it only takes the shelf's lock where something has to change.
    """

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        self._unkept: dict[str, Measure] = {}
        self._kept_at: dict[str, float] = {}

    def now(self) -> float:
        """Return Unix seconds."""
        return self._clock.now()

    def look(self, targets: Iterable[str]) -> Mapping[str, tuple[Health, Measure]]:
        """Return what is known of each target, without changing it."""
        return {target: (self._shelf.health(target), self._measure(self._shelf, target)) for target in targets}

    def admit(self, target: str) -> bool:
        """Take the one probe of a circuit whose time is over; every other standing is left as it is."""
        now = self._clock.now()
        seen = self._shelf.health(target).standing(now)
        if seen is not Standing.PROBE:
            return seen is not Standing.OPEN
        with self._shelf.held() as shelf:
            health = shelf.health(target)
            standing = health.standing(now)
            if standing is Standing.PROBE:
                shelf.put(target, health.probed(now))
            return standing is not Standing.OPEN

    def ended(self, target: str, end: CallEnd) -> bool:
        """Learn how a request ended; return whether the target may be asked again at once."""
        now = self._clock.now()
        old, measured = self._shelf.health(target), self._measure(self._shelf, target)
        new, figures = _after(old, measured, end, now)
        if new == old and 0 <= now - self._kept_at.get(target, 0.0) < KEEP_S:
            self._unkept[target] = figures
            return new.standing(now) is not Standing.OPEN
        with self._shelf.held() as shelf:
            old, measured = shelf.health(target), self._measure(shelf, target)
            new, figures = _after(old, measured, end, now)
            changed = (
                (new if new != old else None),
                (figures if figures != measured or target in self._unkept else None),
            )
            if changed != (None, None):
                shelf.put(target, *changed)
        self._kept_at[target] = now
        self._unkept.pop(target, None)
        return new.standing(now) is not Standing.OPEN

    def _measure(self, shelf: Shelf, target: str) -> Measure:
        """Return the latest figures, kept or not."""
        return self._unkept.get(target) or shelf.measure(target)

    def limited(self, target: str, for_s: float) -> None:
        """Learn that the target's rate limit is used up for so long."""
        now = self._clock.now()
        with self._shelf.held() as shelf:
            shelf.put(target, shelf.health(target).limited(now, for_s))


def _after(health: Health, measure: Measure, end: CallEnd, now: float) -> tuple[Health, Measure]:
    """Return what is known of a target once a request to it ended."""
    if end.reason is None:
        return health.succeeded(), measure.plus(end, now)
    return health.failed(now, end.reason, end.message, end.retry_after_s), measure
