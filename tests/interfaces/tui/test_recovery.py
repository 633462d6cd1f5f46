"""A session that was left open: what is said, and that answering or asking goes on without repeating anything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from hermes_tui.domain.commands import Submit
from hermes_tui.domain.events import ApprovalAsked, Event, ModelRequested, RunEnded, RunResumed, ToolFinished
from hermes_tui.domain.ids import SessionId
from hermes_tui.interfaces.tui.left_open import LeftOpenCard
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


@asynccontextmanager
async def left_open(table: Table, *, early: str = "", size: tuple[int, int] = (120, 36)) -> AsyncGenerator[Stand]:
    """Open the workstation on a session that was left open."""
    with running_server(Scenario(replies=REPLIES)) as server:
        session = await leave_open(table, server.openai_url)
        put_back(table, session)
        async with seated(table.desk(server.openai_url, session), early=early, size=size) as app:
            await reopened(app)
            yield app


async def asked_about(app: Stand) -> LeftOpenCard:
    """Wait until the card has the focus, and let its letters act as soon as they are pressed."""
    await app.until(lambda: app.workspace.choosing is not None)
    assert app.workspace.left is not None
    assert app.first_keys is not None
    app.first_keys.rest_s, app.first_keys.guard_s = 0.01, 0.0
    return app.workspace.left


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (60, 20)])
async def test_the_card_after_a_crash_has_the_focus_and_says_what_happened_and_what_to_press(
    table: Table, size: tuple[int, int]
) -> None:
    async with left_open(table, size=size) as app:
        card = await asked_about(app)
        await app.until(lambda: "═ run unfinished ═" in app.text)
        drawn = app.rows[card.region.y : card.region.bottom]

        text = " ".join(" ".join(row[: card.region.width] for row in drawn[1:]).split())
        assert re.fullmatch(
            r"■ Hermes ended at \d\d:\d\d:\d\d without closing\. 0 of 1 task was done and stays done; "
            r"nothing is repeated\. Enter goes on, t looks first, x leaves it.",
            text,
        )


async def test_enter_goes_on_with_the_run(table: Table) -> None:
    async with left_open(table) as app:
        await asked_about(app)
        await app.pilot.press("enter")
        await app.until_event(RunResumed)
        await app.until(lambda: app.workspace.left is None)
        await app.until(lambda: app.workspace.prompt.has_focus)

        assert "■ Hermes ended at" in app.text
        await app.enter("/deny no")
        await app.until_event(RunEnded)


async def test_x_leaves_it_and_says_how_to_go_on_later(table: Table) -> None:
    async with left_open(table) as app:
        await asked_about(app)
        await app.pilot.press("x")
        await app.until(lambda: app.workspace.left is None)
        await app.until(lambda: "/resume goes on" in app.text)

        assert app.workspace.prompt.has_focus
        assert app.workspace.unfinished


async def test_what_is_read_until_the_operator_has_left_is_shown_nowhere(table: Table) -> None:
    async with left_open(table) as app:
        await app.until(lambda: app.workspace.dock.card.asked is not None)

    await app.day.read()

    assert app.workspace.day_beside is not None


async def test_t_looks_first_and_leads_back_to_the_card(table: Table) -> None:
    async with left_open(table) as app:
        card = await asked_about(app)
        await app.pilot.press("t")
        await app.until(lambda: app.workspace.travelling)
        await app.pilot.press("end")
        await app.until(lambda: not app.workspace.travelling)
        await app.until(lambda: card.has_focus)


async def test_what_is_typed_at_the_card_is_text_and_esc_and_tab_lead_away_and_back(table: Table) -> None:
    async with left_open(table) as app:
        card = await asked_about(app)
        assert app.first_keys is not None
        app.first_keys.rest_s = 60.0
        await app.type("the test")
        await app.until(lambda: app.workspace.prompt.text == "the test")
        typing = app.workspace.prompt.has_focus
        await app.pilot.press("ctrl+c", "tab")
        await app.until(lambda: card.has_focus)
        await app.pilot.press("escape")
        await app.until(lambda: app.workspace.prompt.has_focus)

        assert typing
        assert app.workspace.left is card


async def test_what_was_typed_before_the_card_came_keeps_the_focus_in_the_prompt(table: Table) -> None:
    async with left_open(table, early="x") as app:
        await app.until(lambda: app.workspace._begun)

        assert app.workspace.prompt.has_focus
        assert app.workspace.prompt.text == "x"
        assert "─ run unfinished ─" in app.text
