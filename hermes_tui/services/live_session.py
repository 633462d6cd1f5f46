"""A live session: carries out what its operator orders, one command after the other, on the kernel's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from hermes_tui.domain.approval import Grant, Scope
from hermes_tui.domain.commands import (
    Abandon,
    AgentCommand,
    ChangeWindow,
    Command,
    Decide,
    EditPlan,
    Freeze,
    GoOn,
    Interrupt,
    NameSession,
    RaiseCap,
    SessionCommand,
    SetEffort,
    SetMode,
    ShellCommand,
    Submit,
    SwitchBrain,
    Thaw,
    UndoEdit,
    UndoFiles,
)
from hermes_tui.domain.errors import HermesError, UsageInvalid
from hermes_tui.domain.events import (
    CapRaised,
    InterruptAsked,
    MessageGiven,
    ModeChanged,
    ModelChosen,
    RunAbandoned,
    RunEnded,
    RunPaused,
    RunUnpaused,
)
from hermes_tui.domain.ids import RunId, SessionId
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.run import RunState
from hermes_tui.domain.tasks import Goal, Mode
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel.gate import Gate
from hermes_tui.kernel.session import Listen, Session
from hermes_tui.kernel.tasks.amend import amend, undo
from hermes_tui.services import approvals, attachments, contexts, control, kits, sessions, subagents, wiring
from hermes_tui.services.background import AgentShells
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.config_watch import watched
from hermes_tui.services.errands import Errands
from hermes_tui.services.loops import under_watch
from hermes_tui.services.memory.home import tended
from hermes_tui.services.premises import Premises
from hermes_tui.services.shells import Shells, beside
from hermes_tui.services.undo import undo_since
from hermes_tui.services.workstation import Workstation

_Change = EditPlan | UndoEdit | Abandon | UndoFiles | ChangeWindow | NameSession


@frozen
class Outlets:
    """Where a live session tells what becomes of it; all are called on its own thread.

    `on_open` gets the loop that commands are handed to from then on.
    """

    on_record: Callable[[Record], None]
    on_part: Listen
    on_state: Callable[[SessionState], None]
    on_sandbox: Callable[[str], None]
    on_trouble: Callable[[Exception], None]
    on_open: Callable[[asyncio.AbstractEventLoop], None]


class LiveSession:
    """The kernel at work for one operator; a desk is its front."""

    def __init__(self, premises: Premises) -> None:
        """Build what the session works with; nothing is opened yet.

        Raises:
            UsageInvalid: the config cannot be used, or a name in it has nothing behind it.
        """
        self.station = Workstation(premises.options, premises)
        self.errands = Errands(self.station)
        self.brains: ConfiguredBrains = self.station.brains()
        self.commands: asyncio.Queue[Command | None] = asyncio.Queue()
        self.session_id = SessionId("")
        self._on_trouble: Callable[[Exception], None] = lambda _: None
        self._pursuing: asyncio.Task[None] | None = None
        self._warming: dict[str, asyncio.Task[Brain | None]] = {}
        self._gate = Gate()
        self._shells: Shells | None = None
        self._mode: Mode | None = None
        self._left_in: Mode | None = None
        self._next_cap: float | None = None

    def told(self, error: Exception) -> HermesError:
        """Return an error in words for the operator; see `wiring.told`."""
        return wiring.told(error, self.station.options)

    async def run(self, session_id: SessionId, outlets: Outlets) -> None:
        """Own the session file and carry out commands until None comes."""
        self.session_id, self._on_trouble = session_id, outlets.on_trouble
        try:
            with self.station.own(session_id, [outlets.on_record]) as owned:
                session = owned.session
                session.bus.subscribe(lambda _: outlets.on_state(session.state))
                session.listeners.append(outlets.on_part)
                outlets.on_state(session.state)
                await self._settle(session, outlets)
                outlets.on_open(asyncio.get_running_loop())
                self._warm_up("agent")
                watch = self.station.config_watch(self.brains)
                async with (
                    control.reachable(owned.journal, self._owner(session)),
                    watched(watch, self.station.clock, lambda event: session.emit(event, self._place(session))),
                    tended(self.station.memory, self.station.clock),
                    under_watch(self.station.log, self.station.kits.workers),
                    beside(self.station.shell_ground(session, lambda: self._place(session))) as shells,
                ):
                    await self._serve(session, shells)
        except Exception as error:  # noqa: BLE001 - the kernel's thread ends here
            self._on_trouble(error)
        finally:
            await self.station.memory.shut()

    async def _settle(self, session: Session, outlets: Outlets) -> None:
        """Say how tools are confined and what the operator has to know; set the mode that was asked for."""
        level = (await self.station.kits.sandbox(self.station.config)).level
        outlets.on_sandbox(level.name)
        for notice in filter(None, (*self.station.notices, level.warning)):
            self._on_trouble(HermesError(notice))
        if self.station.options.mode and session.state.run.run:  # what is said now wins over what held before
            await self._set(session, SetMode(mode=self.station.config.policy.mode))

    def _owner(self, session: Session) -> control.Owner:
        """Return what other shells may do here."""
        return control.Owner(
            session=session,
            gate=self._gate,
            place=lambda: self._place(session),
            stop=self._cancel_run,
            clock=self.station.clock,
        )

    def _cancel_run(self) -> None:
        if self._pursuing is not None:
            self._pursuing.cancel()

    async def _serve(self, session: Session, shells: Shells) -> None:
        """Carry out commands until None comes."""
        self._shells = shells
        while (command := await self.commands.get()) is not None:
            try:
                if isinstance(command, ShellCommand):
                    await shells.carry_out(command)
                else:
                    await self._carry_out(session, command)
            except Exception as error:  # noqa: BLE001 - the command ends here, the session goes on
                self._on_trouble(error)
        await self._stop()
        for warming in self._warming.values():
            warming.cancel()
        await asyncio.gather(*self._warming.values(), return_exceptions=True)
        await self.station.kits.close()

    async def _carry_out(self, session: Session, command: SessionCommand) -> None:
        if isinstance(command, AgentCommand):
            subagents.direct(session, command, self.station.clock, "operator")
            return
        match command:
            case Submit():
                await self._submit(session, command)
            case Interrupt():
                session.emit(InterruptAsked(by="operator"), self._place(session))
                await self._stop()
            case GoOn():
                await self._go_on(session)
            case Decide():
                self._decide(session, command)
            case SwitchBrain() | SetEffort():
                await self._switch(session, command)
            case SetMode() | RaiseCap():
                await self._set(session, command)
            case EditPlan() | UndoEdit() | Abandon() | UndoFiles() | ChangeWindow() | NameSession():
                await self._change(session, command)
            case Freeze() | Thaw():
                self._hold(session, command)

    async def _set(self, session: Session, command: SetMode | RaiseCap) -> None:
        """Move the mode or the cap; a run that stopped at its cap goes on."""
        if isinstance(command, SetMode):
            self._mode = command.mode
            session.emit(ModeChanged(mode=command.mode), self._place(session))
            return
        if not self._busy(session) and not sessions.resumable(session.state):
            self._next_cap = command.usd  # the run is over: it is the next one that is meant
        limits = replace(session.state.run.limits, usd=command.usd)
        session.emit(CapRaised(limits=limits, by="operator"), self._place(session))
        await self._go_on(session)

    def _place(self, session: Session) -> Place:
        return Place(session=self.session_id, run=session.state.run.run)

    async def _submit(self, session: Session, command: Submit) -> None:
        """Steer the live run, or begin the next one."""
        text = command.text
        if self._busy(session):
            if command.path is not None:
                raise UsageInvalid("A run is under way.", hint="Interrupt it, or wait until it ends.")
            agents = [task for task in session.state.graph.tasks.values() if task.kind == "agent"]
            agent = kits.agent_of(agents[0].id if agents else attachments.AGENT)
            session.emit(MessageGiven(text=text, images=command.images), replace(self._place(session), agent=agent))
            return
        sessions.drop_open_calls(session, self._place(session))
        subagents.recall(session, self.station.clock)
        number = int(session.state.run.run.removeprefix("r")) + 1 if session.state.run.run else 1
        place = Place(session=self.session_id, run=RunId(f"r{number}"))
        goal, digest = self.station.goal(Path(command.path) if command.path is not None else text)
        if command.path is None:
            # What is said in a conversation is not planned: its agent goes on.
            goal = replace(goal, strategy=attachments.ALONE)
        config = self.station.config_for(goal)
        mode = self._mode_for(goal, session.state.run, config)
        limits, cap, self._next_cap = self.station.limits(goal, config), self._next_cap, None
        limits = limits if cap is None else replace(limits, usd=cap)
        with session.together():
            self.station.begin(session, place, (goal, digest), (mode, limits))
            attachments.tell(session, place, goal, command.images)
        await self._pursue(session, place)

    def _mode_for(self, goal: Goal, last: RunState, config: HermesConfig) -> Mode:
        """Return the mode of the next run: what a goal file asks for holds for its own run alone."""
        if last.goal is not None and last.mode is not last.goal.mode:
            self._left_in = last.mode  # the operator's, or the config's: no file asked for it
        if self._mode is None and goal.mode is None and self._left_in is not None:
            return self._left_in
        return self._mode or config.policy.mode

    async def _go_on(self, session: Session) -> None:
        """Take up the unfinished run."""
        if self._busy(session) or session.state.run.goal is None or not sessions.resumable(session.state):
            return
        place = self._place(session)
        await self.station.take_up(session, place, session.state.run.limits)
        await self._pursue(session, place)

    def _busy(self, session: Session) -> bool:
        """Whether a run is under way; one whose end is on record is not, though it may still be closing."""
        return self._pursuing is not None and not self._pursuing.done() and session.state.run.ended is None

    async def _pursue(self, session: Session, place: Place) -> None:
        if self._pursuing is not None:
            await asyncio.wait([self._pursuing])
        goal = session.state.run.goal
        config = self.station.config_for(goal) if goal is not None else self.station.config
        kit = await self.station.kits.make(session, self.session_id, config, self.brains)
        kit.attended = True
        kit.gate = self._gate
        kit.shells = AgentShells(self._shells, kit) if self._shells is not None else None

        async def pursue() -> None:
            try:
                await kits.pursuit_of(kit, place).run()
            except HermesError as error:
                self._on_trouble(error)
            except Exception as error:  # noqa: BLE001 - the run ends here, the session goes on
                self._on_trouble(error)
                session.emit(RunEnded(status="error", exit_code=1, answer="", reason=f"Hermes failed: {error}."), place)

        self._pursuing = asyncio.create_task(pursue(), name=f"run:{place.run}")
        self._warm_up("compression")

    def _warm_up(self, role: str) -> None:
        """Let a local model be loaded before it is needed; whoever asks it meanwhile only waits."""
        if (before := self._warming.get(role)) is not None:
            before.cancel()
        self._warming[role] = asyncio.create_task(self.brains.warm_up(role), name=f"warm:{role}")

    async def _stop(self) -> None:
        if self._pursuing is not None and not self._pursuing.done():
            self._pursuing.cancel()
            await asyncio.gather(self._pursuing, return_exceptions=True)

    def _decide(self, session: Session, command: Decide) -> None:
        given = approvals.given_for(session.state.calls, command)
        session.emit(given, self._place(session))
        if given.rule and given.scope is Scope.ALWAYS:
            self.station.ledger.grant(Grant(rule=given.rule, by="operator"))

    async def _switch(self, session: Session, command: SwitchBrain | SetEffort) -> None:
        if isinstance(command, SetEffort):
            self.brains.reason(command.role, command.effort)
            return
        self.brains.switch(command.model)
        chosen = await self.brains.choose("cortex", {})
        why = "you switched" + (", the step is asked again" if command.now else ", from the next step on")
        session.emit(ModelChosen(role="cortex", model=chosen.name, why=why), self._place(session))
        self._warm_up("agent")
        if command.now and self._busy(session):
            await self._stop()
            await self._go_on(session)

    def _hold(self, session: Session, command: Freeze | Thaw) -> None:
        """Let nothing new start, or everything that waits."""
        freezing = isinstance(command, Freeze)
        if freezing is not self._gate.frozen:
            (self._gate.freeze if freezing else self._gate.thaw)()
            session.emit(RunPaused(by="operator") if freezing else RunUnpaused(by="operator"), self._place(session))

    async def _change(self, session: Session, command: _Change) -> None:
        place = self._place(session)
        match command:
            case EditPlan():
                amend(session, place, command.ops, by="operator", why=command.why, base_rev=command.base_rev)
            case UndoFiles() if self._busy(session):
                raise UsageInvalid("A run is under way.", hint="Interrupt it first.")
            case UndoFiles():
                await undo_since(self.station, session, self.session_id, command.after)
            case ChangeWindow():
                contexts.change(session, place, command, "operator")
            case NameSession():
                sessions.rename(session, place, command.name)
            case UndoEdit():
                undo(session, place, by="operator", base_rev=command.base_rev)
            case Abandon():
                session.emit(RunAbandoned(by="operator", why=command.why or "given up by the operator"), place)
                await self._go_on(session)
