"""Subagents: their own loops, scopes and slices; reports instead of transcripts; nothing repeated after a crash."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hermes_tui.domain.events import (
    AgentEnded,
    EditKind,
    ModelFinished,
    PlanEdited,
    PlanOp,
    ToolFinished,
)
from hermes_tui.domain.ids import AgentId, TaskId
from hermes_tui.domain.ports import ToolContext, ToolOutcome, ToolSpec
from hermes_tui.domain.usage import Limits
from hermes_tui.kernel import context
from tests.kernel.bench import PLACE, FakeTool, ask_for, say
from tests.kernel.crew_bench import CrewBench, Held, Scripts

DOCUMENT = "All the long words of a document. " * 6_000


async def read_document(arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
    """Give 200 KB."""
    context.seen[f"/w/{arguments['path']}"] = "ab" * 32
    return ToolOutcome(output=DOCUMENT, data="null")


class Reading(FakeTool):
    """A tool with room for a whole document."""

    @property
    def spec(self) -> ToolSpec:
        return replace(super().spec, output_limit=300_000)


def readers(count: int) -> Scripts:
    """Return a parent that sends out `count` readers and sums up."""
    names = "abcdefghij"[:count]
    out = ask_for(*(("delegate", {"task": f"read-{name} it", "title": f"read {name}"}) for name in names))
    children = {f"read-{name}": [ask_for(("read", {"path": name})), say(f"Sum of {name}.")] for name in names}
    return Scripts({"Do": [out, say("Waiting."), say("All summed up.")], **children})


async def test_three_readers_of_200_kb_leave_the_parents_prompt_small_and_run_on_other_threads() -> None:
    bench = CrewBench(readers(3), read=Reading("read", read_document))
    bench.kernel.start()

    ended = await bench.run()

    last = bench.scripts.of("Do")[-1]
    assert ended.answer == "All summed up."
    assert len(DOCUMENT) > 200_000
    assert sum(context.size_bytes(one) for one in (last,)) / 4 < 2_000
    assert [text for text in "abc" if f"Sum of {text}." in "".join(m.text for m in last.messages)] == ["a", "b", "c"]
    assert all("long words" not in str(message) for message in last.messages)
    assert any("long words" in str(message) for message in bench.scripts.of("read-a")[-1].messages)
    assert len(bench.scripts.threads) == 3


async def test_a_child_comes_back_with_evidence_from_the_journal() -> None:
    bench = CrewBench(readers(1), read=Reading("read", read_document))
    bench.kernel.start()

    await bench.run()

    home = bench.ended()[AgentId("c1")]
    assert (home.status, home.answer, home.calls, home.steps) == ("done", "Sum of a.", 1, 2)
    assert [(one.kind, one.path, one.sha256) for one in home.evidence] == [("read", "a", "ab" * 32)]
    assert home.usd == pytest.approx(2 * 0.00012)
    assert "read a" in home.report


async def test_a_crash_at_any_record_repeats_no_step_and_sends_nobody_out_twice() -> None:
    whole = CrewBench(readers(3), read=Reading("read", read_document))
    whole.kernel.start()
    await whole.run()
    records = len(whole.kernel.journal.records)

    for upto in range(3, records):
        again = whole.crash(upto)
        ended = await again.run()

        finished = [
            (record.place.agent, record.body.request_id)
            for record in again.kernel.journal.records
            if isinstance(record.body, ModelFinished)
        ]
        assert ended.answer == "All summed up.", upto
        assert sorted(again.spawned()) == ["c1", "c2", "c3"], upto
        assert {home.status for home in again.ended().values()} == {"done"}, upto
        steps = [agent for agent, _ in finished]
        assert [steps.count(AgentId(name)) for name in ("c1", "c2", "c3")] == [2, 2, 2], upto
        assert steps.count(AgentId("main")) in (2, 3), upto


async def test_cancelling_the_parents_task_ends_its_children_and_what_they_run() -> None:
    held = Held()
    out = ask_for(("delegate", {"task": "wait for ever"}))
    scripts = Scripts({"Do": [out, say("Waiting.")], "wait": [ask_for(("held", {}))]})
    bench = CrewBench(scripts, held=FakeTool("held", held.act))  # type: ignore[arg-type] # it never returns
    bench.kernel.start()
    running = asyncio.create_task(bench.run())
    await asyncio.to_thread(held.entered.wait)

    op = PlanOp(kind=EditKind.CANCEL, target=TaskId("main"))
    bench.kernel.kit.session.emit(PlanEdited(base_rev=1, by="operator", why="enough", ops=(op,)), PLACE)
    await running

    kinds = [type(record.body) for record in bench.kernel.journal.records]
    assert held.cancelled.is_set()
    assert bench.ended()[AgentId("c1")].status == "cancelled"
    assert kinds.index(AgentEnded) == kinds.index(PlanEdited, 3) + 1
    assert ToolFinished not in kinds[kinds.index(AgentEnded) :]


async def test_an_interrupted_run_leaves_its_children_out_and_the_next_process_takes_them_up() -> None:
    held = Held()
    out = ask_for(("delegate", {"task": "wait a while"}))
    scripts = Scripts({"Do": [out, say("Waiting."), say("Done.")], "wait": [ask_for(("held", {})), say("It is over.")]})
    bench = CrewBench(scripts, held=FakeTool("held", held.act))  # type: ignore[arg-type] # it never returns
    bench.kernel.start()
    running = asyncio.create_task(bench.run())
    await asyncio.to_thread(held.entered.wait)

    running.cancel()
    ended = await running
    resumed = bench.crash(len(bench.kernel.journal.records))
    resumed.kernel.tools["held"] = FakeTool("held", _quick)
    after = await resumed.run()

    assert (ended.status, held.cancelled.is_set(), bench.ended()) == ("interrupted", True, {})
    assert (after.answer, resumed.spawned()) == ("Done.", ["c1"])


async def _quick(arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
    assert context.key
    return ToolOutcome(output=str(arguments), data="null")


async def test_a_child_has_only_the_tools_and_the_scope_that_it_was_given() -> None:
    scopes: list[tuple[str, ...]] = []

    async def scope(_: dict[str, object], context: ToolContext) -> ToolOutcome:
        scopes.append(tuple(str(path) for path in context.workspace.write))
        return ToolOutcome(output="ok", data="null")

    out = ask_for(("delegate", {"task": "look about", "tools": ["scope"], "write": ["tests"]}))
    scripts = Scripts({"Do": [out, say("Waiting."), say("Done.")], "look": [ask_for(("scope", {})), say("Seen.")]})
    bench = CrewBench(scripts, scope=FakeTool("scope", scope))
    bench.kernel.start()

    await bench.run()

    assert [tool.name for tool in scripts.of("look")[0].tools] == ["scope"]
    assert scopes == [("/w/tests",)]


async def test_a_tool_that_the_parent_lacks_cannot_be_given() -> None:
    out = ask_for(("delegate", {"task": "look about", "tools": ["rocket"]}))
    bench = CrewBench(Scripts({"Do": [out, say("Then not.")]}))
    bench.kernel.start()

    ended = await bench.run()

    refused = [body for body in bench.kernel.bodies(ToolFinished) if isinstance(body, ToolFinished)]
    assert (ended.answer, refused[0].error_kind, bench.spawned()) == ("Then not.", "scope", [])


async def test_a_child_ends_at_its_slice_and_the_parent_goes_on_with_the_rest() -> None:
    out = ask_for(("delegate", {"task": "burn it all", "budget_usd": 0.0085}))
    burning = [ask_for(("echo", {"n": n})) for n in range(500)]
    scripts = Scripts({"Do": [out, say("Waiting."), say("Done.")], "burn": burning})
    bench = CrewBench(scripts)
    bench.kernel.start(limits=Limits(usd=0.05))

    ended = await bench.run()

    home = bench.ended()[AgentId("c1")]
    assert (ended.answer, home.status) == ("Done.", "limited")
    assert 0 < home.usd <= 0.0085
    assert "slice" in home.why


async def test_a_slice_is_set_aside_before_it_is_spent() -> None:
    out = ask_for(("delegate", {"task": "a", "budget_usd": 0.03}), ("delegate", {"task": "b", "budget_usd": 0.03}))
    bench = CrewBench(Scripts({"Do": [out, say("Waiting."), say("Done.")], "a": [say("A.")], "b": [say("B.")]}))
    bench.kernel.start(limits=Limits(usd=0.05))

    await bench.run()

    refused = [body for body in bench.kernel.bodies(ToolFinished) if isinstance(body, ToolFinished) and not body.ok]
    assert [one.error_kind for one in refused] == ["budget"]
    assert len(bench.spawned()) == 1


async def test_steps_and_deadline_end_a_child() -> None:
    out = ask_for(("delegate", {"task": "count up", "steps": 2}), ("delegate", {"task": "late one", "minutes": 1}))
    held = Held()
    scripts = Scripts(
        {
            "Do": [out, say("Waiting."), say("Done.")],
            "count": [ask_for(("echo", {"n": n})) for n in range(9)],
            "late": [ask_for(("held", {}))],
        }
    )
    bench = CrewBench(scripts, held=FakeTool("held", held.act))  # type: ignore[arg-type] # it never returns
    bench.kernel.start()

    ended = await bench.run()

    homes = {home.why.split(",")[0]: home.status for home in bench.ended().values()}
    assert ended.answer == "Done."
    assert homes == {"Stopped after 2 steps": "limited", "Stopped after 60 s": "limited"}


async def test_an_answer_without_the_fields_that_were_asked_for_is_repaired_once() -> None:
    def child(*answers: str) -> list[object]:
        return [say(answer) for answer in answers]

    out = ask_for(
        ("delegate", {"task": "count well", "returns": ["count"]}),
        ("delegate", {"task": "fail twice", "returns": ["count"]}),
    )
    scripts = Scripts(
        {
            "Do": [out, say("Waiting."), say("Done.")],
            "count": child("Three.", 'So: {"count": 3}'),  # type: ignore[dict-item] # replies
            "fail": child("Three.", "Still three."),  # type: ignore[dict-item] # replies
        }
    )
    bench = CrewBench(scripts)
    bench.kernel.start()

    await bench.run()

    assert {(home.status, home.answer) for home in bench.ended().values()} == {
        ("done", '{"count": 3}'),
        ("failed", "Still three."),
    }
