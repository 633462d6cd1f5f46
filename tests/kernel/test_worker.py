"""Crossing between event loops: results, errors, cancellation and context go along; threads end with their pool."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest

from hermes_tui.kernel.gate import Gate
from hermes_tui.kernel.worker import Door, Workers

NAME: ContextVar[str] = ContextVar("NAME", default="nobody")


async def where(value: int) -> tuple[int, int]:
    return value, threading.get_ident()


async def test_a_call_runs_on_the_workers_thread_and_returns_its_result() -> None:
    workers = Workers(1)

    value, thread = await workers.assign().call(where, 7)
    await workers.close()

    assert value == 7
    assert thread != threading.get_ident()


async def test_a_call_on_ones_own_loop_stays_there() -> None:
    assert await Door(asyncio.get_running_loop()).call(where, 1) == (1, threading.get_ident())


async def test_an_error_comes_back_as_it_was_raised() -> None:
    async def fail() -> None:
        raise KeyError("gone")

    workers = Workers(1)

    with pytest.raises(KeyError, match="gone"):
        await workers.assign().call(fail)
    await workers.close()


async def test_context_variables_go_along_and_do_not_leak_between_calls() -> None:
    async def rename(name: str) -> str:
        before = NAME.get()
        NAME.set(name)
        await asyncio.sleep(0)
        return before

    workers = Workers(1)
    door = workers.assign()
    NAME.set("parent")

    seen = await asyncio.gather(*(door.call(rename, f"child {n}") for n in range(20)))
    await workers.close()

    assert set(seen) == {"parent"}
    assert NAME.get() == "parent"


async def test_a_cancelled_caller_is_held_until_the_call_has_cleaned_up() -> None:
    order: list[str] = []
    entered = threading.Event()

    async def work() -> None:
        entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            order.append("cleaned up")

    workers = Workers(1)
    calling = asyncio.create_task(workers.assign().call(work))
    await asyncio.to_thread(entered.wait)

    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    order.append("caller goes on")
    await workers.close()

    assert order == ["cleaned up", "caller goes on"]


async def test_a_call_that_is_cancelled_before_its_first_step_ends_too() -> None:
    workers = Workers(1)
    door = workers.assign()
    block = threading.Event()
    door.loop.call_soon_threadsafe(block.wait)
    calling = asyncio.create_task(door.call(where, 1))
    await asyncio.sleep(0)

    calling.cancel()
    block.set()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await workers.close()


async def test_children_are_spread_over_at_most_so_many_threads_which_end_with_the_pool() -> None:
    closed: list[int] = []

    async def closing() -> None:
        closed.append(threading.get_ident())

    workers = Workers(3, closing)
    doors = [workers.assign() for _ in range(9)]
    threads = [(await door.call(where, 0))[1] for door in doors]
    await workers.close()

    assert len(set(threads)) == 3
    assert {threads.count(one) for one in threads} == {3}
    assert sorted(closed) == sorted(set(threads))
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("worker-")]


async def test_a_gate_holds_and_frees_who_waits_on_any_loop() -> None:
    workers = Workers(2)
    outer = Gate()
    inner = Gate(outer)
    outer.freeze()
    inner.freeze()
    passed = [asyncio.create_task(workers.assign().call(inner.passed)) for _ in range(4)]

    inner.thaw()
    held = await asyncio.wait(passed, timeout=0.05)
    outer.thaw()
    await asyncio.gather(*passed)
    await workers.close()

    assert not held[0]
