"""The first page, where no brain can answer: chosen from by keys, and a goal that is typed there is a goal."""

from __future__ import annotations

import os
import shutil

import pytest
from textual import events

from hermes_tui.domain.events import ApprovalAsked, RunEnded
from hermes_tui.domain.ports import Brain
from hermes_tui.interfaces._opening import DEMO
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.welcome import BEGINNINGS
from tests.fakes import Repeat, Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, seated, workstation
from tests.interfaces.tui.test_commissions import git

HELLO = Scenario(replies=[Reply("Hello.")], repeat=Repeat.LAST)


def at_once(app: Stand) -> None:
    """Let keys of the first page act as soon as they are pressed."""
    assert app.first_keys is not None
    app.first_keys.rest_s, app.first_keys.guard_s = 0.01, 0.0


async def chosen_from(app: Stand) -> None:
    """Wait until the first page has the focus."""
    await app.until(lambda: app.workspace.choosing is not None)
    at_once(app)


async def test_without_a_brain_one_screen_says_what_was_looked_for_and_what_works(table: Table) -> None:
    async with workstation(table, HELLO, size=(80, 24), url=False) as app:
        assert "No brain is connected yet. Everything else works." in app.text
        assert "  anthropic  API key  no key in $ANTHROPIC_API_KEY             1 paste a key " in app.text
        assert "  ollama     server   no server at http://127.0.0.1:11434      4 how to start " in app.text
        assert " · r again" in app.text
        assert all(f"  {key}  {does}" in app.text for key, _, _, does in BEGINNINGS[:3])
        assert "no brain F3" in app.rows[-1]


async def test_the_first_page_has_the_focus_and_connects_by_number(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await chosen_from(app)
        await app.pilot.press("1")
        await app.until(lambda: "═ key for anthropic ═" in app.text)
        await app.pilot.press("escape")
        await app.until(lambda: "key for anthropic" not in app.text)
        await app.pilot.press("4")
        await app.until(lambda: "═ connect ollama ═" in app.text)

        assert app.workspace.prompt.text == ""
        assert "Start it with `ollama serve`" in app.text


async def test_up_and_down_choose_on_the_first_page_and_enter_begins(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await chosen_from(app)
        view = app.workspace.console_pane.view
        seen: list[object] = []
        for key in ("j", "k", "up", *["down"] * 9):
            seen.append(view.current.key if view.current else None)
            await app.pilot.press(key)
            await app.pilot.pause()
        await app.pilot.press("home", "down", "down", "down", "enter")
        await app.until(lambda: "═ connect ollama ═" in app.text)

        names = [f"start.connect_{number}" for number in range(1, 6)]
        names += ["start.demo", "start.map", "start.browse", "start.again"]
        assert seen == [names[0], names[1], names[0], *names]


async def test_the_rules_say_what_has_the_focus_tab_types_and_esc_goes_back(table: Table) -> None:
    async with workstation(table, HELLO, size=(80, 24), url=False) as app:
        await chosen_from(app)
        await app.until(lambda: app.rows[0].startswith("═ hermes ═"))
        listed = app.rows
        await app.pilot.press("tab")
        await app.until(lambda: app.rows[0].startswith("─ hermes ─"))
        typing = app.rows
        await app.type("d1r")
        await app.pilot.press("escape")
        await app.until(lambda: app.workspace.choosing is not None)

        assert listed[-3] == f"─ goal {'─' * 39} Tab type · / commands · F1 keys ─"
        assert listed[-2].startswith("› Tab to type a goal now; it is kept until a brain is connected ")
        assert "═ Enter send · Esc back · / commands · F1 keys ═" in typing[-3]
        assert typing[-2].split() == ["›"]
        assert app.workspace.prompt.text == "d1r"
        assert app.return_value is None


async def test_the_first_page_stands_alone_however_wide_and_the_panes_come_with_the_first_record(table: Table) -> None:
    async with workstation(table, HELLO, size=(120, 36), url=False) as app:
        await app.until(lambda: "  ollama     server   no server at http://127.0.0.1:11434  " in app.text)
        page = app.rows[:-3]
        await app.enter("Say hello.")
        await app.until(lambda: "│─ budget ─" in app.text)

        assert "│" not in "".join(page)
        assert max(len(row.rstrip()) for row in page[1:]) <= 84
        assert page[0][2:8] == "hermes"
        assert "│─ tasks 0/1 ─" in app.rows[0]


async def test_a_pane_opened_from_the_first_page_takes_the_screen_and_gives_it_back(table: Table) -> None:
    async with workstation(table, HELLO, size=(120, 36), url=False) as app:
        await app.until(lambda: "  d  watch the demo" in app.text)
        await chosen_from(app)
        await app.until(lambda: "═ hermes ═" in app.rows[0])
        before = app.rows[:18]
        await app.pilot.press("f5")
        await app.until(lambda: "═ memory" in app.rows[0])
        side_by_side = "│" in app.rows[0]
        await app.pilot.press("f5")
        await app.until(lambda: "═ hermes ═" in app.rows[0])

        assert side_by_side
        assert app.rows[:18] == before


async def test_in_little_room_the_first_page_keeps_every_key(table: Table) -> None:
    async with workstation(table, HELLO, size=(60, 20), url=False) as app:
        await app.until(lambda: " · r again" in app.text)
        keys = [row[2] for row in app.rows if row[:2] == "  " and row[2] in "123456789dmb" and row[3] == " "]

        assert keys == ["1", "2", "3", "4", "5", "d", "m", "b"]


async def test_m_on_the_first_page_maps_the_repository_without_a_model(table: Table) -> None:
    (table.workspace / "ledger.py").write_text("print(1)\n", encoding="utf-8")
    git(table.workspace, "init", "-q")
    git(table.workspace, "add", "-A")
    git(table.workspace, "commit", "-qm", "first")
    async with workstation(table, HELLO, url=False) as app:
        await app.until(lambda: "  m  map this repository" in app.text)
        at_once(app)
        await app.pilot.press("m")
        await app.until(lambda: app.workspace.seen)
        if shutil.which("bwrap") is None:  # Then a command of a plan asks first.
            await app.until_event(ApprovalAsked)
            app.clerk.obey("yes", "")
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live)

        assert "Python: 1 files, 1 lines" in (table.workspace / "artifacts" / "repo-map.md").read_text("utf-8")
        assert app.seat.state.spend.run.calls == 0


async def test_b_on_the_first_page_browses_and_r_looks_again(table: Table) -> None:
    now = [1_800_000_000.0]
    desk = table.desk()
    async with seated(desk, clock=lambda: now[0]) as app:
        await app.until(lambda: " · r again" in app.text)
        before = app.text
        now[0] += 5.0
        at_once(app)
        await app.pilot.press("r")
        await app.until(lambda: app.said.startswith("No brain can answer."))
        after = app.text
        await app.pilot.press("b")
        await app.until(lambda: "═ commands ═" in app.text)
        offered = [
            name for name in ("/memory", "/sessions", "/patchbay", "/theme", "/demo") if f"  {name} " in app.text
        ]
        await app.pilot.press("enter")
        await app.until(lambda: app.workspace.full_pane == "memory")

        assert wording.clock(now[0] - 5) in before
        assert wording.clock(now[0]) in after
        assert offered == ["/memory", "/sessions", "/patchbay", "/theme"]


@pytest.mark.parametrize("goal", ["delete it", "map it", "1 test fails", "judge kk", "fix it", "/help me", "ddmm"])
async def test_a_goal_typed_on_the_first_page_stands_in_the_prompt_to_its_first_letter(table: Table, goal: str) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await chosen_from(app)
        assert app.first_keys is not None
        app.first_keys.rest_s = 60.0
        await app.type(goal)
        await app.until(lambda: app.workspace.prompt.text == goal)

        assert app.return_value is None
        assert app.workspace.prompt.has_focus


async def test_a_paste_on_the_first_page_goes_into_the_prompt_behind_what_was_typed(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await chosen_from(app)
        assert app.first_keys is not None
        app.first_keys.rest_s = 60.0
        await app.pilot.press("1")
        app.post_message(events.Paste(" test fails"))
        await app.until(lambda: app.workspace.prompt.text == "1 test fails")

        assert app.workspace.prompt.has_focus


async def test_in_the_moment_in_which_the_first_page_takes_the_focus_letters_are_text_and_enter_does_nothing(
    table: Table,
) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await chosen_from(app)
        assert app.first_keys is not None
        app.first_keys.guard_s = 1e9
        await app.pilot.press("enter", "d")
        await app.until(lambda: app.workspace.prompt.text == "d")

        assert app.workspace.prompt.has_focus
        assert app.screen is app.workspace


async def test_what_was_typed_before_the_first_page_came_keeps_the_focus_where_it_is(table: Table) -> None:
    async with seated(table.desk(), early="d") as app:
        await app.until(lambda: "No brain is connected yet." in app.text and app.workspace.prompt.text == "d")
        await app.until(lambda: app.workspace._begun)

        assert app.workspace.prompt.has_focus
        assert app.workspace.choosing is None


async def test_a_brain_that_is_connected_gives_the_focus_to_the_prompt(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await chosen_from(app)
        await app.pilot.press("1")
        await app.until(lambda: "═ key for anthropic ═" in app.text)
        await app.type("sk-secret-key")
        await app.pilot.press("enter")
        await app.until(lambda: any(isinstance(one, Brain) for one in app.brains))
        os.environ.pop("ANTHROPIC_API_KEY", None)
        await app.until(lambda: app.workspace.prompt.has_focus)

        assert "answers" in app.text


async def test_the_first_page_says_how_many_notes_there_are_and_which_branch_it_is_on(table: Table) -> None:
    git(table.workspace, "init", "-q", "-b", "trunk")
    async with workstation(table, HELLO, size=(120, 36), url=False) as app:
        await app.until(lambda: "memory 0 notes" in app.text or "memory git, 0 notes" in app.text)

        assert app.rows[0].rstrip(" ═").endswith(" · trunk")


async def test_d_on_the_first_page_leaves_for_the_demo_and_does_nothing_elsewhere(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await app.until(lambda: "watch the demo" in app.text)
        at_once(app)
        await app.pilot.press("d")
        await app.until(lambda: app.return_value == DEMO)

    async with workstation(table, HELLO) as app:
        await app.enter("Say hello.")
        await app.until_event(RunEnded)
        app.workspace.console_pane.view.focus()
        await app.pilot.press("d", "1")
        await app.pilot.pause()

        assert app.return_value is None
