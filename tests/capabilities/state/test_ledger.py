"""The ledger: no two sessions pass the day's cap; answers and grants wait for their reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.day import BOOK_S, OPEN_S, SessionDay
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.approval import Grant
from hermes_tui.domain.errors import JournalPoisoned, JournalUnreadable, LimitReached
from hermes_tui.domain.ids import ApprovalId, Seq, SessionId
from hermes_tui.domain.ports import Answer
from hermes_tui.domain.usage import Bound, Limits
from tests.capabilities.state.samples import StillClock

ROOT = Path(__file__).parents[3]
CAP = Limits(usd=10.0, tokens=1_000_000)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: StillClock) -> Ledger:
    return Ledger(tmp_path / "state" / "ledger.db", clock)


def test_opening_a_ledger_that_is_there_writes_nothing(ledger: Ledger, clock: StillClock) -> None:
    ledger.close()
    files = [path for path in ledger.path.parent.iterdir() if path.is_file()]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    Ledger(ledger.path, clock).close()

    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files} == before


def test_an_answer_waits_until_it_is_forgotten(ledger: Ledger) -> None:
    answer = Answer(approval_id=ApprovalId("a1"), allow=True, text="blue", always=True)
    assert ledger.answer(answer.approval_id) is None
    ledger.put(Answer(approval_id=ApprovalId("a1"), allow=False))
    ledger.put(answer)
    assert [ledger.answer(answer.approval_id) for _ in range(2)] == [answer, answer]
    ledger.forget([answer.approval_id])
    assert ledger.answer(answer.approval_id) is None


def test_grants_last_until_they_expire_or_are_revoked(ledger: Ledger, clock: StillClock, tmp_path: Path) -> None:
    ledger.grant(Grant(rule="shell(ls)", by="operator"))
    ledger.grant(Grant(rule="fetch(a.org)", by="operator"), expires=clock.now() + 10)
    ledger.close()
    again = Ledger(ledger.path, clock)
    assert {grant.rule for grant in again.grants()} == {"shell(ls)", "fetch(a.org)"}
    clock.seconds += 10
    assert again.grants() == (Grant(rule="shell(ls)", by="operator"),)
    assert again.revoke("shell(ls)")
    assert not again.revoke("shell(ls)")
    assert again.grants() == ()
    assert ledger.path.stat().st_mode & 0o777 == 0o600


def test_the_day_is_shared(ledger: Ledger, clock: StillClock) -> None:
    one = SessionDay(ledger, SessionId("one"), CAP, clock=clock)
    two = SessionDay(ledger, SessionId("two"), CAP, clock=clock)
    one.draw(6.0, 100)
    with pytest.raises(LimitReached) as caught:
        two.draw(5.0, 100)
    assert caught.value.limit == "day_usd"
    two.draw(3.0, 100)
    with pytest.raises(LimitReached) as caught:
        two.draw(0.1, 2_000_000)
    assert caught.value.limit == "day_tokens"
    one.settle(1.0, 50, Seq(1))
    one.settle(1.0, 50, Seq(1))
    one.give_back()
    two.draw(6.0, 100)
    with pytest.raises(LimitReached):
        two.draw(0.5, 100)


def test_open_draws_count_until_settled_or_long_past(ledger: Ledger, clock: StillClock) -> None:
    day = SessionDay(ledger, SessionId("one"), CAP, clock=clock)
    day.draw(6.0, 1)
    with pytest.raises(LimitReached):
        day.draw(6.0, 1)
    clock.seconds += OPEN_S
    day.draw(6.0, 1)


def test_a_call_that_takes_an_hour_counts_until_it_is_settled(ledger: Ledger, clock: StillClock) -> None:
    day, other = (SessionDay(ledger, SessionId(name), CAP, clock=clock) for name in ("one", "two"))
    day.draw(6.0, 1, call="slow")
    clock.seconds += 3600

    with pytest.raises(LimitReached):
        day.draw(6.0, 1, call="next")
    with pytest.raises(LimitReached):
        other.draw(6.0, 1, call="beside")
    day.settle(1.0, 1, Seq(1), call="slow")

    assert day.draw(6.0, 1, call="next")


def test_a_new_day_has_a_new_cap_and_a_call_is_booked_on_the_day_it_was_drawn(
    ledger: Ledger, clock: StillClock
) -> None:
    day = SessionDay(ledger, SessionId("one"), CAP, clock=clock)
    day.draw(9.0, 1)
    clock.seconds += 86_400
    day.settle(9.0, 1, Seq(1))
    day.draw(9.0, 1)
    with ledger.transaction() as connection:
        rows = connection.execute("SELECT spent_usd FROM allotment ORDER BY day").fetchall()
    assert rows == [(9.0,), (0.0,)]


def test_calls_in_quick_succession_are_booked_together(ledger: Ledger, clock: StillClock) -> None:
    day = SessionDay(ledger, SessionId("one"), CAP, clock=clock)
    for seq in (1, 2, 3):
        day.draw(0.125, 1)
        day.settle(0.125, 1, Seq(seq))
    early = _booked(ledger)

    clock.seconds += BOOK_S
    day.draw(0.125, 1)
    day.settle(0.125, 1, Seq(4))

    assert (early, _booked(ledger)) == ((1, 0.125), (4, 0.5))


def test_what_a_crash_kept_from_being_booked_is_caught_up_once(ledger: Ledger, clock: StillClock) -> None:
    day = SessionDay(ledger, SessionId("one"), CAP, clock=clock)
    for seq in (1, 2):
        day.draw(4.0, 1)
        day.settle(4.0, 1, Seq(seq))

    again, once_more = (SessionDay(ledger, SessionId("one"), CAP, clock=clock) for _ in range(2))
    again.catch_up(8.0, 2, Seq(9))
    once_more.catch_up(8.0, 2, Seq(9))

    assert _booked(ledger) == (2, 8.0)
    with pytest.raises(LimitReached):
        once_more.draw(2.1, 1)


def test_a_session_from_elsewhere_does_not_burden_the_day(ledger: Ledger, clock: StillClock) -> None:
    SessionDay(ledger, SessionId("moved"), CAP, clock=clock).catch_up(9.0, 9, Seq(9))

    assert _booked(ledger) == (0, 0.0)


def _booked(ledger: Ledger) -> tuple[int, float]:
    with ledger.reading() as connection:
        count, usd = connection.execute("SELECT count(*), COALESCE(SUM(usd), 0.0) FROM spend").fetchone()
    return count, usd


def test_what_a_dead_session_drew_is_taken_back_but_not_what_its_journal_knows_to_be_spent(
    ledger: Ledger, clock: StillClock
) -> None:
    dead = SessionDay(ledger, SessionId("dead"), CAP, clock=clock)
    dead.draw(9.0, 1)
    for seq in (1, 2):
        dead.settle(1.0, 1, Seq(seq))
    alive = SessionDay(ledger, SessionId("alive"), CAP, clock=clock, left_by=lambda _: (3.0, 3, Seq(9)))

    alive.draw(7.0, 1)

    assert _booked(ledger)[1] == 3.0
    with pytest.raises(LimitReached):
        alive.draw(0.1, 1)


def test_what_a_live_session_drew_stays_its_own(ledger: Ledger, clock: StillClock) -> None:
    SessionDay(ledger, SessionId("other"), CAP, clock=clock).draw(9.0, 1)
    day = SessionDay(ledger, SessionId("one"), CAP, clock=clock, left_by=lambda _: None)

    with pytest.raises(LimitReached):
        day.draw(2.0, 1)


def test_a_ledger_that_another_process_holds_is_neither_damaged_nor_to_be_moved_away(
    ledger: Ledger, clock: StillClock
) -> None:
    other = Ledger(ledger.path, clock, busy_s=0.01)
    with ledger.transaction():
        with pytest.raises(JournalPoisoned, match="Another process holds it"):
            Ledger(ledger.path, clock, busy_s=0.01)
        with pytest.raises(JournalPoisoned, match="Another process holds it"):
            other.grant(Grant(rule="git(status)", by="operator"))

    assert other.grants() == ()


def test_a_file_that_is_no_ledger(tmp_path: Path, clock: StillClock) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("something else entirely " * 100)
    with pytest.raises(JournalUnreadable, match="ledger"):
        Ledger(path, clock)


DRAWER = """
import sys
from pathlib import Path
from hermes_tui.capabilities.state.day import SessionDay
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.errors import LimitReached
from hermes_tui.domain.usage import Limits
from hermes_tui.services.clock import SystemClock
clock = SystemClock()
day = SessionDay(Ledger(Path(sys.argv[1]), clock), sys.argv[2], Limits(usd=10.0), clock=clock)
spent, seq = 0.0, 0
try:
    while True:
        day.draw(0.25, 10)
        seq += 1
        day.settle(0.25, 10, seq)
        spent += 0.25
except LimitReached:
    print(spent)
"""


def test_two_processes_never_pass_the_cap(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    children = [
        subprocess.Popen([sys.executable, "-c", DRAWER, path, name], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    spent = [float(child.communicate(timeout=60)[0]) for child in children]
    assert sum(spent) <= 10.0
    assert sum(spent) >= 9.0


def test_calls_far_from_the_cap_write_nothing_for_what_they_can_cost_beyond_their_bounds(
    ledger: Ledger, clock: StillClock
) -> None:
    day = SessionDay(ledger, SessionId("one"), CAP, clock=clock)
    changes: list[int] = []

    for seq in range(1, 6):
        day.draw(0.01, 1, call=f"c{seq}", at_most=Bound(tokens=2, usd=0.1))
        day.settle(0.01, 1, Seq(seq), call=f"c{seq}")
        with ledger.reading() as connection:
            changes.append(connection.total_changes)
    with ledger.reading() as connection:
        aside = connection.execute("SELECT usd FROM beyond").fetchone()
    day.give_back()
    with ledger.reading() as connection:
        given_back = connection.execute("SELECT usd FROM beyond").fetchone()

    assert changes[1:] == [changes[1]] * 4
    assert (aside, given_back) == ((pytest.approx(0.2),), (0.0,))
