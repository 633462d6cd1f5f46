"""The one door for interfaces: pursue a goal, new or resumed, and say what became of it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state import codec
from hermes_tui.capabilities.state.health import HealthBook, LedgerShelf
from hermes_tui.capabilities.state.ledger import Ledger, answer_key
from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.errors import HermesError, NoProvider, SandboxUnavailable, UsageInvalid
from hermes_tui.domain.estimate import Estimate, estimate
from hermes_tui.domain.events import (
    ApprovalGiven,
    EditKind,
    PlanEdited,
    PlanOp,
    RunResumed,
    RunStarted,
    SessionOpened,
    StrategyChosen,
)
from hermes_tui.domain.ids import ApprovalId, RunId, SessionId
from hermes_tui.domain.patterns import later
from hermes_tui.domain.ports import Redactor
from hermes_tui.domain.processes import ProcessResult, SandboxCommand
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Goal, Mode, Plan, TaskKind
from hermes_tui.domain.usage import Limits, Price
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel.in_doubt import doubt_id
from hermes_tui.kernel.session import Session
from hermes_tui.kernel.strategies.auto import choose
from hermes_tui.services import attachments, constitution, control, kits, rates, sessions, trust, wiring
from hermes_tui.services.background import AgentShells
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.clock import SystemClock
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.config_watch import ConfigWatch, watched
from hermes_tui.services.delivery import Delivery
from hermes_tui.services.explain import Settings, goal_layer, merge
from hermes_tui.services.goals import file_digest, parse_goal
from hermes_tui.services.homes import demand_text
from hermes_tui.services.keys import Keys
from hermes_tui.services.layers import layers_of, project_of
from hermes_tui.services.logs import JsonLog
from hermes_tui.services.loops import under_watch
from hermes_tui.services.memory import embedders
from hermes_tui.services.memory.home import tended
from hermes_tui.services.memory.settings import MemorySettings
from hermes_tui.services.premises import Premises, RunOptions
from hermes_tui.services.sessions import OwnedSession, Reader
from hermes_tui.services.shells import ShellGround, beside
from hermes_tui.services.strict_yaml import read
from hermes_tui.services.verdict import Result, result_of
from hermes_tui.version import VERSION

_DURATION: Final = later(r"(\d+(?:\.\d+)?)(s|m|h)?")
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
MOST_STEPS: Final = 200
_SPEAKING: Final = (TaskKind.AGENT, TaskKind.LLM)


@frozen
class Foresight:
    """A plan before it runs: how it was made, and what is to be expected of it."""

    plan: Plan
    strategy: str
    why: str
    expected: Estimate


class Workstation:
    """Everything an interface may ask for; one per command."""

    def __init__(self, options: RunOptions, premises: Premises | None = None) -> None:
        constitution.check(constitution.package_folder())
        self.premises = premises = premises or Premises(options)
        self.options = options
        self.home, self.layers, self.root = premises.home, premises.layers, premises.root
        self.clock = SystemClock()
        self.ledger = Ledger(self.home.state / "ledger.db", self.clock)
        self.book = HealthBook(LedgerShelf(self.ledger), self.clock)
        self.log = JsonLog(
            self.home.state / "log", wiring.redactor_of(self.config, self.home.state), verbose=options.verbose
        )
        remembered = MemorySettings(
            workspace=self.root,
            report=self._report_memory,
            policy=self.config.memory.policy,
            index_bytes=self.config.memory.index_bytes,
            brief=self.config.memory.recall,
            embedder=embedders.embedder_of(self.config, wiring.keys_of(self.config, self.home)),
            seek=embedders.seeker_of(self.config),
        )
        self.memory = wiring.memory_of(self.home, self.ledger, self.config, self.clock, remembered)
        project = project_of(options, self.home, self.layers)
        self.servers = wiring.servers_of(self.config, self.home, project, self.clock)
        self.tools = {**wiring.all_tools(), **(self.servers.tools if self.servers is not None else {})}
        self.skills = wiring.skills_of(self.home, project)
        missing = self.servers.notices if self.servers is not None else ()
        self.notices = (*filter(None, (self.home.notice, trust.said(project))), *missing)
        """What is said once, before anything else: a home that cannot be written, a project that is not trusted."""
        self.kits = kits.KitMaker(
            home=self.home,
            root=self.root,
            ledger=self.ledger,
            clock=self.clock,
            tools=self.tools,
            memory=self.memory,
            distrusted=trust.distrusted(project),
            skills=self.skills,
            endings=(self.servers.close,) if self.servers is not None else (),
        )

    def _report_memory(self, message: str) -> None:
        self.log.note("warning", "services.memory", "history", "waiting", message=message)

    @property
    def settings(self) -> Settings:
        """The config in force and the origin of each value."""
        return self.premises.settings

    @property
    def config(self) -> HermesConfig:
        """The config in force."""
        return self.premises.config

    def keys(self) -> Keys:
        """Return the keys of the providers."""
        return wiring.keys_of(self.config, self.home)

    def goal(self, given: Path | str) -> tuple[Goal, str]:
        """Return the goal and the digest of its text.

        Raises:
            UsageInvalid: the file cannot be used; file, line and remedy are named.
        """
        if isinstance(given, str):
            return Goal(text=given), wiring.digest_of(given)
        path = os.path.realpath(given)
        demand_text(path, "goal")
        data = read(given)
        goal = parse_goal(data, str(given), tools=self.tools)
        return replace(goal, path=path), file_digest(data)

    def sessions(self) -> Path:
        """Return the folder of session files."""
        return self.premises.sessions()

    async def pursue(self, given: Path | str, readers: Sequence[Reader]) -> Result:
        """Run a goal to its end, or go on with its unfinished run; `readers` see each record once it is on disk.

        Raises:
            UsageInvalid: the goal, the config, the model's name or the changed goal file cannot be used.
            JournalError: the session file cannot be used or written.
        """
        goal, digest = self.goal(given)
        config = self.config_for(goal)
        brains = self.brains(config)
        session_id = sessions.session_for(self.sessions(), goal, self.root, fresh=self.options.fresh)
        known = (self.sessions() / f"{session_id}.db").exists()
        shown = [] if known else await attachments.mentioned(goal, self.home.state, self.root)
        goal = await attachments.attached(goal, shown, self.strategy_for(goal), brains)
        place = Place(session=session_id, run=RunId("r1"))
        delivery = Delivery(readers)

        async def run(owned: OwnedSession) -> None:
            session, limits = owned.session, self.limits(goal, config)
            if session.state.run.run is None:
                with session.together():
                    self.begin(session, place, (goal, digest), (config.policy.mode, limits))
                    if shown:
                        attachments.tell(session, place, goal, tuple(one.image for one in shown))
            else:
                await self.resume(session, place, (goal, digest), limits)
            kit = await self.kits.make(session, session_id, config, brains)
            stop = _stopper(asyncio.current_task())
            owner = control.Owner(session=session, gate=kit.gate, place=lambda: place, stop=stop, clock=self.clock)
            watch = self.config_watch(brains, goal)
            try:
                async with (
                    control.reachable(owned.journal, owner),
                    watched(watch, self.clock, lambda event: session.emit(event, place)),
                    tended(self.memory, self.clock),
                    under_watch(self.log, self.kits.workers),
                    beside(self.shell_ground(session, lambda: place)) as shells,
                ):
                    kit.shells = AgentShells(shells, kit)
                    await kits.pursuit_of(kit, place).run()
            finally:
                await self.kits.close()

        with self.own(session_id, [delivery.take]) as owned:
            try:
                await delivery.during(owned.journal, run(owned))
            finally:
                await self.memory.catch_up()
                await self.memory.shut()
            return result_of(owned.session.state, session_id, self.clock.now())

    def config_for(self, goal: Goal) -> HermesConfig:
        """Return the config with what a goal file adds to it."""
        return merge([*self.layers, goal_layer(goal)]).config if goal.path else self.config

    def shell_ground(self, session: Session, place: Callable[[], Place]) -> ShellGround:
        """Return where commands run beside a session, and what is kept of them."""
        return ShellGround(
            session=session,
            place=place,
            sandbox=lambda: self.kits.sandbox(self.config),
            root=self.root,
            folder=self.home.state / "outputs" / place().session,
            redactor=self.redactor(),
            clock=self.clock,
        )

    def redactor(self) -> Redactor:
        """Return what takes secrets out of texts."""
        return wiring.redactor_of(self.config, self.home.state)

    @contextmanager
    def own(self, session_id: SessionId, readers: Sequence[Reader]) -> Generator[OwnedSession]:
        """Own a session file and log what becomes of it; see `sessions.owned`."""
        path = self.sessions() / f"{session_id}.db"
        self.log.note("info", "services.workstation", "own", "opened", session=session_id, version=VERSION)
        try:
            with sessions.owned(
                path,
                redactor=self.redactor(),
                clock=self.clock,
                readers=[*readers, self.log.record],
                ledger=self.ledger,
            ) as owned:
                yield owned
        except HermesError as error:
            self.log.note("error", "services.workstation", "own", type(error).__name__, message=error.message)
            raise
        finally:
            self.log.note("info", "services.workstation", "own", "closed", session=session_id)

    def brains(self, config: HermesConfig | None = None, wanted: str = "auto") -> ConfiguredBrains:
        """Return who answers by `config`, else by the workstation's own; they share what is known of each model."""
        return wiring.brains_of(config or self.config, wanted, self.home, self.book)

    def config_watch(self, brains: ConfiguredBrains, goal: Goal | None = None) -> ConfigWatch:
        """Return what lets an edit of the home's config.yaml hold: for `brains` at once, else from the next run on."""
        goals = [goal_layer(goal)] if goal is not None and goal.path else []

        def read() -> Settings:
            return merge([*layers_of(self.options, self.home), *goals])

        def apply(settings: Settings) -> None:
            brains.apply(settings.config, wiring.keys_of(settings.config, self.home))
            self.premises.settings = settings

        current = merge([*self.layers, *goals]).config
        return ConfigWatch(path=self.home.root / "config.yaml", current=current, read=read, apply=apply)

    def begin(self, session: Session, place: Place, goal: tuple[Goal, str], rule: tuple[Mode, Limits]) -> None:
        """Put a new run on record: the goal, its caps and grants, and the plan it starts with."""
        if not session.state.run.workspace:
            session.emit(SessionOpened(workspace=str(self.root), version=VERSION), place)
        grants = (*self.config.policy.rules, *goal[0].allow)
        started = RunStarted(goal=goal[0], goal_digest=goal[1], mode=rule[0], limits=rule[1], grants=grants)
        session.emit(started, place)
        choice = choose(goal[0], self.strategy_for(goal[0]))
        session.emit(StrategyChosen(strategy=choice.strategy.name, why=choice.why), place)
        ops = tuple(PlanOp(kind=EditKind.ADD, target=task.id, task=task) for task in choice.strategy.begin(goal[0]))
        why = f"{choice.strategy.name}: {choice.why}"
        session.emit(PlanEdited(base_rev=0, by="goal", why=why, ops=ops), place)

    async def resume(self, session: Session, place: Place, goal: tuple[Goal, str], limits: Limits) -> None:
        """Put on record that the run goes on, with the answers that came meanwhile.

        Raises:
            UsageInvalid: the goal's text is not the one that the run was started with.
        """
        if session.state.run.goal_digest != goal[1]:
            message = f"{goal[0].path} changed since its run {place.session} was started."
            raise UsageInvalid(message, hint="Start over with --fresh, or take the change back to go on.")
        await self.take_up(session, place, limits)

    async def take_up(self, session: Session, place: Place, limits: Limits) -> None:
        """Put on record that the run goes on, and the answers that came while nobody ran it.

        They are forgotten here once they are on record: killed in between, the next process finds them again.
        """
        session.emit(RunResumed(version=VERSION, limits=limits), place)
        calls = session.state.calls
        # What a crash left in doubt may be answered before this run has asked about it.
        doubts = [doubt_id(opened.intent) for opened in calls.intents.values()]
        found: list[ApprovalId] = []
        for approval_id in dict.fromkeys((*(asked.approval_id for asked in calls.waiting), *doubts)):
            answer = self.ledger.answer(answer_key(place.session, approval_id))
            if answer is not None:
                found.append(answer.approval_id)
                decision = Decision.ALLOW if answer.allow else Decision.DENY
                scope = Scope.ALWAYS if answer.always else Scope.ONCE
                given = ApprovalGiven(
                    approval_id=approval_id,
                    decision=decision,
                    scope=scope,
                    by="operator",
                    reason=answer.text,
                    signature=answer.signature,
                )
                session.emit(given, place)
        if found:
            await session.journal.durable(session.state.seq)
            self.ledger.forget(found)

    def limits(self, goal: Goal, config: HermesConfig) -> Limits:
        """Return the caps of a run of `goal`."""
        caps = config.budgets.run
        seconds = _seconds(self.options.time_limit) if self.options.time_limit else goal.limits.seconds
        steps = self.options.max_steps or goal.limits.steps or MOST_STEPS
        return Limits(usd=caps.usd, tokens=caps.tokens, steps=steps, seconds=seconds)

    async def foresee(self, path: Path, strategy: str = "auto") -> Foresight:
        """Return the task graph of a goal file and what it will probably cost; nothing runs, no model is asked."""
        goal, _ = self.goal(path)
        choice = choose(goal, strategy if strategy != "auto" else self.strategy_for(goal))
        plan = goal.plan or Plan(goal=goal.text, tasks=choice.strategy.begin(goal), rationale=choice.why)
        config = merge([*self.layers, goal_layer(goal)]).config
        price = await self._price(config) if any(task.kind in _SPEAKING for task in plan.tasks) else None
        expected = estimate(plan.tasks, rates.measured(self.sessions()), price)
        return Foresight(plan=plan, strategy=choice.strategy.name, why=choice.why, expected=expected)

    async def _price(self, config: HermesConfig) -> Price | None:
        try:
            return (await wiring.brains_of(config, "auto").choose("cortex", {})).price
        except NoProvider:
            return None

    def strategy_for(self, goal: Goal) -> str:
        """Return how `goal` is to be planned: as the command line, else the goal, else the config says."""
        if self.options.strategy is not None:
            return self.options.strategy
        return goal.strategy if goal.strategy != "auto" else self.config.planning.strategy

    async def run_sandboxed(self, argv: tuple[str, ...], timeout_s: float) -> ProcessResult:
        """Run one command as a tool would.

        Raises:
            SandboxUnavailable: no level here confines.
        """
        sandbox = await self.kits.sandbox(self.config)
        if not sandbox.level.confines:
            raise SandboxUnavailable(f"There is no sandbox here: {sandbox.level.why}.", hint=sandbox.level.remedy)
        command = SandboxCommand(argv=argv, cwd=self.root, write=(self.root,), timeout_s=timeout_s)
        return await sandbox.run(command)

    @staticmethod
    def encode(record: Record) -> str:
        """Return a record as one line of `stream-json`."""
        place = record.place
        fields = {
            "v": record.v,
            "seq": record.seq,
            "at": record.at,
            "place": {
                "session": place.session,
                "run": place.run,
                "turn": place.turn,
                "task": place.task,
                "attempt": place.attempt,
                "agent": place.agent,
                "cause": place.cause,
            },
            "type": record.type,
            "body": json.loads(codec.encode(record.body)),
        }
        return json.dumps(fields, ensure_ascii=False)


def _stopper(running: asyncio.Task[object] | None) -> Callable[[], object]:
    """Return what interrupts the task that carries out a run."""
    return running.cancel if running is not None else lambda: None


def _seconds(text: str) -> float:
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageInvalid(f"{text!r} is no time limit.", hint="Write seconds, or such as 90s, 15m, 1h.")
    return float(found.group(1)) * _UNITS[found.group(2)]
