"""Events of every type, clocks and openers for the tests of durable state."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.state.journal import JournalOptions, SessionJournal
from hermes_tui.domain.approval import Decision, Ruling, Scope
from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.events import (
    AgentEnded,
    AgentPaused,
    AgentSpawned,
    AgentUnpaused,
    ApprovalAsked,
    ApprovalGiven,
    ArtifactMade,
    BoardSet,
    BoundPassed,
    BudgetRefused,
    CapRaised,
    CircuitMoved,
    CompactionAsked,
    ConfigApplied,
    ConfigRefused,
    ContextCompacted,
    ContextRestored,
    CriterionChecked,
    EditKind,
    Event,
    Evidence,
    FileChange,
    InterruptAsked,
    LoopNoticed,
    MessageGiven,
    MessagePinned,
    ModeChanged,
    ModelAwaited,
    ModelChosen,
    ModelEscalated,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    Outcome,
    OutputLowered,
    OutputsPruned,
    PlanEdited,
    PlanOp,
    Portion,
    RecoveryTried,
    ReflectionBegun,
    RetryScheduled,
    RunAbandoned,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUnpaused,
    SessionForked,
    SessionNamed,
    SessionOpened,
    ShellEnded,
    ShellStarted,
    StrategyChosen,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
    ToolFinished,
    ToolIntended,
    ToolRefused,
    ToolRequested,
    ToolResolved,
    WindowFilled,
)
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId, RequestId, Seq, SessionId, TaskId
from hermes_tui.domain.messages import Image, Message, Opaque, Role, Source, Text, Thinking, ToolCall, ToolResult
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.ports import Publish
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import (
    Criterion,
    CriterionKind,
    Effect,
    Goal,
    Guard,
    Mode,
    Operator,
    Plan,
    Reach,
    Rung,
    Task,
    TaskKind,
    TaskState,
)
from hermes_tui.domain.usage import Bound, Limits, Usage

PLACE = Place(session=SessionId("s1"))
_CALL, _ASK, _REQUEST = CallId("c1"), ApprovalId("a1"), RequestId("r1")
_TASK = Task(
    id=TaskId("t1"),
    kind=TaskKind.TOOL,
    title="Größe",
    use="shell",
    needs=(TaskId("t0"),),
    when=Guard(task=TaskId("t0"), path="x", op=Operator.GT, value="1"),
    effect=Effect.WRITE,
    budget=Limits(usd=0.5),
)
_GOAL = Goal(
    text="Do it",
    limits=Limits(usd=5.0, tokens=10),
    mode=Mode.AUTO,
    write=("src",),
    criteria=(Criterion(kind=CriterionKind.RUN, subject="true"),),
    plan=Plan(goal="Do it", tasks=(_TASK,)),
)
_MESSAGE = Message(
    role=Role.MODEL,
    content=(
        Text(text="héllo", source=Source.WEB),
        Thinking(text="hm"),
        Opaque(provider="p", model="m", data="00ff"),
        ToolCall(call_id=_CALL, name="read", arguments='{"path": "a"'),
        ToolResult(call_id=_CALL, ok=False, output="no"),
        Image(media_type="image/png", sha256="ab"),
    ),
)
EVENTS: tuple[Event, ...] = (
    SessionOpened(workspace="/w", version="0"),
    SessionForked(origin=SessionId("s0"), upto=Seq(7)),
    SessionNamed(name="n"),
    RunStarted(goal=_GOAL, goal_digest="d", mode=Mode.ASK, limits=Limits(), grants=("shell(ls)",)),
    RunResumed(version="0", limits=Limits(seconds=1.5)),
    CriterionChecked(text="x", ok=True, evidence="y"),
    ArtifactMade(path="a", sha256="b", size_bytes=3),
    RunEnded(status="limited", exit_code=3, answer="", limit="usd"),
    RunAbandoned(by="operator", why="w"),
    ReflectionBegun(round=1, most=3, failed=("x",)),
    StrategyChosen(strategy="react", why="w"),
    PlanEdited(base_rev=1, by="goal", why="", ops=(PlanOp(kind=EditKind.ADD, target=TaskId("t1"), task=_TASK),)),
    PlanEdited(
        base_rev=2,
        by="operator",
        why="",
        ops=(PlanOp(kind=EditKind.SKIP, target=TaskId("t1"), outcome=Outcome(state=TaskState.SKIPPED, result="1")),),
        undoes=2,
    ),
    TaskStarted(),
    TaskWaiting(what="timer", why=""),
    TaskFinished(result="{}", seconds=0.25),
    TaskFailed(kind="k", message="m", seconds=1.0),
    TaskSkipped(why="w"),
    TaskCancelled(why="w"),
    RecoveryTried(rung=Rung.REPAIR, why="w", args="{}"),
    ModelRequested(
        request_id=_REQUEST,
        model="p:m",
        role="main",
        why="",
        bound=Bound(tokens=3, usd=None),
        request_bytes=9,
        max_tokens=256,
        step=1,
    ),
    ModelFinished(
        request_id=_REQUEST,
        model="p:m",
        message=_MESSAGE,
        stop=StopReason.TOOL_CALLS,
        usage=Usage(input_tokens=3, reported_usd=0.1),
        usd=0.1,
        first_token_s=0.5,
        seconds=2.0,
    ),
    ModelFailed(
        request_id=_REQUEST,
        model="p:m",
        reason=FailureReason.TRUNCATED,
        message="m",
        fragment="f",
        usage=Usage(source="estimated"),
        usd=None,
        seconds=1.0,
    ),
    RetryScheduled(request_id=_REQUEST, model="p:m", reason=FailureReason.SERVER, attempt=2, delay_s=0.5),
    ModelChosen(role="main", model="p:m", why=""),
    ConfigApplied(file="/h/config.yaml", changed=("strategy: auto → fixed",)),
    ShellStarted(
        shell_id="s1",
        command="make serve",
        output="/h/state/outputs/k/shell-s1.txt",
        effect=Effect.WRITE,
        reach=Reach.SANDBOX,
        targets=("/w",),
        timeout_s=60.0,
    ),
    ShellEnded(shell_id="s1", end="exited", exit_code=0, output_bytes=3, seconds=1.5),
    ConfigRefused(file="/h/config.yaml", line=3, message="m"),
    ModelEscalated(
        role="main", model="p:m", tier="light", to_tier="standard", confidence=0.4, threshold=0.5, why="w", usd=0.01
    ),
    ModelAwaited(role="main", model="p:m", delay_s=1.5, why="w"),
    ToolRequested(
        call_id=_CALL,
        tool="shell",
        arguments="{}",
        summary="s",
        effect=Effect.EXTERNAL,
        reach=Reach.HOST,
        ruling=Ruling(decision=Decision.ASK, rule="r"),
    ),
    ToolRefused(call_id=_CALL, tool="shell", stage="policy", reason="no"),
    ToolIntended(call_id=_CALL, tool="shell", arguments="{}", effect=Effect.WRITE, key="k"),
    ToolFinished(
        call_id=_CALL,
        tool="shell",
        ok=True,
        output="o",
        data="{}",
        seconds=0.1,
        changed=(FileChange(path="a", change="created"),),
    ),
    ToolResolved(call_id=_CALL, how="again", evidence="e"),
    ApprovalAsked(
        approval_id=_ASK,
        call_id=_CALL,
        tool="ask",
        what="",
        why="",
        reach=Reach.NONE,
        undo="",
        digest="d",
        agent=AgentId("c1"),
        errand="look",
    ),
    ApprovalGiven(approval_id=_ASK, decision=Decision.DENY, scope=Scope.ALWAYS, by="operator"),
    BudgetRefused(limit="usd", bound=Bound(tokens=1, usd=0.1), left_usd=None, left_tokens=4),
    OutputLowered(wanted_tokens=9, sent_tokens=8, limit="run"),
    BoundPassed(request_id=RequestId("r"), model="m", bound=Bound(tokens=1, usd=0.1), tokens=4, usd=None),
    CapRaised(limits=Limits(steps=4), by="operator"),
    MessageGiven(text="hi", source=Source.KERNEL),
    ModeChanged(mode=Mode.AUTO_EDIT),
    InterruptAsked(by="SIGINT"),
    LoopNoticed(layer="identical", action="warned", key="k", count=3, why="w"),
    CircuitMoved(circuit="host example.org", flow="open", failures=5, open_until=60.0, why="w"),
    CircuitMoved(circuit="host example.org", flow="closed"),
    RunPaused(by="hermes runs pause"),
    RunUnpaused(by="hermes runs resume"),
    AgentSpawned(
        parent=AgentId("goal"),
        title="read",
        task="Read a.",
        role="cortex",
        tools=("read",),
        write=("/w/a",),
        limits=Limits(usd=0.1, seconds=9.0),
        depth=1,
        returns=("count",),
        call_id=_CALL,
    ),
    AgentPaused(by="operator"),
    AgentUnpaused(by="operator"),
    AgentEnded(
        parent=None,
        status="done",
        answer="a",
        why="",
        report="r",
        calls=2,
        failed_calls=1,
        steps=3,
        usage=Usage(input_tokens=1),
        usd=0.01,
        seconds=1.5,
        evidence=(Evidence(kind="changed", path="a", sha256="ab"),),
    ),
    BoardSet(key="k", value="v", version=2, call_id=_CALL),
    WindowFilled(
        request_id=_REQUEST,
        window_tokens=8192,
        used_tokens=100,
        output_tokens=1024,
        portions=(Portion(section="system", tokens=10, cap_tokens=20, why="the rules"),),
        left_out=("messages 1 to 4: in the summary",),
    ),
    OutputsPruned(digests=((_CALL, "[read a]"),), before_tokens=10, after_tokens=2, why="every 10 steps"),
    ContextCompacted(upto=4, summary="s", kept=(1,), before_tokens=9, after_tokens=3, by="extract", checks=("added",)),
    CompactionAsked(by="operator"),
    ContextRestored(by="operator"),
    MessagePinned(index=2, pinned=True, by="operator"),
)


class StillClock:
    """Time that moves only by `sleep`, which gives way to other tasks."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.seconds = now
        self.slept = 0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.slept += 1
        await asyncio.sleep(0)


def ignore(record: Record) -> None:
    """Publish to nobody."""


def open_journal(
    path: Path,
    options: JournalOptions | None = None,
    publish: Publish = ignore,
    redactor: SecretRedactor | None = None,
) -> SessionJournal:
    """Open a session file on a still clock."""
    return SessionJournal.open(
        path, redactor=redactor or SecretRedactor(), clock=StillClock(), publish=publish, options=options
    )


def said(text: str) -> MessageGiven:
    """Return the simplest event."""
    return MessageGiven(text=text)
