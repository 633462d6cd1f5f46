"""What every list does with its keys: says them, finds in it, goes from row to row of it."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.interfaces.tui.stand import Table, workstation
from tests.interfaces.tui.test_panes import HELLO, run_goal


@pytest.mark.parametrize(
    ("key", "own"),
    [("f2", "task graph"), ("f4", "mind-log"), ("f5", "memory"), ("f6", "budget"), ("f7", "approvals, full screen")],
)
async def test_a_question_mark_shows_the_keys_of_the_pane_it_is_pressed_in(table: Table, key: str, own: str) -> None:
    async with workstation(table, HELLO, size=(80, 60)) as app:
        await app.pilot.press(key, "question_mark")
        await app.pilot.pause()
        heads = [row.strip() for row in app.rows if row.startswith(" ") and row[1:2].strip()]
        await app.pilot.press("escape")
        await app.pilot.pause()

        assert heads == [own, "any list", "from any row", "panes", "everywhere"]
        assert app.screen is app.workspace


async def test_a_search_in_the_graph_knows_states_and_n_goes_on_to_the_next_found(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await run_goal(app, table)
        await app.pilot.press("f2", "home", "slash")
        await app.type("state:failed")
        await app.pilot.press("enter")
        await app.pilot.pause()
        graph = app.workspace.graph_pane
        failed = graph.row.key if graph.row else None
        await app.pilot.press("home", "n")
        found_again = graph.row.key if graph.row else None
        graph.view.wanted = "look a"
        await app.pilot.press("n")
        following = graph.row.key if graph.row else None
        await app.pilot.press("N")
        await app.pilot.pause()

        assert failed == found_again == ("task", "gone")
        assert following == ("task", "last")
        assert graph.row is not None
        assert graph.row.key == ("task", "tree")


async def test_shift_tab_in_the_prompt_goes_to_the_next_mode_and_elsewhere_to_the_pane_before(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        before = app.rows[-1].split()[0]
        await app.pilot.press("shift+tab")
        await app.until(lambda: app.rows[-1].split()[0] != before)
        in_prompt = app.workspace.prompt.has_focus
        await app.pilot.press("tab", "shift+tab")
        await app.pilot.pause()

        assert (before, app.rows[-1].split()[0]) == ("ask", "auto-edit")
        assert in_prompt
        assert app.workspace.prompt.has_focus


async def test_f3_is_pressed_for_brains_for_the_patchbay_and_to_leave(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        titles: list[str] = []
        for _ in range(3):
            await app.pilot.press("f3")
            await app.pilot.pause()
            titles.append(next((name for name in ("patchbay", "brains") if f"═ {name} " in app.text), "none"))

        assert titles == ["brains", "patchbay", "none"]
        assert app.screen is app.workspace


@pytest.mark.parametrize("keys", [("ctrl+p",), ("f10",), ("f6", "plus"), ("f5", "slash"), ("f4", "slash")])
async def test_no_cursor_blinks_so_that_nothing_is_sent_while_nothing_happens(
    table: Table, keys: tuple[str, ...]
) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("Hello?")
        await app.until(lambda: not app.workspace.live and app.workspace.seen)
        await app.pilot.press(*keys)
        await app.pilot.pause()

        assert isinstance(app.focused, Input)
        assert not app.focused.cursor_blink
