"""Line mode in a real terminal, from a goal to its end, and the pieces it is made of."""

from __future__ import annotations

import json
import re

import pytest

from hermes_tui.domain.approval import Decision, Ruling, Scope
from hermes_tui.domain.commands import Decide
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ApprovalAsked, ToolRequested
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId, SessionId
from hermes_tui.domain.parts import TextDelta
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.calls import CallState
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import replace
from hermes_tui.interfaces import _orders as orders
from hermes_tui.interfaces._questions import allowance
from hermes_tui.interfaces.plain.card import Answering, answers_to, card_lines
from hermes_tui.interfaces.plain.clerk import Clerk
from hermes_tui.interfaces.plain.sheet import Sheet
from hermes_tui.interfaces.plain.speech import Speech
from hermes_tui.interfaces.tui import clerk as of_the_workstation
from tests.fakes import Call, Reply, Scenario
from tests.fakes.running import running_server
from tests.interfaces.processes import Shop, shop
from tests.interfaces.terminal import terminal

__all__ = ["shop"]

ASKED = ApprovalAsked(
    approval_id=ApprovalId("a1"),
    call_id=CallId("c1"),
    tool="shell",
    what="make deploy",
    why="to ship",
    reach=Reach.NETWORK,
    undo="",
    digest="0",
    rule="shell(make deploy)",
)


def denied_twice() -> Scenario:
    """A model that wants a command, is denied, and wants another."""
    write = Call("write", {"path": "a.txt", "content": "x"})
    return Scenario(
        replies=[
            Reply("I publish it.\n\n```sh\nmake deploy\n```\n", tool_calls=[Call("shell", {"command": "make deploy"})]),
            Reply("Understood: \x1b[31mno deploy\x1b[0m.", tool_calls=[write]),
            Reply("All is written."),
        ]
    )


def test_a_goal_is_pursued_in_a_dumb_terminal_with_a_denial_a_switch_and_an_approval(shop: Shop) -> None:
    with running_server(denied_twice()) as server:
        brain = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test", "TERM": "dumb", "NO_COLOR": "1"}
        environment = {**shop.environment(), **brain}
        with terminal(["--plain", "--mode", "ask"], environment, shop.work) as screen:
            screen.until("answers:")
            screen.type("publish it\r")
            screen.until("y, r, A or d REASON › ")
            screen.type("/brain openai:gpt-6-mini\r")
            screen.until("brain    openai:gpt-6-mini")
            screen.answer("d not on a Friday\r", "denied")
            screen.until("needs you: write a.txt")
            screen.until("y or d REASON › ")
            screen.answer("y\r", "allowed once")
            screen.until(" done\n")
            screen.until("goal › ")
            screen.type("/quit\r")
            code = screen.ended()
            shown = screen.text

    assert "denied: not on a Friday, by operator" in shown
    assert shown.count("I publish it.") == 2, "once as it streamed, once as the reason of the question"
    assert "no deploy" in shown
    assert b"\x1b[31m" not in screen.raw, "no colour of the model's or of ours reaches the terminal"
    assert [one.body["model"] for one in server.log.exchanges if one.body][-1] == "gpt-6-mini"
    assert (shop.work / "a.txt").read_text() == "x"
    assert (code, "Warning" in shown) == (0, False)


def test_typing_goes_on_while_lines_are_printed_above(shop: Shop) -> None:
    with running_server(Scenario(replies=[Reply("One line.\n" * 30, token_s=0.01), Reply("Steered.")])) as server:
        brain = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test", "TERM": "xterm-256color"}
        with terminal(["--plain"], {**shop.environment(), **brain}, shop.work) as screen:
            screen.until("answers:")
            screen.type("/the\t")
            screen.until("me")
            screen.type("\r")
            screen.until("your terminal's own colours")
            screen.type("say many lines\r")
            screen.until("One line.")
            screen.type("and one m")
            screen.until(" done\n")
            screen.type("ore\r")
            screen.until("and one more")
            screen.until("Steered.")
            screen.until(" done\n")
            screen.type("\x04")
            code = screen.ended()

    assert code == 0
    assert b"\x1b[?1049h" not in screen.raw, "the scrollback stays: no other screen is opened"


def test_less_than_a_cent_is_not_said_to_be_nothing(shop: Shop) -> None:
    with running_server(Scenario(replies=[Reply("Seen.")])) as server:
        brain = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test", "TERM": "dumb"}
        with terminal(["--plain", "-m", "openai:gpt-5-mini"], {**shop.environment(), **brain}, shop.work) as screen:
            screen.until("answers:")
            screen.type("look around\r")
            screen.until(" done\n")
            screen.until("spent $0.00")
            screen.until(" of ")

    assert re.search(r"spent \$0\.00\d\d of", screen.text)


def test_what_stands_beside_an_empty_line_leaves_as_soon_as_something_is_typed(shop: Shop) -> None:
    with running_server(Scenario(replies=[Reply("Seen.")])) as server:
        brain = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test", "TERM": "xterm-256color"}
        with terminal(["--plain"], {**shop.environment(), **brain}, shop.work) as screen:
            screen.until("answers:")
            screen.until("spent $")
            before = len(screen.raw)
            screen.type("look around\r")
            screen.until("strategy")
            sent = screen.raw[before:].decode("utf-8", "replace")

    line = sent.partition("\n")[0].rpartition("goal ›")[2]  # the prompt may be drawn twice before it is sent
    assert "look around" in line
    assert "spent" not in line


@pytest.mark.parametrize("clerk", [Clerk, of_the_workstation.Clerk])
def test_every_door_carries_out_every_command(clerk: type) -> None:
    done = {name.removeprefix("do_") for name in dir(clerk) if name.startswith("do_")}

    assert done == set(orders.BY_NAME)


def test_a_short_answer_counts_only_for_a_question_that_was_there_before() -> None:
    answering = Answering()
    answering.show(ASKED, 10.0)

    early = answering.read("y", 10.1)
    once = answering.read("y", 11.0)
    first = answering.read("A", 11.0)
    always = answering.read("A", 11.5)
    denied = answering.read("d not today", 12.0)

    assert early == "The question came while you typed; say it again."
    assert once == Decide(approval_id=ASKED.approval_id, allow=True)
    assert isinstance(first, str)
    assert "everywhere: shell(make deploy)" in first
    assert always == Decide(approval_id=ASKED.approval_id, allow=True, scope=Scope.ALWAYS)
    assert denied == Decide(approval_id=ASKED.approval_id, allow=False, reason="not today")


def test_a_question_shows_a_command_to_its_last_letter() -> None:
    command = "true; " * 60 + "\necho the very end"
    requested = ToolRequested(
        call_id=ASKED.call_id,
        tool="shell",
        arguments=json.dumps({"command": command}),
        summary=ASKED.what,
        effect=Effect.WRITE,
        reach=ASKED.reach,
        ruling=Ruling(decision=Decision.ASK, rule="default"),
    )
    state = SessionState(calls=CallState(requested={ASKED.call_id: requested}))

    said = [text for text, _ in card_lines(ASKED, state)]

    at = said.index("  command, all of it:")
    assert said[at + 1 : at + 3] == [f"    {'true; ' * 60}", "    echo the very end"]


def test_what_may_have_happened_is_answered_by_neither_yes_nor_no() -> None:
    doubted = replace(ASKED, approval_id=ApprovalId("doubt-c1-1"), rule="")
    answering = Answering()
    answering.show(doubted, 0.0)

    unclear = {answering.read(text, 9.0) for text in ("y", "yes", "n", "no", "A")}
    again, happened = answering.read("r", 9.0), answering.read("d it was pushed", 9.0)

    assert unclear == {"It may have happened: neither yes nor no answers that. r runs it again; d WORDS, it happened: "
                       "say what came of it."}  # fmt: skip
    assert again == Decide(approval_id=doubted.approval_id, allow=True)
    assert happened == Decide(approval_id=doubted.approval_id, allow=False, reason="it was pushed")
    with pytest.raises(UsageInvalid, match="neither yes nor no"):
        allowance(doubted, "")
    assert allowance(doubted, "again") == again
    assert [text for text, _ in card_lines(doubted, SessionState())][-1] == (
        "  r runs it again · d WORDS it happened: say what came of it"
    )


def test_the_prompt_names_no_answer_that_would_not_count() -> None:
    doubted = replace(ASKED, approval_id=ApprovalId("doubt-c1-1"))

    said = [answers_to(one) for one in (ASKED, replace(ASKED, rule=""), doubted, replace(ASKED, tool="ask"))]

    assert said == ["y, r, A or d REASON", "y or d REASON", "r or d WORDS", "answer"]


def test_words_and_commands_are_no_answer() -> None:
    answering = Answering()
    answering.show(ASKED, 0.0)

    assert [answering.read(text, 9.0) for text in ("yes please", "/quit", "!ls", "years")] == [None] * 4


def test_a_long_row_is_printed_before_its_line_ends_and_control_sequences_are_shown() -> None:
    shown: list[str] = []
    speech = Speech(Sheet(), shown.append)
    place = Place(session=SessionId("s"), agent=AgentId("goal"))

    for _ in range(40):
        speech.hear(place, TextDelta("words \x1b]0;title\x07 "))

    assert len(shown) > 2, "rows come before the line has ended"
    assert all("\x1b" not in line and "\x07" not in line for line in shown)
    assert "\\x1b]0;title\\x07" in shown[1]


def test_a_session_is_looked_through_renamed_and_rewound_by_typed_orders(shop: Shop) -> None:
    with running_server(Scenario(replies=[Reply("All is well."), Reply("Still well.")])) as server:
        brain = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test", "TERM": "dumb", "NO_COLOR": "1"}
        with terminal(["--plain"], {**shop.environment(), **brain}, shop.work) as screen:
            screen.until("answers:")
            screen.type("look around\r")
            screen.until(" done\n")
            screen.until("goal › ")
            screen.answer("/travel @1\r", "goes on from here.")
            early = screen.text
            screen.answer("/travel\r", "at record")
            screen.until("openai:", "goes on from here.")
            screen.answer("/context\r", "the goal")
            screen.answer("/plan\r", "rev 1")
            screen.answer("/transcript goal\r", "heard: look around")
            screen.answer("/effort high\r", "cortex: high effort")
            screen.answer("/effort huge\r", "There is no effort huge. Efforts: auto, low, medium, high.")
            screen.answer("/edit nothing\r", "The plan has no task nothing.")
            screen.answer("/steer nobody hello\r", "No subagent nobody. Out now: none.")
            screen.answer("/transcript nobody\r", "No agent nobody has said anything.")
            screen.answer("/rename first look\r", "This session is called first look now.")
            screen.answer("/rewind 7\r", "There is no prompt 7; /rewind lists ")
            screen.answer("/rewind\r", "/rewind NUMBER begins")
            screen.answer("/key\r", "/key anthropic keep")
            screen.answer("/fork\r", "· session ")
            screen.until("answers:")
            screen.type("/sessions\r")
            screen.until("/sessions NUMBER opens one.")
            screen.type("/quit\r")
            code = screen.ended()
            shown = screen.text

    listed = [row for row in shown.splitlines() if "$" in row and row.rstrip().endswith("look around")]
    assert "at record 1 of" in early
    assert len(listed) == 2, "the fork and the session it came from"
    assert code == 0


def test_tools_servers_and_skills_are_looked_at_and_a_skill_is_worked_by(shop: Shop) -> None:
    shop.home.mkdir(exist_ok=True)
    (shop.home / "config.yaml").write_text("mcp: {notes: {command: python3}}\n")
    with running_server(Scenario(replies=[Reply("I looked; nothing to do.")])) as server:
        brain = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test", "TERM": "dumb", "NO_COLOR": "1"}
        with terminal(["--plain"], {**shop.environment(), **brain}, shop.work) as screen:
            screen.until("hermes mcp trust notes")
            screen.type("/mcp\r")
            screen.until("notes   new    ready")
            screen.type("/tools\r")
            screen.until("built in")
            screen.type("/skills\r")
            screen.until("review-changes")
            screen.type("/skill review-changes of today\r")
            screen.until("I looked; nothing to do.")
            screen.until("goal › ")
            screen.type("/quit\r")
            screen.ended()

        asked = [str(exchange.body) for exchange in server.log]

    assert any("Find what is under review" in body and "of today" in body for body in asked)
