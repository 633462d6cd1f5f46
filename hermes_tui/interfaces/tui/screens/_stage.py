"""Panes in columns or one of them full screen: divides by size, moves the focus, jumps from row to row."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

from textual import events, on
from textual.app import App
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.drawing.compositor import LineCompositor
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.row_window import Row
from hermes_tui.interfaces.tui.graph.rows import TaskRow
from hermes_tui.interfaces.tui.layout import Border, Plan, Sizes, moved, plan_for, too_small
from hermes_tui.interfaces.tui.panes._pane import Pane
from hermes_tui.interfaces.tui.rows import Entry
from hermes_tui.interfaces.tui.rules import BorderMoved
from hermes_tui.interfaces.tui.screens._held import HeldScreen

COLUMNS = ("#left", "#middle", "#right")
SHAPES = ("wide", "two", "one", "narrow", "tiny")


class Stage(HeldScreen):
    """The panes and where they stand. What they show is somebody else's.

    `resting_place` is where the focus returns to, `task_count` how many rows the task graph wants, `alone` whether only
    the console has anything to show.
    """

    class Divided(Message):
        """Panes stand elsewhere now: what they show has to fit."""

    class Arranged(Message):
        """The operator moved a border."""

        def __init__(self, sizes: Sizes) -> None:
            super().__init__()
            self.sizes = sizes

    class NotFound(Message):
        """The operator looked for a row in a pane that holds nothing about it."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, look: Look, panes: dict[str, Pane], *, resting_place: Widget) -> None:
        super().__init__(name="workspace")
        self._compositor = LineCompositor()
        self.look = look
        self.panes = panes
        self.resting_place = resting_place
        self.task_count = 0
        self.alone = False
        self.division = Plan("tiny")
        self.full_pane = ""
        self.sizes = Sizes()
        self._divided: tuple[Plan, str] | None = None

    @property
    def _own_app(self) -> App[str]:
        return cast("App[str]", self.app)  # pyright: ignore[reportUnknownMemberType] - Textual leaves its result open

    def stops(self) -> list[Widget]:
        """Return what Tab stops at, in order."""
        shown = [pane for name, pane in self.panes.items() if self._seen(name)]
        return [self.resting_place, *(pane.query(LineView).first() for pane in shown)]

    def paint(self) -> None:
        """Paint what changed now, not at Textual's next tick; a change of the layout is left to that."""
        changed = [widget for widget in self._compositor.visible_widgets if widget._repaint_required]
        if not self.is_current or self._layout_required or any(widget._layout_required for widget in changed):
            return
        for widget in changed:
            widget._repaint_required = False
        self._dirty_widgets.update(changed)
        self._on_timer_update()

    # size

    def on_resize(self, event: events.Resize) -> None:
        """Divide and lay out the screen."""
        if not self.is_news(event):
            return
        width, height = event.size
        self.query_one("#too-small", Static).update(too_small(width, height))
        self.divide()
        self.call_after_refresh(self.post_message, self.Divided())

    def expect(self, width: int, height: int) -> None:
        """Before anything is mounted, say what room there will be: every widget is styled for it from the start."""
        self._name_shape(plan_for(width, height, tasks=0, sizes=self.sizes).shape)

    def _name_shape(self, shape: str, *, full: bool = False) -> None:
        """Let the style sheet know, at once: each change of a class would style every widget anew."""
        before = self.classes
        for name in SHAPES:
            self.set_class(name == shape, f"-{name}", update=False)
        self.set_class(full, "-full", update=False)
        if self.is_attached and self.classes != before:
            self.update_node_styles()

    def divide(self) -> None:
        """Give each pane its place: in columns, or the whole screen to one."""
        plan = replace(plan_for(*self.size, tasks=self.task_count, sizes=self.sizes), alone=self.alone)
        if (plan, self.full_pane) == self._divided:
            return
        if self._divided is not None and self._divided[0].alone != plan.alone:
            self.call_after_refresh(self.post_message, self.Divided())
        self._divided = (plan, self.full_pane)
        self.division, full = plan, self.full_pane
        self._name_shape(plan.shape, full=bool(full))
        shown = {full} if full else plan.panes
        for name, pane in self.panes.items():
            pane.display = name in shown
        columns = {part: any(pane.display for pane in self.query_one(part).query(Pane)) for part in COLUMNS}
        columns["#side"] = columns["#middle"] or columns["#right"]
        columns["#main-divider"] = columns["#left"] and columns["#side"]
        columns["#side-divider"] = plan.shape == "wide" and columns["#middle"] and columns["#right"]
        for part, wanted in columns.items():
            self.query_one(part).display = wanted
        self._set_sizes(plan)

    def _set_sizes(self, plan: Plan) -> None:
        divided = not self.full_pane and plan.side
        wide = divided and plan.shape == "wide"
        self.query_one("#side").styles.width = plan.side_width if divided else "1fr"
        self.query_one("#middle").styles.width = plan.middle_width if wide else "1fr"
        self.query_one("#right").styles.width = plan.right_width if wide else "1fr"
        divided = not self.full_pane
        self.query_one("#middle").styles.height = plan.graph if divided and plan.shape == "two" else "1fr"
        self.panes["budget"].styles.height = plan.budget if divided else "1fr"
        self.panes["memory"].styles.height = plan.memory if divided else "1fr"

    @on(BorderMoved)
    def _dragged(self, event: BorderMoved) -> None:
        """Move the border that is held: a divider, or the rule of the pane below it."""
        event.stop()
        plan, border = self.division, event.border
        if not plan.side or self.full_pane:
            return
        if border.id == "main-divider":
            self.resize("side", -event.by_x)
        elif border.id == "side-divider":
            self.resize("right", -event.by_x)
        elif border is self.panes["mind"].rule and plan.shape == "two":
            self.resize("graph", event.by_y)
        elif border is self.panes["budget"].rule:
            self.resize("budget", -event.by_y)
        elif border is self.panes["memory"].rule:
            self.resize("memory", -event.by_y)

    def resize(self, border: Border, by: int) -> None:
        """Move a border by some cells; what is shown follows, and it is remembered."""
        if by and self.division.side and not self.full_pane:
            self.sizes = moved(self.sizes, border, self.division, by)
            self._laid_out()

    def action_widen(self, by: int) -> None:
        """Give the console or, from a pane beside it, that pane's column more room."""
        beside = self.panes["mind"], self.panes["budget"], self.panes["memory"]
        in_right = self.division.shape == "wide" and any(pane.has_focus_within for pane in beside)
        in_console = self.panes["console"].has_focus_within
        self.resize("right" if in_right else "side", -by if in_console else by)

    def action_heighten(self, by: int) -> None:
        """Give the focused pane more rows, or fewer."""
        name = next((name for name, pane in self.panes.items() if pane.has_focus_within), "")
        match name:
            case "graph" | "budget" | "memory":
                self.resize(name, by)
            case "mind":
                self.resize("budget", -by)
            case _:
                return

    def action_usual(self) -> None:
        """Put every border back to where the layout has it."""
        self.sizes = Sizes()
        self._laid_out()

    def _laid_out(self) -> None:
        self.divide()
        self.post_message(self.Arranged(self.sizes))
        self.call_after_refresh(self.post_message, self.Divided())

    # panes

    def action_pane(self, name: str) -> None:
        """Focus a pane; then make it full screen; then restore."""
        pane = self.panes[name]
        if self.full_pane == name:
            self.restore()
        elif self.full_pane or not self.division.side or not pane.display or pane.has_focus_within:
            self.make_full(name)
        else:
            pane.focus_body()

    def make_full(self, name: str) -> None:
        """Give the whole screen to one pane."""
        self.restore(focus=False)
        self.full_pane = name
        self.panes[name].set_full(full=True)
        self.divide()
        self.panes[name].focus_body()
        self.call_after_refresh(self.post_message, self.Divided())

    def restore(self, *, focus: bool = True) -> None:
        """Bring the columns back."""
        if not self.full_pane:
            return
        self.panes[self.full_pane].set_full(full=False)
        self.full_pane = ""
        self.divide()
        if focus:
            self.resting_place.focus()
        self.call_after_refresh(self.post_message, self.Divided())

    def action_full(self) -> None:
        """Give the focused pane the whole screen, or take it back; the focus stays in the pane where that is seen."""
        name = next((name for name, pane in self.panes.items() if pane.has_focus_within), "")
        if not self.full_pane:
            if name:
                self.make_full(name)
            return
        self.restore(focus=False)
        if name and self._seen(name):
            self.panes[name].focus_body()
        else:
            self.resting_place.focus()

    def action_next_pane(self) -> None:
        """Move the focus on: prompt, dock, transcript, tasks, mind, budget, prompt."""
        places = self.stops()
        focused = [at for at, widget in enumerate(places) if widget.has_focus]
        places[(focused[0] + 1) % len(places) if focused else 0].focus()

    def action_previous_pane(self) -> None:
        """Move the focus back."""
        places = self.stops()
        focused = [at for at, widget in enumerate(places) if widget.has_focus]
        places[(focused[0] - 1) if focused else 0].focus()

    def _seen(self, name: str) -> bool:
        return self.panes[name].display and (name == "console" or self.division.side)

    def action_jump(self, name: str) -> None:
        """Show the row under the cursor in another pane."""
        focused = self.focused
        row = focused.current if isinstance(focused, LineView) else None
        if row is None:
            return
        self._jump(name, row)

    def _jump(self, name: str, row: Row) -> None:
        pane = self.panes[name]
        view = pane.query(LineView).first()
        if not any(view.show_row(key) for key in _keys_for(row, view)):
            self.post_message(self.NotFound(pane))
            return
        if self._seen(name) and not self.full_pane:
            view.focus()
        elif name == "console":
            self.restore(focus=False)
            view.focus()
        else:
            self.make_full(name)

    @on(Pane.Jump)
    def _jump_asked(self, event: Pane.Jump) -> None:
        event.stop()
        focused = self.focused
        if isinstance(focused, LineView) and focused.current is not None:
            self._jump(event.pane, focused.current)


def _keys_for(row: Row, view: LineView) -> list[Hashable]:
    """Return what stands for `row` in another view: itself, else its task, else whatever belongs to that task."""
    keys = [row.key]
    if isinstance(row, Entry):
        keys += [row.origin.key] if row.origin.key != row.key else []
        keys += [("task", row.origin.task)] if row.origin.task is not None else []
    if isinstance(row, TaskRow):
        keys += [one.key for one in view.window.rows if isinstance(one, Entry) and one.origin.task == row.task.id]
    return keys
