"""How each model has done, kept for every process of a home."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.health import KEEP_S, HealthBook, LedgerShelf, Measure, MemoryShelf, Shelf
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.ports import CallEnd
from hermes_tui.kernel.breaker import Standing
from tests.kernel.bench import FakeClock

DOWN = CallEnd(reason=FailureReason.SERVER, message="500: down")
WHOLE = CallEnd(first_token_s=0.5, seconds=2.5, output_tokens=100)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["ledger", "memory"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Shelf]:
    if request.param == "memory":
        yield MemoryShelf()
        return
    ledger = Ledger(tmp_path / "ledger.db", clock)
    yield LedgerShelf(ledger)
    ledger.close()


def standing(book: HealthBook, target: str = "t") -> Standing:
    ((health, _),) = book.look([target]).values()
    return health.standing(book.now())


def test_five_failures_open_it_and_exactly_one_of_ten_callers_probes(shelf: Shelf, clock: FakeClock) -> None:
    book = HealthBook(shelf, clock)
    again = [book.ended("t", DOWN) for _ in range(5)]

    clock.time += 59.9
    during = [book.admit("t") for _ in range(10)]
    clock.time += 0.1
    after = [book.admit("t") for _ in range(10)]

    assert again == [True, True, True, True, False]
    assert during == [False] * 10
    assert after == [True] + [False] * 9


def test_ten_threads_at_once_make_one_probe(tmp_path: Path, clock: FakeClock) -> None:
    ledgers = [Ledger(tmp_path / "ledger.db", clock) for _ in range(10)]
    books = [HealthBook(LedgerShelf(ledger), clock) for ledger in ledgers]
    for _ in range(5):
        books[0].ended("t", DOWN)
    clock.time += 60.0
    start = threading.Barrier(10)
    admitted: list[bool] = []

    def call(book: HealthBook) -> None:
        start.wait()
        admitted.append(book.admit("t"))

    threads = [threading.Thread(target=call, args=(book,)) for book in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ledger in ledgers:
        ledger.close()

    assert sorted(admitted) == [False] * 9 + [True]


def test_what_is_known_survives_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    first = Ledger(tmp_path / "ledger.db", clock)
    book = HealthBook(LedgerShelf(first), clock)
    for _ in range(5):
        book.ended("dead", DOWN)
    book.ended("fast", WHOLE)
    first.close()

    later = Ledger(tmp_path / "ledger.db", clock)
    known = HealthBook(LedgerShelf(later), clock).look(["dead", "fast"])
    later.close()

    assert known["dead"][0].standing(clock.now()) is Standing.OPEN
    assert known["dead"][0].message == "500: down"
    assert known["fast"][1] == Measure(1, 50.0, 0.5, clock.now())


def test_figures_follow_the_latest_calls_and_skip_replies_too_short_to_tell(shelf: Shelf, clock: FakeClock) -> None:
    book = HealthBook(shelf, clock)

    book.ended("t", WHOLE)
    book.ended("t", CallEnd(first_token_s=0.1, seconds=0.2, output_tokens=3))
    book.ended("t", CallEnd(first_token_s=1.5, seconds=2.5, output_tokens=150))

    ((_, measure),) = book.look(["t"]).values()
    assert (measure.calls, measure.tokens_per_s) == (2, 80.0)
    assert measure.first_token_s == pytest.approx(0.8)


def test_figures_are_known_at_once_and_written_at_most_once_a_second(tmp_path: Path, clock: FakeClock) -> None:
    ledger = Ledger(tmp_path / "ledger.db", clock)
    book, other = HealthBook(LedgerShelf(ledger), clock), HealthBook(LedgerShelf(ledger), clock)
    seen: list[tuple[int, int]] = []

    for wait_s in (0.0, 0.1, 0.1, KEEP_S):
        clock.time += wait_s
        book.ended("t", WHOLE)
        seen.append((book.look(["t"])["t"][1].calls, other.look(["t"])["t"][1].calls))
    ledger.close()

    assert seen == [(1, 1), (2, 1), (3, 1), (4, 4)]


def test_a_rate_limit_of_one_model_leaves_the_others_alone(shelf: Shelf, clock: FakeClock) -> None:
    book = HealthBook(shelf, clock)

    book.limited("t", 7.0)

    assert (standing(book), standing(book, "other")) == (Standing.LIMITED, Standing.READY)
    clock.time += 7.0
    assert standing(book) is Standing.READY
