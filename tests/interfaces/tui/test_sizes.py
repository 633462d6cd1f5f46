"""Every size: what is shown where, each line exactly as wide as the terminal, whatever the words are."""

from __future__ import annotations

import pytest
from textual import events
from textual.color import Color
from textual.geometry import Region, Size

from hermes_tui.domain.events import RunEnded
from tests.fakes import Call, Repeat, Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, workstation

HARD = "漢字かな交じり文 👩‍👩‍👧‍👦 שלום עולם \u202egnorw\u202c e\u0301 \x1b[2J end"
SIZES = [(200, 60), (180, 40), (120, 36), (119, 35), (100, 24), (80, 24), (79, 24), (60, 20), (40, 10), (120, 12)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_line_is_as_wide_as_the_terminal(table: Table, size: tuple[int, int]) -> None:
    write = Call("write", {"path": "漢字.txt", "content": HARD})
    scenario = Scenario(replies=[Reply(f"# {HARD}\n\n```python\nx = '{HARD}'\n```", tool_calls=[write])])
    async with workstation(table, scenario, size=size) as app:
        await app.enter(f"Say {HARD[:8]}")
        await app.until(lambda: app.workspace.dock.display)
        shown = app.rows

        assert len(shown) == size[1]
        assert not any("\x1b" in row or "\u202e" in row for row in shown)


async def test_a_terminal_that_is_too_small_says_so_and_comes_back(table: Table) -> None:
    async with workstation(table, Scenario(), size=(32, 8)) as app:
        small = app.text
        await app.pilot.resize_terminal(120, 36)
        await app.pilot.pause()

        assert "Hermes needs 40 × 10, this is 32 × 8." in " ".join(small.split())
        assert app.rows[0].startswith("─ console ")


async def test_wide_shows_five_panes_and_narrow_one_with_a_ribbon(table: Table) -> None:
    scenario = Scenario(replies=[Reply("Hello.")], repeat=Repeat.LAST)
    async with workstation(table, scenario, size=(200, 60)) as app:
        await app.enter("Hello?")
        await app.until_event(RunEnded)
        wide = app.text
        await app.pilot.resize_terminal(80, 24)
        await app.pilot.pause()
        narrow = app.text

        assert [name for name in ("console", "tasks", "mind", "budget", "memory") if f"─ {name} " not in wide] == []
        assert [name for name in ("tasks", "mind", "budget", "memory") if f"─ {name} " in narrow] == []
        assert app.rows[-1].startswith("  ask   openai:")


async def test_a_storm_of_sizes_leaves_the_screen_whole(table: Table) -> None:
    scenario = Scenario(replies=[Reply("Hello.")], repeat=Repeat.LAST)
    async with workstation(table, scenario) as app:
        await app.enter("Hello?")
        for width in range(40, 200, 7):
            await app.pilot.resize_terminal(width, 10 + width // 5)
        await app.until_event(RunEnded)
        await app.pilot.resize_terminal(120, 36)
        await app.until(lambda: app.size == app.screen.size == (120, 36))
        await app.until(lambda: "✓ done" in app.text)

        assert app.rows[1].startswith("› Hello?")


async def test_without_colour_weight_and_reverse_carry_the_state(table: Table) -> None:
    table.monkeypatch.setenv("NO_COLOR", "1")
    async with workstation(table, Scenario(replies=[Reply("Hello.")])) as app:
        await app.enter("Hello?")
        await app.until(lambda: "✓ done" in app.text)
        strips = app.workspace.status.render_line(0)

        chip = next(segment for segment in strips if "ask" in segment.text)
        assert chip.style is not None
        assert chip.style.reverse
        assert chip.style.color is None


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_without_colour_not_even_a_grey_is_sent_and_cursor_and_selection_are_reversed(
    table: Table, size: tuple[int, int]
) -> None:
    table.monkeypatch.setenv("NO_COLOR", "1")
    write = Call("write", {"path": "a.txt", "content": "x = 1\n"})
    scenario = Scenario(replies=[Reply("# It\n\n```python\nx = 'a'  # b\n```", tool_calls=[write]), Reply("Done.")])
    async with workstation(table, scenario, size=size) as app:
        await app.enter("/mode auto-edit")
        await app.enter("Hello?")
        await app.until(lambda: "✓ done" in app.text)
        await app.type("one two")
        await app.pilot.press("shift+left", "shift+left", "shift+left")
        await app.pilot.pause()
        drawn = [segment for strip in app.screen._compositor.render_strips() for segment in strip]
        row = next(at for at, row in enumerate(app.rows) if row.startswith("› one two"))
        written = app.screen._compositor.render_strips()[row]
        await app.enter("/diff")
        await app.pilot.pause()
        drawn += [segment for strip in app.screen._compositor.render_strips() for segment in strip]

        coloured = [one for one in drawn if one.style and (one.style.color or one.style.bgcolor)]
        assert [(one.text, str(one.style)) for one in coloured] == []
        assert "".join(one.text for one in written if one.style and one.style.reverse) == "two"


async def test_plain_characters_only_where_the_config_says_so(table: Table) -> None:
    table.configure("ui: {glyphs: ascii}\n")
    replies = [Reply("Hello there.", tool_calls=[Call("list", {"path": "."})]), Reply("Done.")]
    async with workstation(table, Scenario(replies=replies)) as app:
        await app.enter("Hello?")
        await app.until(lambda: "v done" in app.text)

        assert {letter for letter in app.text if ord(letter) > 127} <= set("×·")


def places(app: Stand) -> list[tuple[str, Region, Color, bool]]:
    """Return each widget that is seen: what it is, where, on which ground, and whether it has the focus."""
    shown = app.workspace._compositor.visible_widgets
    found = [
        (f"{one.css_identifier}", region, one.styles.background, one.has_focus) for one, (region, _) in shown.items()
    ]
    return sorted(found, key=lambda one: (one[0], one[1]))


@pytest.mark.parametrize("size", [(200, 60), (120, 36), (80, 24)])
async def test_opened_at_a_size_all_is_as_after_a_change_to_that_size(table: Table, size: tuple[int, int]) -> None:
    async with workstation(table, Scenario(), size=size) as app:
        opened = places(app)
        await app.pilot.resize_terminal(60, 20)
        await app.pilot.pause()
        await app.pilot.resize_terminal(*size)
        await app.pilot.pause()
        app.refresh_css(animate=False)
        await app.pilot.pause()

        assert opened == places(app)
        assert len(opened) > 5


async def test_a_size_that_is_past_is_not_laid_out_for(table: Table) -> None:
    """Two sizes that follow each other around would keep the screen busy for ever."""
    async with workstation(table, Scenario()) as app:
        now, past = app.size, Size(90, 30)
        for size in (past, now, past):
            app.workspace.post_message(events.Resize(size, size))
        await app.pilot.pause()

        assert app.workspace.size == now
        assert app.workspace.division.shape == "two"
