"""What leaves the process: only what is on disk, in order, and nothing after a failed commit."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.database import connect_owner
from hermes_tui.capabilities.state.follower import tail
from hermes_tui.capabilities.state.journal import JournalOptions
from hermes_tui.domain.errors import JournalPoisoned, UsageInvalid
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import Record
from hermes_tui.services.delivery import Delivery
from tests.capabilities.state.samples import PLACE, StillClock, open_journal, said


class HeldConnection(sqlite3.Connection):
    """Commits once `gate` is set, and fails while `broken`."""

    gate = threading.Event()
    broken = False

    def execute(self, sql: str, /, *args: object) -> sqlite3.Cursor:
        if sql == "COMMIT":
            assert type(self).gate.wait(30)
            if type(self).broken:
                raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, *args)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def held(path: Path) -> sqlite3.Connection:
    connect_owner(path).close()
    HeldConnection.gate, HeldConnection.broken = threading.Event(), False
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=HeldConnection)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions" / "s1.db"


async def test_records_reach_their_readers_in_order_and_only_once_they_are_durable(path: Path) -> None:
    seen: list[tuple[Seq, Seq]] = []
    delivery = Delivery([lambda record: seen.append((record.seq, journal.last_durable))])
    journal = open_journal(path, publish=delivery.take)

    async def work() -> str:
        for number in range(500):
            journal.append(said(str(number)), PLACE)
            if number % 50 == 0:
                await asyncio.sleep(0)
        return "done"

    answer = await delivery.during(journal, work())
    journal.close()

    assert answer == "done"
    assert [seq for seq, _ in seen] == list(range(1, 501))
    assert all(seq <= durable for seq, durable in seen)


async def test_nothing_is_handed_on_before_the_commit_returns(path: Path) -> None:
    seen: list[Record] = []
    delivery = Delivery([seen.append])
    journal = open_journal(path, JournalOptions(connect=held), publish=delivery.take)
    early: list[int] = []

    async def work() -> None:
        record = journal.append(said("one"), PLACE)
        for _ in range(50):
            await asyncio.sleep(0)
        early.append(len(seen))
        HeldConnection.gate.set()
        await journal.durable(record.seq)

    await delivery.during(journal, work())
    journal.close()

    assert early == [0]
    assert [record.seq for record in seen] == [1]


async def test_a_failed_commit_ends_the_work_and_nothing_more_is_handed_on(path: Path) -> None:
    seen: list[Seq] = []
    delivery = Delivery([lambda record: seen.append(record.seq)])
    journal = open_journal(path, JournalOptions(connect=held), publish=delivery.take)
    HeldConnection.gate.set()
    cancelled: list[bool] = []

    async def work() -> None:
        await journal.durable(journal.append(said("good"), PLACE).seq)
        HeldConnection.broken = True
        journal.append(said("lost"), PLACE)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with pytest.raises(JournalPoisoned, match="Nothing after record 1 is saved"):
        await delivery.during(journal, work())
    journal.close()
    HeldConnection.broken = False
    followed = [record.seq async for record in tail(path, Seq(0), clock=StillClock(), is_over=lambda: True)]

    assert (seen, cancelled, followed) == ([1], [True], [1])


async def test_what_the_work_raises_comes_out_as_it_is_after_what_it_appended(path: Path) -> None:
    seen: list[Record] = []
    delivery = Delivery([seen.append])
    journal = open_journal(path, publish=delivery.take)

    async def work() -> None:
        journal.append(said("one"), PLACE)
        raise UsageInvalid("wrong goal")

    with pytest.raises(UsageInvalid, match="wrong goal"):
        await delivery.during(journal, work())
    journal.close()

    assert [record.seq for record in seen] == [1]
