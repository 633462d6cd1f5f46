"""Carries out what is ordered by name, in lines of text."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from itertools import count
from typing import Final

from hermes_tui.domain.commands import (
    Decide,
    Freeze,
    RaiseCap,
    SetMode,
    StartShell,
    Submit,
    SwitchBrain,
    Thaw,
)
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ToolFinished, ToolRequested
from hermes_tui.domain.memory import Landing
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.state.shells import ending
from hermes_tui.domain.tasks import Mode
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces import _commissions
from hermes_tui.interfaces import _orders as orders
from hermes_tui.interfaces import _shells as shells
from hermes_tui.interfaces import _steering as steering
from hermes_tui.interfaces._changes import change_of
from hermes_tui.interfaces._opening import DEMO
from hermes_tui.interfaces._questions import NOTHING_WAITS, allowance
from hermes_tui.interfaces._tables import cost_lines, mind_lines, plan_lines, recall_lines, table
from hermes_tui.interfaces.plain.archivist import Archivist
from hermes_tui.interfaces.plain.card import card_lines
from hermes_tui.services import costs, mindlog
from hermes_tui.services.missing import Missing

MODES: Final = tuple(Mode)
SHOWN: Final = 20
"""How many entries, sessions or lines found are printed."""
OUTCOMES: Final = {True: "done  ", False: "failed", None: "open  "}
TYPED: Final = (("/", "a command"), ("@", "a file"), ("!", "a shell command"), ("#", "a note"))
KEYS: Final = (
    ("Enter", "send, or steer while a run is live"),
    ("Alt+Enter", "new line"),
    ("Tab", "complete"),
    ("Ctrl+R", "search earlier lines"),
    ("Ctrl+T", "next mode"),
    ("Alt+1…9", "the brain of that number"),
    ("Ctrl+C", "clear the line, else interrupt the run, else twice: leave"),
    ("Ctrl+Z", "suspend"),
    ("Ctrl+D", "leave"),
)


class Clerk(Archivist):
    """One method for each order of `orders.ORDERS`, named `do_…`."""

    def obey(self, name: str, argument: str) -> None:
        """Carry out an order, or say that there is none of that name."""
        known = name in orders.BY_NAME
        if wrong := orders.lacking(name, argument) if known else f"{orders.no_such(name)} /help lists every command.":
            self.mode.say(wrong, "fail")
            return
        act: Callable[[str], None] = getattr(self, f"do_{name}")
        try:
            act(argument)
        except UsageInvalid as error:
            self.mode.say(f"{error.message} {error.hint}", "fail")

    # reading

    def do_help(self, _: str) -> None:
        """Print every key and command."""
        for title, rows in (("typed first", TYPED), ("keys", KEYS)):
            self.mode.say(title, "bold")
            self.rows(table(rows))
        self.do_commands("")

    def do_commands(self, _: str) -> None:
        """Print every command."""
        self.mode.say("commands", "bold")
        self.rows(table([(order.usage, order.does) for order in orders.ORDERS]))

    def do_graph(self, _: str) -> None:
        """Print the task graph."""
        self.rows(list(plan_lines(self.mode.state)))

    def do_mind(self, _: str) -> None:
        """Print the newest decisions."""
        found = mindlog.entries(self.mode.records())[-SHOWN:]
        self.rows([line for entry in found for line in mind_lines(entry, marks=OUTCOMES)] or ["No decisions yet."])

    def do_memory(self, _: str) -> None:
        """Print the notes."""
        notes = self.mode.seat.errands.notebook.notes()
        self.rows(table([(note.path, note.title) for note in notes]) or ["No notes yet. # writes the first one."])

    def do_budget(self, _: str) -> None:
        """Print what was spent."""
        self.mode.say(f"This run: {self.mode.spent()}. Every run of this session:")
        found = costs.shares(self.mode.records(), "model")
        self.rows(cost_lines(found, "model") if found else ["Nothing was spent yet."])

    def do_approvals(self, _: str) -> None:
        """Print every question."""
        waiting = self.mode.state.calls.waiting
        for asked in waiting:
            for line, role in card_lines(asked, self.mode.state):
                self.mode.show(line, role)
        if not waiting:
            self.mode.say(NOTHING_WAITS)

    def do_diff(self, _: str) -> None:
        """Print every change of this session."""
        changed = False
        for requested, done in self.mode.calls():
            change = change_of(requested.tool, requested.arguments)
            if change is None or done is None or not done.ok:
                continue
            changed = True
            added, removed = change.counts
            self.mode.say(f"{requested.tool} {change.path}  +{added} -{removed}", "bold")
            for sign, text in change.rows():
                self.mode.show(f"{sign} {text}", {"+": "ok", "-": "fail"}.get(sign, "text"))
        if not changed:
            self.mode.say("Nothing was written or edited in this session.")

    def do_output(self, _: str) -> None:
        """Print the newest tool call, whole."""
        requested, done = next(reversed(self.mode.calls()), (None, None))
        if requested is None:
            self.mode.say("No tool was called yet.")
            return
        self._call(requested, done)

    def _call(self, requested: ToolRequested, done: ToolFinished | None) -> None:
        self.mode.say(f"{requested.tool} {requested.summary}", "bold")
        for name, text in (("why", requested.rationale), ("input", requested.arguments)):
            self.mode.say(f"  {name:6} {text or 'nothing was said'}")
        self.mode.show(done.output if done else "It has not ended yet.")

    def do_find(self, wanted: str) -> None:
        """Print the lines of this session that hold a text."""
        found = [line for line in self.mode.told() if wanted.casefold() in line.casefold()] if wanted else []
        self.rows(found[-SHOWN:] or [f"Nothing about “{first_line(wanted, 60)}” in this session."])

    def do_copy(self, _: str) -> None:
        """Put the last reply on the terminal's clipboard."""
        replies = self.mode.replies()
        if not replies:
            self.mode.say("There is no reply to copy yet.")
        elif self.mode.reader.dumb:
            self.mode.show(replies[-1])
        else:
            self.mode.reader.signal(f"\x1b]52;c;{base64.b64encode(replies[-1].encode()).decode()}\x07")
            self.mode.say(f"Copied {len(replies[-1]):,} characters.")

    def do_theme(self, _: str) -> None:
        """Say where the colours come from."""
        self.mode.say("Line mode speaks in your terminal's own colours; NO_COLOR=1 leaves them out.")

    # the run

    def do_run(self, path: str) -> None:
        """Run a goal file."""
        if not path:
            self.mode.say("Name a goal file: /run goal.md", "fail")
            return
        place = self.mode.workspace / path.removeprefix("@")
        self.mode.order(Submit(text=path, path=str(place)))

    def do_resume(self, _: str) -> None:
        """Take the run up again."""
        self.mode.order(steering.going_on(self.mode.state, live=self.mode.live))

    def do_queue(self, text: str) -> None:
        """Send something when the run is done; at once where none is live."""
        if not text:
            self.mode.say("Say what to send: /queue TEXT", "fail")
        elif self.mode.live:
            self.mode.queue.append(text)
            self.mode.say(f"Queued as number {len(self.mode.queue)}.")
        else:
            self.mode.take(text)

    def do_interrupt(self, _: str) -> None:
        """Stop what runs."""
        self.mode.order(steering.interruption(live=self.mode.live))

    def do_freeze(self, _: str) -> None:
        """Dispatch nothing more, or go on."""
        self.mode.order(Thaw() if self.mode.frozen else Freeze())

    def do_mode(self, wanted: str) -> None:
        """Set how much runs without a question; without a word, the next mode."""
        names = [mode.value for mode in MODES]
        if wanted and wanted not in names:
            raise UsageInvalid(f"There is no mode {first_line(wanted, 40)}.", hint=f"Modes: {', '.join(names)}.")
        following = Mode(wanted) if wanted else MODES[(MODES.index(self.mode.policy_mode) + 1) % len(MODES)]
        self.mode.order(SetMode(mode=following))

    def do_cap(self, usd: str) -> None:
        """Raise or lower the cap of the run."""
        try:
            amount = float(usd.lstrip("$"))
        except ValueError:
            amount = 0.0
        if amount <= 0:
            raise UsageInvalid("That is no amount in US dollars.", hint="/cap 2.50")
        self.mode.order(RaiseCap(usd=amount))

    def do_yes(self, said: str) -> None:
        """Allow the oldest question, for as long as is said, or answer it in words."""
        waiting = self.mode.state.calls.waiting
        if waiting:
            self.mode.order(allowance(waiting[0], said))
        else:
            self.mode.say(NOTHING_WAITS)

    def do_deny(self, reason: str) -> None:
        """Deny the oldest question."""
        waiting = self.mode.state.calls.waiting
        if waiting:
            self.mode.order(Decide(approval_id=waiting[0].approval_id, allow=False, reason=reason))
        else:
            self.mode.say(NOTHING_WAITS)

    def do_init(self, _: str) -> None:
        """Let an agent write AGENTS.md."""
        self.mode.order(_commissions.init(self.mode.workspace))

    def do_commit(self, _: str) -> None:
        """Let an agent commit what this session changed."""
        self.mode.order(_commissions.commit(self.mode.state))

    def do_approve(self, wanted: str) -> None:
        """Carry out what was planned."""
        for command in _commissions.approve(self.mode.state, self.mode.policy_mode, wanted):
            self.mode.order(command)

    # brains

    def do_brain(self, wanted: str) -> None:
        """Let another brain answer, by name or number; without one, list them."""
        if wanted.isdecimal():
            self.brain_of_number(int(wanted))
        elif wanted:
            self.mode.order(SwitchBrain(model=wanted))
        else:
            self.mode.start(self._list_brains())

    def brain_of_number(self, number: int) -> None:
        """Let the brain of that number answer from the next step on."""
        brains = self.mode.brains
        one = brains[number - 1] if 0 < number <= len(brains) else None
        if one is None:
            self.mode.say(f"/brain lists {len(brains)} brains; there is no number {number}.", "fail")
        elif isinstance(one, Missing):
            self.mode.say(f"{one.provider}: {one.found}. {one.remedy}", "fail")
        else:
            self.mode.order(SwitchBrain(model=one.name))

    async def _list_brains(self) -> None:
        await self.mode.look_for_brains()
        for number, one in zip(count(1), self.mode.brains, strict=False):
            if isinstance(one, Brain):
                self.mode.say(f"  {number} {one.name}: can answer, {one.why}")
            else:
                self.mode.say(f"  {number} {one.provider}: cannot answer, {one.found}. {one.remedy}")

    def do_doctor(self, _: str) -> None:
        """Look for brains again."""
        self.mode.start(self._list_brains())

    def do_key(self, wanted: str) -> None:
        """Ask for a key, which is not shown, and use it until Hermes ends, or keep it."""
        provider, _, how = wanted.partition(" ")
        if not provider or how not in ("", "keep"):
            raise UsageInvalid("Name the provider.", hint="/key anthropic, or /key anthropic keep")
        self.mode.seat.errands.variable_of_key(provider)
        self.mode.wants_key = wanted

    async def use_key(self, wanted: str, key: str) -> None:
        """Use a key until Hermes ends; `PROVIDER keep` also stores it for good."""
        provider, _, how = wanted.partition(" ")
        errands = self.mode.seat.errands
        host = await asyncio.to_thread(errands.keep_key, provider, key) if how else ""
        variable = errands.give_key(provider, key)
        await self.mode.look_for_brains()
        kept = f"The key of {provider} is kept and goes to {host} only."
        self.mode.say(kept if host else f"{variable} is set until Hermes ends. /key {provider} keep keeps it for good.")

    # texts

    def do_remember(self, text: str) -> None:
        """Write a note."""
        if not text:
            raise UsageInvalid("Say what to remember.", hint="# TEXT")

        async def write() -> None:
            landed = await self.mode.seat.errands.remember_note(text)
            kept = landed.landing is Landing.WRITTEN
            self.mode.say(f"Kept in {landed.path}." if kept else landed.message)

        self.mode.start(write())

    def do_recall(self, text: str) -> None:
        """Search the memory."""
        if not text:
            raise UsageInvalid("Say what to look for.", hint="/recall TEXT")

        async def look() -> None:
            found = await self.mode.seat.errands.recall(text)
            self.rows([line for hit in found for line in recall_lines(hit, why=True)] or ["Nothing found."])

        self.mode.start(look())

    def do_review(self, said: str) -> None:
        """Print the notes that wait, or accept or reject one."""

        async def look() -> None:
            self.rows(await asyncio.to_thread(self.mode.seat.errands.review, said))

        self.mode.start(look())

    def shell(self, command: str) -> None:
        """Run the operator's own command and print what it printed; one that ends in `&` runs beside the session."""
        if begun := shells.beside(command):
            self.mode.order(StartShell(command=begun))
            return

        async def run() -> None:
            done = await self.mode.seat.errands.run(command)
            output = (done.stdout + done.stderr).decode("utf-8", "replace").rstrip("\n")
            if output:
                self.mode.show(output)
            role = "ok" if done.exit_code == 0 else "fail"
            self.mode.say(f"! exit {done.exit_code} · {done.seconds:.1f} s · not sent to the model", role)

        self.mode.start(run())

    def do_shells(self, argument: str) -> None:
        """List the commands beside the session, print what one printed, or stop it."""
        state = self.mode.state.shells
        stop = shells.stop_of(state, argument)
        if stop is not None:
            self.mode.order(stop)
        elif argument:
            shell = shells.shell_of(state, argument)
            for line in shells.output_lines(shell)[-SHOWN:] or ["Nothing printed yet."]:
                self.mode.show(f"  {line}")
        else:
            for shell in state.by_id.values():
                said = ending(shell.ended) if shell.ended is not None else "running"
                self.mode.say(f"{shell.started.shell_id}  {said}  {first_line(shell.started.command, 70)}")
            self.mode.say("/shells ID prints the end of its output" if state.by_id else shells.NONE_YET)

    # sessions

    def do_sessions(self, wanted: str) -> None:
        """Open another session by its number or id; without one, list them."""
        if wanted:
            self.mode.start(self._open(wanted))
        else:
            self.mode.start(self._list_sessions())

    async def _list_sessions(self) -> None:
        found = (await asyncio.to_thread(self.mode.seat.errands.summaries))[:SHOWN]
        rows = [
            (str(number), one.session, one.status, f"${one.usd:.2f}", first_line(one.goal, 60))
            for number, one in zip(count(1), found, strict=False)
        ]
        self.rows(table(rows) or ["No session has a goal yet."])
        if rows:
            self.mode.say("/sessions NUMBER opens one.")

    async def _open(self, wanted: str) -> None:
        found = await asyncio.to_thread(self.mode.seat.errands.summaries)
        chosen = found[int(wanted) - 1 : int(wanted)] if wanted.isdecimal() and int(wanted) else []
        named = chosen or [one for one in found if one.session == wanted]
        if named:
            self.mode.leave(named[0].session)
        else:
            self.mode.say(f"There is no session {first_line(wanted, 40)}.", "fail")

    def do_demo(self, _: str) -> None:
        """Watch the demo, then begin a new session."""
        self.mode.leave(DEMO)

    def do_new(self, _: str) -> None:
        """Begin a new session."""
        self.mode.leave("")

    def do_quit(self, _: str) -> None:
        """Leave."""
        self.mode.leave(None)
