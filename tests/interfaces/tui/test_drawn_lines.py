"""A line that was drawn is kept: a frame costs the lines that are new, also when everything scrolls."""

from __future__ import annotations

from pathlib import Path

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from hermes_tui.interfaces.tui.drawing.cells import Line
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.rows import Origin, Reply
from hermes_tui.interfaces.tui.themes import Palette, Theme, find_themes
from hermes_tui.services.homes import built_in_folder

HEIGHT = 20


class Counted(Look):
    """A look that counts how many lines it draws."""

    drawn = 0

    def strip(self, line: Line, width: int, ground: str = "") -> Strip:
        self.drawn += 1
        return super().strip(line, width, ground)


class Shown(App[None]):
    """One view and nothing else."""

    def __init__(self, themes: dict[str, Theme]) -> None:
        super().__init__()
        self.look = Counted(Palette(themes["night"]), clock=lambda: 0.0)
        self.view = LineView(self.look)

    def compose(self) -> ComposeResult:
        yield self.view


def shown() -> Shown:
    themes, _ = find_themes([Path(built_in_folder() / "themes")])
    return Shown(themes)


def reply(number: int, text: str = "said") -> Reply:
    return Reply(origin=Origin(key=number), text=f"{text} {number}")


def on_screen(app: Shown) -> list[str]:
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).strip() for strip in strips]


async def test_when_a_row_comes_only_it_is_drawn_though_everything_moves() -> None:
    app = shown()
    async with app.run_test(size=(60, HEIGHT)) as pilot:
        app.view.extend([reply(number) for number in range(100)])
        await pilot.pause()
        before = app.look.drawn

        app.view.extend([reply(100)])
        await pilot.pause()

        assert app.look.drawn - before <= len(app.view.window.lines_of(100)) + 1
        assert "said 100" in "\n".join(on_screen(app))


async def test_what_grows_at_the_end_is_drawn_and_the_rest_stays() -> None:
    app = shown()
    async with app.run_test(size=(60, HEIGHT)) as pilot:
        app.view.extend([reply(number) for number in range(100)])
        await pilot.pause()
        before = app.look.drawn

        app.view.extend([reply(99, "said again")])
        await pilot.pause()

        assert 0 < app.look.drawn - before < HEIGHT / 2
        assert "said again 99" in "\n".join(on_screen(app))


async def test_another_size_or_other_colours_draw_everything_anew() -> None:
    app = shown()
    async with app.run_test(size=(60, HEIGHT)) as pilot:
        app.view.extend([reply(number) for number in range(100)])
        await pilot.pause()
        before = app.look.drawn

        app.view.redraw()
        await pilot.pause()
        anew = app.look.drawn - before
        await pilot.resize_terminal(40, HEIGHT)
        await pilot.pause()

        assert anew >= HEIGHT - 1
        assert {strip.cell_length for strip in app.screen._compositor.render_strips()} == {40}


async def test_what_the_mouse_is_drawn_over_is_marked_and_selected() -> None:
    app = shown()
    async with app.run_test(size=(60, HEIGHT)) as pilot:
        app.view.extend([reply(number) for number in range(100)])
        await pilot.pause()

        await pilot.mouse_down(app.view, offset=(2, 3))
        await pilot.hover(app.view, offset=(8, 4))
        await pilot.mouse_up(app.view, offset=(8, 4))
        await pilot.pause()

        first, second = (line.strip() for line in on_screen(app)[3:5])
        marked = [app.view.render_lines(Region(0, y, 60, 1))[0] for y in (3, 4, 5)]
        accent = app.look.palette.style("bg on-accent").bgcolor
        assert app.screen.get_selected_text() == f"{first}\n{second[:7]}"
        assert [any(segment.style and segment.style.bgcolor == accent for segment in strip) for strip in marked] == [
            True,
            True,
            False,
        ]


async def test_styles_of_lines_do_not_pile_up_with_the_lines() -> None:
    app = shown()
    async with app.run_test(size=(60, HEIGHT)) as pilot:
        app.view.extend([reply(number) for number in range(100)])
        await pilot.pause()

        strips = app.view.render_lines(Region(0, 0, 60, HEIGHT))

        assert len({id(segment.style) for strip in strips for segment in strip}) < HEIGHT / 2
