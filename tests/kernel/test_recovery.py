"""A failed task climbs its ladder: repaired, retried, given to another model, simplified, asked about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.errors import NoProvider, UsageInvalid
from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    EditKind,
    PlanEdited,
    PlanOp,
    RecoveryTried,
    RunStarted,
    SessionOpened,
    TaskFailed,
    ToolRequested,
)
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.parts import Stop, StopReason, TextDelta
from hermes_tui.domain.ports import Brain, CallEnd, Tool, ToolContext, ToolOutcome, Weigh
from hermes_tui.domain.tasks import Effect, Goal, Mode, Reach, Rung, Task, TaskKind, TaskState
from hermes_tui.domain.usage import Limits, Usage
from tests.kernel.bench import PLACE, PRICE, FakeProvider, FakeTool, KernelBench, Reply, echo, say, tool_task


def failing(kind: str, *, times: int = 99) -> FakeTool:
    """Return a tool that fails with an error class so often, then works."""
    left = [times]

    async def act(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        if left[0] > 0 and values.get("good") is None:
            left[0] -= 1
            return ToolOutcome(output=f"{kind} again", data="null", ok=False, error_kind=kind)
        return await echo(values, context)

    return FakeTool("act", act)


def read_task(text: str) -> Task:
    given = json.loads(text)
    if given.get("use", "act") not in ("act", "echo", ""):
        raise UsageInvalid(f"there is no tool {given['use']}.")
    needs = tuple(TaskId(need) for need in given.get("needs", ()))
    return Task(
        id=TaskId(given["id"]),
        kind=TaskKind(given["kind"]),
        title=given.get("title", ""),
        use=given.get("use", ""),
        args=json.dumps(given.get("args", {})),
        needs=needs,
    )


def bench(tool: Tool, *replies: Reply) -> KernelBench:
    kernel = KernelBench(provider=FakeProvider(list(replies)), tools={"act": tool, "echo": FakeTool("echo", echo)})
    kernel.kit.read_task = read_task
    return kernel


def begin(kernel: KernelBench, *tasks: Task, by: str) -> None:
    """Start a run whose tasks were put into the plan by someone."""
    emit = kernel.kit.session.emit
    emit(SessionOpened(workspace="/w", version="0"), PLACE)
    emit(RunStarted(goal=Goal(text="g"), goal_digest="d", mode=Mode.AUTO, limits=Limits()), PLACE)
    ops = tuple(PlanOp(kind=EditKind.ADD, target=task.id, task=task) for task in tasks)
    emit(PlanEdited(base_rev=0, by=by, why="", ops=ops), PLACE)


def rungs(kernel: KernelBench) -> list[tuple[Rung, bool]]:
    return [(body.rung, body.taken) for body in kernel.bodies(RecoveryTried) if isinstance(body, RecoveryTried)]


@pytest.mark.parametrize("kind", ["arguments", "path", "refused_policy", "too_large"])
async def test_what_would_fail_the_same_way_is_not_retried(kind: str) -> None:
    kernel = bench(failing(kind))
    kernel.start(tool_task("a", "act", retry=5))

    ended = await kernel.run()

    assert ended.exit_code == 1
    assert len(kernel.bodies(ToolRequested)) == 1


async def test_what_may_pass_is_retried_after_a_while_as_often_as_the_plan_says() -> None:
    kernel = bench(failing("network", times=2))
    kernel.start(tool_task("a", "act", retry=2))

    ended = await kernel.run()

    assert ended.exit_code == 0
    assert rungs(kernel) == [(Rung.RETRY, True), (Rung.RETRY, True)]
    assert len(kernel.clock.slept) == 2
    assert len(kernel.bodies(ToolRequested)) == 3


async def test_a_task_that_recovers_dooms_nothing_meanwhile() -> None:
    kernel = bench(failing("network", times=1))
    kernel.start(tool_task("a", "act", retry=1), tool_task("b", needs=(TaskId("a"),)), tool_task("c"))

    ended = await kernel.run()

    assert ended.exit_code == 0
    assert {status.state for status in kernel.state.graph.status.values()} == {TaskState.DONE}


async def test_a_models_call_is_repaired_and_judged_anew() -> None:
    kernel = bench(failing("no_match"), say('Use this: {"good": 1}'))
    begin(kernel, tool_task("a", "act", args={"bad": 1}), by="planner")

    ended = await kernel.run()

    assert ended.exit_code == 0
    assert rungs(kernel) == [(Rung.REPAIR, True)]
    assert json.loads(kernel.state.graph.status[TaskId("a")].result) == {"good": 1}
    asked = [body for body in kernel.journal.records if type(body.body).__name__ == "ToolRequested"]
    assert len(asked) == 2


async def test_the_operators_own_arguments_are_never_changed_by_a_model() -> None:
    kernel = bench(failing("no_match"))
    kernel.start(tool_task("a", "act"))

    ended = await kernel.run()

    assert ended.exit_code == 1
    assert not kernel.provider.requests
    assert rungs(kernel) == []


async def test_the_ladder_is_walked_in_order_to_its_end() -> None:
    kernel = bench(failing("no_match"), say("{}"), say(""))
    begin(kernel, tool_task("a", "act", args={"bad": 1}, retry=1), by="planner")

    ended = await kernel.run()

    assert rungs(kernel) == [(Rung.RETRY, True), (Rung.ASK, False)]
    last = kernel.bodies(RecoveryTried)[-1]
    assert isinstance(last, RecoveryTried)
    assert last.why == (
        "repair: no better arguments were found; retry: tried 1 times; other_model: no model carried it out; "
        "simplify: no simpler way was found; ask: nobody is there"
    )
    assert ended.exit_code == 1


async def test_simpler_tasks_take_the_place_of_a_failed_one() -> None:
    line = {"id": "s1", "kind": "tool", "use": "echo", "args": {"n": 1}}
    kernel = bench(failing("no_match"), say("{}"), say(json.dumps(line)))
    begin(kernel, tool_task("a", "act", args={"bad": 1}), tool_task("b", needs=(TaskId("a"),)), by="planner")

    ended = await kernel.run()

    graph = kernel.state.graph
    assert ended.exit_code == 0, ended.reason
    assert rungs(kernel) == [(Rung.SIMPLIFY, True)]
    assert graph.tasks[TaskId("a")].kind is TaskKind.JOIN
    assert json.loads(graph.status[TaskId("a")].result) == {"s1": {"n": 1}}
    assert graph.state_of(TaskId("b")) is TaskState.DONE


@dataclass
class TwoBrains:
    """A first brain, and another one for those who must do without it."""

    brains: tuple[Brain, ...]

    async def choose(
        self,
        role: str,
        tried: Mapping[str, str],
        *,
        size_bytes: int = 0,
        tier: str = "",
        weigh: Weigh | None = None,
    ) -> Brain:
        assert role
        assert size_bytes >= 0
        assert not tier
        assert weigh is None or weigh().tier
        for brain in self.brains:
            if brain.name not in tried:
                return brain
        raise NoProvider("none is left")

    def ended(self, brain: Brain, end: CallEnd) -> bool:
        assert brain in self.brains
        assert end is not None
        return True


async def test_another_model_tries_what_the_first_refused() -> None:
    refusal: Reply = [TextDelta("I will not."), Usage(input_tokens=1, output_tokens=1), Stop(StopReason.REFUSAL)]
    kernel = bench(failing("x"), refusal)
    second = FakeProvider([say("Done by the second.")])
    first = Brain(name="one:m", model="m", provider=kernel.provider, price=PRICE, window_tokens=100_000, why="test")
    kernel.kit.brains = TwoBrains((first, replace(first, name="two:m", provider=second)))
    kernel.start()

    ended = await kernel.run()

    assert ended.answer == "Done by the second."
    assert rungs(kernel) == [(Rung.OTHER_MODEL, True)]
    assert "the one before failed" in second.requests[0].messages[-1].text


@pytest.mark.parametrize(("decision", "state"), [(Decision.ALLOW, TaskState.DONE), (Decision.DENY, TaskState.FAILED)])
async def test_where_somebody_is_there_the_last_rung_asks(decision: Decision, state: TaskState) -> None:
    kernel = bench(failing("boom", times=1))
    kernel.kit.attended = True
    kernel.start(tool_task("a", "act"))

    def answer() -> None:
        for asked in kernel.state.calls.waiting:
            given = ApprovalGiven(approval_id=asked.approval_id, decision=decision, scope=Scope.ONCE, by="operator")
            kernel.kit.session.emit(given, PLACE)

    def hear(record: object) -> None:
        if type(getattr(record, "body", None)).__name__ == "TaskWaiting":
            answer()

    kernel.kit.session.bus.subscribe(hear)

    await kernel.run()

    assert kernel.state.graph.state_of(TaskId("a")) is state


async def test_an_order_that_would_fail_alike_fails_at_once_also_where_somebody_is_there() -> None:
    kernel = bench(failing("refused_policy"))
    kernel.kit.attended = True
    kernel.start(tool_task("a", "act", retry=2))

    ended = await kernel.run()

    assert (ended.exit_code, kernel.bodies(ApprovalAsked)) == (1, [])
    assert "refused_policy again" in ended.reason


async def test_a_crash_at_any_record_of_a_recovery_ends_as_if_there_had_been_none() -> None:
    def tools() -> dict[str, Tool]:
        return {"act": failing("no_match"), "echo": FakeTool("echo", echo, effect=Effect.WRITE, reach=Reach.SCOPE)}

    line = {"id": "s1", "kind": "tool", "use": "echo", "args": {"n": 1}}
    replies = [say("{}"), say(json.dumps(line))]
    whole = KernelBench(provider=FakeProvider(list(replies)), tools=tools())
    whole.kit.read_task = read_task
    begin(whole, tool_task("a", "act", args={"bad": 1}, retry=1), tool_task("b", needs=(TaskId("a"),)), by="planner")
    await whole.run()

    for cut in range(3, len(whole.journal.records)):
        paid = sum(type(record.body).__name__ == "ModelFinished" for record in whole.journal.records[:cut])
        resumed = whole.crash(cut, provider=FakeProvider(list(replies[paid:])), tools=tools())
        resumed.kit.read_task = read_task

        ended = await resumed.run()

        assert ended.exit_code == 0, (cut, ended.reason)
        assert not resumed.provider.replies, cut
        assert len([body for body in resumed.bodies(TaskFailed) if isinstance(body, TaskFailed)]) <= 3, cut
