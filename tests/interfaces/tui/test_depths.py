"""What goes to terminals of sixteen and of 256 colours: the terminal's own names, or numbers that keep the contrast."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from textual.strip import Strip

from hermes_tui.domain.events import ApprovalAsked
from hermes_tui.interfaces._contrast import in_256
from hermes_tui.interfaces._swatch import ALL, NONE, SIXTEEN, XTERM
from hermes_tui.interfaces.tui.themes import read_theme
from hermes_tui.services.homes import built_in_folder
from tests.fakes import Call, Repeat, Reply, Scenario
from tests.fakes.running import running_server
from tests.interfaces.colours import SYSTEMS, codes_in, codes_of
from tests.interfaces.processes import Shop, shop
from tests.interfaces.terminal import terminal
from tests.interfaces.tui.stand import Stand, Table, seated

__all__ = ["shop"]

BUILT_IN = built_in_folder() / "themes"
ATTRIBUTES = {"", "0", "1", "3", "4", "7", "9"}
HUES = {"31", "32", "33", "36"}
CHIPS = {"30", "43", "46"}
WRITES = Call("write", {"path": "a.txt", "content": "x = 1\n"})


class InSixteen(Stand):
    """The app in a terminal of sixteen colours."""

    depth: ClassVar[int] = SIXTEEN

    def on_load(self) -> None:
        super().on_load()
        self.draw_in(self.depth)


class InXterm(InSixteen):
    """The app in a terminal of 256 colours."""

    depth = XTERM


def strips(app: Stand) -> list[Strip]:
    return app.screen._compositor.render_strips()


def sent(app: Stand, lines: Iterable[Strip] | None = None) -> set[str]:
    """Return each code that draws what is on the screen."""
    system = SYSTEMS.get(app.look.palette.depth, ColorSystem.STANDARD)
    found: set[str] = set()
    for strip in strips(app) if lines is None else lines:
        for segment in strip:
            if segment.style is not None:
                found |= codes_in(f"\x1b[{Strip.render_ansi(segment.style, system)}m")
    return found


def part(app: Stand, row: int, text: str) -> Segment:
    return next(segment for segment in strips(app)[row] if text in segment.text)


def codes(app: Stand, segment: Segment) -> list[str]:
    assert segment.style is not None
    return codes_of(segment.style, app.look.palette.depth)


@asynccontextmanager
async def asked(table: Table, kind: type[Stand], size: tuple[int, int] = (120, 36)) -> AsyncGenerator[Stand]:
    """Open a workstation in which a change waits for an answer, and something stands selected in the prompt."""
    scenario = Scenario(
        replies=[Reply("# It\n\n```python\nx = 'a'  # b\n```", tool_calls=[WRITES])], repeat=Repeat.LAST
    )
    with running_server(scenario) as server:
        async with seated(table.desk(server.openai_url), kind=kind, size=size) as app:
            await app.enter("Hello?")
            await app.until_event(ApprovalAsked)
            await app.until(lambda: "needs you  F7" in app.rows[-1])
            await app.type("one two")
            await app.pilot.press("shift+left", "shift+left", "shift+left")
            await app.pilot.pause()
            yield app


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_with_sixteen_colours_the_grounds_but_for_chips_and_the_text_are_the_terminals_own(
    table: Table, size: tuple[int, int]
) -> None:
    async with asked(table, InSixteen, size) as app:
        drawn = sent(app)
        prompt = next(at for at, row in enumerate(app.rows) if row.startswith("› one two"))
        selected = "".join(one.text for one in strips(app)[prompt] if one.style and one.style.reverse)
        mode, needs = part(app, -1, "ask"), part(app, -1, "needs you")
        chips = codes(app, mode), codes(app, needs)
        await app.pilot.press("f9")
        await app.until(lambda: "═ themes ═" in app.text)

        assert (drawn | sent(app)) <= ATTRIBUTES | HUES | CHIPS
        assert drawn >= {"36", "33", *CHIPS}
        assert selected == "two"
        assert chips == (["1", "30", "46"], ["1", "30", "43"])


async def test_with_sixteen_colours_the_row_under_the_cursor_is_reversed_and_a_changed_line_has_the_ink_of_its_sign(
    table: Table,
) -> None:
    async with asked(table, InSixteen) as app:
        added = next(at for at, row in enumerate(app.rows) if "+ x = 1" in row or "+     x = 1" in row)
        line = codes(app, part(app, added, "x = 1"))
        await app.pilot.press("escape", "f9")
        await app.until(lambda: "═ themes ═" in app.text)
        row = next(at for at, row in enumerate(app.rows) if row.startswith("  night"))

        assert line == ["32"]
        assert [codes(app, one) for one in strips(app)[row] if one.text.strip()] == [["7"], ["7"]]


async def test_with_sixteen_colours_the_thumb_of_a_scrollbar_is_seen_on_its_track(table: Table) -> None:
    async with seated(table.desk(), kind=InSixteen) as app:
        app.workspace.prompt.fill("\n".join(f"line {number}" for number in range(30)))
        await app.until(lambda: "line 21" in app.text and "line 29" in app.text)
        prompt = app.workspace.prompt
        end = prompt.region.right - prompt.styles.padding.right
        bars = [strips(app)[y].crop(end - prompt.styles.scrollbar_size_vertical, end) for y in prompt.region.line_range]
        reversed_in = [{bool(one.style and one.style.reverse) for one in bar} for bar in bars]

        assert (reversed_in[0], reversed_in[-2]) == ({False}, {True}), "the track, and the thumb where the cursor is"


async def test_with_sixteen_colours_a_theme_says_why_nothing_changes(table: Table) -> None:
    async with seated(table.desk(), kind=InSixteen) as app:
        before = sent(app)
        await app.enter("/theme paper")

        assert "256 colours" in app.said
        assert app.look.palette.theme.name == "paper"
        assert sent(app) - {"33"} <= before | ATTRIBUTES


@pytest.mark.parametrize("name", ["night", "paper", "clear"])
async def test_with_256_colours_only_those_of_the_theme_that_keep_its_contrast_are_drawn(
    table: Table, name: str
) -> None:
    table.configure(f"ui: {{theme: {name}}}\n")
    shown = in_256(read_theme(BUILT_IN / f"{name}.yaml").colours)
    allowed = {f"{plane};5;{step.number}" for plane in (38, 48) for step in shown.values()}
    async with asked(table, InXterm) as app:
        drawn = sent(app)

        assert drawn - ATTRIBUTES <= allowed
        assert drawn >= {f"48;5;{shown[role].number}" for role in ("bg", "select", "accent", "warn", "add")}


@pytest.mark.parametrize("kind", [Stand, InXterm])
async def test_a_line_to_type_in_has_the_colours_of_the_theme_and_no_blend_of_them(
    table: Table, kind: type[Stand]
) -> None:
    async with seated(table.desk(), kind=kind) as app:
        await app.pilot.press("f9")
        await app.until(lambda: "═ themes ═" in app.text)
        title = next(at for at, row in enumerate(app.rows) if row.startswith("═ themes ═"))
        placeholder = codes(app, part(app, title + 1, "ilter"))
        await app.type("night")
        await app.pilot.press("shift+home")
        await app.pilot.pause()
        title = next(at for at, row in enumerate(app.rows) if row.startswith("═ themes ═"))
        selected = codes(app, part(app, title + 1, "ight"))

        palette = app.look.palette
        assert placeholder == codes_of(palette.style("muted"), palette.depth)
        assert selected == codes_of(palette.style("text on-select"), palette.depth)


async def test_with_256_colours_a_theme_is_changed_live_and_an_edited_one_is_drawn_in_them_too(table: Table) -> None:
    own = table.workspace / "themes"
    own.mkdir()
    text = (BUILT_IN / "night.yaml").read_text(encoding="utf-8")
    async with seated(table.desk(), kind=InXterm) as app:
        app.theme_files.folders = [BUILT_IN, own]
        before = sent(app)
        await app.enter("/theme paper")
        light = sent(app)
        (own / "mine.yaml").write_text(text, encoding="utf-8")
        app.theme_files.look()
        await app.enter("/theme mine")
        (own / "mine.yaml").write_text(text.replace("#6cb6ff", "#ff00af"), encoding="utf-8")
        os.utime(own / "mine.yaml", (1, 1))
        app.theme_files.look()
        await app.pilot.pause()

        assert {one for one in before if one.startswith("48;5;")} >= {"48;5;233"}
        assert "48;5;231" in light
        assert light & {"48;5;233", "48;5;16"} == set()
        assert "38;5;199" in sent(app)
        assert not any(one.startswith(("38;2", "48;2")) for one in before | light | sent(app))


async def test_a_theme_file_that_did_not_change_is_not_drawn_anew_with_fewer_colours(table: Table) -> None:
    async with seated(table.desk(), kind=InXterm) as app:
        palette = app.look.palette
        app.theme_files._known = {}
        app.theme_files.look()

        assert app.look.palette is palette


NAMED = r"\x1b\[[0-9;]*(?<![0-9])[34]8;5;"
EXACT = r"\x1b\[[0-9;]*(?<![0-9])[34]8;2;"


@pytest.mark.parametrize(
    ("terminal_says", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ALL),
        ({"TERM": "xterm-256color"}, XTERM),
        ({"TERM": "tmux", "TEXTUAL_COLOR_SYSTEM": "256"}, XTERM),
        ({"TERM": "xterm"}, SIXTEEN),
        ({"TERM": "linux"}, SIXTEEN),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, NONE),
    ],
)
def test_a_terminal_is_sent_what_it_says_it_can(shop: Shop, terminal_says: dict[str, str], depth: int) -> None:
    with terminal([], {**shop.environment(), "LANG": "C.UTF-8", **terminal_says}, shop.work) as screen:
        screen.until("starting")
        screen.until("No brain is connected yet")
        screen.until("no brain")
        said = screen.raw.decode("utf-8", "replace")

    hued = {code for code in codes_in(said) if code in HUES | CHIPS}
    assert bool(re.search(EXACT, said)) == (depth == ALL)
    assert bool(re.search(NAMED, said)) == (depth == XTERM)
    assert bool(hued) == (depth == SIXTEEN)
    assert codes_in(said) - ATTRIBUTES - HUES - CHIPS == set() or depth >= XTERM
