"""A provider that goes out of reach: one row says which host, since when, and what follows."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from hermes_tui.domain.commands import Interrupt
from hermes_tui.domain.events import RetryScheduled, RunEnded
from tests.fakes import Scenario
from tests.fakes.running import running_server
from tests.interfaces.tui.stand import Table, seated


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_host_that_went_away_is_named_with_the_time_and_the_key_that_helps(
    table: Table, size: tuple[int, int]
) -> None:
    with ExitStack() as network:
        server = network.enter_context(running_server(Scenario()))
        async with seated(table.desk(server.openai_url), size=size) as app:
            network.close()
            await app.enter("Hello?")
            await app.until_event(RetryScheduled)
            await app.until(lambda: "○ No route to" in app.text)
            said = " ".join(row.split("│")[0].strip() for row in app.rows)
            app.order(Interrupt())
            await app.until_event(RunEnded)

    host = server.openai_url.split("/")[2]
    assert f"○ No route to {host} since " in said
    assert "Trying again in " in said
    assert ", 2 of 3." in said
    assert "F3 switches to another brain" in said
    assert f"could not be reached at {server.openai_url}" not in said
