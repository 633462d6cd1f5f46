"""The mind-log: reason, expectation and outcome of every action, and the part of it that is asked for."""

from __future__ import annotations

from hermes_tui.domain.errors import FailureReason, StreamTruncated
from hermes_tui.domain.events import Event, SessionOpened, ToolFinished, ToolRequested
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.records import Place, Record
from hermes_tui.kernel import expectation
from hermes_tui.services import mindlog, replays
from hermes_tui.services.mindlog import Query
from tests.capabilities.state.samples import EVENTS, StillClock
from tests.kernel.bench import FakeProvider, FakeTool, KernelBench, ask_for, echo, say, tool_task

PLACE = Place(session="s1")  # type: ignore[arg-type] # a plain text in tests


async def fails(_: dict[str, object], context: ToolContext) -> ToolOutcome:
    """End badly."""
    assert context.key
    return ToolOutcome(output="exit 1", data="null", ok=False, error_kind="exit_1")


async def played() -> list[Record]:
    """Return the journal of a run that looks, fails, loses a reply and answers."""
    cut = StreamTruncated("cut", reason=FailureReason.TRUNCATED)
    said = "I look for the port.\nExpect: one line with a number."
    kernel = KernelBench(
        provider=FakeProvider(
            [ask_for(("echo", {"n": 1}), text=said), [cut], ask_for(("fails", {}), text="Now it breaks."), say("Done.")]
        ),
        tools={"echo": FakeTool("echo", echo), "fails": FakeTool("fails", fails)},
    )
    kernel.start()
    await kernel.run()
    return kernel.journal.records


async def test_every_action_has_its_reason_its_expectation_and_its_outcome() -> None:
    records = await played()

    (look, broke) = mindlog.query(records, Query(kind="act"))

    assert (look.what, look.rationale) == ('echo echo {"n": 1}', "I look for the port.")
    assert (look.expectation, look.outcome, look.met) == ("one line with a number.", '{"n": 1}', True)
    assert (broke.rationale, broke.expectation) == ("Now it breaks.", "to see fails {}")
    assert (broke.outcome, broke.met) == ("exit 1", False)
    assert all(entry.met is not None for entry in mindlog.entries(records))


async def test_a_tool_task_is_one_action_and_one_that_had_no_call_is_told_as_well() -> None:
    kernel = KernelBench(provider=FakeProvider([]), tools={"echo": FakeTool("echo", echo)})
    kernel.start(tool_task("a"), tool_task("b", "missing"))
    await kernel.run()

    told = [(entry.kind, entry.task, entry.met) for entry in mindlog.entries(kernel.journal.records) if entry.task]

    assert told[:3] == [("act", "a", True), ("act", "b", False), ("task", "b", False)]


async def test_queries_by_task_agent_kind_words_and_failure() -> None:
    records = await played()

    failed = [entry.kind for entry in mindlog.query(records, Query(failed=True))]
    thoughts = list(mindlog.query(records, Query(kind="think", agent="main", task="main")))

    assert failed == ["think", "act"]
    assert [entry.met for entry in thoughts] == [True, False, True, True]
    assert [entry.what for entry in mindlog.query(records, Query(text="PORT"))] == ['echo echo {"n": 1}']
    assert not list(mindlog.query(records, Query(agent="nobody")))


async def test_each_entry_names_the_records_it_is_made_of() -> None:
    records = await played()
    by_seq = {record.seq: record.body for record in records}

    (look, _) = mindlog.query(records, Query(kind="act"))

    begun, ended = by_seq[Seq(look.seq)], by_seq[Seq(look.ended_seq)]
    assert isinstance(begun, ToolRequested)
    assert isinstance(ended, ToolFinished)
    assert begun.call_id == ended.call_id


def test_every_event_can_be_read_and_every_entry_has_a_known_kind() -> None:
    records = [Record(seq=Seq(n), at=float(n), place=PLACE, body=body) for n, body in enumerate(EVENTS, 1)]

    found = mindlog.entries(records)

    assert {entry.kind for entry in found} <= set(mindlog.KINDS)
    assert {"think", "act", "ask", "plan", "task", "delegate", "context", "operator", "decide", "run"} == {
        entry.kind for entry in found
    }


def test_a_reply_is_split_into_reason_and_expectation() -> None:
    assert expectation.split("Why not. Expect: it works.") == ("Why not.", "it works.")
    assert expectation.split("I expect: nothing of the sort") == ("I expect: nothing of the sort", "")
    assert expectation.split("Only a reason.") == ("Only a reason.", "")


def at(*instants: float) -> list[Record]:
    """Return records at these instants."""
    body: Event = SessionOpened(workspace="/w", version="0")
    return [Record(seq=Seq(n), at=instant, place=PLACE, body=body) for n, instant in enumerate(instants, 1)]


async def test_a_replay_keeps_the_pace_of_the_run_or_a_multiple_of_it() -> None:
    clock = StillClock()
    shown = [clock.now() async for _ in replays.play(at(0, 1, 4, 4), clock, speed=2)]

    assert [instant - shown[0] for instant in shown] == [0, 0.5, 2, 2]


async def test_long_pauses_are_cut_and_time_that_goes_back_counts_as_none() -> None:
    clock = StillClock()
    shown = [clock.now() async for _ in replays.play(at(0, 90_000, 10, 11), clock, longest_gap_s=60)]

    assert [instant - shown[0] for instant in shown] == [0, 60, 60, 61]


async def test_what_the_reader_takes_is_not_added_to_the_pace() -> None:
    clock = StillClock()
    began = clock.now()

    async for record in replays.play(at(0, 10), clock):
        if record.seq == 1:
            await clock.sleep(4)

    assert clock.now() - began == 10
