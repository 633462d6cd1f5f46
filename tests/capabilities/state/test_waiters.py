"""Who waits for a record to be durable: nobody is woken early, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hermes_tui.capabilities.state.waiters import Waiters
from hermes_tui.domain.errors import JournalPoisoned


async def test_an_earlier_record_wakes_who_waits_for_it_although_others_came_first() -> None:
    waiters = Waiters(0)
    late, early = (asyncio.ensure_future(waiters.wait(seq)) for seq in (5, 2))
    await asyncio.sleep(0)

    waiters.reach(3)
    await early
    before = late.done()
    waiters.reach(5)
    await late

    assert not before


async def test_nobody_is_forgotten_while_another_thread_commits() -> None:
    waiters, most = Waiters(0), 3_000

    def commit_all() -> None:
        for seq in range(1, most + 1):
            waiters.reach(seq)

    committing = threading.Thread(target=commit_all)
    waiting = [asyncio.ensure_future(waiters.wait(seq)) for seq in range(1, most + 1)]
    committing.start()
    for seq in range(1, most + 1):
        await waiters.wait(seq)
    await asyncio.gather(*waiting)
    committing.join()

    assert waiters.durable == most


async def test_a_failure_reaches_who_waits_and_who_comes_later() -> None:
    waiters = Waiters(1)
    waiting = asyncio.ensure_future(waiters.wait(2))
    await asyncio.sleep(0)

    waiters.fail(JournalPoisoned("The disk is full."))

    for late in (waiting, waiters.wait(3)):
        with pytest.raises(JournalPoisoned, match="full"):
            await late
    await waiters.wait(1)


def test_a_loop_that_was_closed_is_left_alone() -> None:
    waiters = Waiters(0)

    async def give_up() -> None:
        waiting = asyncio.ensure_future(waiters.wait(1))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(give_up())
    waiters.reach(1)

    async def later() -> None:
        await asyncio.gather(waiters.wait(1), waiters.wait(2), asyncio.to_thread(waiters.reach, 2))

    asyncio.run(later())
    assert waiters.durable == 2


async def test_whoever_begins_to_wait_says_so_and_who_need_not_wait_does_not() -> None:
    joined = list[bool]()
    waiters = Waiters(1, lambda: joined.append(waiters.waited_for))

    await waiters.wait(1)
    waiting = waiters.wait(2)
    before = joined.copy()
    await asyncio.sleep(0)
    waiters.reach(2)
    await waiting

    assert (before, joined) == ([], [True])
    assert not waiters.waited_for


async def test_a_loop_waits_once_for_all_who_were_ready_to() -> None:
    ready, told = list[int](), list[int]()
    waiters = Waiters(0, lambda: told.append(len(ready)))

    async def wait(seq: int) -> None:
        ready.append(seq)
        await waiters.wait(seq)

    async with asyncio.TaskGroup() as group:
        for seq in (1, 2, 3):
            group.create_task(wait(seq))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiters.reach(3)

    assert told == [3]


async def test_a_commit_in_between_leaves_a_loop_waiting_for_what_came_after_it() -> None:
    waiters = Waiters(0)
    waiting = [asyncio.ensure_future(waiters.wait(seq)) for seq in (1, 2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    waiters.reach(1)
    after_one = waiters.waited_for
    waiters.reach(2)
    await asyncio.gather(*waiting)

    assert (after_one, waiters.waited_for) == (True, False)
