"""Time travel: every pane shows the session as it was, nothing can be changed there, and a fork goes on from it."""

from __future__ import annotations

import pytest

from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.events import ModelRequested, RunEnded, SessionForked, TaskFailed, ToolFinished
from hermes_tui.domain.ids import Seq, SessionId, TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.interfaces.tui.archive import Archive
from hermes_tui.interfaces.tui.past import Past
from hermes_tui.interfaces.tui.scrubber import Tick, fork_question, whereabouts
from hermes_tui.services import history
from hermes_tui.services.desk import Desk
from tests.fakes import Call, Reply, Scenario
from tests.fakes.running import running_server
from tests.interfaces.tui.stand import Stand, Table, seated, workstation

LOOK = Reply("I look first.", tool_calls=[Call("list", {"path": "."})])
WRITE = Reply("I write.", tool_calls=[Call("write", {"path": "a.txt", "content": "x\n"})])
DONE = Reply("All done here.")


async def finished(app: Stand, goal: str = "Look around.") -> None:
    """Let a run come to its end."""
    await app.enter(goal)
    await app.until_event(RunEnded)
    await app.until(lambda: not app.workspace.live)


async def travelled(app: Stand, line: str = "/travel") -> None:
    """Look at the past."""
    await app.enter(line)
    await app.until(lambda: app.workspace.travelling)
    await app.pilot.pause()


async def test_panes_show_the_session_as_it_was_and_come_back_to_now_with_the_draft(table: Table) -> None:
    async with workstation(table, Scenario(replies=[LOOK, DONE])) as app:
        await finished(app)
        desk = app.seat
        assert isinstance(desk, Desk)
        records = history.records(desk.station.sessions(), desk.session_id)
        seq = next(record.seq for record in records if isinstance(record.body, ToolFinished))
        await travelled(app, f"/travel @{seq - 1}")
        then = app.text
        await app.pilot.press("right")
        await app.pilot.pause()
        one_later = app.text
        await app.type("x")
        await app.pilot.press("escape")
        await app.until(lambda: not app.workspace.travelling)
        await app.type("draft")

        assert "viewing the past" in then
        assert f"record {seq - 1:,} of {records[-1].seq:,}" in then
        assert "I look first." in then
        assert "All done here." not in then
        assert "● list" in then
        assert "✓ list" in one_later
        assert "All done here." in app.text
        assert app.workspace.prompt.text == "draft"


async def test_a_row_that_waited_in_the_past_names_no_key_that_would_act_now(table: Table) -> None:
    async with workstation(table, Scenario(replies=[LOOK, DONE])) as app:
        await finished(app)
        desk = app.seat
        assert isinstance(desk, Desk)
        records = history.records(desk.station.sessions(), desk.session_id)
        seq = next(record.seq for record in records if isinstance(record.body, ModelRequested))
        await travelled(app, f"/travel @{seq}")

        assert "first token, 0 s" in app.text
        assert "Esc stop" not in app.text


async def test_reading_a_long_session_says_how_far_it_is_and_ends_where_the_operator_leaves(table: Table) -> None:
    async with workstation(table, Scenario(replies=[LOOK, DONE])) as app:
        await finished(app)
        archive = Archive(app, at_once=5)
        told = app.told
        told.clear()
        await archive.travel_to(archive.here, None)
        arrived, said = app.workspace.travelling, list(told)
        app.workspace.arrive()

        def leave(text: str) -> None:
            if ", 5 of" in text:
                app.workspace.step_back_in_time()

        app.listen = leave
        told.clear()
        await archive.travel_to(archive.here, None)

        assert arrived
        assert [line.partition(",")[2].partition(" of")[0].strip() for line in said[1:4]] == ["5", "10", "15"]
        assert not app.workspace.travelling
        assert len(told) == 2
        assert said[0].endswith("Esc leaves it.")


async def test_esc_leaves_what_is_being_read(table: Table) -> None:
    async with workstation(table, Scenario(replies=[LOOK, DONE])) as app:
        app.workspace.reading = object()

        await app.pilot.press("escape")

        assert app.workspace.reading is None


async def test_a_session_is_exported_into_the_workspace_and_never_over_a_file(table: Table) -> None:
    async with workstation(table, Scenario(replies=[LOOK, DONE])) as app:
        await finished(app)
        await app.enter("/export kept.db")
        await app.until(lambda: "holds this session" in app.said)
        await app.enter("/export kept.db")
        await app.until(lambda: "exists already" in app.said)

    assert [type(one.body) for one in read_session(table.workspace / "kept.db")][-1] is RunEnded


@pytest.mark.parametrize("width", [200, 120, 80, 60, 40])
def test_what_answers_the_question_about_a_fork_is_never_cut(width: int) -> None:
    asking = fork_question(Past("p2a8cc816"), Seq(1_241), width)
    text = "".join(said for said, _ in asking.spans)

    assert asking.width <= width
    assert text.endswith("Enter makes it, Esc stays.")
    assert "1,241" in text
    assert "…" not in text


def test_beside_what_happened_stands_as_much_of_what_waits_now_as_there_is_room_for() -> None:
    place = Place(session=SessionId("s1"), task=TaskId("report"))
    failed = TaskFailed(kind="exit_3", message="no such luck, said the test of ledgers, and the next one", seconds=1)
    past = Past("s1")
    past.extend([Record(seq=Seq(1), at=36_502.0, place=place, body=failed)])
    tick = Tick(10, live=True, waiting=1)
    said = {width: "".join(text for text, _ in whereabouts(past, 0, tick, width).spans) for width in (200, 120, 80, 40)}

    assert "and the next one" in said[200]
    assert said[200].rstrip().endswith("the run goes on: 10 newer · 1 waits for you now")
    assert said[120].rstrip().endswith("10 newer · ◊ 1")
    assert said[80].rstrip().endswith("10 newer · ◊ 1")
    assert [len(one) for one in said.values()] == [200, 120, 80, 40]
    assert all("record 1 of 1" in one for one in said.values())


async def test_a_fork_begins_at_the_record_that_is_shown_and_the_first_session_stays(table: Table) -> None:
    with running_server(Scenario(replies=[LOOK, DONE, Reply("I go on.")])) as server:
        async with seated(table.desk(server.openai_url)) as app:
            await finished(app)
            await travelled(app)
            await app.pilot.press("left_square_bracket", "f")
            await app.pilot.pause()
            asked = app.text
            await app.pilot.press("enter")
            await app.until(lambda: app.return_value)
            first, new = str(app.seat.facts.session), str(app.return_value)
        desk = table.desk(server.openai_url, session=new)
        folder = desk.station.sessions()
        copied = history.records(folder, new)
        async with seated(desk) as app:
            await app.until(lambda: "forked from" in app.text.lower())
            await app.enter("Go on.")
            await app.until(lambda: "I go on." in app.text)

    forked = copied[-1].body
    assert "Fork" in asked
    assert isinstance(forked, SessionForked)
    assert (forked.origin, forked.upto) == (SessionId(first), len(copied) - 1)
    assert [one.body for one in copied[:-1]] == [one.body for one in history.records(folder, first)[: forked.upto]]
    assert {one.place.session for one in copied} == {SessionId(new)}


async def test_nothing_can_be_changed_in_the_past(table: Table) -> None:
    async with workstation(table, Scenario(replies=[LOOK, DONE])) as app:
        await finished(app)
        await travelled(app)
        await app.pilot.press("f2", "down", "r")
        await app.until(lambda: "End returns to now" in app.text)

        assert app.seat.state.graph.rev == 1


async def test_esc_twice_goes_back_to_before_a_prompt_with_its_files(table: Table) -> None:
    table.configure("policy: {mode: auto}\n")
    async with workstation(table, Scenario(replies=[WRITE, DONE])) as app:
        await finished(app, "Write a.txt")
        written = (table.workspace / "a.txt").exists()
        await app.pilot.press("escape", "escape")
        await app.until(lambda: "rewind to before" in app.text)
        await app.pilot.press("enter")
        await app.until(lambda: "what goes back" in app.text)
        await app.type("files")
        await app.pilot.press("up", "down", "down", "enter")
        await app.until(lambda: not (table.workspace / "a.txt").exists())

        assert written


async def test_what_is_said_of_a_second_esc_goes_with_the_next_key_and_so_does_the_first_esc(table: Table) -> None:
    async with workstation(table, Scenario(replies=[LOOK, DONE])) as app:
        await finished(app)
        app.workspace.monotonic = lambda: 1000.0
        await app.pilot.press("escape")
        await app.until(lambda: "Esc again rewinds" in app.rows[-1])
        await app.pilot.press("ctrl+x", "ctrl+c")
        await app.until(lambda: "F1 help" in app.rows[-1])
        await app.pilot.press("escape")
        await app.until(lambda: "Esc again rewinds" in app.rows[-1])
        first_again = "rewind to before" not in app.text
        await app.pilot.press("escape")
        await app.until(lambda: "rewind to before" in app.text)

        assert first_again


async def test_the_picker_renames_a_session_and_finds_it_by_its_name(table: Table) -> None:
    async with workstation(table, Scenario(replies=[LOOK, DONE])) as app:
        await finished(app)
        await app.pilot.press("f10")
        await app.until(lambda: "open here" in app.text)
        await app.pilot.press("ctrl+r")
        await app.pilot.pause()
        await app.enter("first light")
        await app.until(lambda: app.seat.state.run.name == "first light")
        await app.pilot.press("f10")
        await app.until(lambda: "first light" in app.text)

        assert "first light · Look around." in app.text


async def test_the_picker_looks_through_a_session_although_its_key_changes_the_mode_elsewhere(table: Table) -> None:
    async with workstation(table, Scenario(replies=[LOOK, DONE])) as app:
        await finished(app)
        await app.pilot.press("f10")
        await app.until(lambda: "open here" in app.text)
        await app.pilot.press("ctrl+t")
        await app.until(lambda: app.workspace.travelling)
        await app.pilot.pause()

        assert "viewing the past" in app.text
        assert app.text.splitlines()[-1].strip().startswith("ask")
