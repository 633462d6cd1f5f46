"""How often the screen changes, what it says when it is late, and what is too long for a clipboard."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hermes_tui.domain.events import RunEnded
from hermes_tui.domain.values import replace
from hermes_tui.interfaces._bridge import Batch
from hermes_tui.interfaces.tui.motion import FULL, REDUCED, REMOTE, Motion, motion_of
from hermes_tui.services import history
from hermes_tui.services.desk import Desk
from tests.interfaces.tui.stand import Table, workstation
from tests.interfaces.tui.test_panes import HELLO


@pytest.mark.parametrize(
    ("wanted", "environ", "expected"),
    [
        ("full", {}, FULL),
        ("full", {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, REMOTE),
        ("full", {"TEXTUAL_ANIMATIONS": "none"}, REDUCED),
        ("full", {"TEXTUAL_ANIMATIONS": "full"}, FULL),
        ("reduced", {"SSH_TTY": "/dev/pts/1"}, REDUCED),
    ],
)
def test_motion_is_as_operator_terminal_and_line_want_it(
    wanted: str, environ: dict[str, str], expected: Motion
) -> None:
    assert motion_of(wanted, environ) == expected


async def test_with_reduced_motion_clocks_move_every_ten_seconds(table: Table) -> None:
    table.configure("ui: {motion: reduced}\n")
    async with workstation(table, HELLO) as app:
        assert app.motion == REDUCED
        assert app.workspace.clock_s == 10.0


async def test_a_screen_that_is_late_says_by_how_many_records(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("Hello?")
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live)
        assert isinstance(app.seat, Desk)
        records = history.records(app.seat.station.sessions(), app.seat.session_id)
        late = replace(records[0], at=time.time() - 5.0)
        app.workspace.seen = 0
        app.workspace.absorb(Batch(records=[late]))
        await app.pilot.pause()
        said = app.rows[0]
        app.workspace.absorb(Batch(records=[replace(records[-1], at=time.time())]))
        await app.pilot.pause()

        assert f" behind {records[-1].seq - 1} " in said
        assert "behind" not in app.rows[0]


async def test_what_is_too_long_for_a_clipboard_is_a_file_whose_path_is_copied(table: Table) -> None:
    async with workstation(table, HELLO, size=(300, 30)) as app:
        app.copy("ä" * 32_001)
        await app.until(lambda: "its path is copied" in app.text)
        path = Path(app.clipboard)
        app.copy("short")

        assert path.read_text("utf-8") == "ä" * 32_001
        assert path.stat().st_mode & 0o077 == 0
        assert app.clipboard == "short"
