"""The app: opens the session, hands records to the workspace and the operator's orders to the kernel."""

from __future__ import annotations

import asyncio
import os
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType

from hermes_tui.domain.commands import Submit
from hermes_tui.domain.records import Record
from hermes_tui.interfaces.tui.bridge import Batch, Bridge, Seat
from hermes_tui.interfaces.tui.line_view import Look
from hermes_tui.interfaces.tui.opening import seat_for
from hermes_tui.interfaces.tui.screens.workspace import Workspace
from hermes_tui.interfaces.tui.themes import Palette, as_textual, find_themes


class HermesApp(App[int]):
    """Routes: kernel to screen through the bridge, screen to kernel through the seat."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "copy_clear_quit", "copy, clear, twice quits", id="app.copy", priority=True),
        Binding("ctrl+d", "quit_if_empty", "quit with an empty prompt", id="app.quit", priority=True),
        Binding("ctrl+q", "leave", "quit", id="app.leave", priority=True, show=False),
        Binding("ctrl+z", "suspend_process", "suspend", id="app.suspend", priority=True),
    ]

    def __init__(
        self,
        seat: Seat,
        *,
        earlier: Callable[[], Sequence[Record]] = lambda: (),
        goal: str = "",
        themes: Sequence[Path] = (),
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        coloured = "NO_COLOR" not in os.environ
        super().__init__()
        self.seat = seat
        self.goal = goal
        self.monotonic = monotonic
        ui = seat.facts.config.ui
        self.themes, self.theme_errors = find_themes(themes)
        chosen = self.themes.get(ui.theme) or self.themes["night"]
        self.look = Look(Palette(chosen, coloured=coloured), ascii_only=_ascii(ui.glyphs), clock=clock)
        self.bridge = Bridge(self._deliver)
        self.workspace = Workspace(self.look, seat, earlier, monotonic)
        self._asked_to_quit = 0.0

    def on_mount(self) -> None:
        """Show the workspace, then start the kernel."""
        for theme in self.themes.values():
            self.register_theme(as_textual(theme))
        self.theme = f"hermes-{self.look.palette.theme.name}"
        self.push_screen(self.workspace)
        self.bridge.open(asyncio.get_running_loop())
        self.seat.start(on_record=self.bridge.record, on_part=self.bridge.part, on_trouble=self.bridge.trouble)
        if self.goal:
            self.seat.send(Submit(text=self.goal))

    def _deliver(self, batch: Batch) -> None:
        if self.workspace.is_mounted:
            self.workspace.absorb(batch)
            for error in batch.troubles:
                self.workspace.say(str(error), "fail")

    @on(Workspace.Ordered)
    def _ordered(self, event: Workspace.Ordered) -> None:
        self.seat.send(event.command)

    @on(Workspace.Typed)
    def _typed(self, event: Workspace.Typed) -> None:
        self.seat.send(Submit(text=event.text))

    def use_theme(self, name: str) -> bool:
        """Draw with another theme; return whether there is one of that name."""
        theme = self.themes.get(name)
        if theme is None:
            return False
        self.look.palette = Palette(theme, coloured=self.look.palette.coloured)
        self.theme = f"hermes-{name}"
        self.workspace.redraw()
        return True

    def action_copy_clear_quit(self) -> None:
        """Copy what is selected; else clear the draft; twice within a second, quit."""
        selected = self.screen.get_selected_text() or self.workspace.prompt.copy_of_selection()
        if selected:
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
        elif self.workspace.prompt.text:
            self.workspace.prompt.take()
        elif self.monotonic() - self._asked_to_quit < 1.0:
            self.action_leave()
        else:
            self._asked_to_quit = self.monotonic()
            what = "The run pauses at a safe point and can be resumed. " if self.workspace.live else ""
            self.workspace.say(f"{what}Ctrl+C again to leave.")

    def action_quit_if_empty(self) -> None:
        """Quit, unless there is a draft."""
        if not self.workspace.prompt.text:
            self.action_leave()

    def action_leave(self) -> None:
        """Leave; what runs is stopped resumably."""
        self.exit(0)


def _ascii(wanted: str) -> bool:
    if wanted != "auto":
        return wanted == "ascii"
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    return bool(spoken) and "utf" not in spoken.lower()


def main(_: str, args: Namespace) -> int:
    """Open the workstation; return its exit code."""
    seat, earlier, themes = seat_for(args)
    app = HermesApp(seat, earlier=earlier, goal=args.goal or "", themes=themes)
    code = app.run(mouse=seat.facts.config.ui.mouse)
    seat.close()
    return code or 0
