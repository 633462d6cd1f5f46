"""A run that Hermes left open when it ended: what is said of it, and the card that asks what is to become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.domain.events import RunStarted, SessionForked
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import fold_all
from hermes_tui.domain.tasks import TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, wrap
from hermes_tui.interfaces.tui.drawing.glyphs import STOPPED
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.rows import Notice, Origin
from hermes_tui.interfaces.tui.rules import rule_line

_KEYS: Final = (("Enter", "goes on"), ("t", "looks first"), ("x", "leaves it"))


@frozen(kw_only=False)
class LeftOpen:
    """When Hermes ended without closing a run, and how many of its tasks were done by then."""

    at: float
    done: int
    tasks: int

    @property
    def said(self) -> tuple[Span, ...]:
        """What happened."""
        were, stay = ("was", "stays") if self.tasks == 1 else ("were", "stay")
        done = f"{self.done:,} of {wording.count(self.tasks, 'task')} {were} done and {stay} done"
        when = f" at {wording.clock(self.at)} without closing. {done}; nothing is repeated."
        return (("Hermes ended", "text bold"), (when, "text"))

    @property
    def row(self) -> Notice:
        """The same in the transcript, once nobody asks any more."""
        return Notice(origin=Origin(key="left open", at=self.at), sign=STOPPED, spans=self.said, hint="/resume goes on")


def left_open(records: Sequence[Record]) -> LeftOpen | None:
    """Return what is to be said where Hermes ended without closing the last run; None where it is closed or a fork.

    Only that run is folded here: the kernel folds the whole session anyway.
    """
    began = next((at for at in reversed(range(len(records))) if isinstance(records[at].body, RunStarted)), None)
    if began is None or isinstance(records[-1].body, SessionForked):
        return None
    state = fold_all(records[began:])
    if state.run.ended is not None:
        return None
    done = sum(status.state is TaskState.DONE for status in state.graph.status.values())
    return LeftOpen(records[-1].at, done, len(state.graph.tasks))


class LeftOpenCard(Widget, can_focus=True):
    """The question what is to become of the run; its keys act only while it has the focus."""

    DEFAULT_CSS = "LeftOpenCard { height: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose('recovery.go_on')", "go on with the run", id="recovery.go_on"),
        Binding("t", "choose('recovery.look')", "look through it first", id="recovery.look"),
        Binding("x", "choose('recovery.leave')", "leave it as it is", id="recovery.leave"),
    ]

    class Chosen(Message):
        """The operator said what is to become of the run, by the id of a key."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, look: Look, left: LeftOpen) -> None:
        super().__init__(id="left-open")
        self.look = look
        self.left = left
        self.keys: Mapping[str, str] = {}

    def lines(self, width: int) -> list[Line]:
        """Return its rule, what happened, and what to press."""
        hint: tuple[Span, ...] = () if self.has_focus else (("Tab", "accent"), (" answer", "muted"))
        title = (("run unfinished", "accent bold" if self.has_focus else "text bold"),)
        keys: list[Span] = []
        for key, does in _KEYS:
            keys += [(key, "accent" if self.has_focus else "muted"), (f" {does}", "text")]
            keys += [(", " if does != _KEYS[-1][1] else ".", "text")]
        said = [*wrap(self.left.said, width - 3), *wrap(keys, width - 3)]
        sign: tuple[Span, ...] = ((f"{STOPPED.glyph} ", STOPPED.role),)
        lines = [Line((*(sign if at == 0 else (("  ", ""),)), *spans)) for at, spans in enumerate(said)]
        return [rule_line(title, hint, width, focused=self.has_focus), *lines]

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.size.width
        lines = self.lines(width)
        return self.look.strip(lines[y] if y < len(lines) else Line(), width)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        self.styles.height = len(self.lines(max(event.size.width, 20)))

    def choose(self, name: str) -> None:
        """Do what a key stands for."""
        self.post_message(self.Chosen(name))

    def action_choose(self, name: str) -> None:
        """Do what a key stands for."""
        self.choose(name)
