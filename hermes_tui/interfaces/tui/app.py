"""The app: opens the session, hands records to the workspace and the operator's orders to the kernel."""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from textual import events, on
from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Record
from hermes_tui.interfaces._bridge import FRAME_S, Batch, Bridge, Seat
from hermes_tui.interfaces.tui import notices
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.beacon import Beacon
from hermes_tui.interfaces.tui.clerk import Clerk
from hermes_tui.interfaces.tui.dock import Card
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.early_keys import EarlyKeys
from hermes_tui.interfaces.tui.files import DayReader, PromptKeeper, ThemeKeeper
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.keymap import bindings_of, keymap_for
from hermes_tui.interfaces.tui.note_keeper import NoteKeeper
from hermes_tui.interfaces.tui.panes._picture import PictureView
from hermes_tui.interfaces.tui.panes.approvals import ApprovalsPane
from hermes_tui.interfaces.tui.panes.budget import BudgetPane
from hermes_tui.interfaces.tui.panes.console import ConsolePane
from hermes_tui.interfaces.tui.panes.memory import MemoryPane
from hermes_tui.interfaces.tui.panes.mind_log import MindLogPane
from hermes_tui.interfaces.tui.panes.task_graph import TaskGraphPane
from hermes_tui.interfaces.tui.prompt import Prompt
from hermes_tui.interfaces.tui.screens.chooser import Choice, Chooser
from hermes_tui.interfaces.tui.screens.patchbay import PatchbayScreen
from hermes_tui.interfaces.tui.screens.picker import BrainPicker, SessionPicker
from hermes_tui.interfaces.tui.screens.workspace import Workspace
from hermes_tui.interfaces.tui.scrubber import Scrubber
from hermes_tui.interfaces.tui.shells import OutputPage
from hermes_tui.interfaces.tui.terminal import FirstFrame, Terminal
from hermes_tui.services.brains import Missing

REDUCED_S: Final = 0.25
"""With reduced motion, the screen changes no more than four times a second."""
TWICE_S: Final = 1.0
THEMES_S: Final = 1.0
TIDY_S: Final = 0.3
"""So long after a run its remains are let go of: its end is on screen by then, and whoever reads it is not kept."""


class HermesApp(Host):
    """Routes: kernel to screen through the bridge, screen to kernel through the seat.

    Its result names the session to open next: empty for a new one, None to leave.
    """

    CSS_PATH = Path(__file__).with_name("app.tcss")
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "order('help')", "keys and commands", id="app.help", priority=True),
        Binding("ctrl+p", "order('commands')", "find a command", id="app.palette", priority=True),
        Binding("f3", "order('brain')", "brains: who answers", id="pane.brains", priority=True),
        Binding("f8", "order('freeze')", "freeze or thaw everything", id="app.freeze", priority=True),
        Binding("f9", "order('theme')", "other colours", id="app.theme", priority=True),
        Binding("f10", "order('sessions')", "other sessions", id="app.sessions", priority=True),
        Binding("ctrl+t", "order('mode')", "next mode: plan, ask, auto-edit, auto", id="app.mode", priority=True),
        Binding("alt+e", "order('effort')", "how much it reasons: low … high, auto", id="app.effort", priority=True),
        Binding("ctrl+o", "last_call", "open the last tool call", id="app.last_call", priority=True),
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
        self.bridge = Bridge(self._deliver, frame_s=REDUCED_S if seat.facts.config.ui.motion == "reduced" else FRAME_S)
        self.keys = keymap_for(bindings_of(DECLARING), seat.facts.config.ui.keys)
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

    # opening

    def on_mount(self) -> None:
        """Show the workspace."""
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
        self.push_screen(self.workspace)
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
        if not self.early_keys.keep(event):
            await super().on_event(event)

    @on(Workspace.Settled)
    def _begin(self) -> None:
        """Begin with the goal of the command line, once what is on record was read; then type what was typed early."""
        if self.goal:
            self.clerk.take_line(self.goal)
        self.start(self._take_early_keys())

    async def _take_early_keys(self) -> None:
        await self.early_keys.type(self._driver)
        self.prompts.begun.set()
        self.workspace.prompt.call_after_refresh(self._start)

    def _start(self) -> None:
        """Be seen, then start what would have kept the operator waiting: the kernel and everything that asks around."""
        if isinstance(self._driver, Terminal):
            self._driver.show()
        self.seat.start(on_record=self.bridge.record, on_part=self.bridge.part, on_trouble=self.bridge.trouble)
        self.start(self.look_for_brains())
        self.start(self.day.read())

    # kernel to screen

    def _deliver(self, batch: Batch) -> None:
        if self._exit or not self.workspace.is_mounted or not self.workspace.is_attached:
            return
        before = (self.workspace.live, len(self.seat.state.calls.waiting))
        known = len(self.workspace.chronicle.asked)
        self.workspace.absorb(batch)
        self.day.noticed(batch.records)
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
        self.start(asyncio.to_thread(self.seat.errands.keep_layout, event.sizes.as_json))

    @on(Workspace.Drafted)
    def _drafted(self) -> None:
        self.prompts.changed()

    @on(MemoryPane.Wanted)
    def _note_wanted(self, event: MemoryPane.Wanted) -> None:
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
        found = [Choice(value=str(at), name=row.copy()) for at, row in enumerate(view.window.rows) if row.copy()]

        def taken(at: str | None) -> None:
            if at is not None:
                view.show_row(view.window.rows[int(at)].key)
                view.focus()

        self.push_screen(Chooser(self.look, "find", list(reversed(found))), taken)

    def action_order(self, name: str) -> None:
        """Carry out an order; not while something else is being chosen."""
        if self.screen is self.workspace:
            self.clerk.obey(name, "")
        elif name == "brain" and isinstance(self.screen, BrainPicker):
            self.screen.further()

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


DECLARING: Final[tuple[type[DOMNode], ...]] = (
    *(HermesApp, Workspace, Prompt, LineView, Card, Scrubber, SessionPicker, PatchbayScreen, OutputPage),
    *(ConsolePane, TaskGraphPane, PictureView, MindLogPane, BudgetPane, MemoryPane, ApprovalsPane),
)
"""Everything that declares keys, in the order of the help screen."""
