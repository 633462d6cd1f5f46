"""Subagents held, told, killed and asking; agent tasks of a plan; the board that they share."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.events import (
    AgentEnded,
    AgentPaused,
    AgentUnpaused,
    ApprovalGiven,
    MessageGiven,
    ModelRequested,
    TaskFailed,
    ToolFinished,
    ToolRequested,
)
from hermes_tui.domain.ids import AgentId, TaskId
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach, Task, TaskKind
from hermes_tui.domain.usage import Limits
from hermes_tui.kernel.agents.subagent import end_agent
from tests.kernel.bench import PLACE, FakeTool, ask_for, say
from tests.kernel.crew_bench import CrewBench, Held, Scripts


async def _quick(arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
    assert context.key
    return ToolOutcome(output=str(arguments), data="null")


async def test_a_child_can_be_held_told_something_and_let_go() -> None:
    entered, leave = threading.Event(), threading.Event()

    async def wait(_: dict[str, object], context: ToolContext) -> ToolOutcome:
        assert context.key
        entered.set()
        await asyncio.to_thread(leave.wait)
        return ToolOutcome(output="ok", data="null")

    out = ask_for(("delegate", {"task": "work on"}))
    scripts = Scripts({"Do": [out, say("Waiting."), say("Done.")], "work": [ask_for(("wait", {})), say("Heard.")]})
    bench = CrewBench(scripts, wait=FakeTool("wait", wait))
    bench.kernel.start()
    running = asyncio.create_task(bench.run())
    await asyncio.to_thread(entered.wait)
    session = bench.kernel.kit.session
    child = session.state.agents.by_id[AgentId("c1")].place

    session.emit(AgentPaused(by="operator"), child)
    leave.set()
    await bench.until(lambda: any(getattr(body, "tool", "") == "wait" for body in bench.kernel.bodies(ToolFinished)))
    asked = len([r for r in bench.kernel.journal.records if isinstance(r.body, ModelRequested) and r.place == child])
    session.emit(MessageGiven(text="Be brief."), child)
    session.emit(AgentUnpaused(by="operator"), child)
    ended = await running

    assert asked == 1
    assert ended.answer == "Done."
    assert [message.text for message in scripts.of("work")[-1].messages][-1] == "Be brief."


async def test_a_killed_child_is_reported_and_its_late_work_does_not_count() -> None:
    held = Held()
    out = ask_for(("delegate", {"task": "wait for ever"}))
    scripts = Scripts({"Do": [out, say("Waiting."), say("Without it, then.")], "wait": [ask_for(("held", {}))]})
    bench = CrewBench(scripts, held=FakeTool("held", held.act))  # type: ignore[arg-type] # it never returns
    bench.kernel.start()
    running = asyncio.create_task(bench.run())
    await asyncio.to_thread(held.entered.wait)

    end_agent(bench.kernel.kit, AgentId("c1"), ("killed", "by operator"), "")
    ended = await running

    assert ended.answer == "Without it, then."
    assert held.cancelled.is_set()
    assert len(bench.kernel.bodies(AgentEnded)) == 1


async def test_a_question_of_a_child_ends_an_unattended_run_with_4_and_the_answer_lets_both_go_on() -> None:
    out = ask_for(("delegate", {"task": "risk it"}))
    scripts = Scripts({"Do": [out, say("Waiting."), say("Done.")], "risk": [ask_for(("risky", {})), say("Dared.")]})
    bench = CrewBench(scripts, risky=FakeTool("risky", _quick, effect=Effect.EXTERNAL, reach=Reach.NETWORK))
    bench.kernel.policy.asks.add("risky")
    bench.kernel.start()

    first = await bench.run()
    again = bench.crash(len(bench.kernel.journal.records))
    (asked,) = again.kernel.state.calls.waiting
    given = ApprovalGiven(approval_id=asked.approval_id, decision=Decision.ALLOW, scope=Scope.ONCE, by="operator")
    again.kernel.kit.session.emit(given, PLACE)
    second = await again.run()

    assert (first.exit_code, asked.tool, second.answer) == (4, "risky", "Done.")
    assert (asked.asker, "c1 (risk it), risky" in first.reason) == ("c1 (risk it)", True)
    assert again.ended()[AgentId("c1")].answer == "Dared."


async def test_an_attended_run_waits_for_the_answer_to_its_childs_question() -> None:
    out = ask_for(("delegate", {"task": "risk it"}))
    scripts = Scripts({"Do": [out, say("Waiting."), say("Done.")], "risk": [ask_for(("risky", {})), say("Dared.")]})
    bench = CrewBench(scripts, risky=FakeTool("risky", _quick, effect=Effect.EXTERNAL, reach=Reach.NETWORK))
    bench.kernel.policy.asks.add("risky")
    bench.kernel.kit.attended = True
    bench.kernel.start()
    running = asyncio.create_task(bench.run())
    await bench.until(lambda: bool(bench.kernel.state.calls.waiting))

    (asked,) = bench.kernel.state.calls.waiting
    given = ApprovalGiven(approval_id=asked.approval_id, decision=Decision.ALLOW, scope=Scope.ONCE, by="operator")
    bench.kernel.kit.session.emit(given, PLACE)
    ended = await running

    assert ended.answer == "Done."


def agent(name: str, **more: object) -> Task:
    """Return an agent task of a plan."""
    return Task(
        id=TaskId(name),
        kind=TaskKind.AGENT,
        title=name,
        args=f'{{"goal": "{name} it"}}',
        **more,  # type: ignore[arg-type] # fields of Task
    )


async def test_agent_tasks_of_a_plan_are_children_with_the_tasks_own_caps() -> None:
    scripts = Scripts({"one": [say("One.")], "two": [ask_for(("echo", {})), say("Two.")]})
    bench = CrewBench(scripts)
    bench.kernel.start(agent("one"), agent("two", needs=(TaskId("one"),), budget=Limits(steps=5), write=("src",)))

    ended = await bench.run()

    two = bench.kernel.state.agents.by_id[AgentId("two")]
    assert (ended.answer, two.spawned.write, two.spawned.limits.steps) == ("Two.", ("/w/src",), 5)
    assert bench.kernel.state.graph.status[TaskId("one")].result == '"One."'


async def test_a_failed_agent_task_is_tried_again_as_a_new_child_that_knows_why() -> None:
    scripts = Scripts({"one": [ask_for(("echo", "{")), ask_for(("echo", "{"))], "two": [say("Two.")]})
    bench = CrewBench(scripts)
    bench.kernel.start(agent("one", retry=1), agent("two"))

    await bench.run()

    assert bench.spawned().count(AgentId("one")) == 2
    failures = [body.recovering for body in bench.kernel.bodies(TaskFailed) if isinstance(body, TaskFailed)]
    assert failures == [True, True, False]
    assert "An earlier attempt ended: failed" in scripts.of("one")[-1].messages[0].text


async def test_children_of_children_stop_at_the_second_floor() -> None:
    out = ask_for(("delegate", {"task": "first floor"}))
    scripts = Scripts(
        {
            "Do": [out, say("Waiting."), say("Done.")],
            "first": [ask_for(("delegate", {"task": "second floor"})), say("Waiting."), say("First.")],
            "second": [say("Second.")],
        }
    )
    bench = CrewBench(scripts)
    bench.kernel.start()

    ended = await bench.run()

    assert ended.answer == "Done."
    assert [home.answer for home in bench.ended().values()] == ["Second.", "First."]
    assert "delegate" not in [tool.name for tool in scripts.of("second")[0].tools]


async def test_a_parent_that_waits_for_its_children_hears_the_operator_at_once() -> None:
    held = Held()
    out = ask_for(("delegate", {"task": "wait for ever"}))
    scripts = Scripts({"Do": [out, say("Waiting."), say("I hear you."), say("Done.")], "wait": [ask_for(("held", {}))]})
    bench = CrewBench(scripts, held=FakeTool("held", held.act))  # type: ignore[arg-type] # it never returns
    bench.kernel.start()
    running = asyncio.create_task(bench.run())
    await asyncio.to_thread(held.entered.wait)
    session = bench.kernel.kit.session
    await bench.until(lambda: session.state.talk.of(AgentId("main")).steps == 2)

    session.emit(MessageGiven(text="How is it going?"), replace(PLACE, agent=AgentId("main"), task=TaskId("main")))
    await bench.until(lambda: session.state.talk.of(AgentId("main")).steps == 3)
    out_still = session.state.agents.by_id[AgentId("c1")].ended is None
    end_agent(bench.kernel.kit, AgentId("c1"), ("killed", "by operator"), "")
    ended = await running

    assert out_still
    assert ended.answer == "Done."


async def test_a_child_never_takes_the_name_of_a_task() -> None:
    scripts = Scripts(
        {"c1": [ask_for(("delegate", {"task": "help out"})), say("Waiting."), say("One.")], "help": [say("Helped.")]}
    )
    bench = CrewBench(scripts)
    bench.kernel.start(agent("c1"), agent("two", needs=(TaskId("c1"),)))
    scripts.replies = {**scripts.replies, "two": [say("Two.")]}

    ended = await bench.run()

    assert ended.answer == "Two."
    assert bench.spawned() == ["c1", "c2", "two"]


async def test_the_calls_of_a_second_attempt_are_not_those_of_the_first() -> None:
    calls = [ask_for(("delegate", {"task": "help out"})), ask_for(("echo", "{")), ask_for(("echo", "{"))]
    scripts = Scripts({"one": calls, "two": [say("Two.")], "help": [say("Helped.")]})
    bench = CrewBench(scripts)
    bench.kernel.start(agent("one", retry=1), agent("two"))

    await bench.run()

    asked = [body for body in bench.kernel.bodies(ToolRequested) if getattr(body, "tool", "") == "delegate"]
    assert len({getattr(body, "call_id", "") for body in asked}) == 2
    assert len([name for name in bench.spawned() if name.startswith("c")]) == 2


async def test_the_board_refuses_a_change_of_something_that_moved_on() -> None:
    write = ask_for(("board", {"key": "plan", "value": "mine", "version": 0}))
    stale = ask_for(("board", {"key": "plan", "value": "theirs", "version": 0}))
    fresh = ask_for(("board", {"key": "plan", "value": "both", "version": 1}))
    bench = CrewBench(Scripts({"Do": [write, stale, fresh, ask_for(("board", {})), say("Done.")]}))
    bench.kernel.start()

    await bench.run()

    results = [body for body in bench.kernel.bodies(ToolFinished) if isinstance(body, ToolFinished)]
    assert [(one.ok, one.error_kind) for one in results] == [(True, ""), (False, "conflict"), (True, ""), (True, "")]
    assert "mine" in results[1].output
    entry = bench.kernel.state.agents.board["plan"]
    assert (entry.value, entry.version, entry.by) == ("both", 2, "main")


async def test_a_crash_between_a_write_on_the_board_and_its_result_writes_once() -> None:
    write = ask_for(("board", {"key": "plan", "value": "mine", "version": 0}))
    bench = CrewBench(Scripts({"Do": [write, say("Done.")]}))
    bench.kernel.start()
    await bench.run()
    records = bench.kernel.journal.records
    at = next(n for n, record in enumerate(records, 1) if type(record.body).__name__ == "BoardSet")

    again = bench.crash(at)
    ended = await again.run()

    assert ended.answer == "Done."
    assert again.kernel.state.agents.board["plan"].version == 1
