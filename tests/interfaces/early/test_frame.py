"""What the first frame looks like."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hermes_tui.interfaces._swatch import ALL, NONE, SIXTEEN, XTERM
from hermes_tui.interfaces.early.draft import Draft
from hermes_tui.interfaces.early.frame import Frame
from hermes_tui.interfaces.tui.layout import plan_for
from hermes_tui.interfaces.tui.themes import Palette, read_theme
from hermes_tui.services.homes import built_in_folder
from tests.interfaces.colours import codes_in, codes_of

ROW = re.compile(r"\x1b\[(\d+);1H")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
THEMES = sorted((built_in_folder() / "themes").glob("*.yaml"))
COLOURS = {"bg": "#101418", "text": "#d8dee6", "muted": "#93a0ae", "accent": "#6cb6ff"}


def rows(sequence: str) -> dict[int, str]:
    """Return the text of each row that is drawn, by its number."""
    _, *parts = ROW.split(sequence)
    return {int(number): CONTROL.sub("", text).rstrip() for number, text in zip(parts[::2], parts[1::2], strict=True)}


def frame(depth: int = 256, *, ascii_only: bool = False) -> Frame:
    return Frame(COLOURS, depth, ascii_only=ascii_only, status="home ~/h  folder ~/f")


def draft(data: bytes = b"") -> Draft:
    made = Draft()
    made.feed(data)
    return made


@pytest.mark.parametrize(("width", "height"), [(40, 10), (80, 24), (120, 36), (180, 40), (200, 60)])
def test_the_prompt_stands_where_the_workstation_will_draw_it(width: int, height: int) -> None:
    drawn = rows(frame().whole(draft(b"hello"), width, height))

    plan = plan_for(width, height, tasks=0)
    console = width - (plan.side_width + 1 if plan.side else 0)
    assert drawn[height - 1] == "› hello"
    assert drawn[height - 2] == "═ goal ".ljust(console, "═")
    assert drawn[height] == "  starting…  home ~/h  folder ~/f"[:width]


def test_long_and_wide_text_is_wrapped_and_its_end_is_shown() -> None:
    text = "漢" * 60

    drawn = rows(frame().whole(draft(text.encode()), 80, 24))

    assert [drawn[21], drawn[22], drawn[23]] == ["═ goal " + "═" * 73, "› " + "漢" * 38, "  " + "漢" * 22]


def test_more_than_fits_shows_the_last_rows_only() -> None:
    drawn = rows(frame().whole(draft("\n".join(map(str, range(40))).encode()), 40, 10))

    assert drawn[9] == "  39"
    assert min(drawn) >= 1


def test_what_enter_ended_is_listed_as_waiting() -> None:
    drawn = rows(frame().whole(draft(b"fix it\rand then"), 80, 24))

    assert drawn[21] == "› fix it  sent when ready"
    assert drawn[23] == "› and then"


def test_control_characters_of_a_paste_never_reach_the_terminal() -> None:
    sequence = frame().entry(draft(b"\x1b[200~a\x1b]0;x\x07\x9bb\x1b[201~"), 80, 24)

    assert "\x1b]" not in sequence
    assert "\x07" not in sequence
    assert "\x9b" not in sequence


def test_without_colours_nothing_is_coloured_and_without_unicode_it_is_ascii() -> None:
    sequence = frame(0, ascii_only=True).whole(draft(b"hi"), 80, 24)

    assert not re.search(r"\x1b\[[34]8", sequence)
    assert sequence.isascii()


@pytest.mark.parametrize("depth", [NONE, SIXTEEN, XTERM, ALL])
@pytest.mark.parametrize("path", THEMES, ids=lambda path: path.stem)
def test_it_has_the_colours_that_the_workstation_is_drawn_with(path: Path, depth: int) -> None:
    theme = read_theme(path)
    palette = Palette(theme, depth)

    painted = Frame(theme.colours, depth, ascii_only=False, status="").whole(draft(b"hello"), 80, 24)

    drawn = {code for role in ("accent", "muted", "text bold") for code in codes_of(palette.style(role), depth)}
    assert codes_in(painted) - {"0", "7"} == drawn | {"1"}


def test_a_theme_that_lacks_a_role_is_drawn_as_far_as_it_goes() -> None:
    painted = Frame({"bg": "#fbfaf7"}, XTERM, ascii_only=False, status="").entry(draft(), 80, 24)

    assert codes_in(painted) == {"0", "1", "7", "48;5;231"}
