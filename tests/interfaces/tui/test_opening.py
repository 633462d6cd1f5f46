"""The first moment: a prompt before anything else, and nothing of it lost when the workspace takes its place."""

from __future__ import annotations

import asyncio
import re

import pytest

from hermes_tui.bundle import Bundle
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.interfaces.tui.screens.workspace import Workspace
from hermes_tui.services.desk import Desk
from hermes_tui.services.homes import built_in_folder
from hermes_tui.services.premises import RunOptions
from tests.interfaces.tui.stand import Stand, Table, rows_of, seated


async def test_before_the_panes_come_there_is_a_prompt_with_what_was_typed_and_a_line_that_says_what_is_done(
    table: Table,
) -> None:
    seen: list[list[str]] = []

    class Watched(Stand):
        async def _move_in(self) -> None:
            seen.append(rows_of(self))
            await super()._move_in()

    async with seated(table.desk(), early=("a", "b"), kind=Watched) as app:
        await app.until(lambda: app.prompt.text == "ab")

    *above, rule, prompt, status = seen[0]
    assert not "".join(above).strip()
    assert re.match(r"═ goal ═+ *$", rule)
    assert prompt.startswith("› ab")
    assert re.match(r" opening the session · Enter is kept until it is open +F1 help $", status)


async def test_the_prompt_goes_on_where_it_was_with_its_cursor_and_what_was_pasted(table: Table) -> None:
    class Watched(Stand):
        async def _move_in(self) -> None:
            self.threshold.prompt.insert("one three")
            self.threshold.prompt.move_cursor((0, 4))
            await super()._move_in()

    async with seated(table.desk(), early="two ", kind=Watched) as app:
        await app.type("x")

        assert app.prompt is app.workspace.prompt
        assert app.prompt.text == "two xone three"
        assert isinstance(app.screen, Workspace)


async def test_an_order_of_the_first_moment_is_carried_out_once_there_is_somebody_to_do_it(table: Table) -> None:
    class Watched(Stand):
        async def _move_in(self) -> None:
            self.post_message(OrderAsked("help"))
            await super()._move_in()

    async with seated(table.desk(), kind=Watched) as app:
        await app.until(lambda: isinstance(app.screen, Page))

        assert "keys and commands" in app.text


async def test_a_session_that_cannot_be_built_ends_the_workstation_with_the_reason(table: Table) -> None:
    desk = Desk(RunOptions(workspace=table.workspace, home=table.home, model="nope:model"))
    app = Stand(desk, earlier=desk.earlier, themes=[built_in_folder() / "themes"])

    async with app.run_test() as pilot:
        while app.is_running:
            await asyncio.sleep(0)
            await pilot.pause()

    assert isinstance(app.refused, UsageInvalid)
    assert "nope" in str(app.refused)


def test_a_desk_stands_before_anything_is_built_and_says_once_it_is_what_has_nothing_behind_it(table: Table) -> None:
    desk = Desk(RunOptions(workspace=table.workspace, home=table.home, model="nope:model"))

    with pytest.raises(UsageInvalid, match="nope"):
        desk.prepare()

    assert desk.facts.workspace == str(table.workspace)


async def test_what_the_start_has_loaded_is_kept_once_everything_is_there(table: Table) -> None:
    kept: list[bool] = []

    class Watched(Stand):
        def on_load(self) -> None:
            super().on_load()
            self.bundle = Kept("")
            self.bundle.stand = self

    class Kept(Bundle):
        stand: Watched

        def keep(self) -> None:
            kept.append(self.stand.furnished and hasattr(self.stand, "clerk"))

    async with seated(table.desk(), kind=Watched) as app:
        await app.until(lambda: kept)

    assert kept == [True]
