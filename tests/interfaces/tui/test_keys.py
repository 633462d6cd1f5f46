"""Keys: one table for bindings, help and the config; clashes and unknown names are said."""

from __future__ import annotations

from hermes_tui.interfaces.tui.keymap import Key, key_name, keymap_for
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
    async with workstation(table, Scenario(), size=(80, 200)) as app:
        await app.pilot.press("f1")
        await app.pilot.pause()

        assert [name for name in ("/freeze", "/remember TEXT", "Ctrl+P", "Alt+1 … Alt+9") if name not in app.text] == []


def test_the_guide_lists_every_key_as_it_is() -> None:
    page = TARGET.read_text("utf-8")

    assert with_table(page) == page, "docs/workstation.md is old: run `python -m tests.tools.make_keys`"
