"""A kernel on a bench: every port is a small fake, time stands still unless told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from hermes_tui.domain.approval import Decision, Grant, ResolvedCall, Ruling
from hermes_tui.domain.errors import ArgumentsInvalid, LimitReached, NoProvider, ProviderError, ToolError
from hermes_tui.domain.events import (
    ArtifactMade,
    CriterionChecked,
    EditKind,
    Event,
    FileChange,
    MessageGiven,
    PlanEdited,
    PlanOp,
    RunEnded,
    RunStarted,
    SessionOpened,
)
from hermes_tui.domain.ids import AgentId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.messages import Message
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta, ToolCallFinished, ToolSchema
from hermes_tui.domain.ports import Brain, CallEnd, Tool, ToolContext, ToolOutcome, ToolSpec, Weigh, Weight, Workspace
from hermes_tui.domain.processes import ProcessResult, SandboxCommand, SandboxLevel
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.tasks import Criterion, Effect, Goal, Mode, Reach, Task, TaskKind
from hermes_tui.domain.usage import Bound, Limits, Price, Usage
from hermes_tui.kernel.bus import Bus
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.pursuit import Pursuit
from hermes_tui.kernel.session import Session

PRICE = Price(input_usd=1.0, output_usd=2.0, cache_read_usd=0.1, cache_write_usd=1.25, dated="2026-01-01")
PLACE = Place(session=SessionId("s1"), run=RunId("r1"))
Reply = Sequence[Part | ProviderError]


def say(text: str, usage: Usage | None = None) -> Reply:
    """Return a reply of text."""
    return [TextDelta(text), usage or Usage(input_tokens=100, output_tokens=10), Stop(StopReason.END)]


def ask_for(*calls: tuple[str, Mapping[str, object] | str], text: str = "") -> Reply:
    """Return a reply that asks for tool calls; arguments as a string go out as they are."""
    said: list[Part | ProviderError] = [TextDelta(text)] if text else []
    for index, (name, arguments) in enumerate(calls):
        said.append(ToolCallFinished(index, name, arguments if isinstance(arguments, str) else json.dumps(arguments)))
    return [*said, Usage(input_tokens=100, output_tokens=10), Stop(StopReason.TOOL_CALLS)]


@dataclass
class FakeProvider:
    """Plays replies in order and keeps the requests."""

    replies: list[Reply]
    requests: list[ModelRequest] = field(default_factory=list[ModelRequest])

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        self.requests.append(request)
        for part in self.replies.pop(0):
            if isinstance(part, ProviderError):
                raise part
            yield part


@dataclass
class FakeBrains:
    """Always the same brain."""

    brain: Brain

    tiers: tuple[str, ...] = ()
    ends: list[CallEnd] = field(default_factory=list[CallEnd])
    weights: list[Weight | None] = field(default_factory=list[Weight | None])

    async def choose(
        self,
        role: str,
        tried: Mapping[str, str],
        *,
        size_bytes: int = 0,
        tier: str = "",
        weigh: Weigh | None = None,
    ) -> Brain:
        assert role
        assert size_bytes >= 0
        assert tier in ("", *self.tiers)
        self.weights.append(weigh() if weigh is not None else None)
        for name, why in tried.items():
            raise NoProvider(f"No brain can answer: {name}: {why}")
        return self.brain

    def ended(self, brain: Brain, end: CallEnd) -> bool:
        assert brain is self.brain
        self.ends.append(end)
        return True


@dataclass
class FakeTool:
    """A tool made of a function; arguments must be a JSON object."""

    name: str
    act: Callable[[dict[str, object], ToolContext], Awaitable[ToolOutcome]]
    effect: Effect = Effect.READ
    reach: Reach = Reach.WORKSPACE
    happened: dict[str, ToolOutcome] | None = None

    @property
    def spec(self) -> ToolSpec:
        schema = ToolSchema(name=self.name, description="A fake.", parameters='{"type":"object"}')
        return ToolSpec(schema=schema, effect=self.effect, reach=self.reach, timeout_s=10, output_limit=1_000)

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:
        self._parsed(arguments)
        targets = (str(context.workspace.root / "f"),) if self.effect is Effect.WRITE else ()
        return ResolvedCall(
            tool=self.name, effect=self.effect, reach=self.reach, summary=f"{self.name} {arguments}", targets=targets
        )

    async def run(self, arguments: str, context: ToolContext) -> ToolOutcome:
        return await self.act(self._parsed(arguments), context)

    def _parsed(self, arguments: str) -> dict[str, object]:
        try:
            parsed: object = json.loads(arguments)
        except ValueError as error:
            raise ArgumentsInvalid(f"{self.name}: {error}") from error
        if not isinstance(parsed, dict):
            raise ArgumentsInvalid(f"{self.name}: arguments must be an object")
        return cast("dict[str, object]", parsed)


class ProbedTool(FakeTool):
    """A tool that can find out whether its effect happened."""

    async def probe(self, arguments: str, context: ToolContext) -> ToolOutcome | None:
        assert arguments
        return (self.happened or {}).get(context.key)


class FakeJournal:
    """Records in a list; everything is durable at once, nothing where `stuck` is an event, which tells who waits."""

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self.records = list(records)
        self.stuck: asyncio.Event | None = None
        self.publish: Callable[[Record], None] = lambda _: None

    def append(self, event: Event, place: Place) -> Record:
        record = Record(seq=Seq(len(self.records) + 1), at=1000.0 + len(self.records), place=place, body=event)
        self.records.append(record)
        self.publish(record)
        return record

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def durable(self, seq: Seq) -> None:
        assert seq <= len(self.records)
        if self.stuck is not None:
            self.stuck.set()
            await asyncio.Event().wait()

    def read(self, after: Seq) -> Sequence[Record]:
        return self.records[after:]


class FakePolicy:
    """Allows all but the tools it was told to ask about or to deny."""

    def __init__(self) -> None:
        self.asks: set[str] = set()
        self.denies: set[str] = set()

    def decide(self, call: ResolvedCall, mode: Mode, grants: Sequence[Grant]) -> Ruling:
        assert mode
        assert grants is not None
        if call.tool in self.denies:
            return Ruling(decision=Decision.DENY, rule="test", why="not here")
        if call.tool in self.asks:
            return Ruling(decision=Decision.ASK, rule="test")
        return Ruling(decision=Decision.ALLOW, rule="test")


@dataclass
class FakeImages:
    """Remembers what was taken and restored."""

    taken: list[tuple[Path, ...]] = field(default_factory=list[tuple[Path, ...]])
    restored: list[str] = field(default_factory=list[str])
    unkept: str = ""

    async def take(self, targets: Sequence[Path]) -> str:
        self.taken.append(tuple(targets))
        return f"image-{len(self.taken)}"

    async def restore(self, image: str, *, entirely: bool = False) -> tuple[FileChange, ...]:
        assert entirely, "what is in doubt is taken back whole, or not at all"
        if self.unkept:
            raise ToolError(f"Not kept before the call, so not put back: {self.unkept}.", kind="not_kept")
        self.restored.append(image)
        return ()

    async def changes(self, image: str) -> tuple[FileChange, ...]:
        assert image
        return ()


@dataclass
class FakeArtifacts:
    """Keeps artifacts in a dict."""

    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def keep(self, name: str, content: bytes) -> str:
        self.kept[name] = content
        return f"artifacts/{name}"


@dataclass
class FakeDay:
    """A day's budget with a cap."""

    cap_usd: float = 100.0
    spent_usd: float = 0.0

    def draw(self, usd: float, tokens: int, *, call: str = "", at_most: Bound | None = None) -> bool:
        assert (tokens >= 0, call != "", at_most is not None and at_most.tokens >= tokens) == (True, True, True)
        if self.spent_usd + usd > self.cap_usd:
            raise LimitReached("The day's cap is reached.", limit="day_usd")
        return True

    def give_back(self) -> None:
        """Nothing was drawn ahead."""

    def settle(self, usd: float, tokens: int, seq: Seq, *, call: str = "") -> None:
        assert tokens >= 0
        assert (seq > 0, call is not None) == (True, True)
        self.spent_usd += usd


class FakeSandbox:
    """Never runs anything."""

    level = SandboxLevel(name="fake", confines=True, why="a test")

    async def run(self, command: SandboxCommand) -> ProcessResult:
        raise AssertionError(command)


class FakeClock:
    """Time that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.time = 2000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class PlainRedactor:
    """Knows no secrets."""

    def redact(self, text: str) -> str:
        return text

    def restore_json(self, text: str) -> str:
        return text


async def echo(arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
    """Give the arguments back."""
    assert context.key
    return ToolOutcome(output=json.dumps(arguments), data=json.dumps(arguments))


@dataclass
class KernelBench:
    """A run on fakes; `crash()` gives a second bench on the same journal."""

    provider: FakeProvider
    tools: dict[str, Tool]
    policy: FakePolicy = field(default_factory=FakePolicy)
    images: FakeImages = field(default_factory=FakeImages)
    artifacts: FakeArtifacts = field(default_factory=FakeArtifacts)
    day: FakeDay = field(default_factory=FakeDay)
    clock: FakeClock = field(default_factory=FakeClock)
    journal: FakeJournal = field(default_factory=FakeJournal)
    price: Price | None = PRICE
    criteria_ok: bool = True
    kit: Kit = field(init=False)

    def __post_init__(self) -> None:
        state = fold_all(self.journal.read(Seq(0)))
        session = Session(journal=self.journal, bus=Bus(), state=state, listeners=[])
        self.journal.publish = session.receive
        brain = Brain(
            name="fake:m", model="m", provider=self.provider, price=self.price, window_tokens=100_000, why="test"
        )
        self.kit = Kit(
            session=session,
            brains=FakeBrains(brain),
            tools=self.tools,
            policy=self.policy,
            images=self.images,
            artifacts=self.artifacts,
            day=self.day,
            sandbox=FakeSandbox(),
            redactor=PlainRedactor(),
            clock=self.clock,
            workspace=Workspace(root=Path("/w"), write=(Path("/w"),)),
            substitute=lambda _tool, arguments, _results: (arguments, {}),
            instructions="Be brief.",
        )

    @property
    def state(self) -> SessionState:
        return self.kit.session.state

    def start(self, *tasks: Task, limits: Limits | None = None, criteria: tuple[Criterion, ...] = ()) -> None:
        """Open the session with a plan; without tasks the plan is one agent."""
        goal = Goal(text="Do it.", criteria=criteria)
        plan = tasks or (Task(id=TaskId("main"), kind=TaskKind.AGENT, title="Do it."),)
        emit = self.kit.session.emit
        emit(SessionOpened(workspace="/w", version="0"), PLACE)
        emit(RunStarted(goal=goal, goal_digest="d", mode=Mode.AUTO, limits=limits or Limits()), PLACE)
        ops = tuple(PlanOp(kind=EditKind.ADD, target=task.id, task=task) for task in plan)
        emit(PlanEdited(base_rev=0, by="goal", why="test", ops=ops), PLACE)

    async def run(self, place: Place = PLACE) -> RunEnded:
        """Pursue the goal to its end."""

        async def check(criterion: Criterion) -> CriterionChecked:
            return CriterionChecked(text=criterion.text, ok=self.criteria_ok, evidence="seen")

        def deliver() -> tuple[ArtifactMade, ...]:
            return ()

        return await Pursuit(kit=self.kit, place=place, check=check, deliver=deliver).run()

    def crash(self, upto: int, **changes: object) -> KernelBench:
        """Return a bench that resumes from the first `upto` records."""
        fresh: dict[str, object] = {
            "provider": self.provider,
            "tools": self.tools,
            "policy": self.policy,
            "images": self.images,
            "journal": FakeJournal(self.journal.records[:upto]),
        }
        return KernelBench(**{**fresh, **changes})  # type: ignore[arg-type] # a test's own fields

    def tell(self, text: str, agent: str = "main") -> None:
        """Let the operator say something to an agent."""
        self.kit.session.emit(MessageGiven(text=text), replace(PLACE, agent=AgentId(agent)))

    def bodies(self, kind: type[object]) -> list[object]:
        """Return the events of one type, in order."""
        return [record.body for record in self.journal.records if isinstance(record.body, kind)]

    def said_to_model(self) -> Sequence[Message]:
        """Return the messages of the last request."""
        return self.provider.requests[-1].messages


def tool_task(name: str, use: str = "echo", args: Mapping[str, object] | None = None, **more: object) -> Task:
    """Return a tool task."""
    return Task(
        id=TaskId(name),
        kind=TaskKind.TOOL,
        title=name,
        use=use,
        args=json.dumps(args or {"of": name}),
        **more,  # type: ignore[arg-type] # fields of Task
    )
