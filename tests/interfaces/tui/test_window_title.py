"""The window's title: needed, how far, what for; never more than a line of text, never twice the same, given back."""

from __future__ import annotations

import pytest

from hermes_tui.domain.events import ApprovalAsked, RunEnded
from hermes_tui.interfaces.tui.headline import title_of
from hermes_tui.interfaces.tui.window_title import GIVE_BACK, SAVE, WindowTitle, takes_title
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.tui.stand import Table, workstation
from tests.interfaces.tui.test_panes import GOAL, HELLO


async def test_the_title_says_who_is_needed_how_far_it_is_and_what_for(table: Table) -> None:
    (table.workspace / "goal.md").write_text(GOAL, encoding="utf-8")
    async with workstation(table, HELLO, url=False) as app:
        at_first = title_of(app.seat.state, app.seat.facts.workspace)
        await app.enter("/run goal.md")
        await app.until_event(ApprovalAsked)
        await app.until(lambda: app.seat.state.calls.waiting)
        asked = title_of(app.seat.state, app.seat.facts.workspace)
        app.clerk.obey("deny", "")
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live)

        assert at_first == "Hermes · workspace"
        assert asked == "◊ 1 · 1/3 · Three steps."
        assert title_of(app.seat.state, app.seat.facts.workspace) == "× not done · 1/3 · Three steps."


async def test_a_goal_cannot_steer_the_terminal_through_the_title_nor_fill_it(table: Table) -> None:
    write = Reply("I write.", tool_calls=[Call("write", {"path": "a.txt", "content": "x"})])
    async with workstation(table, Scenario(replies=[write, Reply("Done.")])) as app:
        app.clerk.take_line("tidy\x07\x1b]2;owned\x1b\\\u202e" + "x" * 200)
        await app.until_event(ApprovalAsked)
        await app.until(lambda: app.seat.state.calls.waiting)
        title = title_of(app.seat.state, app.seat.facts.workspace)
        app.clerk.obey("yes", "")
        await app.until_event(RunEnded)

    assert title.startswith("◊ 1 · tidy\\x07\\x1b]2;owned\\x1b\\")
    assert title.endswith("…")
    assert all(letter.isprintable() for letter in title)


def test_a_title_is_written_once_and_the_one_that_was_found_is_given_back() -> None:
    written: list[str] = []
    title = WindowTitle(written.append)

    title.show("a")
    title.show("a")
    title.show("b")
    shown = title.give_back()
    title.give_back()

    assert written == [f"{SAVE}\x1b]2;a\a", "\x1b]2;b\a", GIVE_BACK]
    assert shown == "b"


@pytest.mark.parametrize(
    ("term", "takes"),
    [("xterm-256color", True), ("tmux-256color", True), ("linux", False), ("", False), ("vt100", False)],
)
def test_a_terminal_without_a_title_is_sent_none(term: str, takes: bool) -> None:
    assert takes_title(term) is takes
