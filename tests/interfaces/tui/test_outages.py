"""A provider that goes out of reach: one row says which host, since when, and what follows."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from hermes_tui.capabilities.providers._errors import connected_late, unreachable
from hermes_tui.domain.commands import Interrupt
from hermes_tui.domain.errors import ProviderError
from hermes_tui.domain.events import Event, RetryScheduled, RunEnded
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.drawing.row_window import RowWindow
from hermes_tui.interfaces.tui.transcript import Transcript
from tests.fakes import Scenario
from tests.fakes.running import running_server
from tests.interfaces.tui.stand import Table, seated
from tests.interfaces.tui.test_microcopy import ASKING, FAILED, PLACE, START, reply, shown


def cut_off(error: ProviderError, attempt: int, delay_s: float = 8.0) -> tuple[Event, Event]:
    """Return the records of a request that failed so, and of the try that follows."""
    failed = replace(FAILED, model="anthropic:haiku", reason=error.reason, message=error.message)
    again = RetryScheduled(
        request_id=failed.request_id,
        model=failed.model,
        reason=error.reason,
        attempt=attempt,
        delay_s=delay_s,
        message=error.message,
    )
    return failed, again


ANTHROPIC = "https://api.anthropic.com/v1/messages"
GONE = unreachable("anthropic", ANTHROPIC)
SAID: dict[str, tuple[tuple[Event, ...], str]] = {
    "no network": (
        (START, *cut_off(GONE, 2, 0.4)),
        "○ No route to api.anthropic.com since 10:08:23. Trying again in 0.4 s, 2 of 3. F3 switches to a local brain.",
    ),
    "no network for a while": (
        (START, *cut_off(GONE, 2), *cut_off(connected_late("anthropic", ANTHROPIC, 5.0), 3)),
        "○ No route to api.anthropic.com since 10:08:23. Trying again in 8 s, 3 of 3. F3 switches to a local brain.",
    ),
    "no network again": (
        (START, *cut_off(GONE, 2), replace(reply(0.0), model="anthropic:haiku"), *cut_off(GONE, 2)),
        "○ No route to api.anthropic.com since 10:08:26. Trying again in 8 s, 2 of 3. F3 switches to a local brain.",
    ),
    "a server of this machine that does not run": (
        (START, *cut_off(unreachable("ollama", "http://127.0.0.1:11434/api/chat"), 2)),
        "○ No route to 127.0.0.1:11434 since 10:08:23. Trying again in 8 s, 2 of 3. F3 switches to another brain.",
    ),
    "an address that holds a key": (
        (START, *cut_off(unreachable("anthropic", "https://me:k-1@gate.test/v1"), 2)),
        "○ No route to gate.test since 10:08:23. Trying again in 8 s, 2 of 3. F3 switches to a local brain.",
    ),
    "a connection that is refused for another reason": (
        (START, *cut_off(unreachable("anthropic", ANTHROPIC, "its certificate is not good"), 2)),
        "○ anthropic:haiku: no connection, try 2 of 3 in 8 s F3 switch now ►",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SAID)
def test_the_host_is_said_since_when_and_what_follows(what: str) -> None:
    events, said = SAID[what]

    assert shown(*events) == said


def test_a_try_without_a_connection_takes_the_place_of_the_request_that_failed() -> None:
    transcript, rows = Transcript(), RowWindow(clock=lambda: 36_510.0)
    for at, event in enumerate((START, ASKING, *cut_off(GONE, 2)), start=1):
        rows.extend(transcript.take(Record(seq=Seq(at), at=36_502.0, place=PLACE, body=event)))

    assert [row.copy().partition(" since")[0] for row in rows.rows] == ["go", "No route to api.anthropic.com"]


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
    assert "F3 switches to another brain." in said
    assert f"could not be reached at {server.openai_url}" not in said
