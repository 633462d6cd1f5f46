"""Carries out what the operator orders by name: commands for the kernel, errands beside it, screens to choose from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from hermes_tui.domain.commands import (
    Command,
    Decide,
    Freeze,
    RaiseCap,
    SetMode,
    Submit,
    Thaw,
)
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.tasks import Mode
from hermes_tui.interfaces import _commissions
from hermes_tui.interfaces import _orders as orders
from hermes_tui.interfaces import _steering as steering
from hermes_tui.interfaces._opening import DEMO
from hermes_tui.interfaces._orders import heard
from hermes_tui.interfaces._questions import NOTHING_WAITS, allowance
from hermes_tui.interfaces.tui import choices, subagents
from hermes_tui.interfaces.tui.archive import Archive
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.foreman import Foreman
from hermes_tui.interfaces.tui.help import help_lines
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.screens.changes import ChangesPage
from hermes_tui.interfaces.tui.screens.chooser import Chooser
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.interfaces.tui.scribe import Scribe
from hermes_tui.interfaces.tui.switchboard import Switchboard

MODES: Final = tuple(Mode)


class Clerk(Scribe):
    """One method for each order of `orders.ORDERS`, named `do_…`."""

    def __init__(self, app: Host) -> None:
        super().__init__(app)
        self.archive = Archive(app)
        self.foreman = Foreman(app)
        self.switchboard = Switchboard(app)

    def obey(self, name: str, argument: str) -> bool:
        """Carry out an order; return whether there is one of that name."""
        if name not in orders.BY_NAME:
            self.app.say(f"{orders.no_such(name)} F1 lists every command.", "fail")
            return False
        if lacking := orders.lacking(name, argument):
            self.app.say(lacking, "fail")
            return True
        act: Callable[[str], None] = getattr(self, f"do_{name}")
        act(argument)
        return True

    def take_line(self, text: str) -> None:
        """Do what a typed line says: a command, a shell command, a note, or words for the model."""
        said = heard(text)
        match said.kind:
            case "order":
                if not self.obey(said.name, said.text):
                    self.app.workspace.prompt.fill(text)
            case "shell":
                self.shell(said.text)
            case "note":
                self.do_remember(said.text)
            case "alone":
                self.app.say(said.text)
            case "words":
                self.album.submit(said.text)

    # screens

    def do_help(self, _: str) -> None:
        """Show every key and command."""
        app = self.app
        app.push_screen(
            Page(
                app.look, "keys and commands", lambda width: help_lines(app.keys, width, [*map(str, app.theme_errors)])
            )
        )

    def do_commands(self, names: str) -> None:
        """Choose a command, perhaps among some of them only."""
        offered = [orders.BY_NAME[name] for name in names.split() if name in orders.BY_NAME] or orders.ORDERS
        found = [choices.of_order(order, self.app.keys) for order in offered]

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
        self.app.start(self.archive.fork(self.archive.here, None))

    def do_export(self, name: str) -> None:
        """Write this session to one file."""
        self.app.start(self.archive.export(name))

    def do_rename(self, name: str) -> None:
        """Name this session; without a name, ask for one."""
        if name:
            self.app.start(self.archive.rename(self.archive.here, name))
        else:
            self.archive.ask_name(self.archive.here)

    def do_brain(self, name: str) -> None:
        """Let another brain answer; without a name, choose."""
        self.switchboard.choose(name)

    def do_patchbay(self, wanted: str) -> None:
        """Edit which model fills each role, under which clocks and cap."""
        self.switchboard.patch(wanted)

    def do_doctor(self, _: str) -> None:
        """Look again, then say who can answer."""
        self.switchboard.look_again()

    def do_key(self, wanted: str) -> None:
        """Ask for a key without showing it."""
        self.switchboard.ask_key(wanted)

    def do_diff(self, _: str) -> None:
        """Show every change of this session."""
        calls = list(self.app.workspace.console_pane.calls())

        def taken(order: str | None) -> None:
            if order is not None:
                self.obey(order, "")

        self.app.push_screen(ChangesPage(self.app.look, calls), taken)

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
        self.app.push_screen(
            Page(self.app.look, title, lambda width: list(subagents.context_lines(state, wanted, width)))
        )

    def do_compact(self, wanted: str) -> None:
        """Condense a window before its next request, or take the last compaction back; the kernel says what it did."""
        self.app.order(steering.compaction(wanted))

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
        self._steer(partial(steering.going_on, self.app.seat.state, live=self.app.workspace.live))

    def _steer(self, made: Callable[[], Command]) -> None:
        """Give an order, or say why there is none to give."""
        try:
            self.app.order(made())
        except UsageInvalid as error:
            self.app.say(f"{error.message} {error.hint}".strip(), "fail")

    def do_queue(self, text: str) -> None:
        """Send something when the run is done; at once where none is live."""
        if not text:
            self.app.workspace.prompt.fill("/queue ")
        elif self.app.workspace.live:
            self.app.workspace.enqueue(text)
        else:
            self.take_line(text)

    def do_interrupt(self, _: str) -> None:
        """Stop what runs."""
        self._steer(partial(steering.interruption, live=self.app.workspace.live))

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
        chronicle = self.app.workspace.chronicle
        try:
            order = steering.effort(wanted, chronicle.effort, self.app.seat.facts.config.brains)
        except UsageInvalid as error:
            self.app.say(f"{error.message} {error.hint}", "fail")
            return
        self.app.order(order)
        if order.role == steering.LEAD:
            chronicle.effort = order.effort
        self.app.say(steering.effort_said(order))

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

    def do_yes(self, said: str) -> None:
        """Allow the oldest question, for as long as is said, or answer it in words."""
        waiting = self.app.seat.state.calls.waiting
        if not waiting:
            self.app.say(NOTHING_WAITS)
            return
        if self.app.workspace.dock.card.unread(waiting[0]):
            self.app.workspace.dock.card.action_whole()
            self.app.say("Not all of it was on screen yet. Read it to its end; y allows it here.", "warn")
            return
        try:
            self.app.order(allowance(waiting[0], said))
        except UsageInvalid as error:
            self.app.say(f"{error.message} {error.hint}", "fail")

    def do_deny(self, reason: str) -> None:
        """Deny the oldest question."""
        waiting = self.app.seat.state.calls.waiting
        if waiting:
            self.app.order(Decide(approval_id=waiting[0].approval_id, allow=False, reason=reason))
        else:
            self.app.say(NOTHING_WAITS)

    def do_demo(self, _: str) -> None:
        """Watch the demo, then begin a new session."""
        self.app.leave_for(DEMO)

    def do_map(self, _: str) -> None:
        """Map the workspace by tools alone."""
        self.app.order(_commissions.repo_map(self.app.seat.errands.station.home.built_in))

    def do_init(self, _: str) -> None:
        """Let an agent write AGENTS.md."""
        self._commission(lambda: [_commissions.init(self.app.workspace_file(""))])

    def do_commit(self, _: str) -> None:
        """Let an agent commit what this session changed."""
        self._commission(lambda: [_commissions.commit(self.app.seat.state)])

    def do_skill(self, wanted: str) -> None:
        """Work by a skill; without one, show which there are."""
        if not wanted:
            self.do_skills("")
            return
        self._commission(lambda: [_commissions.by_skill(self.app.seat.errands.station.skills, wanted)])

    def do_approve(self, wanted: str) -> None:
        """Carry out what was planned."""
        mode = self.app.workspace.chronicle.mode_in_force(self.app.seat.facts.config.policy.mode)
        self._commission(lambda: list(_commissions.approve(self.app.seat.state, mode, wanted)))

    def _commission(self, make: Callable[[], list[Command]]) -> None:
        try:
            commands = make()
        except UsageInvalid as error:
            self.app.say(f"{error.message} {error.hint}", "fail")
            return
        for command in commands:
            self.app.order(command)

    # leaving

    def do_new(self, _: str) -> None:
        """Begin a new session."""
        self.app.leave_for("")

    def do_quit(self, _: str) -> None:
        """Leave."""
        self.app.leave_for(None)


def void(_: object) -> None:
    """Take a value and return nothing, for callbacks whose result nobody reads."""
