"""Keys: one table for bindings, help and the config; clashes and unknown names are said."""

from __future__ import annotations

import pytest

from hermes_tui.interfaces._orders import ORDERS
from hermes_tui.interfaces.tui.help import help_lines
from hermes_tui.interfaces.tui.keymap import AREAS, Key, bindings_of, key_name, keymap_for
from hermes_tui.interfaces.tui.staff import DECLARING
from tests.fakes import Scenario
from tests.interfaces.tui.stand import Table, workstation
from tests.tools.make_keys import TARGET, with_table

KNOWN = (Key("pane.graph", ("f2",), "graph"), Key("pane.mind", ("f4",), "mind"), Key("graph.retry", ("r",), "retry"))


def test_a_key_is_named_as_it_stands_on_the_keyboard() -> None:
    assert [key_name(key) for key in ("f2", "ctrl+p", "escape", "left_square_bracket", "A", "alt+1")] == [
        "F2",
        "Ctrl+P",
        "Esc",
        "[",
        "A",
        "Alt+1",
    ]


def test_the_config_moves_a_key() -> None:
    keys = keymap_for(KNOWN, {"pane.graph": "ctrl+y"})

    assert keys.of("pane.graph") == "Ctrl+Y"
    assert keys.wrong == ()


def test_a_clash_is_reported_with_both_ids_and_leaves_the_default_in_force() -> None:
    keys = keymap_for(KNOWN, {"pane.graph": "f4"})

    assert keys.of("pane.graph") == "F2"
    assert keys.wrong == ("ui.keys: F4 is pane.graph and pane.mind; pane.graph keeps its own key.",)


def test_an_unknown_action_is_reported() -> None:
    keys = keymap_for(KNOWN, {"pane.grpah": "f4"})

    assert keys.wrong == ("ui.keys: pane.grpah is no action; F1 lists them.",)


async def test_no_two_actions_of_one_place_share_a_key(table: Table) -> None:
    async with workstation(table, Scenario()) as app:
        assert app.keys.wrong == ()
        assert keymap_for(app.keys.keys, {"pane.graph": app.keys.keys[0].keys[0]}).wrong != ()


async def test_a_moved_key_works_and_help_shows_it(table: Table) -> None:
    table.configure("ui: {keys: {pane.mind: ctrl+y, prompt.newline: ctrl+n}}\n")
    async with workstation(table, Scenario()) as app:
        await app.type("one")
        await app.pilot.press("ctrl+n")
        await app.type("two")
        await app.pilot.press("ctrl+y", "ctrl+y")
        await app.pilot.pause()
        full = app.workspace.full_pane
        await app.pilot.press("f1")
        await app.pilot.pause()

        assert app.workspace.prompt.text == "one\ntwo"
        assert full == "mind"
        assert "Ctrl+Y" in app.text
        assert app.rows[0].startswith("═ keys and commands ")


async def test_help_names_every_command(table: Table) -> None:
    async with workstation(table, Scenario(), size=(80, 260)) as app:
        await app.pilot.press("f1")
        await app.pilot.pause()

        assert [name for name in ("/freeze", "/remember TEXT", "Ctrl+P", "Alt+1 … Alt+9") if name not in app.text] == []


@pytest.mark.parametrize("width", [40, 60, 80, 110])
def test_a_narrow_page_cuts_nothing_of_what_keys_and_commands_do(width: int) -> None:
    lines = help_lines(keymap_for(bindings_of(DECLARING), {}), width)
    words = " ".join(" ".join(line.text.split()) for line in lines)

    assert max(line.width for line in lines) <= width
    assert [order.does for order in ORDERS if order.does not in words] == []


@pytest.mark.parametrize("width", [120, 160, 200])
def test_in_two_columns_every_command_ends_with_its_last_word(width: int) -> None:
    lines = help_lines(keymap_for(bindings_of(DECLARING), {}), width)
    right = " ".join(" ".join(line.text[width // 2 :].split()) for line in lines)

    assert max(line.width for line in lines) <= width
    assert [order.does for order in ORDERS if order.does not in right] == []


def test_keys_of_panes_stand_in_the_order_of_their_numbers() -> None:
    lines = [line.text.split()[0] for line in help_lines(keymap_for(bindings_of(DECLARING), {}), 80) if line.text]
    first = lines.index("panes") + 1

    assert lines[first : first + 6] == ["F2", "F3", "F4", "F5", "F6", "F7"]


def test_the_guide_lists_every_key_as_it_is() -> None:
    page = TARGET.read_text("utf-8")

    assert with_table(page) == page, "docs/workstation.md is old: run `python -m tests.tools.make_keys`"


async def test_ctrl_x_and_a_digit_stand_for_a_key_that_the_desktop_takes(table: Table) -> None:
    async with workstation(table, Scenario()) as app:
        await app.type("a draft")
        await app.pilot.press("ctrl+x")
        await app.pilot.pause()
        waited = app.rows[-1]
        await app.pilot.press("4", "ctrl+x", "4")
        await app.pilot.pause()
        full = app.workspace.full_pane
        await app.pilot.press("ctrl+x", "4", "ctrl+x", "b", "9")
        await app.pilot.pause()

        assert waited.startswith(" Ctrl+X … 1–7 for F1–F7, b for a brain · Esc leaves ")
        assert full == "mind"
        assert app.workspace.full_pane == ""
        assert app.said == f"F3 lists {len(app.brains)} brains; there is no number 9."
        assert app.workspace.prompt.text == "a draft"


async def test_a_second_key_that_means_nothing_says_what_it_could_have_been_and_esc_leaves(table: Table) -> None:
    async with workstation(table, Scenario()) as app:
        await app.pilot.press("ctrl+x", "q")
        await app.pilot.pause()
        second = app.said
        await app.pilot.press("ctrl+x", "b", "x")
        await app.pilot.pause()
        third = app.said
        await app.pilot.press("ctrl+x", "escape", "2")
        await app.pilot.pause()

        assert second == "Ctrl+X q means nothing; it could be 1–7 for F1–F7, b for a brain."
        assert third == "Ctrl+X b x means nothing; it could be 1–9 for a brain."
        assert app.workspace.prompt.text == "2"


async def test_each_key_of_the_chord_is_moved_by_its_id_and_stands_for_the_key_in_force(table: Table) -> None:
    table.configure("ui: {keys: {app.chord: ctrl+k, chord.mind: m, pane.mind: ctrl+y, chord.graph: '1'}}\n")
    async with workstation(table, Scenario()) as app:
        await app.pilot.press("ctrl+k", "m", "ctrl+k", "m")
        await app.pilot.pause()

        assert app.workspace.full_pane == "mind"
        assert app.keys.wrong == ("ui.keys: 1 is chord.help and chord.graph; chord.graph keeps its own key.",)


async def test_help_shows_every_area_of_keys_there_is(table: Table) -> None:
    async with workstation(table, Scenario(), size=(80, 260)) as app:
        await app.pilot.press("ctrl+x", "1")
        await app.pilot.pause()

        assert {key.area for key in app.keys.keys} == set(AREAS)
        assert [title for title in AREAS.values() if f"\n {title} " not in app.text] == []
