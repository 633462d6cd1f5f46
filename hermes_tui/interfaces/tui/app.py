"""The app: a prompt at once, then the session and its workspace; hands orders to those who carry them out."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.binding import Binding, BindingType

from hermes_tui.domain.errors import HermesError
from hermes_tui.interfaces.tui.aside import aside
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.early_keys import TWICE_S, EarlyKeys
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.prompt import Prompt
from hermes_tui.interfaces.tui.screens.threshold import Threshold
from hermes_tui.interfaces.tui.terminal import FirstFrame, Terminal

if TYPE_CHECKING:
    from types import ModuleType

    from hermes_tui.bundle import Bundle
    from hermes_tui.domain.records import Record
    from hermes_tui.interfaces._bridge import Batch, Bridge, Seat
    from hermes_tui.interfaces.tui.chord import Chord
    from hermes_tui.interfaces.tui.clerk import Clerk
    from hermes_tui.interfaces.tui.drawing.line_view import LineView
    from hermes_tui.interfaces.tui.files import DayReader, PromptKeeper, ThemeKeeper
    from hermes_tui.interfaces.tui.finder import Finder
    from hermes_tui.interfaces.tui.first_keys import FirstKeys
    from hermes_tui.interfaces.tui.motion import Motion
    from hermes_tui.interfaces.tui.note_keeper import NoteKeeper
    from hermes_tui.interfaces.tui.panes._note_wishes import Wish
    from hermes_tui.interfaces.tui.relay import Relay
    from hermes_tui.interfaces.tui.screens._entry import Entry
    from hermes_tui.interfaces.tui.screens._stage import Stage
    from hermes_tui.interfaces.tui.screens._timeline import Timeline
    from hermes_tui.interfaces.tui.screens.workspace import Workspace
    from hermes_tui.interfaces.tui.scrubber import Scrubber

THEMES_S: Final = 1.0
FURNITURE: Final = "hermes_tui.interfaces.tui.furniture"
STAFF: Final = "hermes_tui.interfaces.tui.staff"
"""Loaded once there is a prompt to write in, one after the other; they set everything that is only declared here."""


class HermesApp(Host, inherit_css=False):
    """Routes: kernel to screen through the bridge, screen to kernel through the seat.

    Its result names the session to open next: empty for a new one, None to leave.
    """

    CSS_PATH = Path(__file__).with_name("app.tcss")
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "order('help')", "keys and commands", id="app.help", priority=True),
        Binding("ctrl+p", "order('commands')", "find a command", id="app.palette", priority=True),
        Binding("ctrl+x", "chord", "then 1 … 7 for F1 … F7, b 1 … 9 for Alt+1 … 9", id="app.chord", priority=True),
        Binding("f3", "order('brain')", "brains: who answers", id="pane.brains", priority=True),
        Binding("f8", "order('freeze')", "freeze or thaw everything", id="app.freeze", priority=True),
        Binding("f9", "order('theme')", "other colours", id="app.theme", priority=True),
        Binding("f10", "order('sessions')", "other sessions", id="app.sessions", priority=True),
        Binding("ctrl+t", "order('mode')", "next mode: plan, ask, auto-edit, auto", id="app.mode", priority=True),
        Binding("alt+e", "order('effort')", "how much it reasons: low … high, auto", id="app.effort", priority=True),
        Binding("ctrl+o", "last_call", "open the last tool call", id="app.last_call", priority=True),
        Binding("question_mark", "keys_here", "keys of this pane", id="list.keys"),
        Binding("ctrl+c", "copy_clear_quit", "copy, else clear; twice quits", id="app.copy", priority=True),
        Binding("ctrl+d", "quit_if_empty", "quit with an empty prompt", id="app.quit", priority=True),
        Binding("ctrl+q", "leave", "quit", id="app.leave", priority=True, show=False),
        Binding("ctrl+z", "suspend_process", "suspend", id="app.suspend", priority=True),
        *(
            Binding(
                f"alt+{number}",
                f"brain({number})",
                "the brain of that number on F3",
                id=f"app.brain_{number}",
            )
            for number in range(1, 10)
        ),
    ]

    motion: Motion
    bridge: Bridge
    relay: Relay
    clerk: Clerk
    finder: Finder
    notes: NoteKeeper
    prompts: PromptKeeper
    day: DayReader
    theme_files: ThemeKeeper

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
        super().__init__(seat, earlier, themes, clock=clock, monotonic=monotonic)
        self.goal = goal
        self.chord: Chord | None = None
        self.first_keys: FirstKeys | None = None
        self.early_keys = EarlyKeys(self)
        self._later: list[Callable[[], object]] | None = []
        self._asked_to_quit = -TWICE_S
        self.first_frame: FirstFrame | None = None
        self.bundle: Bundle | None = None
        self._begun = False
        self._prepared = asyncio.Event()

    # opening

    def get_default_screen(self) -> Threshold:
        """Return the first screen: an empty one below it would be styled and laid out for nobody."""
        return self.threshold

    def on_mount(self) -> None:
        """Listen to signals."""
        self.app_resume_signal.subscribe(self, self._come_back)  # pyright: ignore[reportUnknownMemberType] - of any app
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended_by, number)

    async def on_event(self, event: events.Event) -> None:
        """Take an event, unless it was typed before there is a prompt."""
        self.beacon.noticed(event)
        if self.early_keys.keep(event):
            return
        if isinstance(event, events.Key) and self.furnished:
            self.workspace.pressed(event.key)
        if self.chord is not None and self.chord.waits and isinstance(event, events.Key):
            meant = self.chord.take(event.key)
            if meant is None:
                return
            event = meant
        elif self.first_keys is not None and self.first_keys.keep(event):
            return
        await super().on_event(event)

    def on_threshold_settled(self) -> None:
        """Begin, once."""
        if not self._begun:
            self._begun = True
            self.start(self._begin())

    async def _begin(self) -> None:
        """Write into the prompt what was typed early, as far as it is words, and be seen; then load all the rest."""
        self.early_keys.take_over(self._driver)
        if not self.goal:
            await self.early_keys.write()
        self.threshold.appear()
        if isinstance(self._driver, Terminal):
            self._driver.show()
        try:
            furniture = await aside(self._furniture)
        except HermesError as error:
            self._refuse(error)
            return
        furniture.furnish(self)
        self.bridge.open(asyncio.get_running_loop())
        await self._move_in()
        staff = await aside(lambda: _loaded(STAFF))
        staff.engage(self)
        self.start(self.prompts.read())
        await self._settle_down()

    async def _move_in(self) -> None:
        """Put the workspace in the place of the first screen, with what stands in the prompt."""
        workspace = self.workspace
        await self._mount_aside(workspace)
        await self.early_keys.hold()
        workspace.prompt.go_on_from(self.threshold.prompt)
        # The first screen was never pushed; what a push leaves is looked for where a screen is replaced.
        self.threshold._push_result_callback(self, None)
        replaced = self.switch_screen(workspace)  # pyright: ignore[reportUnknownMemberType] - of any result
        if not self.goal:
            await self.early_keys.write()
        workspace.refresh_panes()
        workspace.appear()
        self.relay.entitle()
        await replaced

    async def _mount_aside(self, workspace: Workspace) -> None:
        """Mount and style the workspace while the first screen is still written in."""
        styles = workspace.STYLES
        self.stylesheet.add_source(styles.read_text(encoding="utf-8"), (str(styles), ""))
        mounted = self._get_screen(workspace)[1]  # pyright: ignore[reportUnknownMemberType] - of any result
        workspace._screen_resized(self.size)
        await mounted
        await workspace.settled.wait()

    async def _open_session(self) -> None:
        """Load and build what the session works with, then open it; where that cannot be, leave and say why."""
        try:
            await aside(self.seat.prepare)
        except HermesError as error:
            self._refuse(error)
            return
        self.seat.start(on_record=self.bridge.record, on_part=self.bridge.part, on_trouble=self.bridge.trouble)
        self._prepared.set()
        self.start(self.look_for_brains())
        self.start(self.day.read())

    def _furniture(self) -> ModuleType:
        """Load what makes the workspace, and the config, which it goes by."""
        furniture = _loaded(FURNITURE)
        _ = self.seat.facts  # read here, not on the thread that draws
        return furniture

    def _refuse(self, error: HermesError) -> None:
        self.refused = error
        self.exit(None)

    async def _settle_down(self) -> None:
        """Bring the panes, open the session, begin with the command line's goal, take keys that are more than words."""
        # One after the other: what is loaded on a thread would let a key wait for each slice of both.
        await self.workspace.furnish()
        self.start(self._open_session())
        await self._prepared.wait()
        if self.goal:
            self.clerk.take_line(self.goal)
        later, self._later = self._later or [], None
        for do in later:
            do()
        await self.early_keys.type()
        self.prompts.begun.set()
        self.workspace.settle()
        self.start(self.notes.remind())
        self.set_interval(THEMES_S, self.theme_files.look)
        wrong = [*self.keys.wrong, *map(str, self.theme_errors)]
        if wrong:
            more = f" {len(wrong) - 1} more: F1 lists them." if len(wrong) > 1 else ""
            self.say(f"{wrong[0]}{more}", "fail")
        if self.bundle is not None:
            await asyncio.to_thread(self.bundle.keep)

    def _once_settled(self, do: Callable[[], object]) -> None:
        """Do something as soon as there is somebody who can."""
        if self._later is None:
            do()
        else:
            self._later.append(do)

    # kernel to screen

    def deliver(self, batch: Batch) -> None:
        """Show what came from the kernel."""
        if not self._exit and self.workspace.is_mounted and self.workspace.is_attached:
            self.relay.take(batch)

    # screen to kernel

    def on_timeline_ordered(self, event: Timeline.Ordered) -> None:
        """Hand on an order of a pane."""
        self.order(event.command)

    def on_entry_typed(self, event: Entry.Typed) -> None:
        """Do what a line says."""
        self.prompts.remember(event.text)
        self.clerk.take_line(event.text)

    def on_stage_arranged(self, event: Stage.Arranged) -> None:
        """Remember where the panes stand."""
        self.start(asyncio.to_thread(self.seat.drawer.keep_layout, event.sizes.as_json))

    def on_entry_drafted(self) -> None:
        """Keep the draft soon."""
        self.prompts.changed()

    def on_wish(self, event: Wish) -> None:
        """Do what is wanted with a note."""
        self._once_settled(lambda: self.notes.do(event))

    def on_scrubber_asked(self, event: Scrubber.Asked) -> None:
        """Do what is wanted with a moment of the past."""
        self.clerk.archive.from_scrubber(event.what)

    def on_line_view_copy_asked(self, event: LineView.CopyAsked) -> None:
        """Copy a row."""
        if event.row is not None:
            self.copy(event.row.copy())

    def on_line_view_find_asked(self, event: LineView.FindAsked) -> None:
        """Search a view."""
        self.finder.row_of(event.view)

    @on(OrderAsked)
    def _order_asked(self, event: OrderAsked) -> None:
        self._once_settled(lambda: self.clerk.obey(event.name, event.argument))

    @on(Prompt.SearchAsked)
    def _search_history(self) -> None:
        self.finder.earlier_prompt()

    @on(Prompt.EditorAsked)
    def _edit_prompt(self) -> None:
        prompt = self.workspace.prompt
        text = self.in_editor(prompt.whole)
        if text is not None:
            prompt.fill(text.rstrip("\n"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key of an order to what is chosen from just now; F3 alone means something there."""
        if action == "order" and parameters != ("brain",) and self.screen is not self.workspace:
            return False
        return super().check_action(action, parameters)

    def action_order(self, name: str) -> None:
        """Carry out an order; not while something else is being chosen, but for F3, which goes on there."""
        if self.screen is self.workspace:
            self.clerk.obey(name, "")
        else:
            self.clerk.switchboard.further(self.screen)

    def action_keys_here(self) -> None:
        """Show the keys of what has the focus."""
        self.finder.keys_here()

    def action_chord(self) -> None:
        """Wait for the key after this one."""
        if self.chord is not None:
            self.chord.begin()

    def action_brain(self, number: int) -> None:
        """Let the brain of that number answer: from the next step on; at once where it is asked for again."""
        self.clerk.switchboard.switch(number)

    def action_last_call(self) -> None:
        """Open or fold the newest tool call."""
        self.workspace.console_pane.toggle_last_call()

    def action_copy_clear_quit(self) -> None:
        """Copy what is selected; else clear the draft; twice within a second, quit."""
        prompt = self.workspace.prompt
        selected = self.screen.get_selected_text() or prompt.copy_of_selection()
        if selected:
            self.copy(selected)
            self.screen.clear_selection()
        elif marked := self.finder.marked:
            self.copy(marked)
        elif prompt.text:
            prompt.take()
        elif self.monotonic() - self._asked_to_quit < TWICE_S:
            self.action_leave()
        else:
            self._asked_to_quit = self.monotonic()
            what = "The run pauses safely and can be resumed. " if self.workspace.live else ""
            self.say(f"{what}Ctrl+C again leaves, Esc stays.")

    def action_quit_if_empty(self) -> None:
        """Quit, unless there is a draft."""
        if not self.workspace.prompt.text:
            self.action_leave()

    def action_leave(self) -> None:
        """Leave; what runs is stopped resumably."""
        self.leave_for(None)

    def _come_back(self, _: object) -> None:
        """Draw everything after a stop: nothing of it stands on the terminal any more."""
        self.screen.refresh()

    def _ended_by(self, number: int) -> None:
        """Leave as a shell expects of a signal, with the terminal as it was."""
        self.before_leaving()
        self.exit(None, return_code=128 + number)


def _loaded(name: str) -> ModuleType:
    """Return a module; what loading it makes stays for as long as the process, so the collector need not look at it."""
    if name in sys.modules:
        return sys.modules[name]
    gc.disable()
    try:
        module = import_module(name)
        gc.freeze()
    finally:
        gc.enable()
    return module
