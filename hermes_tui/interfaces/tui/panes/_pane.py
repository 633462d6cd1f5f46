"""What every pane has: a title rule, a body, and a way to be shown alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar, Protocol

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from hermes_tui.domain.estimate import Rates
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.drawing.cells import Line
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.rules import TitleRule
from hermes_tui.services.desk import Facts
from hermes_tui.services.missing import Missing


@frozen
class View:
    """What panes show: the state, what the screen knows beside it, the time, and whether a run is under way.

    `past` says that this is not now, `day_usd` what all sessions spent today, None if nobody looked. `brain` is who
    would answer now: empty if nobody can, None while nobody has looked; `brains` is F3's list. `windows` are
    tokens by brain. `rates` says what steps took in earlier runs, None while nobody has looked.
    """

    state: SessionState
    chronicle: Chronicle
    facts: Facts
    now: float
    live: bool = False
    frozen: bool = False
    past: bool = False
    day_usd: float | None = None
    brain: str | None = None
    brains: Sequence[Brain | Missing] = ()
    windows: Mapping[str, int] = field(default_factory=dict[str, int])
    rates: Rates | None = None


@frozen(kw_only=False)
class Fixed:
    """A line as a row, for sheets of plain lines."""

    key: int
    line: Line
    live: bool = False

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Return it."""
        del room
        return (self.line,)

    def copy(self) -> str:
        """Return its text."""
        return self.line.text.strip()


class Sheet(LineView):
    """Plain lines that can be scrolled; they are drawn again only where they changed."""

    def __init__(self, look: Look, *, name: str = "", focusable: bool = True, follows: bool = False) -> None:
        super().__init__(look, name=name, folds=False, follows=follows)
        self.can_focus = focusable
        self._lines: list[Line] = []

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines."""
        if list(lines) != self._lines:
            self._lines = list(lines)
            self.replace_all(Fixed(number, line) for number, line in enumerate(lines))


class Showing(Protocol):
    """What every pane can do besides: draw a state."""

    def show(self, view: View) -> None:
        """Show a state."""
        ...


class Late(Vertical):
    """Something whose contents come once the workstation is usable; until then it is one empty widget.

    Styling and mounting a widget costs a millisecond or two, and most of them are not in sight at first.
    """

    furnished = False

    def contents(self) -> ComposeResult:
        """Return what it holds."""
        yield from ()

    def compose(self) -> ComposeResult:
        """Hold nothing yet, or everything."""
        return self.contents() if self.furnished else ()

    async def furnish(self) -> None:
        """Bring the contents, once."""
        if not self.furnished:
            self.furnished = True
            await self.recompose()


class Pane(Late):
    """A body under a title rule. `full` says that it has the whole screen."""

    DEFAULT_CSS = "Pane { height: 1fr; }"
    TITLE: ClassVar[str] = ""
    KEY: ClassVar[str] = ""

    class Jump(Message):
        """The operator wants to see a row in another pane."""

        def __init__(self, pane: str, key: Hashable) -> None:
            super().__init__()
            self.pane = pane
            self.key = key

    class Warned(Message):
        """Something would be lost, or cannot be done: the operator is told."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class PageAsked(Message):
        """The operator wants to read something on a page of its own, drawn for whatever width there is."""

        def __init__(self, title: str, draw: Callable[[int], Sequence[Line]]) -> None:
            super().__init__()
            self.title = title
            self.draw = draw

    def __init__(self, look: Look, *, name: str) -> None:
        super().__init__(id=name)
        self.look = look
        self.rule = TitleRule(look, self.TITLE, self.KEY)
        self.full = False

    def set_full(self, *, full: bool) -> None:
        """Take the whole screen, or give it back."""
        self.full = full

    def step_back(self) -> bool:
        """Undo the innermost thing Esc undoes here; return whether there was one."""
        return False

    def focus_body(self) -> None:
        """Give the focus to what can be moved in."""
        for child in self.query(LineView):
            child.focus()
            return

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Mark the rule."""
        del event
        self.rule.mark(focused=True)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Unmark the rule."""
        del event
        self.rule.mark(focused=self.has_focus_within)
