"""A sheet at the foot of the screen to choose one thing: type to filter, Up and Down, Enter, Esc."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from hermes_tui.domain.values import frozen, replace
from hermes_tui.interfaces import _fuzzy as fuzzy
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, ends, foreign, one_line, pad
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.line_input import LineInput
from hermes_tui.interfaces.tui.rules import TitleRule

MOST: Final = 500
NAME_CELLS: Final = 44
NAME_SHARE: Final = 38
"""Names take so much of a hundred at most: what they are about has to be read beside them."""
LEAST_NAME: Final = 16
LEAST_ABOUT: Final = 6
"""With less room than this nothing is said beside the name: a cut behind a whole name would look like one of it."""


@frozen
class Choice:
    """One thing that can be chosen; `value` is what choosing it returns, `more` is said where there is room for it."""

    value: str
    name: str
    about: str = ""
    more: str = ""
    right: str = ""
    sign: Span = ("", "")
    live: bool = False
    cells: int = NAME_CELLS

    @property
    def key(self) -> Hashable:
        """Its value."""
        return self.value

    @property
    def searched(self) -> str:
        """What the filter looks at."""
        return f"{self.name} {self.about} {self.more}"

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw it: sign, name, what it is about, and a short fact at the end."""
        sign = (f"{self.sign[0]} ", self.sign[1]) if self.sign[0] else ("  ", "")
        right = f"{self.right} " if self.right else ""
        if not self.about:
            return (ends((sign, *foreign(one_line(self.name))), ((right, "muted"),), room.width),)
        cells = min(self.cells, max(room.width * NAME_SHARE // 100, LEAST_NAME))
        name, about = pad(one_line(self.name), cells), one_line(self.about)
        whole = f"{about} {one_line(self.more)}" if self.more else about
        left_for_it = room.width - 2 - cells - 2 - cell_len(right) - 1
        if left_for_it < LEAST_ABOUT:
            return (ends((sign, *foreign(one_line(self.name))), ((right, "muted"),), room.width),)
        said = whole if cell_len(whole) <= left_for_it else about
        left = (sign, *foreign(f"{name}  "), *foreign(said, "muted"))
        return (ends(left, ((right, "muted"),), room.width),)

    def copy(self) -> str:
        """Return its value."""
        return self.value


def aligned(choices: Sequence[Choice]) -> list[Choice]:
    """Return choices whose names take the same room."""
    cells = min(max((cell_len(one_line(choice.name)) for choice in choices), default=1), NAME_CELLS)
    return [replace(choice, cells=cells) for choice in choices]


class Chooser(ModalScreen[str | None]):
    """Returns the value that was chosen, None if none was. `shown` is told what is under the cursor, as a preview."""

    DEFAULT_CSS = """
    Chooser { align: left bottom; }
    Chooser #sheet { height: auto; max-height: 70%; background: $background; }
    Chooser LineView { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave as it was"),
        Binding("up,ctrl+p", "step(-1)", "up"),
        Binding("down,ctrl+n", "step(1)", "down"),
    ]

    def __init__(
        self,
        look: Look,
        title: str,
        choices: Sequence[Choice],
        *,
        shown: Callable[[str], None] = lambda _: None,
        start: str = "",
        hint: str = "type to filter · Enter takes · Esc leaves",
    ) -> None:
        super().__init__()
        self.look = look
        self.choices = aligned(choices)
        self.start = start
        self.shown = shown
        self.rule = TitleRule(look, title, hint)
        self.rule.focused = True
        self.entry = LineInput(placeholder="filter", compact=True, id="filter")
        self.rows = LineView(look, name="choices", folds=False, follows=False)
        self.rows.can_focus = False
        self.rows.always_marked = True

    def compose(self) -> ComposeResult:
        """Rule, filter, rows."""
        with Vertical(id="sheet"):
            yield self.rule
            yield self.entry
            yield self.rows

    def on_mount(self) -> None:
        """Show everything."""
        self.entry.focus()
        self._filter("")

    def on_resize(self, event: events.Resize) -> None:
        """Keep the sheet within the screen."""
        del event
        self._measure()

    def offer(self, choices: Sequence[Choice]) -> None:
        """Offer other things, such as what was found meanwhile."""
        self.choices = aligned(choices)
        self._filter(self.entry.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._filter(event.value)

    def _filter(self, wanted: str) -> None:
        found = fuzzy.best(wanted.strip(), self.choices, lambda choice: choice.searched, MOST)
        nothing = "Nothing to choose." if not self.choices else f"0 of {len(self.choices)} match."
        self.rows.empty = (Line(((f"  {nothing} Esc leaves.", "muted"),)), EMPTY)
        self.rows.replace_all(found)
        at = max(self.rows.window.find(self.start), 0) if not wanted else 0
        self.rows.window.cursor = at if found else -1
        self.rows.window.move_to(at)
        self._measure()
        self._preview()

    def _measure(self) -> None:
        most = max(self.size.height * 7 // 10 - 3, 3)
        self.rows.styles.height = min(max(len(self.rows), 1), most)

    def _preview(self) -> None:
        row = self.rows.current
        if isinstance(row, Choice):
            self.shown(row.value)

    def action_step(self, by: int) -> None:
        """Move the cursor."""
        self.rows.action_step(by)
        self._preview()

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        event.stop()
        row = self.rows.current
        self.dismiss(row.value if isinstance(row, Choice) else None)

    def action_leave(self) -> None:
        """Return nothing."""
        self.dismiss(None)

    @on(LineView.Moved)
    def _moved(self, event: LineView.OfRow) -> None:
        event.stop()
        self._preview()
