"""The lines that frame what is shown: title rules, dividers that can be moved, the mark before the prompt."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.interfaces.tui.drawing.cells import Line, Span, clip, width_of
from hermes_tui.interfaces.tui.drawing.look import Look


def rule_line(title: tuple[Span, ...], hint: tuple[Span, ...], width: int, *, focused: bool) -> Line:
    """Return a title rule; what does not fit is given up from the right: first the hint, then the title's tail."""
    sign, role = ("═", "accent") if focused else ("─", "rule")
    wanted = width_of(title) + 4
    if hint and wanted + width_of(hint) + 4 <= width:
        right: tuple[Span, ...] = ((" ", ""), *hint, (f" {sign}", role))
    else:
        right = ((sign, role),)
    shown = clip(title, max(width - width_of(right) - 3, 0))
    left: tuple[Span, ...] = ((f"{sign} ", role), *shown, (" ", "")) if shown else ()
    fill = width - width_of(left) - width_of(right)
    return Line((*left, (sign * max(fill, 0), role), *right))


class BorderMoved(Message):
    """The operator drags a divider or the rule of a pane; the pointer is so many cells from where it stands."""

    def __init__(self, border: Widget, by_x: int, by_y: int) -> None:
        super().__init__()
        self.border = border
        self.by_x = by_x
        self.by_y = by_y


class Grip(Widget):
    """Something that can be held and moved with the mouse; what that means is the stage's."""

    _held = False

    def on_mouse_down(self) -> None:
        """Hold the border."""
        self._held = True
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the border along with the pointer."""
        if self._held:
            self.post_message(BorderMoved(self, event.x, event.y))

    def on_mouse_up(self) -> None:
        """Leave the border where it is."""
        self._held = False
        self.release_mouse()


class Divider(Grip):
    """A vertical rule between columns."""

    DEFAULT_CSS = "Divider { width: 1; height: 1fr; }"

    def __init__(self, look: Look, name: str) -> None:
        super().__init__(id=name)
        self.look = look

    def render_line(self, y: int) -> Strip:
        """Draw one cell of it."""
        del y
        return self.look.strip(Line((("│", "rule"),)), self.size.width)


class TitleRule(Grip):
    """One line: a title, a rule and a hint; double while its pane has the focus."""

    DEFAULT_CSS = "TitleRule { height: 1; }"

    def __init__(self, look: Look, title: str, hint: str = "") -> None:
        super().__init__()
        self.look = look
        self.title: tuple[Span, ...] = ((title, "text bold"),)
        self.hint: tuple[Span, ...] = ((hint, "muted"),) if hint else ()
        self.focused = False

    def say(self, title: tuple[Span, ...], hint: tuple[Span, ...] = ()) -> None:
        """Show another title and hint."""
        if (title, hint) != (self.title, self.hint):
            self.title, self.hint = title, hint
            self.refresh()

    def mark(self, *, focused: bool) -> None:
        """Show whether the pane has the focus."""
        if focused != self.focused:
            self.focused = focused
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the rule."""
        del y
        title = self.title
        if self.focused and title:
            title = ((title[0][0], "accent bold"), *title[1:])
        line = rule_line(title, self.hint, self.size.width, focused=self.focused)
        return self.look.strip(line, self.size.width)


class Mark(Widget):
    """The sign before the prompt."""

    DEFAULT_CSS = "Mark { width: 2; height: 1; }"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        del y
        return self.look.strip(Line((("› ", "accent"),)), self.size.width)
