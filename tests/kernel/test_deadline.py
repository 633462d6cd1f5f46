"""A limit from the first wait on: nothing is lost, nothing outlives it, and a cancellation goes through."""

from __future__ import annotations

import asyncio

import pytest

from hermes_tui.kernel.deadline import within


async def test_what_never_waits_ends_without_the_limit_being_set() -> None:
    async def work() -> str:
        return "read"

    assert await within(0.0, work()) == "read"


async def test_what_waits_more_than_once_gets_every_answer_and_returns() -> None:
    first, second = asyncio.get_running_loop().create_future(), asyncio.Event()
    asyncio.get_running_loop().call_soon(first.set_result, "one")
    asyncio.get_running_loop().call_soon(second.set)

    async def work() -> list[object]:
        return [await first, await second.wait()]

    assert await within(60.0, work()) == ["one", True]


async def test_an_error_of_what_is_awaited_reaches_the_work_and_its_own_leaves_it() -> None:
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(broken.set_exception, OSError("gone"))

    async def work() -> None:
        try:
            await broken
        except OSError as error:
            raise ValueError(str(error)) from error

    with pytest.raises(ValueError, match="gone"):
        await within(60.0, work())


async def test_what_does_not_end_is_cancelled_and_may_clean_up() -> None:
    cleaned = list[str]()

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cleaned.append("up")

    with pytest.raises(TimeoutError):
        await within(0.0, work())
    assert cleaned == ["up"]


async def test_a_cancellation_from_outside_stays_one() -> None:
    begun, ended = asyncio.Event(), list[str]()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    task = asyncio.create_task(within(60.0, work()))
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])

    assert (task.cancelled(), ended) == (True, ["cancelled"])
