"""Strategies: one goal planned in several ways, tasks that start while the plan streams, and plans that fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import (
    EditKind,
    ModelFinished,
    PlanEdited,
    PlanOp,
    RecoveryTried,
    RunStarted,
    ToolFinished,
)
from hermes_tui.domain.ids import RunId, TaskId
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta
from hermes_tui.domain.ports import Brain, Tool, ToolContext, ToolOutcome
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Effect, Goal, Mode, Plan, Reach, Task, TaskKind, TaskState
from hermes_tui.domain.usage import Limits, Usage
from hermes_tui.kernel.strategies.auto import STRATEGIES, choose
from tests.kernel.bench import PLACE, PRICE, FakeBrains, FakeProvider, FakeTool, KernelBench, Reply, ask_for, echo, say
from tests.kernel.test_recovery import read_task

CITIES = ("rome", "oslo", "lima", "bern", "kyiv")
ANSWER = "rome 1, oslo 2, lima 3, bern 4, kyiv 5"


async def population(values: dict[str, object], context: ToolContext) -> ToolOutcome:
    assert context.key
    count = CITIES.index(str(values["city"])) + 1
    return ToolOutcome(output=str(count), data=str(count))


def line(name: str, use: str = "echo", **more: object) -> str:
    return json.dumps({"id": name, "kind": "tool", "use": use, "title": name, "args": {"of": name}, **more})


def bench(replies: Sequence[Reply], *, strategy: str = "rewoo", text: str = "Compare five cities.") -> KernelBench:
    tools: dict[str, Tool] = {
        "echo": FakeTool("echo", echo),
        "act": FakeTool("act", population),
        "write": FakeTool("write", echo, effect=Effect.WRITE, reach=Reach.SCOPE),
    }
    kernel = KernelBench(provider=FakeProvider(list(replies)), tools=tools)
    prepare(kernel)
    emit = kernel.kit.session.emit
    goal = Goal(text=text)
    emit(RunStarted(goal=goal, goal_digest="d", mode=Mode.AUTO, limits=Limits()), PLACE)
    ops = tuple(PlanOp(kind=EditKind.ADD, target=one.id, task=one) for one in STRATEGIES[strategy].begin(goal))
    emit(PlanEdited(base_rev=0, by="goal", why=strategy, ops=ops), PLACE)
    return kernel


def prepare(kernel: KernelBench) -> None:
    kernel.kit.read_task = _read


def _read(text: str) -> Task:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise UsageInvalid("not JSON") from error
    if "id" not in given:
        raise UsageInvalid("no id")
    task = read_task(json.dumps({**given, "use": ""}))
    needs = tuple(TaskId(need) for need in given.get("needs", ()))
    return Task(id=task.id, kind=task.kind, title=task.title, use=given.get("use", ""), args=task.args, needs=needs)


def cities(**more: object) -> str:
    return "\n".join(line(city, "act", args={"city": city}, **more) for city in CITIES)


async def test_rewoo_needs_two_model_calls_where_react_needs_six_for_the_same_answer() -> None:
    looks = [ask_for(("act", {"city": city}), text=f"Look at {city}.") for city in CITIES]
    react = bench([*looks, say(ANSWER)], strategy="react")
    rewoo = bench([say(cities()), say(ANSWER)])

    ends = [await react.run(), await rewoo.run()]

    calls = [len(kernel.bodies(ModelFinished)) for kernel in (react, rewoo)]
    assert calls == [6, 2]
    assert [end.answer for end in ends] == [ANSWER, ANSWER]
    read = rewoo.said_to_model()[-1].text
    assert all(f"## {city}: {city}\n{number}" in read for number, city in enumerate(CITIES, 1))


@dataclass
class SlowProvider:
    """Streams a plan line by line and waits for the first task's result before it ends."""

    lines: Sequence[str]
    seen: asyncio.Event = field(default_factory=asyncio.Event)
    calls: int = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        assert request.tools == ()
        self.calls += 1
        if self.calls == 1:
            for text in self.lines:
                yield TextDelta(f"{text}\n")
            await self.seen.wait()
        else:
            yield TextDelta("Answered.")
        yield Usage(input_tokens=10, output_tokens=10)
        yield Stop(StopReason.END)


async def test_what_only_reads_starts_while_the_plan_still_streams_and_what_changes_waits_for_the_whole() -> None:
    provider = SlowProvider([line("a"), line("w", "write")])
    kernel = bench([])
    brain = Brain(name="slow:m", model="m", provider=provider, price=PRICE, window_tokens=100_000, why="test")
    kernel.kit.brains = FakeBrains(brain)
    states: list[TaskState] = []

    def hear(record: Record) -> None:
        if isinstance(record.body, ToolFinished) and record.place.task == "a":
            graph = kernel.state.graph
            states.extend([graph.state_of(TaskId("plan")), graph.state_of(TaskId("w"))])
            provider.seen.set()

    kernel.kit.session.bus.subscribe(hear)

    ended = await asyncio.wait_for(kernel.run(), timeout=20)

    assert states == [TaskState.RUNNING, TaskState.PENDING]
    assert kernel.state.graph.tasks[TaskId("w")].needs == ("plan",)
    assert ended.answer == "Answered."


async def test_a_line_that_is_no_task_gets_one_repair() -> None:
    kernel = bench(
        [say(f"{line('a')}\n{line('b', needs=['zz'])}\n{{broken"), say(line("b", needs=["a"])), say("Done.")]
    )

    ended = await kernel.run()

    graph = kernel.state.graph
    assert ended.answer == "Done."
    assert graph.tasks[TaskId("b")].needs == ("a",)
    assert graph.tasks[TaskId("solve")].needs == ("plan", "b")
    told = kernel.provider.requests[1].messages[-1].text
    assert "- b: needs zz, which is no task" in told


async def test_where_no_plan_comes_of_it_one_agent_pursues_the_goal() -> None:
    kernel = bench([say("I cannot plan."), say("Still not."), say("Found by one agent.")])

    ended = await kernel.run()

    rungs = [body.rung for body in kernel.bodies(RecoveryTried) if isinstance(body, RecoveryTried)]
    assert ended.answer == "Found by one agent."
    assert rungs == ["simplify"]
    assert kernel.state.graph.tasks[TaskId("solve")].kind is TaskKind.AGENT


async def test_the_answer_is_given_from_what_succeeded_and_names_what_failed() -> None:
    kernel = bench(
        [say(f"{line('good')}\n{line('bad', 'act', args={'city': 'nowhere'})}"), say("{}"), say(""), say("Half.")]
    )

    async def fail(_: dict[str, object], __: ToolContext) -> ToolOutcome:
        return ToolOutcome(output="no such city", data="null", ok=False, error_kind="missing")

    kernel.tools["act"] = FakeTool("act", fail)

    ended = await kernel.run()

    assert "## bad: bad\n[failed: no such city]" in kernel.said_to_model()[-1].text
    assert (ended.exit_code, ended.answer) == (0, "Half.")


async def test_milestones_are_pursued_by_agents_that_never_see_the_whole_plan() -> None:
    plan = "\n".join(
        json.dumps({"id": f"m{n}", "kind": "agent", "title": f"M{n}", "args": {"goal": f"Reach {n}."}, "needs": needs})
        for n, needs in ((1, []), (2, ["m1", "m3"]), (3, []))
    )
    kernel = bench([say(plan), say("One."), say("Three."), say("Two."), say("All.")], strategy="hierarchical")
    kernel.kit.width = 1

    ended = await kernel.run()

    first = [request.messages[0].text for request in kernel.provider.requests]
    assert first[1:4] == ["Reach 1.", "Reach 3.", "Reach 2."]
    assert ended.answer == "All."


async def test_a_chain_of_forty_small_steps_is_compressed() -> None:
    steps = "\n".join(
        json.dumps(
            {"id": f"s{n}", "kind": "agent", "args": {"goal": f"Step {n}."}, "needs": [f"s{n - 1}"] if n else []}
        )
        for n in range(40)
    )
    kernel = bench([say(steps), *[say(f"part {n}") for n in range(10)], say("All.")], strategy="hierarchical")

    ended = await kernel.run()

    graph = kernel.state.graph
    agents = [task for task in graph.tasks.values() if task.kind is TaskKind.AGENT]
    assert ended.answer
    assert len(agents) <= 10
    goals = " ".join(task.args for task in agents)
    assert all(f"Step {n}." in goals for n in range(40))


async def test_a_crash_at_any_record_of_a_planned_run_pays_for_no_reply_twice_and_ends_the_same() -> None:
    replies = [say(f"{line('a')}\n{line('b', needs=['a'])}\n{line('w', 'write', needs=['b'])}"), say("Answered.")]
    whole = bench(replies)
    await whole.run()
    records = whole.journal.records

    for cut in range(2, len(records)):
        paid = sum(isinstance(record.body, ModelFinished) for record in records[:cut])
        tools = {name: FakeTool(name, echo, effect=tool.spec.effect) for name, tool in whole.tools.items()}
        resumed = whole.crash(cut, provider=FakeProvider(list(replies[paid:])), tools=tools)
        prepare(resumed)

        ended = await resumed.run()

        assert ended.answer == "Answered.", cut
        assert not resumed.provider.replies, cut
        done = [r.body.call_id for r in resumed.journal.records if isinstance(r.body, ToolFinished)]
        assert sorted(done) == ["a-r1", "b-r1", "w-r1"], cut


async def test_another_run_of_the_session_is_planned_anew() -> None:
    kernel = bench([say(line("a")), say("One."), say(line("b")), say("Two.")])
    await kernel.run()
    second = replace(PLACE, run=RunId("r2"))
    emit, goal = kernel.kit.session.emit, Goal(text="Compare five cities.")
    emit(RunStarted(goal=goal, goal_digest="d", mode=Mode.AUTO, limits=Limits()), second)
    ops = tuple(PlanOp(kind=EditKind.ADD, target=one.id, task=one) for one in STRATEGIES["rewoo"].begin(goal))
    emit(PlanEdited(base_rev=0, by="goal", why="rewoo", ops=ops), second)

    ended = await kernel.run(second)

    assert ended.answer == "Two."
    assert set(kernel.state.graph.tasks) == {"plan", "solve", "b"}


ITEMS = "Tell me about\n- the parser\n- the lexer\n- the printer\n"


@pytest.mark.parametrize(
    ("goal", "wanted", "name", "why"),
    [
        (Goal(text="x", plan=Plan(goal="x", tasks=())), "rewoo", "declared", "its own plan"),
        (Goal(text="What does main.py do?"), "auto", "react", "one thing at a time"),
        (Goal(text=ITEMS), "auto", "rewoo", "3 look-ups"),
        (Goal(text=f"{ITEMS}If one is missing, say so."), "auto", "react", "one thing at a time"),
        (Goal(text="Build:\n- a\n- b\n- c\n- d\n"), "auto", "hierarchical", "4 parts"),
        (Goal(text="What?"), "hierarchical", "hierarchical", "as set"),
    ],
)
def test_auto_chooses_by_the_goals_words_and_says_why(goal: Goal, wanted: str, name: str, why: str) -> None:
    choice = choose(goal, wanted)

    assert choice.strategy.name == name
    assert why in choice.why
