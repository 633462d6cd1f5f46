"""Borders that the operator moves, by key or by hand, and that stay; themes that change as their file does."""

from __future__ import annotations

import os

from hermes_tui.domain.events import RunEnded
from hermes_tui.interfaces.tui.layout import Sizes, moved, plan_for, sizes_from
from hermes_tui.services.homes import built_in_folder
from tests.fakes import Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, seated, workstation

HELLO = Scenario(replies=[Reply("Hello.")])


def test_a_border_never_takes_all_of_a_neighbour_and_what_is_no_size_is_left_out() -> None:
    greedy = moved(Sizes(), "side", plan_for(120, 36, 3), 200)

    assert plan_for(120, 36, 3, greedy).middle_width == 63
    assert plan_for(120, 36, 3, moved(Sizes(), "side", plan_for(120, 36, 3), -200)).middle_width == 40
    assert plan_for(120, 36, 3, Sizes(graph=99)).graph == 18
    assert plan_for(200, 60, 3, Sizes(side=500)).side_width == 200 - 1 - 56
    assert sizes_from({"side": 50, "graph": "tall", "nobody": 3, "budget": -1}) == Sizes(side=50)


def divider_of(app: Stand) -> int:
    """Return the column of the divider beside the console."""
    return app.rows[20].index("│")


async def test_columns_are_resized_by_key_and_by_hand_and_stand_there_at_the_next_start(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        before = divider_of(app)
        await app.pilot.press("f2", "greater_than_sign", "greater_than_sign")
        await app.until(lambda: divider_of(app) == before - 4)
        await app.pilot.mouse_down(offset=(before - 4, 20))
        await app.pilot.hover(offset=(before + 2, 20))
        await app.pilot.mouse_up(offset=(before + 2, 20))
        await app.until(lambda: divider_of(app) == before + 2)
        await app.until((table.home / "state" / "layout.json").exists)
    async with workstation(table, HELLO) as app:
        again = divider_of(app)
        await app.pilot.press("f2", "equals_sign")
        await app.until(lambda: divider_of(app) == before)

    assert again == before + 2


async def test_an_edited_theme_is_drawn_with_at_once_and_a_broken_one_is_named(table: Table) -> None:
    own = table.workspace / "themes"
    own.mkdir()
    text = (built_in_folder() / "themes" / "night.yaml").read_text(encoding="utf-8")
    async with seated(table.desk()) as app:
        app.theme_files.folders = [built_in_folder() / "themes", own]
        (own / "mine.yaml").write_text(text, encoding="utf-8")
        app.theme_files.look()
        app.use_theme("mine")
        (own / "mine.yaml").write_text(text.replace("#6cb6ff", "#ff00aa"), encoding="utf-8")
        os.utime(own / "mine.yaml", (1, 1))
        app.theme_files.look()
        drawn = app.look.palette.theme.colours["accent"]
        (own / "mine.yaml").write_text("accent: blue\n", encoding="utf-8")
        app.theme_files.look()

        assert drawn == "#ff00aa"
        assert "mine.yaml" in app.said


async def test_the_day_of_all_sessions_stands_beside_that_of_the_run(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("Say hello.")
        await app.until_event(RunEnded)
        await app.until(lambda: (app.workspace.day_usd or 0) > 0)
        await app.pilot.press("f6", "f6")
        await app.until(lambda: "day " in app.text and "of 20.00" not in app.text)

        assert "day   █" in app.text
        assert "cap $20.00" in app.text
