"""Line mode for who listens: every state is a word, and a terminal that cannot move its cursor stays readable."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from hermes_tui.interfaces.plain.sheet import Sheet
from tests.fakes import Call, Reply, Scenario
from tests.fakes.running import running_server
from tests.interfaces.processes import Shop, shop
from tests.interfaces.terminal import Terminal, terminal

if TYPE_CHECKING:
    import pytest

__all__ = ["shop"]

SIGNS = "✓×●○◊■»•‖→"


@contextmanager
def spoken(shop: Shop, *replies: Reply) -> Generator[Callable[..., AbstractContextManager[Terminal]]]:
    """Let line mode be opened in a dumb terminal, once or more often, over these replies."""
    with running_server(Scenario(replies=replies)) as server:
        brain = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test", "TERM": "dumb"}
        yield lambda *said: terminal(["--plain", *said], {**shop.environment(), **brain}, shop.work)


def test_every_state_is_a_word_and_no_line_begins_with_a_sign(shop: Shop) -> None:
    asks = [Call("list", {"path": "."}), Call("read", {"path": "missing.txt"})]
    replies = Reply("I look.", thinking="So.", tool_calls=asks), Reply("Seen.")
    with spoken(shop, *replies) as opened, opened() as screen:
        screen.until("answers:")
        screen.type("look around\r")
        screen.until("Seen.")
        screen.until(" done\n")
        screen.type("\x04")
        screen.ended()
        shown = screen.text

    assert [sign for sign in SIGNS if sign in shown] == []
    for said in ("task     goal  begins\n", "list     .  done, ", "missing.txt  failed, ", "task     goal  done, "):
        assert said in shown


def test_what_was_said_before_is_told_with_who_said_it_and_can_be_copied(shop: Shop) -> None:
    with spoken(shop, Reply("Seen.")) as opened:
        with opened() as screen:
            screen.until("answers:")
            screen.type("look around\r")
            screen.until(" done\n")
            screen.type("\x04")
            screen.ended()
        with opened("-c") as screen:
            screen.until("you: look around\n")
            screen.until("Seen.\n")
            screen.until("answers:")
            screen.type("/copy\r")
            screen.until("Seen.\n")
            screen.type("/resume\r")
            screen.until("No run is unfinished in this session.")
            screen.type("/interrupt\r")
            screen.until("Nothing runs that could be interrupted.")
            screen.type("/travel 2\r")
            screen.until("at record 2 of ")
            screen.type("/travel elsewhere@2\r")
            screen.until("There is no session elsewhere.")


def test_words_typed_while_a_dumb_terminal_is_printed_on_stand_on_a_line_of_their_own(shop: Shop) -> None:
    slow = Reply("".join(f"line {number}\n" for number in range(40)), token_s=0.05)
    with spoken(shop, slow, Reply("Heard.")) as opened, opened() as screen:
        screen.until("answers:")
        screen.type("count\r")
        screen.until("line 2")
        screen.type("and more")
        screen.until("line 9")
        screen.type("\r")
        screen.until("Heard.")
        shown = screen.text.splitlines()

    glued = [line for line in shown if "and more" in line and line not in ("and more", "steer › and more")]
    assert glued == []


def test_lines_break_between_words_and_below_their_column_but_never_within_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    sheet = Sheet()

    assert sheet.prose("one word after the other, and more than fit").splitlines() == [
        "one word after the other, and more than",
        "  fit",
    ]
    assert sheet.prose("  /find TEXT    search all that was said here").splitlines() == [
        "  /find TEXT    search all that was said",
        "                here",
    ]
    assert sheet.prose(f"see {'x' * 60} there").splitlines() == ["see", f"  {'x' * 60}", "  there"]
    assert sheet.line("one word after the other, and more than fit") == "one word after the other, and more than fit\n"


def test_decisions_and_what_an_agent_heard_are_told_in_words_and_a_new_cap_is_said(shop: Shop) -> None:
    replies = Reply("I look.", tool_calls=[Call("list", {"path": "."})]), Reply("Seen.")
    with spoken(shop, *replies) as opened, opened() as screen:
        screen.until("answers:")
        screen.type("look around\r")
        screen.until(" done\n")
        screen.type("/mind\r")
        screen.until("done   goal     act      list .")
        screen.type("/transcript goal\r")
        screen.until("heard: look around")
        screen.until("said: Seen.")
        screen.type("/cap 7\r")
        screen.until("cap of the run is now $7.00, by operator")
        shown = screen.text

    assert [sign for sign in SIGNS if sign in shown] == []
