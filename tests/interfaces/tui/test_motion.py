"""How often the screen changes, what it says when it is late, and what is too long for a clipboard."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hermes_tui.domain.events import RunEnded
from hermes_tui.domain.values import replace
from hermes_tui.interfaces._bridge import Batch
from hermes_tui.interfaces.tui.drawing.flow import Flow
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.motion import FULL, REDUCED, REMOTE, Motion, motion_of
from hermes_tui.interfaces.tui.rows import Origin
from hermes_tui.interfaces.tui.streaming import Streaming
from hermes_tui.interfaces.tui.themes import Palette, read_theme
from hermes_tui.services import history
from hermes_tui.services.desk import Desk
from hermes_tui.services.homes import built_in_folder
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


async def test_textuals_own_variable_for_no_animations_counts_as_reduced(table: Table) -> None:
    table.monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    async with workstation(table, HELLO) as app:
        assert app.motion == REDUCED
        assert app.look.step_s == 10.0
        assert app.workspace.console_pane.transcript.replies.whole_lines


@pytest.mark.parametrize(("step_s", "shown"), [(0.0, 1234.5), (10.0, 1230.0)])
def test_a_clock_that_moves_by_steps_shows_the_same_whatever_is_drawn_between(step_s: float, shown: float) -> None:
    look = Look(Palette(read_theme(built_in_folder() / "themes" / "night.yaml")), clock=lambda: 1234.5)
    look.step_s = step_s

    assert (look.clock(), look.now()) == (shown, 1234.5)

    look.held_at = 1111.5
    assert look.clock() == 1111.5


@pytest.mark.parametrize(
    ("heard", "whole", "flowing"),
    [
        ("One two", [], ["One two▌"]),
        (
            "one two three four five six seven eight nine ten eleven",
            ["one two three four five six seven eight nine ▌"],
            ["one two three four five six seven eight nine", "ten eleven▌"],
        ),
        ("One.\n\nTwo", ["One.", "▌"], ["One.", "", "Two▌"]),
        ("```\na = 1\nb", ["a = 1▌"], ["a = 1", "b▌"]),
    ],
)
def test_with_reduced_motion_a_line_of_a_reply_stands_there_once_the_next_has_begun(
    heard: str, whole: list[str], flowing: list[str]
) -> None:
    found = {reduced: streamed(heard, whole_lines=reduced) for reduced in (True, False)}

    assert found[True][:-1] == whole
    assert found[False][:-1] == flowing
    assert "token" not in found[True][-1]
    assert "token" in found[False][-1]
    assert streamed(heard, whole_lines=True, now=1.0)[-1].split() == ["m", "Esc", "interrupt"]


def streamed(text: str, *, whole_lines: bool, now: float = 2.0) -> list[str]:
    """Return the lines of a reply of which so much has arrived."""
    flow = Flow()
    flow.push(text)
    row = Streaming(
        origin=Origin(key="r", at=1.0), model="m", flow=flow, thinking=Flow(), heard=1, whole_lines=whole_lines
    )
    return [line.text.strip() for line in row.lines(Room(width=48, now=now))]


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
