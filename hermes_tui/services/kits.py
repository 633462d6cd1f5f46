"""From a session and its config to the kit that a run is pursued with."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.memory.scopes import index_of_scope, scope_of_workspace
from hermes_tui.capabilities.state.day import Left, SessionDay
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.capabilities.state.lock import is_free
from hermes_tui.capabilities.state.taint import TaintBook
from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.events import ArtifactMade, CriterionChecked
from hermes_tui.domain.hosts import covers
from hermes_tui.domain.ids import AgentId, SessionId
from hermes_tui.domain.late import late
from hermes_tui.domain.memory import Memory
from hermes_tui.domain.messages import Source
from hermes_tui.domain.ports import Brains, Clock, Sandbox, Tool, Workspace
from hermes_tui.domain.records import Place
from hermes_tui.domain.skills import Skill, Skills
from hermes_tui.domain.tasks import Criterion, Goal
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.agents.crew import LoopCrew
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.pursuit import Pursuit
from hermes_tui.kernel.session import Session
from hermes_tui.kernel.worker import Workers
from hermes_tui.services import instructions, outputs, wiring
from hermes_tui.services.config import HermesConfig, SandboxConfig
from hermes_tui.services.homes import Home
from hermes_tui.services.lazy_images import LazyImages
from hermes_tui.services.offers import limits_of
from hermes_tui.services.sandboxes import LazySandbox
from hermes_tui.services.sessions import peek

if TYPE_CHECKING:
    from hermes_tui.capabilities.state import images
    from hermes_tui.services import criteria, pictures, plans, references
else:
    images = late("hermes_tui.capabilities.state.images")
    criteria = late("hermes_tui.services.criteria")
    pictures = late("hermes_tui.services.pictures")
    plans = late("hermes_tui.services.plans")
    references = late("hermes_tui.services.references")

BRIEF_BYTES: Final = 1_024
"""How much of the project's instructions, and of memory's index, a small window carries; `read` finds the rest."""


@frozen
class KitMaker:
    """What does not change between the runs of one command."""

    home: Home
    root: Path
    ledger: Ledger
    clock: Clock
    tools: Mapping[str, Tool]
    memory: Memory | None = None
    workers: Workers = field(default_factory=Workers)
    distrusted: frozenset[Source] = frozenset({Source.WEB})
    skills: Skills | None = None
    endings: tuple[Callable[[], Awaitable[None]], ...] = ()
    _boxes: list[tuple[SandboxConfig, LazySandbox]] = field(default_factory=list[tuple[SandboxConfig, LazySandbox]])

    async def sandbox(self, config: HermesConfig) -> Sandbox:
        """Return the strongest sandbox that works here and that the config allows, tried out.

        Raises:
            SandboxUnavailable: a level was demanded and does not work here.
        """
        return await self._box(config.sandbox).ready()

    async def _sandbox_of_run(self, config: HermesConfig) -> LazySandbox:
        """Return a sandbox that is tried out when it is needed; one that the config demands, now."""
        box = self._box(config.sandbox)
        if config.sandbox.level != "auto":
            await box.ready()
        return box

    def _box(self, wanted: SandboxConfig) -> LazySandbox:
        """Return the sandbox of these settings.

        It is tried out once: a run that wakes shall not wait for that again, and one that fails later fails closed.
        """
        for settings, known in self._boxes:
            if settings == wanted:
                return known

        async def find() -> Sandbox:
            ladder = registry.load_private("sandbox", "ladder")
            level, toolchains = wanted.level, wanted.toolchains
            found: Sandbox = await ladder.find_sandbox(
                self.root, level=level, toolchains=toolchains, env=wanted.env, home=self.home.root
            )
            return found

        box = LazySandbox(find)
        self._boxes.append((wanted, box))
        return box

    def _left_by(self, session: SessionId) -> Left | None:
        """Return what a session without an owner spent; None where it has one, or nobody can tell."""
        folder = self.home.state / "sessions"
        if not is_free(folder / f"{session}.lock"):
            return None
        try:
            state = peek(folder / f"{session}.db")
        except JournalUnreadable:
            return None
        spent = state.spend.total
        return spent.usd, spent.usage.total_tokens, state.seq

    async def close(self) -> None:
        """End what outlives a run: the loops of subagents, tool servers with all that they started."""
        await self.workers.close()
        for end in self.endings:
            await end()

    def _off_limits(self) -> tuple[Path, ...]:
        """Return the home, which no call writes; where it is the workspace itself, only its config and state are."""
        return () if self.root.is_relative_to(self.home.root) else (self.home.root,)

    def taints(self) -> TaintBook:
        """Return what runs wrote here after they had read a stranger's text."""
        return TaintBook(self.ledger, self.root, self.clock.now)

    def _images(self, session_id: SessionId) -> LazyImages:
        """Return where before-images of the session are kept; the home is in none."""
        folder, skip = self.home.state / "images" / session_id, (self.home.root, self.home.state)
        return LazyImages(lambda: images.ImageStore(folder, self.root, skip=skip))

    def _indexes(self) -> list[Path]:
        """Return the indexes of memory that every request carries."""
        return [self.home.find("MEMORY.md"), self.home.root / index_of_scope(scope_of_workspace(str(self.root)))]

    def _system_text(self, project_bytes: int, memory_bytes: int, skills: Mapping[str, Skill]) -> str:
        """Return the system text with at most so much of the project's instructions and of memory's indexes."""
        return instructions.system_text(
            self.root,
            self._indexes(),
            project_bytes=project_bytes,
            memory_bytes=memory_bytes,
            skills=skills,
            tainted=self.taints().holds,
        )

    def _day(self, session: Session, session_id: SessionId, config: HermesConfig) -> SessionDay:
        """Return the session's share of the day's budget, with what it spent so far on the books."""
        cap = limits_of(config.budgets.day)
        day = SessionDay(self.ledger, session_id, cap, clock=self.clock, left_by=self._left_by)
        spent = session.state.spend.total
        day.catch_up(spent.usd, spent.usage.total_tokens, session.state.seq)
        return day

    async def make(self, session: Session, session_id: SessionId, config: HermesConfig, brains: Brains) -> Kit:
        """Return the kit for the session's current run.

        Raises:
            SandboxUnavailable: the config demands a level that does not work here.
        """
        box = await self._sandbox_of_run(config)
        goal = session.state.run.goal
        kept = self.home.state / "outputs" / session_id
        context = config.context
        return Kit(
            session=session,
            brains=brains,
            tools=self.tools,
            policy=wiring.policy_of(config, self.ledger.grants()),
            images=self._images(session_id),
            artifacts=outputs.KeptOutputs(kept),
            day=self._day(session, session_id, config),
            sandbox=box,
            try_sandbox=box.ready,
            redactor=wiring.redactor_of(config, self.home.state),
            clock=self.clock,
            workspace=Workspace(
                root=self.root, write=write_scopes(self.root, goal), read=(kept,), kept=self._off_limits()
            ),
            substitute=lambda tool, arguments, known: references.substitute(arguments, known, tool=tool),
            instructions=self._system_text(
                context.instructions_bytes,
                config.memory.index_bytes,
                self.skills.listed if self.skills is not None else {},
            ),
            brief_instructions=self._system_text(
                min(BRIEF_BYTES, context.instructions_bytes), min(BRIEF_BYTES, config.memory.index_bytes), {}
            ),
            slots=dict(config.planning.at_once),
            read_task=lambda text: plans.read_task(text, self.tools),
            memory=self.memory,
            egress=known_hosts(config, goal),
            distrusted=self.distrusted,
            crew=LoopCrew(self.workers),
            notary=wiring.notary_of(config, self.home, self.ledger),
            prune_steps=context.prune_steps,
            critic=frozenset(config.policy.critic),
            picture=lambda sha256: pictures.shelf_of(self.home.state).find(sha256),
            skills=self.skills,
            taints=self.taints(),
        )


def known_hosts(config: HermesConfig, goal: Goal | None) -> tuple[str, ...]:
    """Return the hosts for which rules may answer: the config's, and those of a goal that the config covers.

    A goal's other hosts are asked about like any that a model names.
    """
    wanted = goal.egress if goal is not None else ()
    known = [host for host in wanted if covers(config.egress, *_place(host))]
    return (*config.egress, *known)


def _place(host: str) -> tuple[str, int]:
    name, mark, port = host.rpartition(":")
    return (name, int(port)) if mark and port.isdigit() else (host, 443)


def write_scopes(root: Path, goal: Goal | None) -> tuple[Path, ...]:
    """Return the real folders and files that a run may write; deliveries of a declared plan are always among them."""
    named = goal.write if goal is not None and goal.write is not None else (".",)
    scopes = [root / name for name in named]
    if goal is not None and goal.plan is not None:
        scopes.append(root / outputs.DELIVERIES)
    return tuple(dict.fromkeys(Path(os.path.realpath(scope)) for scope in scopes))


def pursuit_of(kit: Kit, place: Place) -> Pursuit:
    """Return how the run at `place` is brought to its end."""

    async def check(criterion: Criterion) -> CriterionChecked:
        return await criteria.check(criterion, kit.sandbox, kit.workspace, wiring.misfit)

    def deliver() -> tuple[ArtifactMade, ...]:
        return outputs.deliveries(kit.workspace.root, kit.session.state.run.started_at)

    return Pursuit(kit=kit, place=place, check=check, deliver=deliver)


def agent_of(task: str) -> AgentId:
    """Return the agent that carries out a task."""
    return AgentId(task)
