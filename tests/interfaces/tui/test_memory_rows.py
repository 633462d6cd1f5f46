"""The rows of the memory pane, drawn without a screen."""

from __future__ import annotations

from hermes_tui.domain.memory import Recalled
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.memory_rows import HitRow

DAY_S = 86_400.0
MARKS = (
    "superseded by m2 on 2026-02-03",
    "replaced m0 on 2026-01-01: Releases\x1b[2J happen on Sunday",
    "conflicts with m3: Releases happen on Tuesday",
)


def test_a_hit_shows_its_age_and_every_mark_and_no_mark_moves_the_cursor() -> None:
    text, source = "Releases happen on Friday", "memory/a.md"
    hit = Recalled(id="m1", layer="note", text=text, source=source, at=DAY_S, score=3.25, warnings=MARKS)

    head, below = (line.text for line in HitRow(hit).lines(Room(width=400, now=4 * DAY_S)))

    assert head.startswith(" 3.25 Releases happen on Friday")
    assert head.rstrip().endswith("3 d")
    assert MARKS[0] in below
    assert MARKS[2] in below
    assert "Releases" in below
    assert "\x1b" not in below
