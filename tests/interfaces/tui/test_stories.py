"""A long life: huge texts, hostile texts, a provider that dies, suspension, an end without warning."""

from __future__ import annotations

import os
import re
import signal
import time

import pytest
from textual import events

from hermes_tui.capabilities.state.lock import is_free
from hermes_tui.domain.commands import Submit
from hermes_tui.domain.events import (
    ApprovalAsked,
    ContextCompacted,
    ContextRestored,
    ModelChosen,
    ModelFailed,
    RunEnded,
    RunStarted,
)
from hermes_tui.domain.ports import Brain
from hermes_tui.services.desk import Desk
from hermes_tui.services.kits import agent_of
from tests.fakes import Call, Reply, Scenario
from tests.fakes.faults import Fault, FaultKind, Moment
from tests.fakes.running import running_server
from tests.fakes.server import FakeServer
from tests.interfaces.processes import Shop, needs_sandbox, shop
from tests.interfaces.terminal import terminal
from tests.interfaces.tui.stand import Stand, Table, events_of, seated, workstation
from tests.interfaces.tui.test_recovery import REPLIES, copy_without_end, put_back

__all__ = ["shop"]

MEGABYTE = 1_000_000
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u202eevil\u202c\x00\x9b31m\r"


def two_brains(table: Table, server: FakeServer) -> Desk:
    """Return a desk with anthropic as brain 1, which answers first, and openai as brain 2."""
    table.monkeypatch.setenv("ANTHROPIC_BASE_URL", server.anthropic_url)
    table.monkeypatch.setenv("ANTHROPIC_API_KEY", "k-test")
    return table.desk(server.openai_url)


async def test_a_switch_lets_the_reply_finish_and_the_next_step_goes_to_the_other_brain(table: Table) -> None:
    write = Call("write", {"path": "a.txt", "content": "x"})
    with running_server(Scenario(replies=[Reply("I write.", tool_calls=[write]), Reply("Written.")])) as server:
        async with seated(two_brains(table, server)) as app:
            await app.until(lambda: len([one for one in app.brains if isinstance(one, Brain)]) == 2)
            await app.enter("write it")
            await app.until_event(ApprovalAsked)
            await app.pilot.press("alt+2")
            await app.until_event(ModelChosen)
            said = app.said
            await app.enter("/yes")
            await app.until(lambda: "✓ done" in app.text)

    assert said.startswith("Next step: openai:")
    assert [one.dialect for one in server.log.replies] == ["anthropic", "openai_chat"]


async def test_a_second_switch_sends_the_step_under_way_again_and_keeps_the_fragment_unused(table: Table) -> None:
    stalled = Reply("It begins and then", fault=Fault.parse("stall@mid_text:2"))
    with running_server(Scenario(replies=[stalled, Reply("From the other.")])) as server:
        async with seated(two_brains(table, server)) as app:
            await app.until(lambda: len([one for one in app.brains if isinstance(one, Brain)]) == 2)
            await app.enter("begin")
            await app.until(lambda: "It begins" in app.text)
            await app.pilot.press("alt+2")
            await app.until(lambda: "Alt+2 again asks the step under way anew." in app.said)
            await app.until_event(ModelChosen)
            streaming_on = "▌" in app.text
            await app.pilot.press("alt+2")
            await app.until(lambda: "✓ done" in app.text)
            shown = app.text
            assert isinstance(app.seat, Desk)
            read = [message.text for message in app.seat.state.talk.of(agent_of("goal")).messages]

    assert streaming_on
    assert "From the other." in shown
    assert read == ["begin", "From the other."]
    assert [one.dialect for one in server.log.replies] == ["anthropic", "openai_chat"]


async def test_compact_condenses_before_the_next_request_and_where_there_is_nothing_it_says_so(table: Table) -> None:
    words = "Monday was grey. Always write dates as ISO 8601. "
    replies = [Reply(words * 12) for _ in range(6)]
    with running_server(Scenario(replies=replies)) as server:
        async with seated(table.desk(server.openai_url)) as app:
            for number in range(4):
                await app.enter(f"Tell me of day {number}. {words * 6}")
                await app.until_event(RunEnded, number + 1)
            await app.enter("/compact")
            await app.until(lambda: "condenses older messages" in app.text)
            await app.enter("And now?")
            await app.until_event(ContextCompacted)
            await app.until_event(RunEnded, 5)
            await app.enter("/compact undo")
            await app.until_event(ContextRestored)
            await app.enter("/compact undo")
            await app.until(lambda: "was not condensed" in app.said)

    told = server.log.replies[-1].body or {}
    assert len(told["messages"]) < 8
    assert len((server.log.replies[3].body or {})["messages"]) == 8


async def test_a_megabyte_is_pasted_as_one_mark_and_sent_whole(table: Table) -> None:
    pasted = ("0123456789" * 10 + "\n") * (MEGABYTE // 101)
    async with workstation(table, Scenario(), url=False) as app:
        app.workspace.prompt.post_message(events.Paste(pasted))
        await app.until(lambda: "[pasted 1:" in app.text)
        await app.type("what is it?")
        await app.pilot.press("enter")
        await app.until_event(RunStarted)
        assert isinstance(app.seat, Desk)
        (begun,) = events_of(app.seat, RunStarted)

    assert isinstance(begun, RunStarted)
    assert begun.goal.text == f"{pasted}what is it?"


@needs_sandbox
async def test_ten_thousand_lines_of_a_tool_are_folded_and_open_at_once(table: Table) -> None:
    table.configure("policy: {mode: auto}\n")
    count = Call("shell", {"command": "seq 10000"})
    async with workstation(table, Scenario(replies=[Reply("", tool_calls=[count]), Reply("Counted.")])) as app:
        await app.enter("count")
        await app.until_event(RunEnded)
        await app.until(lambda: "Counted." in app.text)
        app.action_last_call()
        await app.until(lambda: "lines folded" in app.text)
        drawn = app.workspace.console_pane.view.window.height

    assert drawn < 100, "an opened call is its head and its tail"


async def test_nothing_hostile_reaches_the_terminal_from_a_goal_a_file_name_a_note_or_a_tool(table: Table) -> None:
    (table.workspace / "named\x1b[31m\u202e.md").write_text(HOSTILE, encoding="utf-8")
    look = [
        Call("list", {"path": "."}),
        Call("read", {"path": "named\x1b[31m\u202e.md"}),
        Call(HOSTILE, {"x": HOSTILE}),
    ]
    async with workstation(
        table, Scenario(replies=[Reply(HOSTILE, thinking=HOSTILE, tool_calls=look), Reply("x")])
    ) as app:
        app.seat.send(Submit(text=f"goal {HOSTILE}"))
        await app.until_event(RunEnded)
        await app.enter("#a note")
        await app.type("@named")
        shown = app.text
        for key in ("f2", "f2", "f4", "f4", "f5", "f5", "f6", "f6", "f10"):
            await app.pilot.press(key)
            await app.pilot.pause()
            shown += app.text

    assert "evil" in shown
    assert not [letter for letter in shown if (ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0) and letter != "\n"]
    assert "\u202e" not in shown


async def test_a_provider_that_dies_mid_reply_is_named_and_the_step_is_asked_again(table: Table) -> None:
    dying = Reply("Half of a reply that is never whole.", fault=Fault(FaultKind.CUT_CHUNK, Moment.MID_TEXT))
    async with workstation(table, Scenario(replies=[dying, Reply("Whole now.")])) as app:
        await app.enter("say it")
        await app.until_event(ModelFailed)
        await app.until_event(RunEnded)
        await app.until(lambda: "Whole now." in app.text)
        shown = app.text

    assert ": connection cut, try 2 of 3 in" in shown, "the death stands in the transcript"
    assert "try 2" in shown


def panes(app: Stand) -> list[str]:
    """Return the right column: tasks, mind and budget."""
    return [row.split("│", 1)[1] for row in app.rows[:-2] if "│" in row]


async def test_after_a_crash_the_panes_show_exactly_what_they_showed(table: Table) -> None:
    began = time.time()  # after it, clocks of what was under way stand at the last record
    with running_server(Scenario(replies=REPLIES)) as server:
        async with seated(table.desk(server.openai_url), clock=lambda: began) as app:
            app.seat.send(Submit(text="Write it."))
            await app.until_event(ApprovalAsked)
            await app.until(lambda: app.workspace.dock.display and bool(app.workspace.day_usd))
            app.workspace.refresh_panes()
            await app.pilot.pause()
            before = panes(app)
            assert isinstance(app.seat, Desk)
            session = app.seat.session_id
            copy_without_end(app.seat)
        put_back(table, session)
        async with seated(table.desk(server.openai_url, session), clock=lambda: began) as app:
            await app.until(lambda: app.workspace.unfinished and bool(app.workspace.day_usd))
            app.workspace.refresh_panes()
            await app.pilot.pause()
            after = panes(app)

    assert after == before
    assert any("write a.txt" in row for row in after)


def test_a_first_launch_in_a_terminal_is_suspended_resized_and_left_as_it_was_found(shop: Shop) -> None:
    environment = {**shop.environment(), "TERM": "xterm-256color"}
    with terminal([], environment, shop.work) as screen:
        screen.until("No brain is connected yet")
        screen.type("\x1a")
        _, status = os.waitpid(screen.pid, os.WUNTRACED)
        suspended = os.WIFSTOPPED(status)
        screen.read_what_is_there()
        left = screen.raw.count(b"\x1b[?1049l")
        before = len(screen.raw)
        given_back = screen.raw.count(b"\x1b]2;\x07\x1b[23;2t")
        os.kill(screen.pid, signal.SIGCONT)
        screen.until("No brain is connected yet")
        screen.until("F1 help")
        drawn_anew = screen.raw[before:].decode("utf-8", "replace")
        for columns, rows in ((40, 12), (200, 60), (39, 9), (80, 24)) * 5:
            screen.resize(columns, rows)
        screen.type("/qui")
        screen.until("/quit")
        screen.type("\r")
        code = screen.ended()

    assert suspended
    assert "Tab type" in drawn_anew, "the rule of the prompt stands there again too, though nothing of it changed"
    titles = re.findall(rb"\x1b\[22;2t\x1b\]2;([^\x07]*)\x07", screen.raw)
    assert titles == [f"Hermes · {shop.work.name}".encode()] * 2
    assert given_back == 1
    assert screen.raw.count(b"\x1b]2;\x07\x1b[23;2t") == 2, "the title is as it was found"
    assert left == 1, "a suspended workstation gives the terminal back"
    assert code == 0
    assert screen.raw.count(b"\x1b[?1049h") == screen.raw.count(b"\x1b[?1049l") == 2


def test_a_terminal_that_goes_away_ends_the_workstation_and_frees_its_session(shop: Shop) -> None:
    environment = {**shop.environment(), "TERM": "xterm-256color"}
    with terminal([], environment, shop.work) as screen:
        screen.until("No brain is connected yet")
        code = screen.hang_up()

    assert code == 128 + signal.SIGHUP
    assert [lock for lock in (shop.home / "state" / "sessions").glob("*.lock") if not is_free(lock)] == []


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("", "No editor is set."),
        ("false", "false ended with 1."),
        ("no-such-editor", "no-such-editor cannot be started."),
        ("vi 'unclosed", "cannot be started."),
        ("rm", "rm left no text behind."),
    ],
)
def test_an_editor_that_fails_leaves_the_draft_and_the_workstation_as_they_were(
    shop: Shop, editor: str, said: str
) -> None:
    environment = {**shop.environment(), "TERM": "xterm-256color", "EDITOR": editor}
    with terminal([], environment, shop.work) as screen:
        screen.until("No brain is connected yet")
        screen.type("/qui")
        screen.until("/quit")
        screen.type("\x07")
        screen.until(said)
        screen.type("t")
        screen.until("/quit")
        screen.type("\r")
        code = screen.ended()

    assert code == 0
