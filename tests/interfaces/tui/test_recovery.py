"""A session that was left open: what is said, and that answering or asking goes on without repeating anything."""

from __future__ import annotations

import asyncio

from hermes_tui.domain.commands import Submit
from hermes_tui.domain.events import ApprovalAsked, Event, ModelRequested, RunEnded, RunResumed, ToolFinished
from hermes_tui.domain.ids import SessionId
from hermes_tui.services.desk import Desk
from tests.fakes import Call, Reply, Scenario
from tests.fakes.running import running_server
from tests.interfaces.tui.stand import Stand, Table, events_of, seated

REPLIES = [
    Reply("I look.", tool_calls=[Call("list", {"path": "."})]),
    Reply("I write.", tool_calls=[Call("write", {"path": "a.txt", "content": "x"})]),
    Reply("Done."),
]


async def leave_open(table: Table, url: str, at: type[Event] = ApprovalAsked) -> SessionId:
    """Let a run wait for an answer, and end without closing it: its last record is the question, or another."""
    async with seated(table.desk(url)) as app:
        app.seat.send(Submit(text="Write it."))
        await app.until_event(at)
        desk = app.seat
        assert isinstance(desk, Desk)
        await asyncio.to_thread(copy_without_end, desk)
        return SessionId(desk.session_id)


def copy_without_end(desk: Desk) -> None:
    """Keep the session file as a power cut would leave it now."""
    folder = desk.station.sessions()
    for path in folder.glob(f"{desk.session_id}.db*"):
        (folder.parent / f"left-{path.name}").write_bytes(path.read_bytes())


def put_back(table: Table, session: SessionId) -> None:
    """Let the file be what it was before Hermes closed it."""
    folder = table.home / "state" / "sessions"
    for path in folder.glob(f"{session}.db*"):
        path.unlink()
    for path in folder.parent.glob(f"left-{session}.db*"):
        path.rename(folder / path.name.removeprefix("left-"))


async def reopened(app: Stand) -> None:
    await app.until(lambda: app.workspace.unfinished)
    app.workspace.refresh_panes()
    await app.pilot.pause()


async def test_a_session_left_open_says_so_and_resume_goes_on_with_the_question(table: Table) -> None:
    with running_server(Scenario(replies=REPLIES)) as server:
        session = await leave_open(table, server.openai_url)
        put_back(table, session)
        async with seated(table.desk(server.openai_url, session)) as app:
            await reopened(app)
            said = app.text
            await app.enter("/resume")
            await app.until_event(RunResumed)
            await app.enter("/yes")
            await app.until_event(RunEnded)
            desk = app.seat
            assert isinstance(desk, Desk)
            ran = [event.tool for event in events_of(desk, ToolFinished) if isinstance(event, ToolFinished)]

    assert "■ Hermes ended at" in said
    assert "nothing is repeated." in said
    assert "─ goal · run unfinished ─" in said or "═ goal · run unfinished ═" in said
    assert "◊ goal wants write a.txt" in said
    assert ran == ["list", "write"]
    assert (table.workspace / "a.txt").read_text() == "x"


async def test_an_answer_alone_makes_the_unfinished_run_go_on(table: Table) -> None:
    with running_server(Scenario(replies=REPLIES)) as server:
        session = await leave_open(table, server.openai_url)
        put_back(table, session)
        async with seated(table.desk(server.openai_url, session)) as app:
            await reopened(app)
            await app.enter("/yes")
            await app.until_event(RunEnded)

    assert (table.workspace / "a.txt").read_text() == "x"


async def test_after_a_crash_no_task_is_said_to_run(table: Table) -> None:
    with running_server(Scenario(replies=[Reply("never", first_token_s=3600.0)])) as server:
        session = await leave_open(table, server.openai_url, ModelRequested)
        put_back(table, session)
        async with seated(table.desk(server.openai_url, session)) as app:
            await reopened(app)
            graph = app.workspace.graph_pane

            assert [row.word for row in graph.shown] == ["stopped"]
            assert "stopped" in app.text
            assert "running" not in app.text


async def test_orders_that_find_nothing_to_do_say_so(table: Table) -> None:
    with running_server(Scenario(replies=[])) as server:
        async with seated(table.desk(server.openai_url)) as app:
            await app.enter("/resume")
            await app.until(lambda: app.said.startswith("No run is unfinished in this session."))
            await app.enter("/interrupt")
            await app.until(lambda: app.said == "Nothing runs that could be interrupted.")
