"""A view of rows that draws only what is on screen: it follows, scrolls, finds and selects in any number of rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import ClassVar, Final, Self

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.interfaces.tui.drawing.cells import EMPTY, SIGN_CELLS, Line, word_at
from hermes_tui.interfaces.tui.drawing.drawn_lines import DrawnLines, ScreenLine, marked
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.row_window import Row, RowWindow

LINES_PER_ROW: Final = 1 << 20
"""Factor between rows in the offsets of a selection: no row has more lines."""
WHEEL_LINES: Final = 3


class LineView(Widget, can_focus=True):
    """Rows of any height; a frame costs what is visible, whatever the number of rows."""

    DEFAULT_CSS = "LineView { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "up", id="list.up"),
        Binding("down,j", "step(1)", "down", id="list.down"),
        Binding("pageup", "page(-1)", "page up", id="list.page_up"),
        Binding("pagedown", "page(1)", "page down", id="list.page_down"),
        Binding("home", "home", "first row", id="list.home"),
        Binding("end", "end", "last row, follow", id="list.end"),
        Binding("enter", "open", "open", id="list.open"),
        Binding("space", "fold", "fold or unfold", id="list.fold"),
        Binding("slash", "find", "find", id="list.find"),
        Binding("n", "find_next(1)", "next found", id="list.next"),
        Binding("N", "find_next(-1)", "previous found", id="list.previous"),
        Binding("y", "copy_row", "copy the row", id="list.copy"),
    ]

    class OfRow(Message):
        """Something about one row of a view."""

        def __init__(self, view: LineView, row: Row | None) -> None:
            super().__init__()
            self.view = view
            self.row = row

        @property
        def control(self) -> LineView:
            """The view."""
            return self.view

    class Moved(OfRow):
        """The cursor is on another row."""

    class Opened(OfRow):
        """Enter on a row."""

    class Folded(OfRow):
        """Space on a row of a view that leaves folding to its pane."""

    class CopyAsked(OfRow):
        """The operator wants the row's text."""

    class FindAsked(OfRow):
        """The operator wants to search this view."""

    class Clicked(OfRow):
        """The operator clicked on a line of a row, `x` cells from its left."""

        def __init__(self, view: LineView, line: Line, x: int) -> None:
            super().__init__(view, None)
            self.line = line
            self.x = x

    class Scrolled(OfRow):
        """Following began or ended, or new rows stand below the screen."""

    def __init__(
        self, look: Look, *, name: str = "", folds: bool = True, follows: bool = True, empty: Sequence[Line] = ()
    ) -> None:
        super().__init__(id=name or None)
        self.look = look
        self.folds = folds
        self.empty = empty
        self.wanted = ""
        self.always_marked = False
        self.copies = True
        self.window = RowWindow(clock=look.clock, follows=follows)
        self._drawn = DrawnLines(self, self._strip)
        self._selecting = False
        self._word = Selection(None, None)
        self._on_screen: list[ScreenLine] = []

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave `y` to the pane where it means yes."""
        del parameters
        return self.copies or action != "copy_row"

    # rows

    def __len__(self) -> int:
        return len(self.window.rows)

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.window.current

    def extend(self, rows: Iterable[Row]) -> None:
        """Add rows at the end; a row whose key is there already takes its place."""
        added = self.window.extend(rows)
        self._refresh_changed()
        if added and not self.window.following:
            self.post_message(self.Scrolled(self, None))

    def replace_all(self, rows: Iterable[Row]) -> None:
        """Show other rows; cursor and top stay on their rows where those are still there."""
        self.window.replace_all(rows)
        self.refresh()

    def swap(self, window: RowWindow) -> RowWindow:
        """Look through another window; return the one before, with its rows, cursor and place."""
        before, self.window = self.window, window
        window.resize(self.size.width, self.size.height)
        self.refresh()
        return before

    def drop_last(self, key: Hashable) -> None:
        """Take the last row away, if it is the one called `key`."""
        self.window.drop_last(key)
        self.refresh()

    def redraw(self) -> None:
        """Draw every row again, as after a change of theme."""
        self.window.forget()
        self._drawn.forget()
        self.refresh()

    def tick(self) -> None:
        """Draw the visible rows that show a clock again."""
        live = [at for at in self.window.visible() if self.window.rows[at].live]
        if live:
            self.window.forget(live)
            self.refresh()

    # drawing

    def on_resize(self, event: events.Resize) -> None:
        """Keep the top row where it is."""
        self._on_screen = []
        self.window.resize(event.size.width, event.size.height)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw some lines of the screen; one that was drawn before, wherever it stood, is not drawn again."""
        self._keep_room()
        width = self.outer_size.width
        if self._selecting:
            self._drawn.forget()
        strips = self._drawn.get(self._screenful(crop.bottom)[crop.y :], width)
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        # While the size changes, Textual may ask for another width than it says.
        fits = all(strip.cell_length == crop.width for strip in strips)
        return strips if fits else super().render_lines(crop)

    def _refresh_changed(self) -> None:
        """Have only the lines drawn that are not on screen as they are now; all of them if those are many."""
        width, height = self.outer_size
        self._keep_room()
        now, shown = self._screenful(height), self._on_screen
        known = len(shown) == height
        changed = [y for y, line in enumerate(now) if not known or line != shown[y]]
        if 2 * len(changed) > height:
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))
        self._on_screen = now

    def notify_style_update(self) -> None:
        """Forget what was drawn: it may look different now."""
        self._drawn.forget()
        super().notify_style_update()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Have some regions drawn again, or everything."""
        if not regions:
            self._on_screen = []
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _keep_room(self) -> None:
        """Draw for the room there is; a view has neither border nor padding."""
        self.window.resize(*self.outer_size)

    def _screenful(self, height: int) -> list[ScreenLine]:
        """Return the lines on screen, the ground each is drawn on, and its place among all lines, -1 without one."""
        cursor = self.window.cursor if self.has_focus or self.always_marked else -1
        found: list[ScreenLine] = []
        for index, lines in groupby(self.window.layout()[:height], itemgetter(0)):
            drawn, ground = self.window.lines_of(index), "select" if index == cursor else ""
            found += [(drawn[at], ground, index * LINES_PER_ROW + at) for _, at in lines]
        empty = () if self.window.rows else self.empty[:height]
        found += [(line, "", -1) for line in empty]
        return [*found, *[(EMPTY, "", -1)] * (height - len(found))]

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen for Textual, which asks so where the pointer is in the text.

        What is painted does without these places: each would be a style of its own, and Textual keeps thousands.
        """
        self._keep_room()
        line = self._screenful(y + 1)[y]
        strip = self._strip(line, self.outer_size.width)
        return strip.apply_offsets(0, line[2]) if line[2] >= 0 else strip

    def _strip(self, line: ScreenLine, width: int) -> Strip:
        drawn, ground, place = line
        strip = self.look.strip(drawn, width, ground)
        selection = self.text_selection if self._selecting and place >= 0 else None
        span = selection.get_span(place) if selection is not None else None
        return marked(strip, span, self.look.palette.style("bg on-accent")) if span is not None else strip

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text: column 0 holds a sign and is left out, and so are padding and line numbers."""
        rows = self.window.rows
        first = selection.start or (0, 0)
        last = selection.end or (1 << 30, len(rows) * LINES_PER_ROW)
        found: list[str] = []
        for index in range(first[1] // LINES_PER_ROW, min(last[1] // LINES_PER_ROW + 1, len(rows))):
            for at, line in enumerate(self.window.lines_of(index)):
                span = selection.get_span(index * LINES_PER_ROW + at)
                if span is None:
                    continue
                start = max(span[0], line.gutter, SIGN_CELLS)
                text = Strip([Segment(line.text)]).crop(start, span[1] if span[1] >= 0 else None).text
                if line.joined and found:
                    found[-1] += text
                else:
                    found.append(text)
        return ("\n".join(text.rstrip() for text in found), "\n") if found else None

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self._selecting = selection is not None
        self._drawn.forget()
        self.refresh()

    # moving

    def _after_move(self, *, moved: bool) -> None:
        self.refresh()
        self.post_message(self.Scrolled(self, None))
        if moved:
            self.post_message(self.Moved(self, self.current))

    def show_row(self, key: Hashable) -> bool:
        """Put the cursor on the row called `key`; return whether it is here."""
        at = self.window.find(key)
        if at >= 0:
            self._after_move(moved=self.window.move_to(at))
        return at >= 0

    def begin_with(self, index: int) -> None:
        """Put the cursor on a row and let the screen begin with it."""
        self._after_move(moved=self.window.begin_with(index))

    def action_step(self, by: int) -> None:
        """Move the cursor; the first step takes the last row on screen."""
        if self.window.cursor < 0 and not self.window.follows:
            self.action_home()
            return
        start = by if self.window.cursor >= 0 else -1
        self._after_move(moved=self.window.step(start))

    def action_page(self, by: int) -> None:
        """Move by a screen."""
        self.window.scroll(by * max(self.size.height - 1, 1))
        visible = self.window.visible()
        if visible:
            self.window.cursor = visible[-1] if by > 0 else visible[0]
        self._after_move(moved=True)

    def action_home(self) -> None:
        """Go to the first row."""
        self._after_move(moved=self.window.move_to(0))

    def action_end(self) -> None:
        """Go to the last row and follow."""
        self.window.move_to(len(self.window.rows) - 1)
        self.window.follow(following=True)
        self._after_move(moved=True)

    def action_open(self) -> None:
        """Open the row under the cursor, or tell the pane."""
        if self.folds:
            self.action_fold()
        self.post_message(self.Opened(self, self.current))

    def action_fold(self) -> None:
        """Open or fold the row under the cursor."""
        row = self.current
        if not self.folds:
            self.post_message(self.Folded(self, row))
        elif row is not None:
            self.window.opened ^= {row.key}
            self.window.forget([self.window.cursor])
            self.window.move_to(self.window.cursor)
            self.refresh()

    def action_find(self) -> None:
        """Ask what to look for."""
        self.post_message(self.FindAsked(self, self.current))

    def action_find_next(self, by: int) -> None:
        """Go to the next row that holds what was looked for."""
        if self.wanted and self.window.rows:
            at = self.window.search(self.wanted, by)
            if at >= 0:
                self._after_move(moved=self.window.move_to(at))

    def action_copy_row(self) -> None:
        """Hand the text of the row to the app."""
        self.post_message(self.CopyAsked(self, self.current))

    # mouse

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll what is under the pointer, without taking the focus."""
        event.stop()
        self._wheel(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll what is under the pointer, without taking the focus."""
        event.stop()
        self._wheel(-WHEEL_LINES)

    def _wheel(self, lines: int) -> None:
        self.window.scroll(lines)
        self._after_move(moved=False)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row; on its fold mark, open or fold it."""
        layout = self.window.layout()
        if event.y >= len(layout):
            return
        index, at = layout[event.y]
        line = self.window.lines_of(index)[at]
        moved = self.window.move_to(index)
        text = line.text
        if event.x < len(text) and text[event.x] in "►▼":
            self.action_fold()
        elif event.chain == 1:
            self.post_message(self.Clicked(self, line, event.x))
        y = index * LINES_PER_ROW + at
        self._word = Selection(*(Offset(x, y) for x in word_at(text, event.x)))
        self._after_move(moved=moved)

    @property
    def select_container(self) -> Widget:
        """What a click more selects: still no more than the word, where Textual would take the whole screen."""
        return self

    def text_select_all(self) -> None:
        """Select the word that was clicked: Textual asks for this on a double-click."""
        self.screen.selections = {self: self._word}

    def on_focus(self) -> None:
        """Show the cursor, or hide it."""
        self.refresh()

    on_blur = on_focus
