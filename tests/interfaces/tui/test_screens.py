"""Sheets to choose from: commands, themes, brains, sessions."""

from __future__ import annotations

import os

from hermes_tui.domain.events import ModelChosen, RunEnded
from hermes_tui.domain.ports import Brain
from hermes_tui.interfaces.tui.themes import find_themes, unreadable
from hermes_tui.services.homes import built_in_folder
from tests.fakes import Repeat, Reply, Scenario, Usage
from tests.interfaces.tui.stand import Table, seated, workstation

HELLO = Scenario(replies=[Reply("Hello.")], repeat=Repeat.LAST)


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
        await app.enter("/effort high nobody")
        assert "There is no role nobody." in app.text
        await app.enter("#")
        assert "# TEXT writes a note." in app.text


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
