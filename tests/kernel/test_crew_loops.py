"""A subagent that goes in circles ends alone: who sent it out reads why and goes on."""

from __future__ import annotations

from hermes_tui.domain.events import AgentEnded, EditKind, PlanOp, RecoveryTried, TaskFailed
from hermes_tui.domain.ids import AgentId, TaskId
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Rung
from hermes_tui.kernel.tasks.amend import amend
from tests.kernel.bench import PLACE, FakeTool, Reply, ask_for, say
from tests.kernel.crew_bench import CrewBench, Scripts
from tests.kernel.test_crew_steering import agent

CIRCLES: list[Reply] = [ask_for(("find", {"page": n}), text=f"try {n}") for n in range(40)]


async def _forbidden(_: dict[str, object], context: ToolContext) -> ToolOutcome:
    assert context.key
    return ToolOutcome(output="403 Forbidden", data="null", ok=False, error_kind="http_403")


async def test_a_child_in_circles_comes_home_with_the_reason_and_its_parent_goes_on() -> None:
    out = ask_for(("delegate", {"task": "look it up"}))
    scripts = Scripts({"Do": [out, say("Waiting."), say("Done without it.")], "look": CIRCLES})
    bench = CrewBench(scripts, find=FakeTool("find", _forbidden))
    bench.kernel.start()

    ended = await bench.run()

    home = bench.ended()[AgentId("c1")]
    assert (ended.exit_code, ended.answer, home.status) == (0, "Done without it.", "looped")
    assert "loop guard" in home.report
    assert "'http_403'" in scripts.of("Do")[-1].messages[-1].text


async def test_an_agent_task_in_circles_climbs_its_ladder_and_dooms_no_other() -> None:
    scripts = Scripts({"one": CIRCLES, "two": [say("Two.")]})
    bench = CrewBench(scripts, find=FakeTool("find", _forbidden))
    bench.kernel.start(agent("one"), agent("two"), agent("sum", needs=(TaskId("one"), TaskId("two")), partial=True))
    scripts.replies = {**scripts.replies, "sum": [say("Two, without one.")]}

    ended = await bench.run()

    (failed,) = [body for body in bench.kernel.bodies(TaskFailed) if isinstance(body, TaskFailed) and body.recovering]
    (rung,) = [body for body in bench.kernel.bodies(RecoveryTried) if isinstance(body, RecoveryTried)]
    assert (ended.exit_code, ended.answer, failed.kind) == (0, "Two, without one.", "loop")
    assert (rung.rung, rung.taken) == (Rung.ASK, False)


async def test_a_run_that_cannot_do_without_it_ends_3_and_says_which_task_to_try_again() -> None:
    scripts = Scripts({"one": CIRCLES, "two": [say("Two.")]})
    bench = CrewBench(scripts, find=FakeTool("find", _forbidden))
    bench.kernel.start(agent("one"), agent("two"))

    ended = await bench.run()

    assert (ended.status, ended.exit_code, ended.limit) == ("limited", 3, "loop")
    assert "loop guard" in ended.reason
    assert "hermes runs edit s1 --retry one" in ended.reason


async def test_a_new_attempt_is_not_judged_by_what_the_one_before_ran_into() -> None:
    scripts = Scripts({"one": CIRCLES, "two": [say("Two.")]})
    bench = CrewBench(scripts, find=FakeTool("find", _forbidden))
    bench.kernel.start(agent("one"), agent("two"))
    await bench.run()
    again = bench.crash(len(bench.kernel.journal.records))
    calls = len(again.kernel.state.guard.of(AgentId("one")).failures)
    amend(again.kernel.kit.session, PLACE, [PlanOp(kind=EditKind.RETRY, target=TaskId("one"))], by="operator", why="")

    await again.run()

    ends = [body for body in again.kernel.bodies(AgentEnded) if isinstance(body, AgentEnded) and body.parent is None]
    looped = [body for body in ends if body.status == "looped"]
    assert calls > 0
    assert [body.calls for body in looped] == [looped[0].calls] * 2
