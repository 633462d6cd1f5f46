"""Sheets to choose from: commands, themes, brains, sessions; and the first launch without any brain."""

from __future__ import annotations

import os
import shutil

from textual import events

from hermes_tui.domain.events import ApprovalAsked, ModelChosen, RunEnded
from hermes_tui.domain.ports import Brain
from hermes_tui.interfaces._opening import DEMO
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.themes import find_themes, unreadable
from hermes_tui.interfaces.tui.welcome import BEGINNINGS
from hermes_tui.services.homes import built_in_folder
from tests.fakes import Repeat, Reply, Scenario, Usage
from tests.interfaces.tui.stand import Table, seated, workstation
from tests.interfaces.tui.test_commissions import git

HELLO = Scenario(replies=[Reply("Hello.")], repeat=Repeat.LAST)


async def test_without_a_brain_one_screen_says_what_was_looked_for_and_what_works(table: Table) -> None:
    async with workstation(table, HELLO, size=(80, 24), url=False) as app:
        assert "No brain is connected yet. Everything else works." in app.text
        assert "1 anthropic   no key in $ANTHROPIC_API_KEY" in app.text
        assert "ollama      no server at http://127.0.0.1:11434" in app.text
        assert "r looks again" in app.text
        assert all(f"  {key}  {does}" in app.text for key, _, _, does in BEGINNINGS[:3])
        assert "no brain F3" in app.rows[-1]


async def test_a_goal_without_a_brain_says_so_and_can_be_resumed(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await app.enter("Say hello.")
        await app.until_event(RunEnded)
        await app.until(lambda: "no brain answers" in app.text)

        assert "× no brain answers" in app.text


async def test_a_pasted_key_connects_a_brain_and_is_shown_nowhere(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await app.enter("/key anthropic")
        await app.type("sk-secret-key")
        hidden = app.text
        await app.pilot.press("enter")
        await app.until(lambda: any(isinstance(one, Brain) for one in app.brains))
        set_to = os.environ.pop("ANTHROPIC_API_KEY", None)

        assert set_to == "sk-secret-key"
        assert "sk-secret-key" not in hidden + app.text
        assert app.seat.errands.remembered() == ["/key anthropic"]


async def test_a_key_sets_how_much_it_reasons_and_the_status_line_shows_that_and_the_cache(table: Table) -> None:
    cached = Usage(input_tokens=1_000, output_tokens=10, cached_tokens=850)
    async with workstation(table, Scenario(replies=[Reply("Hello.", usage=cached)]), size=(160, 40)) as app:
        await app.pilot.press("alt+e", "alt+e")
        await app.enter("Say hello.")
        await app.until_event(RunEnded)
        await app.until(lambda: "cached 85 %" in app.rows[-1])

        assert " medium  " in app.rows[-1], "as the record of the request has it"
        await app.enter("/effort much")
        assert "There is no effort much." in app.text


async def test_the_palette_filters_and_carries_out_what_is_chosen(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.pilot.press("ctrl+p")
        await app.type("notes")
        filtered = app.text
        await app.pilot.press("enter")
        await app.pilot.pause()

        assert "/memory" in filtered
        assert "/freeze" not in filtered
        assert app.workspace.full_pane == "memory"


async def test_a_theme_is_seen_while_it_is_chosen_and_esc_takes_it_back(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        before = app.look.palette.theme.name
        await app.pilot.press("f9")
        await app.type("paper")
        await app.pilot.pause()
        shown = app.look.palette.theme.name
        await app.pilot.press("escape")
        await app.pilot.pause()

        assert (before, shown, app.look.palette.theme.name) == ("night", "paper", "night")


async def test_a_theme_by_name_stays(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("/theme fjord")

        assert app.look.palette.theme.name == "fjord"
        assert app.theme == "hermes-fjord"


def test_every_theme_can_be_read_and_none_is_wrong() -> None:
    themes, wrong = find_themes([built_in_folder() / "themes"])

    assert sorted(themes) == ["clear", "contrast", "ember", "fjord", "night", "paper"]
    assert wrong == []
    assert {name: found for name, theme in themes.items() if (found := unreadable(theme))} == {}


async def test_f3_lists_brains_with_what_is_missing_and_enter_switches(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("Say hello.")
        await app.until_event(RunEnded)
        await app.pilot.press("f3")
        await app.until(lambda: "no key in $ANTHROPIC_API_KEY" in app.text)
        listed = app.text
        await app.pilot.press("enter")
        await app.until_event(ModelChosen)

        assert "✓ 2 openai:" in listed
        assert "in use · first of routing.order" in listed


async def test_enter_on_a_server_that_does_not_run_says_how_it_is_started(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.pilot.press("f3")
        await app.until(lambda: "4 ollama" in app.text)
        await app.enter("ollama")
        await app.until(lambda: "═ connect ollama ═" in app.text)

        assert "Start it with `ollama serve`" in app.text


async def test_alt_and_a_number_switches_at_once_or_says_why_not(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.pilot.press("alt+1")
        refused = app.said
        await app.pilot.press("alt+2")
        await app.until_event(ModelChosen)

        assert refused.startswith("anthropic: no key in $ANTHROPIC_API_KEY.")


async def test_the_session_picker_names_goals_states_and_costs_and_opens_one(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("Say hello to the world.")
        await app.until_event(RunEnded)
        first = app.seat.facts.session

    async with seated(table.desk()) as later:
        await later.pilot.press("f10")
        await later.until(lambda: "Say hello to the world." in later.text)
        await later.type("hello")
        await later.pilot.press("enter")
        await later.pilot.pause()

        assert later.return_value == first


async def test_an_opened_session_shows_what_was_said_before(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("Say hello to the world.")
        await app.until(lambda: "✓ done" in app.text)
        session, rows = app.seat.facts.session, [row.copy() for row in app.workspace.console_pane.view.window.rows]

    async with seated(table.desk(session=session)) as later:
        again = [row.copy() for row in later.workspace.console_pane.view.window.rows]

        assert again == rows
        assert "  Hello." in later.text


async def test_the_first_page_connects_by_number_while_nothing_else_is_typed(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await app.until(lambda: "These keys act while the prompt is empty" in app.text)
        app.workspace.prompt.rest_s = 0.01
        await app.type("9")
        typed = app.workspace.prompt.text
        await app.pilot.press("backspace", "1")
        await app.until(lambda: "═ key for anthropic ═" in app.text)
        await app.pilot.press("escape")
        await app.until(lambda: "key for anthropic" not in app.text)
        await app.pilot.press("4")
        await app.until(lambda: "═ connect ollama ═" in app.text)

        assert typed == "9"
        assert app.workspace.prompt.text == ""
        assert "Start it with `ollama serve`" in app.text


async def test_the_first_page_stands_alone_however_wide_and_the_panes_come_with_the_first_record(table: Table) -> None:
    async with workstation(table, HELLO, size=(120, 36), url=False) as app:
        await app.until(lambda: "4 ollama      no server at http://127.0.0.1:11434  " in app.text)
        page = app.rows[:-3]
        await app.enter("Say hello.")
        await app.until(lambda: "│─ budget ─" in app.text)

        assert "│" not in "".join(page)
        assert max(len(row.rstrip()) for row in page[1:]) <= 84
        assert page[0].startswith("─ hermes ─")
        assert "│─ tasks 0/1 ─" in app.rows[0]


async def test_a_pane_opened_from_the_first_page_takes_the_screen_and_gives_it_back(table: Table) -> None:
    async with workstation(table, HELLO, size=(120, 36), url=False) as app:
        await app.until(lambda: "  d  watch the demo" in app.text)
        before = app.rows[:18]
        await app.pilot.press("f5")
        await app.until(lambda: "═ memory" in app.rows[0])
        side_by_side = "│" in app.rows[0]
        await app.pilot.press("f5")
        await app.until(lambda: "─ hermes ─" in app.rows[0])

        assert side_by_side
        assert app.rows[:18] == before


async def test_in_little_room_the_first_page_keeps_every_key(table: Table) -> None:
    async with workstation(table, HELLO, size=(60, 20), url=False) as app:
        await app.until(lambda: " · r looks again" in app.text)
        keys = [row[2] for row in app.rows if row[:2] == "  " and row[2] in "123456789dmb" and row[3] == " "]

        assert keys == ["1", "2", "3", "4", "5", "d", "m", "b"]


async def test_m_on_the_first_page_maps_the_repository_without_a_model(table: Table) -> None:
    (table.workspace / "ledger.py").write_text("print(1)\n", encoding="utf-8")
    git(table.workspace, "init", "-q")
    git(table.workspace, "add", "-A")
    git(table.workspace, "commit", "-qm", "first")
    async with workstation(table, HELLO, url=False) as app:
        await app.until(lambda: "  m  map this repository" in app.text)
        app.workspace.prompt.rest_s = 0.01
        await app.pilot.press("m")
        await app.until(lambda: app.workspace.live)
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
        await app.until(lambda: " · r looks again" in app.text)
        before = app.text
        now[0] += 5.0
        app.workspace.prompt.rest_s = 0.01
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


async def test_a_goal_that_begins_with_a_key_of_the_first_page_is_a_goal(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await app.until(lambda: "These keys act while the prompt is empty" in app.text)
        app.workspace.prompt.rest_s = 60.0
        await app.type("delete it")
        await app.pilot.press("ctrl+c", "1")
        app.post_message(events.Paste(" test fails"))
        await app.until(lambda: app.workspace.prompt.text == "1 test fails")

        assert app.return_value is None
        assert app.workspace.prompt.has_focus


async def test_d_on_the_first_page_leaves_for_the_demo_and_does_nothing_elsewhere(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await app.until(lambda: "watch the demo" in app.text)
        app.workspace.prompt.rest_s = 0.01
        await app.pilot.press("d")
        await app.until(lambda: app.return_value == DEMO)

    async with workstation(table, HELLO) as app:
        await app.enter("Say hello.")
        await app.until_event(RunEnded)
        app.workspace.console_pane.view.focus()
        await app.pilot.press("d", "1")
        await app.pilot.pause()

        assert app.return_value is None
