"""Calls that change the same files take turns; others do not wait for each other."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hermes_tui.domain.events import ToolFinished, ToolIntended
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.kernel.claims import Claims
from hermes_tui.kernel.worker import Workers
from tests.kernel.bench import FakeProvider, FakeTool, KernelBench, echo, tool_task


async def test_a_claim_below_another_waits_for_it_and_one_beside_it_does_not() -> None:
    claims = Claims()
    order: list[str] = []
    leave = asyncio.Event()

    async def hold(name: str, path: str, wait: asyncio.Event | None = None) -> None:
        async with claims.held([Path(path)]):
            order.append(name)
            if wait is not None:
                await wait.wait()
            order.append(f"{name} ends")

    first = asyncio.create_task(hold("src", "/w/src", leave))
    await asyncio.sleep(0)
    others = [asyncio.create_task(hold("below", "/w/src/a.py")), asyncio.create_task(hold("beside", "/w/tests"))]
    for _ in range(5):
        await asyncio.sleep(0)
    seen = list(order)
    leave.set()
    await asyncio.gather(first, *others)

    assert seen == ["src", "beside", "beside ends"]
    assert order[3:] == ["src ends", "below", "below ends"]


async def test_a_claim_that_is_given_up_while_it_waits_frees_who_comes_after() -> None:
    claims = Claims()
    leave = asyncio.Event()

    async def hold(wait: asyncio.Event) -> None:
        async with claims.held([Path("/w")]):
            await wait.wait()

    first = asyncio.create_task(hold(leave))
    await asyncio.sleep(0)
    second = asyncio.create_task(hold(leave))
    third = asyncio.create_task(hold(leave))
    await asyncio.sleep(0)
    second.cancel()
    leave.set()

    await asyncio.gather(first, third)


async def test_claims_hold_across_event_loops() -> None:
    claims = Claims()
    inside: list[int] = []

    async def hold(number: int) -> int:
        async with claims.held([Path("/w")]):
            inside.append(number)
            await asyncio.sleep(0)
            crowd = len(inside)
            inside.remove(number)
            return crowd

    workers = Workers(4)
    crowds = await asyncio.gather(*(workers.assign().call(hold, number) for number in range(40)))
    await workers.close()

    assert set(crowds) == {1}


async def test_two_tasks_that_write_the_same_file_never_have_an_open_intent_at_once() -> None:
    async def slow(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        await asyncio.sleep(0)
        return await echo(values, context)

    tool = FakeTool("write", slow, effect=Effect.WRITE, reach=Reach.SCOPE)
    kernel = KernelBench(provider=FakeProvider([]), tools={"write": tool})
    kernel.start(*(tool_task(name, "write") for name in "abcd"))

    await kernel.run()

    kinds = [type(r.body) for r in kernel.journal.records if isinstance(r.body, ToolIntended | ToolFinished)]
    assert kinds == [ToolIntended, ToolFinished] * 4
