"""The first moment: a prompt before anything else, and nothing of it lost when the workspace takes its place."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from hermes_tui.bundle import Bundle
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.interfaces.tui.screens.workspace import Workspace
from hermes_tui.services.desk import Desk, Facts
from hermes_tui.services.homes import built_in_folder
from hermes_tui.services.premises import RunOptions
from tests.interfaces.tui.stand import Stand, Table, rows_of, seated

if TYPE_CHECKING:
    from textual.pilot import Pilot


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


NOBODY = "brains:\n  cortex:\n    model: nope:model\n"


async def test_a_session_that_cannot_be_built_ends_the_workstation_with_the_reason(table: Table) -> None:
    table.configure(NOBODY)
    desk = Desk(RunOptions(workspace=table.workspace, home=table.home))
    app = Stand(desk, earlier=desk.earlier, themes=[built_in_folder() / "themes"])

    async with app.run_test() as pilot:
        while app.is_running:
            await asyncio.sleep(0)
            await pilot.pause()

    assert isinstance(app.refused, UsageInvalid)
    assert "nope" in str(app.refused)


async def test_a_config_that_is_wrong_behind_the_prompt_ends_the_workstation_with_the_reason(
    table: Table,
) -> None:
    class Edited(Desk):
        @property
        def facts(self) -> Facts:
            raise UsageInvalid("edited a moment ago")

    desk = Edited(RunOptions(workspace=table.workspace, home=table.home))
    app = Stand(desk, earlier=desk.earlier, themes=[built_in_folder() / "themes"])

    async with app.run_test() as pilot:
        while app.is_running:
            await asyncio.sleep(0)
            await pilot.pause()

    assert str(app.refused) == "edited a moment ago"


def test_a_desk_stands_before_anything_is_built_and_says_once_it_is_what_has_nothing_behind_it(table: Table) -> None:
    table.configure(NOBODY)
    desk = Desk(RunOptions(workspace=table.workspace, home=table.home))

    with pytest.raises(UsageInvalid, match="nope"):
        desk.prepare()

    assert desk.facts.workspace == str(table.workspace)


def test_a_model_of_the_command_line_that_nobody_provides_is_refused_before_there_is_a_prompt(table: Table) -> None:
    with pytest.raises(UsageInvalid, match="nope"):
        Desk(RunOptions(workspace=table.workspace, home=table.home, model="nope:model"))


class Hanging(Desk):
    """A desk at which nothing is ever ready."""

    def __init__(self, table: Table) -> None:
        super().__init__(RunOptions(workspace=table.workspace, home=table.home))
        self.never = threading.Event()

    def prepare(self) -> None:
        self.never.wait()


@asynccontextmanager
async def opening(table: Table) -> AsyncGenerator[tuple[Stand, Pilot[Any]]]:
    """Show a workstation whose session is never open."""
    desk = Hanging(table)
    app = Stand(desk, earlier=desk.earlier, themes=[built_in_folder() / "themes"])
    async with app.run_test() as pilot:
        app.pilot = pilot
        await app.until(lambda: app.furnished)
        yield app, pilot
    desk.never.set()


async def left(app: Stand) -> None:
    while app.is_running:
        await asyncio.sleep(0)
        await app.pilot.pause()


@pytest.mark.parametrize("keys", [["ctrl+q"], ["ctrl+c", "ctrl+c"], ["a", "enter", "ctrl+c", "ctrl+c"], ["ctrl+d"]])
async def test_what_opens_for_good_can_be_left_by_its_keys(table: Table, keys: list[str]) -> None:
    async with opening(table) as (app, pilot):
        await pilot.press(*keys)
        await left(app)

    assert app.return_value is None
    assert app.return_code == 0


async def test_ctrl_c_takes_back_what_waits_for_the_session_and_says_how_to_leave(table: Table) -> None:
    async with opening(table) as (app, pilot):
        await pilot.press("f", "i", "x", "enter", "n", "o", "w", "ctrl+c", "o", "k")
        await app.until(lambda: app.prompt.text == "ok")

        assert app.said == "Still opening the session. Ctrl+C again leaves."
        assert app.is_running


async def test_ctrl_d_leaves_nothing_that_was_typed(table: Table) -> None:
    async with opening(table) as (app, pilot):
        await pilot.press("a", "ctrl+d")
        await app.until(lambda: app.prompt.text == "a")

        assert app.is_running


async def test_the_keys_that_leave_are_those_of_the_config(table: Table) -> None:
    table.configure("ui:\n  keys: {app.leave: f12}\n")
    async with opening(table) as (app, pilot):
        await pilot.press("ctrl+q")
        assert app.is_running

        await pilot.press("f12")
        await left(app)

    assert app.return_code == 0


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
