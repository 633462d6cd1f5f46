"""The task graph: order, width, failure, guards, approvals, and what a crash makes of it."""

from __future__ import annotations

import asyncio

import pytest

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    RunResumed,
    ToolFinished,
    ToolIntended,
    ToolResolved,
)
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.ports import Tool, ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Criterion, CriterionKind, Effect, Guard, Operator, Reach, TaskState
from hermes_tui.domain.usage import Limits
from tests.kernel.bench import (
    PLACE,
    FakeProvider,
    FakeTool,
    KernelBench,
    ProbedTool,
    ask_for,
    echo,
    say,
    tool_task,
)


def bench(**tools: Tool) -> KernelBench:
    return KernelBench(provider=FakeProvider([]), tools={"echo": FakeTool("echo", echo), **tools})


async def test_tasks_run_in_dependency_order() -> None:
    order: list[object] = []

    async def note(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        order.append(values["of"])
        return await echo(values, context)

    kernel = bench(note=FakeTool("note", note))
    first, second = TaskId("a"), TaskId("b")
    kernel.start(
        tool_task("c", "note", needs=(second,)), tool_task("b", "note", needs=(first,)), tool_task("a", "note")
    )

    ended = await kernel.run()

    assert order == ["a", "b", "c"]
    assert ended.exit_code == 0


async def test_independent_tasks_run_at_once_up_to_the_width() -> None:
    together = asyncio.Barrier(3)

    async def meet(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        await together.wait()
        return await echo(values, context)

    kernel = bench(meet=FakeTool("meet", meet))
    kernel.start(*[tool_task(name, "meet") for name in "abc"])

    ended = await kernel.run()

    assert ended.exit_code == 0


async def test_what_needs_a_failed_task_is_skipped_and_the_run_is_not_done() -> None:
    async def fail(_: dict[str, object], __: ToolContext) -> ToolOutcome:
        return ToolOutcome(output="broken", data="null", ok=False, error_kind="boom")

    kernel = bench(fail=FakeTool("fail", fail))
    kernel.start(tool_task("a", "fail", retry=1), tool_task("b", needs=(TaskId("a"),)), tool_task("c"))

    ended = await kernel.run()

    states = {task: status.state for task, status in kernel.state.graph.status.items()}
    assert states == {"a": TaskState.FAILED, "b": TaskState.SKIPPED, "c": TaskState.DONE}
    assert kernel.state.graph.status[TaskId("a")].attempts == 2
    assert (ended.status, ended.exit_code) == ("not_done", 1)


@pytest.mark.parametrize(("value", "expected"), [("1", TaskState.DONE), ("2", TaskState.SKIPPED)])
async def test_a_guard_decides_whether_a_task_runs(value: str, expected: TaskState) -> None:
    guard = Guard(task=TaskId("a"), path="n", op=Operator.EQ, value=value)
    kernel = bench()
    kernel.start(tool_task("a", args={"n": 1}), tool_task("b", needs=(TaskId("a"),), when=guard))

    await kernel.run()

    assert kernel.state.graph.state_of(TaskId("b")) is expected


async def test_no_task_starts_once_the_time_of_the_run_is_used_up_and_the_rest_is_done_later() -> None:
    kernel = bench()

    async def dawdle(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        kernel.clock.time = kernel.journal.records[-1].at + 90
        return await echo(values, context)

    kernel.kit.tools = {**kernel.kit.tools, "dawdle": FakeTool("dawdle", dawdle)}
    kernel.start(tool_task("a", "dawdle"), tool_task("b", needs=(TaskId("a"),)), limits=Limits(seconds=60))
    kernel.clock.time = kernel.journal.records[-1].at

    ended = await kernel.run()
    first = {task: status.state for task, status in kernel.state.graph.status.items()}
    again = kernel.crash(len(kernel.journal.records))
    again.clock.time = again.kit.session.emit(RunResumed(version="0", limits=Limits(seconds=60)), PLACE).at
    rest = await again.run()

    assert (ended.status, ended.exit_code, ended.limit) == ("limited", 3, "seconds")
    assert first == {"a": TaskState.DONE, "b": TaskState.WAITING}
    assert (rest.exit_code, len(again.bodies(ToolFinished))) == (0, 2)


async def test_a_failed_criterion_means_not_done() -> None:
    kernel = bench()
    kernel.criteria_ok = False
    kernel.start(tool_task("a"), criteria=(Criterion(kind=CriterionKind.RUN, subject="true"),))

    ended = await kernel.run()

    assert (ended.status, ended.exit_code) == ("not_done", 1)


async def test_an_approval_parks_its_task_and_the_others_go_on() -> None:
    kernel = bench(risky=FakeTool("risky", echo, effect=Effect.EXTERNAL, reach=Reach.NETWORK))
    kernel.policy.asks.add("risky")
    kernel.start(tool_task("a", "risky"), tool_task("b"))

    ended = await kernel.run()

    assert (ended.status, ended.exit_code) == ("needs_approval", 4)
    assert kernel.state.graph.state_of(TaskId("b")) is TaskState.DONE
    assert not kernel.bodies(ToolIntended)


@pytest.mark.parametrize(("decision", "code"), [(Decision.ALLOW, 0), (Decision.DENY, 1)])
async def test_an_answer_lets_the_parked_task_go_on_without_a_second_question(decision: Decision, code: int) -> None:
    kernel = bench(risky=FakeTool("risky", echo, effect=Effect.EXTERNAL, reach=Reach.NETWORK))
    kernel.policy.asks.add("risky")
    kernel.start(tool_task("a", "risky"))
    await kernel.run()
    asked = kernel.state.calls.waiting[0]

    resumed = kernel.crash(len(kernel.journal.records))
    given = ApprovalGiven(approval_id=asked.approval_id, decision=decision, scope=Scope.ONCE, by="operator")
    resumed.kit.session.emit(given, PLACE)
    ended = await resumed.run()

    assert ended.exit_code == code
    assert len(resumed.bodies(ApprovalAsked)) == 1


async def test_a_write_in_doubt_is_taken_back_and_runs_again() -> None:
    kernel = bench(write=FakeTool("write", echo, effect=Effect.WRITE, reach=Reach.SCOPE))
    kernel.start(tool_task("a", "write"))
    await kernel.run()
    cut = next(record.seq for record in kernel.journal.records if isinstance(record.body, ToolIntended))

    resumed = kernel.crash(cut)
    ended = await resumed.run()

    assert ended.exit_code == 0
    assert resumed.images.restored == ["image-1"]
    attempts = [body.attempt for body in resumed.bodies(ToolIntended) if isinstance(body, ToolIntended)]
    assert attempts == [1, 2]


async def test_an_external_effect_in_doubt_is_probed_and_never_repeated_when_it_happened() -> None:
    sent: list[str] = []

    async def send(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        sent.append(context.key)
        return await echo(values, context)

    post = ProbedTool("post", send, effect=Effect.EXTERNAL, reach=Reach.NETWORK, happened={})
    kernel = bench(post=post)
    kernel.start(tool_task("a", "post"))
    await kernel.run()
    cut = next(record.seq for record in kernel.journal.records if isinstance(record.body, ToolIntended))
    assert post.happened is not None
    post.happened[sent[0]] = ToolOutcome(output="known", data='"known"')

    resumed = kernel.crash(cut)
    ended = await resumed.run()

    assert len(sent) == 1
    assert ended.exit_code == 0
    assert [body.how for body in resumed.bodies(ToolResolved) if isinstance(body, ToolResolved)] == ["probed"]


@pytest.mark.parametrize(("decision", "sent_in_all"), [(Decision.ALLOW, 2), (Decision.DENY, 1)])
async def test_an_external_effect_that_cannot_be_probed_asks(decision: Decision, sent_in_all: int) -> None:
    sent: list[str] = []

    async def send(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        sent.append(context.key)
        return await echo(values, context)

    kernel = bench(post=FakeTool("post", send, effect=Effect.EXTERNAL, reach=Reach.NETWORK))
    kernel.start(tool_task("a", "post"))
    await kernel.run()
    cut = next(record.seq for record in kernel.journal.records if isinstance(record.body, ToolIntended))

    resumed = kernel.crash(cut)
    stopped = await resumed.run()
    asked = resumed.state.calls.waiting[0]
    again = resumed.crash(len(resumed.journal.records))
    given = ApprovalGiven(approval_id=asked.approval_id, decision=decision, scope=Scope.ONCE, by="operator")
    again.kit.session.emit(given, PLACE)
    ended = await again.run()

    assert (stopped.status, stopped.exit_code) == ("needs_approval", 4)
    assert len(sent) == sent_in_all
    assert ended.exit_code == 0


@pytest.mark.parametrize(("decision", "ran_in_all"), [(Decision.ALLOW, 2), (Decision.DENY, 1)])
async def test_a_write_in_doubt_that_cannot_be_taken_back_asks_and_the_answer_is_believed(
    decision: Decision, ran_in_all: int
) -> None:
    ran: list[str] = []

    async def write(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        ran.append(context.key)
        return await echo(values, context)

    kernel = bench(write=FakeTool("write", write, effect=Effect.WRITE, reach=Reach.SCOPE))
    kernel.start(tool_task("a", "write"))
    await kernel.run()
    cut = next(record.seq for record in kernel.journal.records if isinstance(record.body, ToolIntended))

    resumed = kernel.crash(cut)
    resumed.images.unkept = "big.bin"
    stopped = await resumed.run()
    (asked,) = resumed.state.calls.waiting
    again = resumed.crash(len(resumed.journal.records))
    given = ApprovalGiven(approval_id=asked.approval_id, decision=decision, scope=Scope.ONCE, by="operator")
    again.kit.session.emit(given, PLACE)
    ended = await again.run()

    assert (stopped.status, stopped.exit_code) == ("needs_approval", 4)
    assert (asked.reach, "big.bin" in asked.why) == (Reach.SCOPE, True)
    assert (len(ran), ended.exit_code) == (ran_in_all, 0)
    assert again.images.restored == []


async def test_a_crash_at_any_record_repeats_no_finished_call_and_no_paid_reply() -> None:
    def fresh(ran: list[str]) -> dict[str, Tool]:
        async def act(values: dict[str, object], context: ToolContext) -> ToolOutcome:
            ran.append(context.key)
            return await echo(values, context)

        return {
            "look": FakeTool("look", act),
            "write": FakeTool("write", act, effect=Effect.WRITE, reach=Reach.SCOPE),
        }

    replies = [ask_for(("look", {"n": 1}), ("write", {"n": 2})), ask_for(("write", {"n": 3})), say("Done.")]
    whole = KernelBench(provider=FakeProvider(list(replies)), tools=fresh([]))
    whole.start()
    await whole.run()
    start = 3

    for cut in range(start, len(whole.journal.records)):
        ran: list[str] = []
        paid = sum(type(record.body).__name__ == "ModelFinished" for record in whole.journal.records[:cut])
        done = {r.body.call_id for r in whole.journal.records[:cut] if isinstance(r.body, ToolFinished)}
        resumed = whole.crash(cut, provider=FakeProvider(list(replies[paid:])), tools=fresh(ran))

        ended = await resumed.run()

        assert ended.answer == "Done.", cut
        assert not [key for key in ran if key.removeprefix("s1-") in done], cut
        assert not resumed.provider.replies, cut
