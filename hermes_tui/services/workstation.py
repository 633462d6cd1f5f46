"""The one door for interfaces: pursue a goal, new or resumed, and say what became of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.capabilities.state import codec
from hermes_tui.capabilities.state.day import SessionDay
from hermes_tui.capabilities.state.images import ImageStore
from hermes_tui.capabilities.state.journal import SessionJournal
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.errors import SandboxUnavailable, UsageInvalid
from hermes_tui.domain.events import (
    ApprovalGiven,
    ArtifactMade,
    CriterionChecked,
    EditKind,
    PlanEdited,
    PlanOp,
    RunResumed,
    RunStarted,
    SessionOpened,
)
from hermes_tui.domain.ids import RunId, Seq, SessionId, TaskId
from hermes_tui.domain.ports import ProcessResult, SandboxCommand, Workspace
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.tasks import Criterion, Goal, Mode, Plan, Task, TaskKind
from hermes_tui.domain.usage import Limits
from hermes_tui.kernel.bus import Bus
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.pursuit import Pursuit
from hermes_tui.kernel.session import Session
from hermes_tui.services import criteria, instructions, outputs, plans, wiring
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.clock import SystemClock
from hermes_tui.services.explain import goal_layer, merge
from hermes_tui.services.goals import parse_goal
from hermes_tui.services.strict_yaml import read
from hermes_tui.services.verdict import Result, result_of
from hermes_tui.services.wiring import RunOptions
from hermes_tui.version import VERSION

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)?")
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
MOST_STEPS: Final = 200


class Workstation:
    """Everything an interface may ask for; one per command."""

    def __init__(self, options: RunOptions) -> None:
        self.options = options
        self.home = wiring.home_of(options)
        self.layers = wiring.layers_of(options, self.home)
        self.settings = merge(self.layers)
        self.config = self.settings.config
        self.root = wiring.workspace_of(options)
        self.clock = SystemClock()
        self.tools = wiring.all_tools()
        self.ledger = Ledger(self.home.state / "ledger.db", self.clock)

    def goal(self, given: Path | str) -> tuple[Goal, str]:
        """Return the goal and the digest of its text.

        Raises:
            UsageInvalid: the file cannot be used; file, line and remedy are named.
        """
        if isinstance(given, str):
            return Goal(text=given), hashlib.sha256(given.encode()).hexdigest()
        data = read(given)
        goal = parse_goal(data, str(given), tools=self.tools)
        return replace(goal, path=os.path.realpath(given)), hashlib.sha256(data).hexdigest()

    def sessions(self) -> Path:
        """Return the folder of session files."""
        folder = self.home.state / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    async def pursue(self, given: Path | str, readers: Sequence[Callable[[Record], None]]) -> Result:
        """Run a goal to its end, or go on with its unfinished run; `readers` see each record as it is appended.

        Raises:
            UsageInvalid: the goal, the config or the changed goal file cannot be used.
            JournalError: the session file cannot be used or written.
        """
        goal, digest = self.goal(given)
        session_id = self._session_for(goal)
        bus = Bus()
        for reader in readers:
            bus.subscribe(reader)
        live: list[Session] = []

        def publish(record: Record) -> None:
            live[0].receive(record)

        journal = SessionJournal.open(
            self.sessions() / f"{session_id}.db",
            redactor=wiring.redactor_of(self.config),
            clock=self.clock,
            publish=publish,
        )
        try:
            session = Session(journal=journal, bus=bus, state=fold_all(journal.read(Seq(0))), listeners=[])
            live.append(session)
            pursuit = await self._prepare(session, session_id, goal, digest)
            await pursuit.run()
            return result_of(session.state, session_id, self.clock.now())
        finally:
            journal.close()

    def _session_for(self, goal: Goal) -> SessionId:
        """Return the session to resume, else the next free one; a goal file is known by its workspace and path."""
        if goal.path is None:
            return SessionId(f"p{secrets.token_hex(4)}")
        base = hashlib.sha256(f"{self.root}\0{goal.path}".encode()).hexdigest()[:8]
        known = sorted(self.sessions().glob(f"{base}-*.db"), key=lambda path: int(path.stem.split("-")[1]))
        if not known:
            return SessionId(f"{base}-1")
        last = known[-1]
        number = int(last.stem.split("-")[1])
        if self.options.fresh or not _resumable(_peek(last)):
            return SessionId(f"{base}-{number + 1}")
        return SessionId(last.stem)

    async def _prepare(self, session: Session, session_id: SessionId, goal: Goal, digest: str) -> Pursuit:
        config = merge([*self.layers, goal_layer(goal)]).config if goal.path else self.config
        limits = self._limits(goal, config.budgets.run.usd, config.budgets.run.tokens)
        place = Place(session=session_id, run=RunId("r1"))
        if session.state.run.run is None:
            self._begin(session, place, (goal, digest), (config.policy.mode, limits))
        else:
            self._resume(session, place, (goal, digest), limits)
        workspace = self._workspace(session.state, session_id)
        kit = await self._kit(session, session_id, workspace)

        async def check(criterion: Criterion) -> CriterionChecked:
            return await criteria.check(criterion, kit.sandbox, workspace, _misfit)

        def deliver() -> tuple[ArtifactMade, ...]:
            return outputs.deliveries(self.root, session.state.run.started_at)

        return Pursuit(kit=kit, place=place, check=check, deliver=deliver)

    def _begin(self, session: Session, place: Place, goal: tuple[Goal, str], rule: tuple[Mode, Limits]) -> None:
        session.emit(SessionOpened(workspace=str(self.root), version=VERSION), place)
        grants = (*self.config.policy.rules, *goal[0].allow)
        started = RunStarted(goal=goal[0], goal_digest=goal[1], mode=rule[0], limits=rule[1], grants=grants)
        session.emit(started, place)
        declared = goal[0].plan.tasks if goal[0].plan else (_one_agent(goal[0]),)
        ops = tuple(PlanOp(kind=EditKind.ADD, target=task.id, task=task) for task in declared)
        why = "declared by the goal file" if goal[0].plan else "one agent for a goal in plain words"
        session.emit(PlanEdited(base_rev=0, by="goal", why=why, ops=ops), place)

    def _resume(self, session: Session, place: Place, goal: tuple[Goal, str], limits: Limits) -> None:
        if session.state.run.goal_digest != goal[1]:
            message = f"{goal[0].path} changed since its run {place.session} was started."
            raise UsageInvalid(message, hint="Start over with --fresh, or take the change back to go on.")
        session.emit(RunResumed(version=VERSION, limits=limits), place)
        for asked in session.state.calls.waiting:
            answer = self.ledger.take(asked.approval_id)
            if answer is not None:
                decision = Decision.ALLOW if answer.allow else Decision.DENY
                scope = Scope.ALWAYS if answer.always else Scope.ONCE
                given = ApprovalGiven(
                    approval_id=asked.approval_id, decision=decision, scope=scope, by="operator", reason=answer.text
                )
                session.emit(given, place)

    def _limits(self, goal: Goal, usd: float | None, tokens: int | None) -> Limits:
        seconds = _seconds(self.options.time_limit) if self.options.time_limit else goal.limits.seconds
        return Limits(
            usd=usd, tokens=tokens, steps=self.options.max_steps or goal.limits.steps or MOST_STEPS, seconds=seconds
        )

    def _workspace(self, state: SessionState, session_id: SessionId) -> Workspace:
        goal = state.run.goal
        named = goal.write if goal is not None and goal.write is not None else (".",)
        scopes = [self.root / name for name in named]
        if goal is not None and goal.plan is not None and (self.root / outputs.DELIVERIES) not in scopes:
            scopes.append(self.root / outputs.DELIVERIES)
        write = tuple(dict.fromkeys(Path(os.path.realpath(scope)) for scope in scopes))
        return Workspace(root=self.root, write=write, read=(self._outputs(session_id),))

    def _outputs(self, session_id: SessionId) -> Path:
        return self.home.state / "outputs" / session_id

    async def _kit(self, session: Session, session_id: SessionId, workspace: Workspace) -> Kit:
        sandbox = await find_sandbox(
            self.root,
            level=self.config.sandbox.level,
            toolchains=self.config.sandbox.toolchains,
            env=self.config.sandbox.env,
            home=self.home.root,
        )
        goal = session.state.run.goal
        cap = Limits(usd=self.config.budgets.day.usd, tokens=self.config.budgets.day.tokens)
        return Kit(
            session=session,
            brains=ConfiguredBrains(self.config, goal.model if goal else "auto"),
            tools=self.tools,
            policy=wiring.policy_of(self.config),
            images=ImageStore(
                self.home.state / "images" / session_id, self.root, skip=(self.home.root, self.home.state)
            ),
            artifacts=outputs.KeptOutputs(self._outputs(session_id)),
            day=SessionDay(self.ledger, session_id, cap, clock=self.clock),
            sandbox=sandbox,
            redactor=wiring.redactor_of(self.config),
            clock=self.clock,
            workspace=workspace,
            substitute=lambda tool, arguments, known: plans.substitute(arguments, known, tool=tool),
            instructions=instructions.system_text(
                self.root,
                self.home.find("MEMORY.md"),
                project_bytes=self.config.context.instructions_bytes,
                memory_bytes=self.config.memory.index_bytes,
            ),
            egress=(*self.config.egress, *(goal.egress if goal else ())),
        )

    def plan_text(self, path: Path) -> str:
        """Return the task graph of a goal file as `hermes.plan/1`."""
        goal, _ = self.goal(path)
        plan = goal.plan or Plan(goal=goal.text, tasks=(_one_agent(goal),), rationale="one agent")
        return plans.plan_to_json(plan)

    async def run_sandboxed(self, argv: tuple[str, ...], timeout_s: float) -> ProcessResult:
        """Run one command as a tool would.

        Raises:
            SandboxUnavailable: no level here confines.
        """
        config = self.config.sandbox
        sandbox = await find_sandbox(
            self.root, level=config.level, toolchains=config.toolchains, env=config.env, home=self.home.root
        )
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


def _one_agent(goal: Goal) -> Task:
    args = json.dumps({"goal": goal.text})
    title = goal.text.strip().splitlines()[0][:80]
    return Task(id=TaskId("goal"), kind=TaskKind.AGENT, title=title, args=args)


def _misfit(document: str, schema: str) -> str:
    found: str = import_module("hermes_tui.services.schema_fit").misfit(document, schema)
    return found


def _peek(path: Path) -> SessionState:
    """Return the state of a session without owning it."""
    return fold_all(read_session(path))


def _resumable(state: SessionState) -> bool:
    ended = state.run.ended
    return state.run.run is not None and (ended is None or ended.status not in ("done", "not_done"))


def _seconds(text: str) -> float:
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageInvalid(f"{text!r} is no time limit.", hint="Write seconds, or such as 90s, 15m, 1h.")
    return float(found.group(1)) * _UNITS[found.group(2)]
