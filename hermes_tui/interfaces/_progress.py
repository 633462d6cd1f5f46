"""Live progress for people: one line for each thing that happened."""

from __future__ import annotations

import time
from typing import Final

from hermes_tui.domain.approval import Decision, answering
from hermes_tui.domain.events import (
    AgentEnded,
    AgentSpawned,
    ApprovalAsked,
    BoundPassed,
    CircuitMoved,
    CompactionAsked,
    ConfigApplied,
    ConfigRefused,
    ContextCompacted,
    ContextRestored,
    CriterionChecked,
    EditKind,
    LoopNoticed,
    ModelAwaited,
    ModelChosen,
    ModelEscalated,
    ModelFinished,
    ModelRequested,
    PlanEdited,
    RecoveryTried,
    ReflectionBegun,
    RetryScheduled,
    RunAbandoned,
    RunEnded,
    RunPaused,
    RunResumed,
    RunUnpaused,
    ShellEnded,
    ShellStarted,
    StrategyChosen,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    ToolFinished,
    ToolRefused,
    ToolRequested,
    ToolResolved,
)
from hermes_tui.domain.ids import root_session
from hermes_tui.domain.records import Record
from hermes_tui.domain.state.shells import ending, lasted_s, well
from hermes_tui.domain.text import first_line, printable

WIDTH: Final = 100
SUMMARY: Final = 60
"""A longer call is cut, so that how it ended is not."""
CLOCK: Final = len("00:00:00 ")
WHOLE: Final = (
    ApprovalAsked,
    ConfigApplied,
    ConfigRefused,
    ModelChosen,
    ModelAwaited,
    ModelEscalated,
    RetryScheduled,
    BoundPassed,
)
"""What an operator may have to act on is never cut."""

_Brain = ModelFinished | ModelChosen | ModelAwaited | ModelEscalated | RetryScheduled | BoundPassed

_Steered = RunResumed | RunPaused | RunUnpaused | ConfigApplied | ConfigRefused | ShellStarted | ShellEnded
_Guidance = (
    AgentSpawned
    | AgentEnded
    | PlanEdited
    | RecoveryTried
    | LoopNoticed
    | CircuitMoved
    | ReflectionBegun
    | RunAbandoned
    | StrategyChosen
    | CompactionAsked
    | ContextCompacted
    | ContextRestored
)


class Progress:
    """Finds a line for each record worth one; text of models and tools is made safe for a terminal first."""

    def __init__(self) -> None:
        self._summaries: dict[str, str] = {}
        self._roles: set[tuple[str, str]] = set()

    def line(self, record: Record) -> str:
        """Return the record's line with its time, empty if it has none."""
        line = self._line(record)
        if not line:
            return ""
        clock = time.strftime("%H:%M:%S", time.localtime(record.at))
        width = None if isinstance(record.body, WHOLE) else WIDTH
        return f"{clock} {printable(line)[:width]}".rstrip()

    @staticmethod
    def spoken(line: str) -> str:
        """Return a line without its sign, which a screen reader names or leaves out; the words say the same."""
        return line[:CLOCK] + line[CLOCK:].partition(" ")[2]

    def _line(self, record: Record) -> str:
        body = record.body
        match body:
            case _ if isinstance(body, _Steered):
                return _steered_line(body)
            case TaskStarted() | TaskFinished() | TaskFailed() | TaskSkipped():
                return _task_line(record, body)
            case CriterionChecked():
                return f"{'✓ check    holds' if body.ok else '× check    does not hold'}: {body.text}"
            case ApprovalAsked():
                asker = f" for {body.asker}" if body.asker else ""
                command = answering(body.approval_id, body.tool, root_session(record.place.session))
                return f"◊ needs you{asker}: {body.tool} {first_line(body.what, WIDTH)}   {command}"
            case RunEnded():
                why = next(iter(body.reason.splitlines()), "")
                return f"{'✓' if body.exit_code == 0 else '■'} {body.status:8} {why}"
            case ModelRequested():
                return self._asked_line(body)
            case _ if isinstance(body, _Brain):
                return _model_line(body)
            case _ if isinstance(body, _Guidance):
                return _guidance_line(record, body)
            case ToolRequested() | ToolFinished() | ToolRefused() | ToolResolved():
                return self._tool_line(record, body)
            case _:
                return ""

    def _asked_line(self, body: ModelRequested) -> str:
        """Say who answers for a role the first time it is asked; later changes are switches."""
        if (body.role, body.task_class) in self._roles:
            return ""
        known = any(role == body.role for role, _ in self._roles)
        self._roles.add((body.role, body.task_class))
        if body.route.startswith("unknown class"):
            return f"! brain    {body.route}"
        return "" if known else f"» brain    {body.model}: {body.why}"

    def _tool_line(self, record: Record, body: ToolRequested | ToolFinished | ToolRefused | ToolResolved) -> str:
        task = record.place.task
        match body:
            case ToolRequested():
                self._summaries[body.call_id] = body.summary
                if body.begins_task:
                    return f"● task     {task}  begins: {body.tool} {first_line(body.summary, SUMMARY)}"
                return "" if body.ruling.decision is Decision.ALLOW else f"◊ {body.tool:8} {body.summary}  asks"
            case ToolFinished():
                summary, took = first_line(self._summaries.get(body.call_id, ""), SUMMARY), f"{body.seconds:.1f} s"
                if body.ends_task:
                    return f"✓ task     {task}  done, {took}: {body.tool} {summary}"
                sign, ended = ("✓", "done") if body.ok else ("×", "failed")
                return f"{sign} {body.tool:8} {summary}  {ended}, {took}"
            case ToolRefused():
                return f"× {body.tool:8} refused: {body.reason}"
            case ToolResolved():
                return f"? in doubt {body.call_id}: {body.how}, {body.evidence}"


def _window_line(record: Record, body: CompactionAsked | ContextCompacted | ContextRestored) -> str:
    agent = record.place.agent
    match body:
        case CompactionAsked():
            return f"• context  {agent} condenses older messages before its next request"
        case ContextCompacted():
            sizes = f"{body.before_tokens:,} → {body.after_tokens:,} tokens"
            return f"• context  {agent} condensed {sizes}; goal, plan, rules and open items kept"
        case ContextRestored():
            return f"• context  {agent} carries what was condensed as it was said again"


def _task_line(record: Record, body: TaskStarted | TaskFinished | TaskFailed | TaskSkipped) -> str:
    match body:
        case TaskStarted():
            return f"● task     {record.place.task}  begins"
        case TaskFinished():
            return f"✓ task     {record.place.task}  done, {body.seconds:.1f} s"
        case TaskFailed():
            return f"× task     {record.place.task}  failed: {body.message}"
        case TaskSkipped():
            return f"» task     {record.place.task}  skipped: {body.why}"


def _agent_line(record: Record, body: AgentSpawned | AgentEnded) -> str:
    if isinstance(body, AgentSpawned):
        return f"→ {record.place.agent:8} sent out: {body.title}"
    mark = "✓" if body.status == "done" else "×"
    return f"{mark} {record.place.agent:8} {body.status}: {body.why or body.answer}"


def _circuit_line(record: Record, body: CircuitMoved) -> str:
    """Say that something opened or works again; counts and probes are told in the journal alone."""
    match body.flow:
        case "open":
            until = f"{body.open_until - record.at:.0f} s"
            return f"■ circuit  {body.circuit} is left alone for {until} after {body.failures} failures: {body.why}"
        case "closed":
            return f"✓ circuit  {body.circuit} works again"
        case "counting" | "probing":
            return ""


def _guidance_line(record: Record, body: _Guidance) -> str:
    match body:
        case AgentSpawned() | AgentEnded():
            return _agent_line(record, body)
        case PlanEdited():
            number = len(body.ops)
            made = all(op.kind is EditKind.ADD for op in body.ops)
            what = f"{number} {'task' if made else 'edit'}{'' if number == 1 else 's'}"
            return f"• plan     rev {body.base_rev + 1}, {what}: {body.why}"
        case RecoveryTried():
            return f"○ task     {record.place.task}: {'recovers by ' if body.taken else ''}{body.rung}: {body.why}"
        case LoopNoticed():
            return f"○ guard    {body.action}: {body.why}"
        case CircuitMoved():
            return _circuit_line(record, body)
        case ReflectionBegun():
            return f"○ reflect  round {body.round} of {body.most}: {len(body.failed)} criteria failed"
        case RunAbandoned():
            return f"■ given up by {body.by}: {body.why}"
        case StrategyChosen():
            return f"• strategy {body.strategy}: {body.why}"
        case CompactionAsked() | ContextCompacted() | ContextRestored():
            return _window_line(record, body)


def _shell_line(body: ShellStarted | ShellEnded) -> str:
    if isinstance(body, ShellStarted):
        return f"● shell    {body.shell_id} runs beside: {body.command}"
    seconds = lasted_s(body)
    took = f", {seconds:.1f} s" if seconds is not None else ""
    return f"{'✓' if well(body) else '■'} shell    {body.shell_id} {ending(body)}{took}"


def _steered_line(body: _Steered) -> str:
    match body:
        case ShellStarted() | ShellEnded():
            return _shell_line(body)
        case ConfigApplied():
            return f"• config   {'; '.join(body.changed) or 'edited, but what was said elsewhere holds on'}"
        case ConfigRefused():
            return f"× config   refused, what held before holds on: {body.message}"
        case RunResumed():
            return "• resume   finished work is kept"
        case RunPaused():
            return f"‖ paused   by {body.by}; nothing new is started"
        case RunUnpaused():
            return f"• goes on  by {body.by}"


def _past(body: BoundPassed) -> str:
    if body.usd is not None and body.bound.usd is not None and body.usd > body.bound.usd:
        return f"a call cost ${body.usd:.4f}, its bound was ${body.bound.usd:.4f}"
    return f"a call took {body.tokens:,} tokens, its bound was {body.bound.tokens:,}"


def _model_line(body: _Brain) -> str:
    """Return one line for each reply, retry, wait and switch; what failed is told by the retry or switch it led to."""
    match body:
        case ModelFinished():
            cost = "price unknown" if body.usd is None else f"${body.usd:.4f}"
            return f"• model    {body.model}  {body.usage.total_tokens:,} tokens · {cost} · {body.seconds:.1f} s"
        case ModelChosen():
            return f"» brain    {body.model}: {body.why}"
        case ModelAwaited():
            until = f"; goes on in {body.delay_s:.1f} s" if body.delay_s else ""
            return f"◊ waits    {body.model}: {body.why}{until}"
        case BoundPassed():
            return f"! bound    {body.model}: {_past(body)}; its next bounds are the higher for it"
        case ModelEscalated():
            cost = "price unknown" if body.usd is None else f"it cost ${body.usd:.4f}"
            sure = f"{body.confidence:.2f} < {body.threshold:.2f}"
            said = f"the answer of {body.model} is unsure ({sure}), {cost}; {body.why}"
            return f"» tier     {body.tier} → {body.to_tier}: {said}"
        case RetryScheduled():
            why = body.message or body.reason.value
            return f"○ retry    {body.model}: try {body.attempt} of 3 in {body.delay_s:.1f} s; {why}"
