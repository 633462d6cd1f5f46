"""A plan is looked at again where its threads come together: the rest may change, what is finished stays."""

from __future__ import annotations

import json
from collections import Counter

from hermes_tui.domain.events import EditKind, ModelFinished, PlanEdited, ToolFinished
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import TaskState
from tests.kernel.bench import FakeProvider, FakeTool, KernelBench, Reply, echo, say
from tests.kernel.test_strategies import bench, line, prepare

JOIN = json.dumps({"id": "j", "kind": "join", "title": "j", "needs": ["a", "b"]})
PLAN = "\n".join([line("a"), line("b"), JOIN, line("c", needs=["j"]), line("d", "write", needs=["c"])])
CHANGED = "\n".join([line("c", args={"of": "other"}), '{"drop": "d"}', line("e", "write", needs=["c"])])


def calls(kernel: KernelBench) -> Counter[str]:
    return Counter(
        record.place.task or "" for record in kernel.journal.records if isinstance(record.body, ToolFinished)
    )


def asked(kernel: KernelBench) -> int:
    return len(kernel.bodies(ModelFinished))


async def test_what_a_join_brought_changes_what_comes_after_and_keeps_what_is_done() -> None:
    kernel = bench([say(PLAN), say(CHANGED), say("Answered.")])

    ended = await kernel.run()

    graph = kernel.state.graph
    told = kernel.provider.requests[1].messages[-1].text
    assert ended.answer == "Answered."
    assert calls(kernel) == {"a": 1, "b": 1, "c": 1, "e": 1}
    assert json.loads(graph.status[TaskId("c")].result) == {"of": "other"}
    assert TaskId("d") not in graph.tasks
    assert graph.tasks[TaskId("solve")].needs == ("plan", "e")
    assert '"a": {"of": "a"}' in told.partition("Still to come")[0]
    assert '"id": "c"' in told.partition("Still to come")[2]
    assert "Found" in told


async def test_a_rest_that_fits_is_left_alone_for_one_request() -> None:
    kernel = bench([say(PLAN), say("{}"), say("Answered.")])

    await kernel.run()

    edits = [body for body in kernel.bodies(PlanEdited) if isinstance(body, PlanEdited)]
    assert calls(kernel) == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert not any("brought together" in edit.why for edit in edits)


async def test_a_join_that_only_the_answer_waits_for_asks_nobody() -> None:
    kernel = bench([say(f"{line('a')}\n{line('b')}\n{JOIN}"), say("Answered.")])

    await kernel.run()

    assert asked(kernel) == 2
    assert kernel.state.graph.state_of(TaskId("j")) is TaskState.DONE


async def test_what_does_not_fit_is_told_once_and_finished_work_is_never_touched() -> None:
    wrong = "\n".join([line("x", needs=["nowhere"]), line("a", args={"of": "again"}), '{"drop": "b"}'])
    kernel = bench([say(PLAN), say(wrong), say(wrong), say("Answered.")])

    ended = await kernel.run()

    assert ended.answer == "Answered."
    assert "These lines were not taken: " in kernel.provider.requests[2].messages[-1].text
    assert calls(kernel) == {"a": 1, "b": 1, "c": 1, "d": 1}


async def test_a_plan_is_looked_at_three_times_at_most() -> None:
    lines = [line("t0")]
    for n in range(5):
        lines.append(json.dumps({"id": f"j{n}", "kind": "join", "needs": [f"t{n}"]}))
        lines.append(line(f"t{n + 1}", needs=[f"j{n}"], args={"of": n}))
    kernel = bench([say("\n".join(lines)), *[say("{}")] * 3, say("Answered.")])

    ended = await kernel.run()

    assert (ended.answer, asked(kernel)) == ("Answered.", 5)


async def test_a_crash_at_any_record_of_a_changed_plan_pays_for_no_reply_twice_and_ends_the_same() -> None:
    replies: list[Reply] = [say(PLAN), say(CHANGED), say("Answered.")]
    whole = bench(replies)
    await whole.run()
    records = whole.journal.records

    for cut in range(2, len(records)):
        paid = sum(isinstance(record.body, ModelFinished) for record in records[:cut])
        tools = {name: FakeTool(name, echo, effect=tool.spec.effect) for name, tool in whole.tools.items()}
        resumed = whole.crash(cut, provider=FakeProvider(list(replies[paid:])), tools=tools)
        prepare(resumed)

        ended = await resumed.run()

        assert (ended.answer, resumed.provider.replies) == ("Answered.", []), cut
        assert calls(resumed) == {"a": 1, "b": 1, "c": 1, "e": 1}, cut
        dropped = [
            op.target
            for body in resumed.bodies(PlanEdited)
            if isinstance(body, PlanEdited)
            for op in body.ops
            if op.kind is EditKind.REMOVE
        ]
        assert dropped == ["d"], cut
