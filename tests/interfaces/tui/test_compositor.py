"""What changed is drawn, and nothing else: neither other lines nor widgets that stand beside or behind."""

from __future__ import annotations

import re

from rich.console import Console
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.interfaces.tui.drawing.compositor import LineCompositor, LinesUpdate

_TO = re.compile(r"\x1b\[(\d+);(\d+)H")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Lettered(Widget):
    """Shows its letter everywhere, and counts for how many lines it was asked."""

    def __init__(self, letter: str) -> None:
        super().__init__(id=letter)
        self.letter = letter
        self.asked = 0

    def render_line(self, y: int) -> Strip:
        del y
        return Strip([Segment(self.letter * self.size.width)])

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked += crop.height
        return super().render_lines(crop)


class Stage(Screen[None]):
    """Two widgets beside each other, and one in front of both."""

    CSS = """
    Stage { layers: below above; }
    Horizontal { height: 10; }
    Lettered { width: 1fr; height: 10; }
    #c { layer: above; dock: top; width: 6; height: 2; offset: 7 4; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._compositor: LineCompositor = LineCompositor()
        self.widgets = {letter: Lettered(letter) for letter in "abc"}

    def compose(self) -> ComposeResult:
        yield Horizontal(self.widgets["a"], self.widgets["b"])
        yield self.widgets["c"]

    def changed(self, *regions: Region) -> LinesUpdate | None:
        """Draw some regions of the screen again."""
        for widget in self.widgets.values():
            widget.asked = 0
        self._compositor._dirty_regions = set(regions)
        return self._compositor.render_partial_update()


class Shown(App[None]):
    """The stage and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()

    def on_mount(self) -> None:
        self.push_screen(self.stage)


def painted(update: LinesUpdate | None) -> list[tuple[int, int, str]]:
    """Return what an update prints: row, column, text, as a terminal counts them."""
    assert update is not None
    found: list[tuple[int, int, str]] = []
    _, *parts = _TO.split(update.render_segments(Console(color_system="truecolor")))
    for row, column, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        found.append((int(row), int(column), _COLOUR.sub("", text)))
    return found


async def test_a_line_of_one_widget_costs_that_line_of_it_alone() -> None:
    app = Shown()
    async with app.run_test(size=(20, 10)):
        update = app.stage.changed(Region(0, 2, 10, 1))

        assert painted(update) == [(3, 1, "a" * 10)]
        assert [widget.asked for widget in app.stage.widgets.values()] == [1, 0, 0]


async def test_lines_far_apart_cost_the_widgets_they_are_in() -> None:
    app = Shown()
    async with app.run_test(size=(20, 10)):
        update = app.stage.changed(Region(0, 0, 10, 1), Region(10, 9, 10, 1))

        assert painted(update) == [(1, 1, "a" * 10), (10, 11, "b" * 10)]
        assert [widget.asked for widget in app.stage.widgets.values()] == [1, 1, 0]


async def test_what_stands_in_front_covers_what_is_behind_it() -> None:
    app = Shown()
    async with app.run_test(size=(20, 10)):
        update = app.stage.changed(Region(0, 4, 20, 1))

        assert "".join(text for _, _, text in painted(update)) == "aaaaaaaccccccbbbbbbb"


async def test_a_part_of_a_line_is_cut_out_of_it() -> None:
    app = Shown()
    async with app.run_test(size=(20, 10)):
        update = app.stage.changed(Region(8, 7, 4, 1))

        assert painted(update) == [(8, 9, "aa"), (8, 11, "bb")]


async def test_nothing_is_drawn_where_nothing_on_screen_changed() -> None:
    app = Shown()
    async with app.run_test(size=(20, 10)):
        assert app.stage.changed() is None
        assert app.stage.changed(Region(0, 30, 5, 2)) is None
