"""What every order of the operator stands on: the session behind the app, the screen before it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.app import App

from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.late import late
from hermes_tui.interfaces._swatch import NONE, SIXTEEN, XTERM, ascii_wanted
from hermes_tui.interfaces.tui.beacon import Beacon
from hermes_tui.interfaces.tui.drawing.cells import harmless
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.layout import sizes_from
from hermes_tui.interfaces.tui.prompt import Prompt
from hermes_tui.interfaces.tui.screens.threshold import Threshold
from hermes_tui.interfaces.tui.themes import Palette, Theme, as_textual, dress, find_theme, read_theme

if TYPE_CHECKING:
    from textual.driver import Driver

    from hermes_tui.domain.commands import Command
    from hermes_tui.domain.errors import UsageInvalid
    from hermes_tui.domain.ports import Brain
    from hermes_tui.domain.records import Record
    from hermes_tui.interfaces._bridge import Seat
    from hermes_tui.interfaces.tui import vim
    from hermes_tui.interfaces.tui.drawing import uncoloured, xterm_colours
    from hermes_tui.interfaces.tui.keymap import Keymap
    from hermes_tui.interfaces.tui.screens.workspace import Workspace
    from hermes_tui.services.missing import Missing
else:
    vim = late("hermes_tui.interfaces.tui.vim")
    uncoloured = late("hermes_tui.interfaces.tui.drawing.uncoloured")
    xterm_colours = late("hermes_tui.interfaces.tui.drawing.xterm_colours")

THEMELESS: Final = {
    NONE: "A theme needs colours; NO_COLOR leaves them out.",
    SIXTEEN: "A theme needs 256 colours; this terminal says it has 16. COLORTERM=truecolor says it has all.",
}
CLIPBOARD_BYTES: Final = 64_000
"""What terminals take at once by OSC 52, encoded; the rest would be dropped without a word."""


class Host(App[str]):
    """The app as those see it who carry out orders; it knows none of them.

    Its result names the session to open next: empty for a new one, None to leave.
    """

    keys: Keymap
    """What each key does here; like `workspace`, there once the app is furnished."""
    workspace: Workspace

    def __init__(
        self,
        seat: Seat,
        earlier: Callable[[], Sequence[Record]],
        themes: Sequence[Path],
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__()
        # What there is to say stands in the status line: no screen needs a rack for toasts or a tooltip.
        self._disable_notifications = self._disable_tooltips = True
        self.seat = seat
        self.earlier = earlier
        self.monotonic = monotonic
        ui = seat.outlook
        self.theme_folders = themes
        self.themes: Mapping[str, Theme] = {}
        self.theme_errors: Sequence[UsageInvalid] = ()
        chosen = find_theme(themes, ui.theme) or find_theme(themes, "night") or read_theme(themes[0] / "night.yaml")
        self.look = Look(Palette(chosen), ascii_only=ascii_wanted(ui.glyphs, os.environ), clock=clock)
        dress(self, chosen)
        if self.no_color:
            self.draw_in(NONE)
        self.threshold = Threshold(self.look, "opening the session · Enter is kept until it is open")
        self.threshold.sizes = sizes_from({**ui.layout, **seat.drawer.layout()})
        self.threshold.prompt.vim = vim.Vim() if ui.vim else None
        self.brains: Sequence[Brain | Missing] = ()
        self.before_leaving: Callable[[], None] = lambda: None
        self.refused: HermesError | None = None
        self.beacon = Beacon(monotonic, self._to_terminal, self.set_timer)

    def draw_in(self, depth: int) -> None:
        """Draw in so many colours, or in none where the operator wants none; to be said before anything is drawn."""
        depth = NONE if self.no_color else depth
        if depth == self.look.palette.depth:
            return
        self._filters = [xterm_colours.XtermColours() if depth == XTERM else uncoloured.Uncoloured()]
        self.look.palette = Palette(self.look.palette.theme, depth)
        dress(self, self.look.palette.shown)

    def get_css_variables(self) -> dict[str, str]:
        """Return the colours that style sheets name; none before there is a theme: nobody would wear Textual's own."""
        return super().get_css_variables() if hasattr(self, "look") else {}

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Do something that takes time; what goes wrong is said."""
        self.run_worker(self._guarded(work), exit_on_error=True)

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except HermesError as error:
            self.say(f"{error.message} {error.hint}".strip(), "fail")

    @property
    def terminal(self) -> Driver | None:
        """What is drawn on."""
        return self._driver

    def _to_terminal(self, text: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(text)

    @property
    def furnished(self) -> bool:
        """Whether the workspace stands in the place of the first screen."""
        return self.screen_stack[0] is not self.threshold

    @property
    def prompt(self) -> Prompt:
        """Where the operator writes."""
        return self.workspace.prompt if self.furnished else self.threshold.prompt

    def order(self, command: Command) -> None:
        """Hand a command to the kernel."""
        for one in self.workspace.with_what_follows(command):
            self.seat.send(one)

    async def look_for_brains(self) -> None:
        """Ask each provider what it offers, and show it."""
        self.brains = await self.seat.look()
        self.workspace.show_brains(self.brains)

    @property
    def brain_name(self) -> str:
        """Who answers: the model that was asked last, else the first that can."""
        return self.workspace.brain_name

    async def list_notes(self) -> None:
        """Show the notes as they stand on disk, unless the past is looked at."""
        errands = self.seat.errands
        notes = await asyncio.to_thread(errands.notebook.notes)
        standing = await asyncio.to_thread(errands.standing) if notes else None
        if not self.workspace.travelling:
            self.workspace.memory_pane.take_notes(notes, standing)

    def in_editor(self, text: str) -> str | None:
        """Return a text after the operator's editor had it; None, with a word why, where there is none."""
        if self.is_web:
            self.say("An editor needs a terminal; there is none behind a browser.", "fail")
            return None
        edited, trouble = None, ""
        with self.suspend():
            try:  # an error that leaves the block would leave the terminal suspended
                edited = self.seat.errands.in_editor(text)
            except HermesError as error:
                trouble = f"{error.message} {error.hint}"
        self.refresh(layout=True)
        if trouble:
            self.say(trouble, "fail")
        return edited

    def copy(self, text: str) -> None:
        """Put a text on the clipboard; one that terminals would cut goes into a file, whose path is copied."""
        wanted = harmless(text)
        if len(wanted.encode()) > CLIPBOARD_BYTES:
            self.start(self._copy_as_file(wanted))
            return
        self.copy_to_clipboard(wanted)
        self.say(f"Copied {len(text):,} characters.")

    async def _copy_as_file(self, text: str) -> None:
        path = await asyncio.to_thread(self.seat.errands.keep_copied, text)
        self.copy_to_clipboard(str(path))
        self.say(f"{len(text):,} characters are too many to copy; they are in {path}, and its path is copied.")

    def say(self, text: str, role: str = "text") -> None:
        """Say something in the status line for a moment."""
        if self.furnished:
            self.workspace.say(text, role)
        else:
            self.threshold.say(text, role)

    def use_theme(self, name: str) -> bool:
        """Draw with another theme; return whether there is one of that name."""
        theme = self.themes.get(name)
        if theme is None:
            return False
        self.look.palette = palette = Palette(theme, self.look.palette.depth)
        self.register_theme(as_textual(palette.shown))
        self.theme = f"hermes-{name}"
        self.workspace.redraw()
        if palette.depth < XTERM:
            self.say(THEMELESS[palette.depth])
        return True

    def workspace_file(self, name: str) -> Path:
        """Return the path of a file that was named relative to the workspace."""
        return Path(self.seat.facts.workspace) / name

    def leave_for(self, session: str | None) -> None:
        """Open another session, or with None leave for good; what runs here is stopped resumably."""
        self.before_leaving()
        self.exit(session)
