"""Pausing and answering while a run goes on: nothing starts while frozen, an answer is used at once."""

from __future__ import annotations

import asyncio

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    ModelRequested,
    RunPaused,
    RunUnpaused,
    ToolIntended,
    ToolRequested,
)
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.usage import Limits
from tests.kernel.bench import PLACE, FakeProvider, FakeTool, KernelBench, ask_for, echo, say, tool_task

TURNS = 50


async def settle() -> None:
    """Let everything that can move move."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def test_a_frozen_run_starts_nothing_and_goes_on_when_thawed() -> None:
    kernel = KernelBench(provider=FakeProvider([]), tools={"echo": FakeTool("echo", echo)})
    kernel.start(tool_task("a"), tool_task("b", needs=(TaskId("a"),)))
    kernel.kit.gate.freeze()

    running = asyncio.create_task(kernel.run())
    await settle()
    before = kernel.bodies(ToolRequested)
    kernel.kit.gate.thaw()
    ended = await running

    assert before == []
    assert ended.exit_code == 0


async def test_a_run_frozen_during_a_call_finishes_that_call_and_starts_no_other() -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        entered.set()
        await leave.wait()
        return await echo(values, context)

    kernel = KernelBench(
        provider=FakeProvider([ask_for(("wait", {}), ("wait", {})), say("Done.")]),
        tools={"wait": FakeTool("wait", wait, effect=Effect.WRITE, reach=Reach.SCOPE)},
    )
    kernel.start()
    running = asyncio.create_task(kernel.run())
    await entered.wait()
    kernel.kit.gate.freeze()
    leave.set()
    await settle()
    held = (len(kernel.bodies(ToolRequested)), len(kernel.bodies(ModelRequested)), running.done())
    kernel.kit.gate.thaw()
    ended = await running

    assert held == (1, 1, False)
    assert ended.answer == "Done."


async def test_a_frozen_run_can_be_interrupted() -> None:
    kernel = KernelBench(provider=FakeProvider([]), tools={"echo": FakeTool("echo", echo)})
    kernel.start(tool_task("a"))
    kernel.kit.gate.freeze()

    running = asyncio.create_task(kernel.run())
    await settle()
    running.cancel()
    ended = await running

    assert (ended.status, ended.exit_code) == ("interrupted", 130)


async def test_an_answer_that_comes_while_others_run_is_used_at_once_and_asked_once() -> None:
    leave = asyncio.Event()

    async def wait(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        await leave.wait()
        return await echo(values, context)

    kernel = KernelBench(
        provider=FakeProvider([]),
        tools={
            "wait": FakeTool("wait", wait),
            "risky": FakeTool("risky", echo, effect=Effect.EXTERNAL, reach=Reach.NETWORK),
        },
    )
    kernel.policy.asks.add("risky")
    kernel.start(tool_task("a", "risky"), tool_task("b", "wait"))
    running = asyncio.create_task(kernel.run())
    await settle()
    asked = kernel.state.calls.waiting[0]
    given = ApprovalGiven(
        approval_id=asked.approval_id, decision=Decision.ALLOW, scope=Scope.ONCE, by="hermes approvals allow"
    )
    kernel.kit.session.emit(given, PLACE)
    await settle()
    acted_before_the_other_ended = len(kernel.bodies(ToolIntended))
    leave.set()
    ended = await running

    assert acted_before_the_other_ended == 1
    assert len(kernel.bodies(ApprovalAsked)) == 1
    assert ended.exit_code == 0


async def test_an_answer_to_one_question_leaves_the_other_task_waiting() -> None:
    leave = asyncio.Event()

    async def wait(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        await leave.wait()
        return await echo(values, context)

    kernel = KernelBench(
        provider=FakeProvider([]),
        tools={
            "wait": FakeTool("wait", wait),
            "risky": FakeTool("risky", echo, effect=Effect.EXTERNAL, reach=Reach.NETWORK),
        },
    )
    kernel.policy.asks.add("risky")
    kernel.start(tool_task("a", "risky"), tool_task("c", "risky"), tool_task("b", "wait"))
    running = asyncio.create_task(kernel.run())
    await settle()
    first = kernel.state.calls.waiting[0]
    given = ApprovalGiven(approval_id=first.approval_id, decision=Decision.ALLOW, scope=Scope.ONCE, by="x")
    kernel.kit.session.emit(given, PLACE)
    await settle()
    started = [record.place.task for record in kernel.journal.records if isinstance(record.body, ToolRequested)]
    leave.set()
    ended = await running

    assert sorted(str(task) for task in started) == ["a", "a", "b", "c"]
    assert (ended.status, ended.exit_code) == ("needs_approval", 4)


async def test_a_pause_does_not_use_up_the_time_limit() -> None:
    kernel = KernelBench(provider=FakeProvider([say("Done.")]), tools={})
    kernel.start(limits=Limits(seconds=60))
    emit = kernel.kit.session.emit
    emit(RunPaused(by="hermes runs pause"), PLACE)
    paused_at = kernel.state.run.paused_at
    for _ in range(70):
        # The journal's clock moves a second with each record; only the pause counts them.
        emit(RunPaused(by="again"), PLACE)
    emit(RunUnpaused(by="hermes runs resume"), PLACE)
    kernel.clock.time = kernel.journal.records[-1].at + 5

    ended = await kernel.run()

    assert paused_at == 1003.0
    assert (kernel.state.run.paused_at, kernel.state.run.paused_s) == (0.0, 71.0)
    assert ended.answer == "Done."
