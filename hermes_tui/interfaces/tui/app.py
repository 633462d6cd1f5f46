"""The app: opens the session, hands records to the workspace and the operator's orders to the kernel."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from textual import events, on
from textual.binding import Binding, BindingType

from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Record
from hermes_tui.interfaces._bridge import Batch, Bridge, Seat
from hermes_tui.interfaces.tui import notices
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.beacon import Beacon
from hermes_tui.interfaces.tui.chord import Chord
from hermes_tui.interfaces.tui.clerk import Clerk
from hermes_tui.interfaces.tui.dock import Card
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.row_window import searched
from hermes_tui.interfaces.tui.early_keys import EarlyKeys
from hermes_tui.interfaces.tui.files import DayReader, PromptKeeper, ThemeKeeper
from hermes_tui.interfaces.tui.help import keys_around
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.keymap import bindings_of, keymap_for
from hermes_tui.interfaces.tui.motion import motion_of
from hermes_tui.interfaces.tui.note_keeper import NoteKeeper
from hermes_tui.interfaces.tui.panes._note_wishes import Wish
from hermes_tui.interfaces.tui.panes._picture import PictureView
from hermes_tui.interfaces.tui.panes.approvals import ApprovalsPane
from hermes_tui.interfaces.tui.panes.budget import BudgetPane
from hermes_tui.interfaces.tui.panes.console import ConsolePane
from hermes_tui.interfaces.tui.panes.memory import MemoryPane
from hermes_tui.interfaces.tui.panes.mind_log import MindLogPane
from hermes_tui.interfaces.tui.panes.task_graph import TaskGraphPane
from hermes_tui.interfaces.tui.prompt import Prompt
from hermes_tui.interfaces.tui.screens.chooser import Choice, Chooser
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.interfaces.tui.screens.patchbay import PatchbayScreen
from hermes_tui.interfaces.tui.screens.picker import BrainPicker, SessionPicker
from hermes_tui.interfaces.tui.screens.workspace import Workspace
from hermes_tui.interfaces.tui.scrubber import Scrubber
from hermes_tui.interfaces.tui.shells import OutputPage
from hermes_tui.interfaces.tui.terminal import FirstFrame, Terminal
from hermes_tui.interfaces.tui.window_title import title_of
from hermes_tui.services.brains import Missing

TWICE_S: Final = 1.0
THEMES_S: Final = 1.0
TIDY_S: Final = 0.3
"""So long after a run its remains are let go of: its end is on screen by then, and whoever reads it is not kept."""


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
        self.motion = motion_of(seat.facts.config.ui.motion, os.environ)
        self.bridge = Bridge(self._deliver, frame_s=self.motion.frame_s)
        self.workspace.clock_s = self.motion.clock_s
        self.keys = keymap_for(bindings_of(DECLARING), seat.facts.config.ui.keys)
        self.chord = Chord(self.keys, hold=self.workspace.status.hold, say=self.say)
        self.clerk = Clerk(self)
        self.prompts = PromptKeeper(self)
        self.before_leaving = self.prompts.keep_now
        self.notes = NoteKeeper(self)
        self.day = DayReader(self)
        self.theme_files = ThemeKeeper(self, themes)
        self._asked_to_quit = -TWICE_S
        self.beacon = Beacon(monotonic, self._to_terminal)
        self.early_keys = EarlyKeys(self)
        self.first_frame: FirstFrame | None = None
        self._prepared = asyncio.Event()

    # opening

    def get_default_screen(self) -> Workspace:
        """Return the workspace: an empty screen below it would be styled and laid out for nobody."""
        self.set_keymap(dict(self.keys.changed))
        self.workspace.prompt.names = self.keys.actions("prompt")
        self.workspace.page_keys = self.keys.actions("start")
        self.workspace.sources.arguments = {
            "theme": lambda: list(self.themes),
            "mode": lambda: ["plan", "ask", "auto-edit", "auto"],
            "skill": lambda: list(self.seat.errands.station.skills.listed),
            "mcp": lambda: [row.name for row in self.seat.errands.servers()],
            "brain": lambda: [one.name for one in self.brains if isinstance(one, Brain)],
            "key": lambda: [one.provider for one in self.brains if isinstance(one, Missing)],
            "run": lambda: [name for name in self.workspace.sources.files if name.endswith(".md")],
        }
        self.workspace.expect(*self.size)
        return self.workspace

    def on_mount(self) -> None:
        """Listen to the kernel and to signals."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended_by, number)
        self.bridge.open(loop)
        self.start(self.prompts.read())
        self.set_interval(THEMES_S, self.theme_files.look)
        wrong = [*self.keys.wrong, *map(str, self.theme_errors)]
        if wrong:
            more = f" {len(wrong) - 1} more: F1 lists them." if len(wrong) > 1 else ""
            self.call_after_refresh(self.say, f"{wrong[0]}{more}", "fail")

    async def on_event(self, event: events.Event) -> None:
        """Take an event, unless it was typed before there is a prompt."""
        self.beacon.noticed(event)
        if self.early_keys.keep(event):
            return
        if self.chord.waits and isinstance(event, events.Key):
            meant = self.chord.take(event.key)
            if meant is None:
                return
            event = meant
        await super().on_event(event)

    @on(Workspace.Settled)
    def _begin(self) -> None:
        """Write into the prompt what was typed early, as far as it is words, then be seen."""
        self.start(self._take_early_words())

    async def _take_early_words(self) -> None:
        self.early_keys.take_over(self._driver)
        if not self.goal:
            await self.early_keys.write()
        self._start()

    def _start(self) -> None:
        """Be seen, then start what would have kept the operator waiting: the kernel and everything that asks around."""
        self.workspace.refresh_panes()
        self.workspace.appear()
        if isinstance(self._driver, Terminal):
            self._driver.show()
        self._entitle()
        self.start(self._furnish())
        self.start(self._open_session())

    async def _open_session(self) -> None:
        """Load and build what the session works with, then open it; where that cannot be, leave and say why."""
        try:
            await asyncio.to_thread(self.seat.prepare)
        except HermesError as error:
            self.refused = error
            self.exit(None)
            return
        self.seat.start(on_record=self.bridge.record, on_part=self.bridge.part, on_trouble=self.bridge.trouble)
        self._prepared.set()
        self.start(self.look_for_brains())
        self.start(self.day.read())

    async def _furnish(self) -> None:
        """Bring the panes, begin with the goal of the command line, then take the keys that are more than words."""
        await self.workspace.furnish()
        await self._prepared.wait()
        if self.goal:
            self.clerk.take_line(self.goal)
        await self.early_keys.type()
        self.prompts.begun.set()

    # kernel to screen

    def _deliver(self, batch: Batch) -> None:
        if self._exit or not self.workspace.is_mounted or not self.workspace.is_attached:
            return
        before = (self.workspace.live, len(self.seat.state.calls.waiting))
        known = len(self.workspace.chronicle.asked)
        self.workspace.absorb(batch)
        self.day.noticed(batch.records)
        if batch.records:
            self._entitle()
        for error in batch.troubles:
            self.say(f"{error.message} {error.hint}".strip(), "fail")
        if before[0] and not self.workspace.live and self.workspace.planned:
            self.say("/approve carries the plan out in mode ask; words change it first.", "accent")
        ended = before[0] and not self.workspace.live
        if len(self.workspace.chronicle.asked) > known:
            self.beacon.call(notices.question_said(self.workspace.chronicle.asked.values()))
        elif ended:
            self.beacon.call(notices.outcome_said(self.seat.state))
        if ended:
            # A run leaves cycles behind, which would wait for tens of thousands of others before they are looked for.
            self.set_timer(TIDY_S, partial(gc.collect, 1))

    def _entitle(self) -> None:
        """Let the window's title say how it stands, unless it is to be left alone."""
        facts = self.seat.facts
        if isinstance(self._driver, Terminal) and facts.config.ui.title:
            self._driver.entitle(title_of(self.seat.state, facts.workspace, frozen=self.workspace.frozen))

    def _to_terminal(self, text: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(text)

    # screen to kernel

    @on(Workspace.Ordered)
    def _ordered(self, event: Workspace.Ordered) -> None:
        self.order(event.command)

    @on(Workspace.Typed)
    def _typed(self, event: Workspace.Typed) -> None:
        self.prompts.remember(event.text)
        self.clerk.take_line(event.text)

    @on(Workspace.Arranged)
    def _arranged(self, event: Workspace.Arranged) -> None:
        self.start(asyncio.to_thread(self.seat.drawer.keep_layout, event.sizes.as_json))

    @on(Workspace.Drafted)
    def _drafted(self) -> None:
        self.prompts.changed()

    @on(Wish)
    def _note_wanted(self, event: Wish) -> None:
        self.notes.do(event)

    @on(Prompt.SearchAsked)
    def _search_history(self) -> None:
        prompt = self.workspace.prompt
        earlier = list(dict.fromkeys(reversed(prompt.remembered)))
        found = [Choice(value=text, name=text) for text in earlier]

        def taken(text: str | None) -> None:
            if text is not None:
                prompt.fill(text)

        self.push_screen(Chooser(self.look, "earlier prompts", found), taken)

    @on(Prompt.EditorAsked)
    def _edit_prompt(self) -> None:
        prompt = self.workspace.prompt
        text = self.in_editor(prompt.whole)
        if text is not None:
            prompt.fill(text.rstrip("\n"))

    @on(Scrubber.Asked)
    def _scrubber_asked(self, event: Scrubber.Asked) -> None:
        self.clerk.archive.from_scrubber(event.what)

    @on(OrderAsked)
    def _order_asked(self, event: OrderAsked) -> None:
        self.clerk.obey(event.name, event.argument)

    @on(LineView.CopyAsked)
    def _copy_row(self, event: LineView.CopyAsked) -> None:
        if event.row is not None:
            self.copy(event.row.copy())

    @on(LineView.FindAsked)
    def _find_in(self, event: LineView.FindAsked) -> None:
        view = event.view
        found = [Choice(value=str(at), name=searched(row)) for at, row in enumerate(view.window.rows) if row.copy()]

        chooser = Chooser(self.look, "find", list(reversed(found)))

        def taken(at: str | None) -> None:
            if at is not None:
                view.wanted = chooser.entry.value.strip() or view.wanted
                view.show_row(view.window.rows[int(at)].key)
                view.focus()

        self.push_screen(chooser, taken)

    def action_order(self, name: str) -> None:
        """Carry out an order; not while something else is being chosen."""
        if self.screen is self.workspace:
            self.clerk.obey(name, "")
        elif name == "brain" and isinstance(self.screen, BrainPicker):
            self.screen.further()
        elif name == "brain" and isinstance(self.screen, PatchbayScreen):
            self.screen.action_leave()

    def action_keys_here(self) -> None:
        """Show the keys of what has the focus."""
        here = self.focused
        if here is not None:
            self.push_screen(Page(self.look, "keys of this pane", lambda width: keys_around(self.keys, here, width)))

    def action_chord(self) -> None:
        """Wait for the key after this one."""
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
        elif isinstance(self.focused, LineView) and self.focused.current is not None:
            self.copy(self.focused.current.copy())
        elif isinstance(self.focused, Card) and self.focused.asked is not None:
            self.copy(self.focused.asked.question.what)
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

    def _ended_by(self, number: int) -> None:
        """Leave as a shell expects of a signal, with the terminal as it was."""
        self.prompts.keep_now()
        self.exit(None, return_code=128 + number)


DECLARING: Final[tuple[type[object], ...]] = (
    *(HermesApp, Chord, Workspace, Prompt, LineView, Card, Scrubber, SessionPicker, PatchbayScreen, OutputPage),
    *(ConsolePane, TaskGraphPane, PictureView, MindLogPane, BudgetPane, MemoryPane, ApprovalsPane),
)
"""Everything that declares keys, in the order of the help screen."""
