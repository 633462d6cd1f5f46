"""Carries out what the operator orders by name: commands for the kernel, errands beside it, screens to choose from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.commands import (
    Decide,
    Freeze,
    GoOn,
    Interrupt,
    RaiseCap,
    SetEffort,
    SetMode,
    Submit,
    SwitchBrain,
    Thaw,
)
from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.memory import Landing
from hermes_tui.domain.parts import Effort
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.tasks import Mode
from hermes_tui.interfaces import _orders as orders
from hermes_tui.interfaces.tui import choices, kin, wording
from hermes_tui.interfaces.tui.archive import Archive
from hermes_tui.interfaces.tui.cells import Span, foreign, one_line
from hermes_tui.interfaces.tui.foreman import Foreman
from hermes_tui.interfaces.tui.glyphs import DONE, FAILED
from hermes_tui.interfaces.tui.help import help_lines
from hermes_tui.interfaces.tui.rows import Call, Notice, Origin, Reply
from hermes_tui.interfaces.tui.screens.chooser import Chooser
from hermes_tui.interfaces.tui.screens.line_entry import LineEntry
from hermes_tui.interfaces.tui.screens.page import Page

if TYPE_CHECKING:
    from hermes_tui.interfaces.tui.app import HermesApp

MODES: Final = tuple(Mode)
EFFORTS: Final[Mapping[str, Effort | None]] = {"auto": None, "low": "low", "medium": "medium", "high": "high"}
OUTPUT_LINES: Final = 2000


class Clerk:
    """One method for each order of `orders.ORDERS`, named `do_…`."""

    def __init__(self, app: HermesApp) -> None:
        self.app = app
        self.archive = Archive(app)
        self.foreman = Foreman(app)
        self._made = 0

    def obey(self, name: str, argument: str) -> bool:
        """Carry out an order; return whether there is one of that name."""
        if name not in orders.BY_NAME:
            near = orders.closest(name)
            hint = f" Did you mean {near[0].usage}?" if near else ""
            self.app.say(f"There is no /{one_line(name)}.{hint} F1 lists every command.", "fail")
            return False
        act: Callable[[str], None] = getattr(self, f"do_{name}")
        act(argument)
        return True

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Do something that takes time; what goes wrong is said."""
        self.app.run_worker(self._guarded(work), exit_on_error=True)

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except HermesError as error:
            self.app.say(f"{error.message} {error.hint}".strip(), "fail")

    # screens

    def do_help(self, _: str) -> None:
        """Show every key and command."""
        app = self.app
        app.push_screen(Page(app.look, "keys and commands", lambda width: help_lines(app.keys, width)))

    def do_commands(self, _: str) -> None:
        """Choose a command."""
        found = [choices.of_order(order, self.app.keys) for order in orders.ORDERS]

        def taken(name: str | None) -> None:
            if name is None:
                return
            order = orders.BY_NAME[name]
            if order.argument and not order.argument.startswith("["):
                self.app.workspace.prompt.fill(f"/{name} ")
            else:
                self.obey(name, "")

        self.app.push_screen(Chooser(self.app.look, "commands", found), taken)

    def do_theme(self, name: str) -> None:
        """Use other colours; without a name, choose while looking at them."""
        app = self.app
        if name:
            if not app.use_theme(name):
                app.say(f"There is no theme {one_line(name)}. Known: {', '.join(app.themes)}.", "fail")
            return
        before = app.look.palette.theme.name
        found = [choices.of_theme(theme) for theme in app.themes.values()]
        chooser = Chooser(app.look, "themes", found, start=before, shown=lambda wanted: void(app.use_theme(wanted)))
        app.push_screen(chooser, lambda wanted: void(app.use_theme(wanted or before)))

    def do_sessions(self, _: str) -> None:
        """Choose another session, or rename, fork or look through one."""
        self.archive.choose()

    def do_travel(self, wanted: str) -> None:
        """Look through this session, or another, record by record."""
        self.archive.travel(wanted)

    def do_rewind(self, _: str) -> None:
        """Go back to before an earlier prompt."""
        self.archive.rewind()

    def do_fork(self, _: str) -> None:
        """Go on in a copy of this session."""
        self.start(self.archive.fork(self.archive.here, None))

    def do_rename(self, name: str) -> None:
        """Name this session; without a name, ask for one."""
        if name:
            self.start(self.archive.rename(self.archive.here, name))
        else:
            self.archive.ask_name(self.archive.here)

    def do_brain(self, name: str) -> None:
        """Let another brain answer; without a name, choose."""
        if name:
            self.app.order(SwitchBrain(model=name))
            return
        app = self.app
        chooser = Chooser(app.look, "brains", choices.of_brains(app.brains, app.brain_name), start=app.brain_name)

        def taken(chosen: str | None) -> None:
            if chosen is None:
                return
            if chosen.startswith("?"):
                self.do_key(chosen[1:])
            else:
                app.order(SwitchBrain(model=chosen))

        async def look() -> None:
            await app.look_for_brains()
            chooser.offer(choices.of_brains(app.brains, app.brain_name))

        app.push_screen(chooser, taken)
        self.start(look())

    def do_doctor(self, _: str) -> None:
        """Look again, then say who can answer."""

        async def look() -> None:
            await self.app.look_for_brains()
            found = [one.name for one in self.app.brains if isinstance(one, Brain)]
            said = (
                f"These can answer: {', '.join(found)}." if found else "No brain can answer. F3 says what is missing."
            )
            self.app.say(said)

        self.start(look())

    def do_key(self, wanted: str) -> None:
        """Ask for a key without showing it."""
        provider, _, how = wanted.partition(" ")
        if not provider or how not in ("", "keep"):
            self.app.say("Name the provider: /key anthropic, or /key anthropic keep", "fail")
            return
        app = self.app

        def given(key: str | None) -> None:
            if key:
                self.start(use(key))

        async def use(key: str) -> None:
            errands = app.seat.errands
            host = await asyncio.to_thread(errands.keep_key, provider, key) if how else ""
            variable = errands.give_key(provider, key)
            await app.look_for_brains()
            kept = f"The key of {provider} is kept and goes to {host} only."
            app.say(kept if host else f"{variable} is set until Hermes ends. /key {provider} keep keeps it for good.")

        hint = "used until Hermes ends, written nowhere"
        app.push_screen(LineEntry(app.look, f"key for {one_line(provider)}", hint=hint, masked=True), given)

    def do_diff(self, _: str) -> None:
        """Show every change of this session."""
        calls = [row for row in self.app.workspace.console_pane.view.window.rows if isinstance(row, Call)]
        self.app.push_screen(Page(self.app.look, "changes", lambda _: choices.changes(calls)))

    # panes

    def do_graph(self, _: str) -> None:
        """Show the task graph."""
        self.app.workspace.make_full("graph")

    def do_plan(self, _: str) -> None:
        """Show what each edit of the plan changed."""
        self.foreman.show_edits()

    def do_edit(self, task: str) -> None:
        """Give a task something else to do."""
        self.foreman.edit(task)

    def do_steer(self, argument: str) -> None:
        """Tell a subagent something."""
        self.foreman.steer(argument)

    def do_transcript(self, agent: str) -> None:
        """Show all that an agent heard, said and did."""
        self.foreman.transcript(agent)

    def do_mind(self, _: str) -> None:
        """Show the mind-log."""
        self.app.workspace.make_full("mind")

    def do_context(self, agent: str) -> None:
        """Show what is in the windows and why."""
        state = self.app.workspace.view_now().state
        wanted = AgentId(agent) if agent else None
        title = "what is in the window and why"
        self.app.push_screen(Page(self.app.look, title, lambda width: list(kin.context_lines(state, wanted, width))))

    def do_memory(self, _: str) -> None:
        """Show the notes."""
        self.app.workspace.make_full("memory")

    def do_budget(self, _: str) -> None:
        """Show the budget."""
        self.app.workspace.make_full("budget")

    def do_approvals(self, _: str) -> None:
        """Show what waits."""
        self.app.workspace.make_full("approvals")

    # the run

    def do_run(self, path: str) -> None:
        """Run a goal file."""
        if not path:
            self.app.workspace.prompt.fill("/run ")
            return
        place = self.app.workspace_file(path.removeprefix("@"))
        self.app.order(Submit(text=path, path=str(place)))

    def do_resume(self, _: str) -> None:
        """Take the run up again."""
        self.app.order(GoOn())

    def do_interrupt(self, _: str) -> None:
        """Stop what runs."""
        self.app.order(Interrupt())

    def do_freeze(self, _: str) -> None:
        """Dispatch nothing more, or go on."""
        self.app.order(Thaw() if self.app.workspace.frozen else Freeze())

    def do_mode(self, wanted: str) -> None:
        """Set how much runs without a question; without a word, the next mode."""
        names, workspace = [mode.value for mode in MODES], self.app.workspace
        if wanted and wanted not in names:
            self.app.say(f"There is no mode {one_line(wanted)}. Modes: {', '.join(names)}.", "fail")
            return
        here = MODES.index(workspace.chronicle.mode_in_force(workspace.seat.facts.config.policy.mode))
        following = Mode(wanted) if wanted else MODES[(here + 1) % len(MODES)]
        self.app.order(SetMode(mode=following))

    def do_effort(self, wanted: str) -> None:
        """Set how much a role's model reasons; without a word, the next step of cortex."""
        name, _, role = wanted.partition(" ")
        if name and name not in EFFORTS:
            self.app.say(f"There is no effort {one_line(name)}. Efforts: {', '.join(EFFORTS)}.", "fail")
            return
        names = list(EFFORTS)
        following = (names.index(self.app.workspace.chronicle.effort or "auto") + 1) % len(names)
        chosen = name or names[following]
        effort = EFFORTS[chosen]
        self.app.order(SetEffort(effort=effort, role=role or "cortex"))
        if role in ("", "cortex"):
            self.app.workspace.chronicle.effort = effort
        said = "the model decides how much it reasons" if effort is None else f"{chosen} effort"
        self.app.say(f"{role or 'cortex'}: {said}, from the next step on.")

    def do_cap(self, usd: str) -> None:
        """Raise or lower the cap of the run."""
        try:
            amount = float(usd.lstrip("$"))
        except ValueError:
            amount = 0.0
        if amount <= 0:
            self.app.say("Name an amount in US dollars: /cap 2.50", "fail")
            return
        self.app.order(RaiseCap(usd=amount))

    def do_yes(self, _: str) -> None:
        """Allow the oldest question once."""
        self._decide(allow=True, reason="")

    def do_deny(self, reason: str) -> None:
        """Deny the oldest question."""
        self._decide(allow=False, reason=reason)

    def _decide(self, *, allow: bool, reason: str) -> None:
        waiting = self.app.seat.state.calls.waiting
        if not waiting:
            self.app.say("Nothing waits for you.")
            return
        self.app.order(Decide(approval_id=waiting[0].approval_id, allow=allow, reason=reason))

    # texts

    def do_remember(self, text: str) -> None:
        """Write a note."""
        if not text.strip():
            self.app.say("Say what to remember: # TEXT", "fail")
            return

        async def write() -> None:
            landed = await self.app.seat.errands.remember_note(text)
            kept = landed.landing is Landing.WRITTEN
            self.app.say(f"Kept in {landed.path}. F5 shows it." if kept else landed.message)
            await self.list_notes()

        self.start(write())

    async def list_notes(self) -> None:
        """Show the notes as they stand on disk."""
        notes = await asyncio.to_thread(self.app.seat.errands.notebook.notes)
        self.app.workspace.memory_pane.take_notes(notes)

    def do_copy(self, _: str) -> None:
        """Copy the last reply."""
        rows = self.app.workspace.console_pane.view.window.rows
        last = next((row for row in reversed(rows) if isinstance(row, Reply) and row.text.strip()), None)
        if last is None:
            self.app.say("There is no reply to copy yet.")
        else:
            self.app.copy(last.text)

    def do_find(self, wanted: str) -> None:
        """Search the transcript backwards."""
        view = self.app.workspace.console_pane.view
        view.wanted = wanted
        if not wanted or view.window.search(wanted, -1) < 0:
            self.app.say(f"Nothing about “{one_line(wanted)}” in the transcript.")
            return
        view.focus()
        view.action_find_next(-1)

    def shell(self, command: str) -> None:
        """Run the operator's own command and show what it printed."""
        app = self.app
        self._made += 1
        key = ("own", self._made)

        def row(sign: tuple[str, str], spans: tuple[Span, ...], details: str = "") -> Notice:
            origin = Origin(key=key, at=app.look.clock())
            return Notice(origin=origin, sign=choices.sign(*sign), spans=spans, details=details)

        async def run() -> None:
            title: tuple[Span, ...] = (("! ", "accent"), *foreign(one_line(command), "text bold"))
            app.workspace.console_pane.say(row(("●", "accent"), (*title, (" runs", "muted"))))
            done = await app.seat.errands.run(command)
            output = (done.stdout + done.stderr).decode("utf-8", "replace").rstrip("\n")
            sign = DONE if done.exit_code == 0 else FAILED
            lines = output.splitlines()
            printed = wording.count(len(lines), "line")
            end = f" exit {done.exit_code} · {printed} · {done.seconds:.1f} s · not sent to the model"
            shown = row((sign.glyph, sign.role), (*title, (end, "muted")), "\n".join(lines[:OUTPUT_LINES]))
            app.workspace.console_pane.view.window.opened.add(key)
            app.workspace.console_pane.say(shown)

        self.start(run())

    # leaving

    def do_new(self, _: str) -> None:
        """Begin a new session."""
        self.app.leave_for("")

    def do_quit(self, _: str) -> None:
        """Leave."""
        self.app.action_leave()


def void(_: object) -> None:
    """Take a value and return nothing, for callbacks whose result nobody reads."""
