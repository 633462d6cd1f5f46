"""Agent tasks of a plan as subagents: tried again, edited, answered by another brain, shaken out of a circle."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hermes_tui.domain.events import (
    AgentSpawned,
    ContextCompacted,
    EditKind,
    LoopNoticed,
    MessagePinned,
    ModelFinished,
    ModelRequested,
    PlanOp,
    ReflectionBegun,
)
from hermes_tui.domain.ids import AgentId, RequestId, TaskId
from hermes_tui.domain.messages import Message, Role, Text
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Criterion, CriterionKind
from hermes_tui.domain.usage import Bound, Limits, Usage
from hermes_tui.kernel.tasks.amend import amend
from tests.kernel.bench import PLACE, PRICE, FakeProvider, FakeTool, KernelBench, ask_for, say
from tests.kernel.crew_bench import CrewBench, Held, Scripts, crew_tools
from tests.kernel.test_crew_steering import agent
from tests.kernel.test_recovery import TwoBrains

CHILD = replace(PLACE, agent=AgentId("c1"))


async def test_an_agent_whose_result_code_refused_reads_why_and_tries_again() -> None:
    scripts = Scripts({"one": [say("One.")], "two": [say("Two.")]})
    bench = CrewBench(scripts)
    bench.kernel.start(
        agent("one"),
        agent("two", needs=(TaskId("one"),)),
        criteria=(Criterion(kind=CriterionKind.RUN, subject="true"),),
    )
    bench.kernel.criteria_ok = False

    def mend(record: Record) -> None:
        bench.kernel.criteria_ok = bench.kernel.criteria_ok or isinstance(record.body, ReflectionBegun)

    bench.kernel.kit.session.bus.subscribe(mend)

    ended = await bench.run()

    assert (ended.status, bench.spawned()) == ("done", [AgentId("one"), AgentId("two"), AgentId("two")])
    assert "these conditions do not hold:\n- " in scripts.of("two")[-1].messages[0].text


async def test_a_child_that_failed_at_a_task_is_followed_by_one_of_another_brain() -> None:
    bad = [ask_for(("echo", "{")), ask_for(("echo", "{"))]
    bench = CrewBench(Scripts({"one": bad, "two": [say("Two.")]}))
    second = FakeProvider([say("One."), say("Two.")])
    kit = bench.kernel.kit
    first = await kit.brains.choose("agent", {})
    kit.brains = TwoBrains((replace(first, name="one:m"), replace(first, name="two:m", provider=second)))
    bench.kernel.start(agent("one"), agent("two"))

    ended = await bench.run()

    assert ended.exit_code == 0, ended.reason
    assert bench.kernel.state.graph.status[TaskId("one")].avoided == ("one:m",)
    assert bench.kernel.state.graph.status[TaskId("one")].model == "two:m"


async def test_a_task_that_is_edited_while_its_child_works_is_begun_anew_by_another_child() -> None:
    held = Held()
    scripts = Scripts({"one": [ask_for(("wait", {}))], "new": [say("New.")], "two": [say("Two.")]})
    bench = CrewBench(scripts, wait=FakeTool("wait", held.act))  # type: ignore[arg-type] # it never returns
    bench.kernel.start(agent("one"), agent("two"))
    running = asyncio.create_task(bench.run())
    await asyncio.to_thread(held.entered.wait)

    task = replace(bench.kernel.state.graph.tasks[TaskId("one")], args='{"goal": "new it"}')
    op = PlanOp(kind=EditKind.EDIT, target=task.id, task=task)
    amend(bench.kernel.kit.session, PLACE, [op], by="operator", why="otherwise")
    await running

    assert held.cancelled.is_set()
    assert bench.kernel.state.graph.status[TaskId("one")].result == '"New."'


def spoken(place: Place, text: str, number: int, kernel: KernelBench) -> None:
    """Put a reply on record."""
    request = RequestId(f"r{number}")
    asked = ModelRequested(
        request_id=request,
        model="m",
        role="cortex",
        why="",
        bound=Bound(tokens=1, usd=0.0),
        request_bytes=1,
        max_tokens=1,
        step=number,
        attempt=1,
    )
    said = Message(role=Role.MODEL, content=(Text(text=text),))
    kernel.kit.session.emit(asked, place)
    kernel.kit.session.emit(
        ModelFinished(
            request_id=request,
            model="m",
            message=said,
            stop=StopReason.END,
            usage=Usage(),
            usd=0.0,
            first_token_s=0.0,
            seconds=0.0,
        ),
        place,
    )


@pytest.mark.parametrize("action", ["warned", "reset"])
def test_a_reset_leaves_a_child_its_task_and_its_pins_and_takes_the_summary_back(action: str) -> None:
    kernel = KernelBench(provider=FakeProvider([]), tools=crew_tools(), price=PRICE)
    emit = kernel.kit.session.emit
    spawned = AgentSpawned(
        parent=AgentId("main"), title="t", task="Do this.", role="cortex", tools=(), write=(), limits=Limits(), depth=1
    )
    emit(spawned, CHILD)
    spoken(CHILD, "Trying.", 1, kernel)
    kernel.tell("Never touch the port.", "c1")
    spoken(CHILD, "Trying again.", 2, kernel)
    emit(MessagePinned(index=2, pinned=True, by="operator"), CHILD)
    emit(ContextCompacted(upto=2, summary="s", kept=(), before_tokens=9, after_tokens=1, by="extract"), CHILD)

    noticed = LoopNoticed(layer="identical", action="warned", key="k", count=3, why="Stuck.")
    emit(noticed if action == "warned" else replace(noticed, action="reset"), CHILD)

    messages = [message.text for message in kernel.state.talk.of(CHILD.agent).messages]
    window = kernel.state.windows.of(CHILD.agent)
    whole = ["Do this.", "Trying.", "Never touch the port.", "Trying again.", "Stuck."]
    assert messages == (whole if action == "warned" else ["Do this.", "Never touch the port.", "Stuck."])
    assert (window.pins, bool(window.compactions)) == (
        (frozenset({2}), True) if action == "warned" else (frozenset({1}), False)
    )
