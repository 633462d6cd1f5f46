"""The picture of the task graph as something to move in: left and right along the edges, up and down in a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from hermes_tui.domain.ids import TaskId
from hermes_tui.interfaces.tui.drawing.cells import Line
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.panes._pane import Sheet


class PictureView(Sheet):
    """The lines of a picture; `chosen` is the one under the cursor."""

    DEFAULT_CSS = "PictureView { display: none; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "side(-1)", "left", id="list.left"),
        Binding("right,l", "side(1)", "right", id="list.right"),
    ]

    def __init__(self, look: Look) -> None:
        super().__init__(look, name="graph-picture")
        self.chosen: TaskId | None = None
        self.places: Mapping[TaskId, tuple[int, int, int]] = {}

    def put_lines(self, lines: Sequence[Line], places: Mapping[TaskId, tuple[int, int, int]]) -> None:
        """Show a picture, with the task under the cursor on screen."""
        self.places = places
        self.show(lines)
        place = places.get(self.chosen) if self.chosen is not None else None
        if place is not None:
            top = place[0]
            self.window.move_to(min(top + 1, len(lines) - 1))
            self.window.move_to(top)
        self.window.cursor = -1

    def action_step(self, by: int) -> None:
        """Go to the next task above or below in the same column, else in any."""
        place = self.places.get(self.chosen) if self.chosen is not None else None
        if place is None:
            return
        top, left, _ = place
        ahead = {task: at for task, at in self.places.items() if (at[0] - top) * by > 0}
        self._take({task: (at[1] != left, abs(at[0] - top)) for task, at in ahead.items()})

    def action_side(self, by: int) -> None:
        """Go to the nearest task of the next column."""
        place = self.places.get(self.chosen) if self.chosen is not None else None
        if place is None:
            return
        top, left, _ = place
        ahead = {task: at for task, at in self.places.items() if (at[1] - left) * by > 0}
        self._take({task: (abs(at[1] - left), abs(at[0] - top)) for task, at in ahead.items()})

    def _take(self, far: Mapping[TaskId, tuple[int, int]]) -> None:
        if far:
            self.chosen = min(far, key=lambda task: far[task])
            self.post_message(self.Moved(self, None))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the task under the pointer."""
        line = self.window.layout()[event.y][0] if event.y < len(self.window.layout()) else -1
        for task, (top, left, cells) in self.places.items():
            if top <= line <= top + 1 and left <= event.x < left + cells:
                self.chosen = task
                self.post_message(self.Moved(self, None))
