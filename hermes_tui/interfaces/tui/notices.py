"""What the kernel has to say, worded: plans, limits, answers and how a run ended."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from pathlib import PurePath
from typing import Final

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.events import (
    ApprovalGiven,
    BoundPassed,
    BudgetEvent,
    BudgetRefused,
    CapRaised,
    CircuitMoved,
    ConfigApplied,
    ConfigRefused,
    GuardEvent,
    LoopNoticed,
    OutputLowered,
    RunEnded,
    ShellEvent,
    ShellStarted,
    ToolFinished,
    ToolRefused,
)
from hermes_tui.domain.events.shell import OPERATOR
from hermes_tui.domain.ids import MAIN_AGENT, CallId, RequestId
from hermes_tui.domain.patterns import later
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.shells import ending, lasted_s, well
from hermes_tui.domain.values import frozen, replace
from hermes_tui.interfaces.tui.chronicle import Asked
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Span, foreign, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import (
    DONE,
    FAILED,
    IN_DOUBT,
    LEFT,
    NEEDS_YOU,
    RUNNING,
    STOPPED,
    Sign,
)
from hermes_tui.interfaces.tui.rows import Call, Notice, Origin

KERNEL: Final = Sign("•", "kernel", "muted")
SKIPPED: Final = Sign("»", "skipped", "muted")
ENDINGS: Final = {
    "done": (DONE, "done"),
    "not_done": (FAILED, "not done"),
    "limited": (STOPPED, "stopped"),
    "needs_approval": (NEEDS_YOU, "waits for you"),
    "no_provider": (FAILED, "no brain answers"),
    "interrupted": (STOPPED, "interrupted"),
    "error": (FAILED, "error"),
}
_NEXT: Final = {
    "usd": "F6 raise",
    "tokens": "F6 raise",
    "loop": "say how to go on · F3 brains",
    "needs_approval": "F7 answer",
    "no_provider": "F3 brains",
    "interrupted": "/resume goes on",
}
"""What to press after an end, by the limit that was reached, else by its status."""
_NOBODY: Final = later(r"No brain can answer for (\w+)\.$")
_SCOPES: Final = {Scope.ONCE: "once", Scope.RUN: "this run", Scope.ALWAYS: "always"}


def origin(record: Record, key: Hashable | None = None) -> Origin:
    """Return where a row about `record` comes from."""
    place = record.place
    own = ("rec", record.seq) if key is None else key
    return Origin(key=own, seq=record.seq, at=record.at, task=place.task, agent=place.agent)


def reply_key(request: RequestId) -> Hashable:
    """Return the key of the row that a model request becomes."""
    return ("reply", request)


def call_key(call: CallId) -> Hashable:
    """Return the key of a tool call's row, in every pane."""
    return ("call", call)


def notice(record: Record, sign: Sign, subject: str, said: str = "", *, hint: str = "") -> Notice:
    """Return a notice: its subject strong, the rest muted."""
    strong = one_line(subject)
    rest = foreign(f": {one_line(said)}", "muted") if said else ()
    return Notice(origin=origin(record), sign=sign, spans=((strong, "text"), *rest), hint=hint)


@frozen(kw_only=False)
class Tally:
    """What a run came to: criteria, tasks, money (None is unknown), its start, the last text said and the last step."""

    criteria: tuple[bool, ...]
    tasks: int
    usd: float | None
    began: float
    said: str
    step: int = 0


def end(record: Record, body: RunEnded, tally: Tally) -> Notice:
    """Return the last row of a run."""
    sign, word = ENDINGS[body.status]
    facts: list[str] = []
    if tally.criteria:
        facts.append(f"{sum(tally.criteria)} of {wording.count(len(tally.criteria), 'criterion', 'criteria')} hold")
    elif body.status == "done":
        facts.append("no criteria, so not verified")
    facts += [wording.count(tally.tasks, "task")] if tally.tasks > 1 else []
    facts += [wording.money(tally.usd), wording.elapsed(record.at - tally.began)]
    head, _, rest = body.reason.partition("\n")
    said = one_line(head)
    if (found := _NOBODY.match(said)) is not None:
        reason = f" for {found[1]}"
    elif said.casefold().startswith(word):
        reason = said[len(word) :].removesuffix(".")
    else:
        reason = f": {said}" if said else ""
    where = f" at step {tally.step}" if body.status == "interrupted" and tally.step else ""
    below = f"The run is saved at record {record.seq:,}. Connect a brain, then /resume goes on."
    spans: tuple[Span, ...] = (
        (word, f"{sign.role} bold"),
        *foreign(where + reason, "text"),
        (f" · {' · '.join(facts)}", "muted"),
    )
    answer = body.answer if body.answer.strip() != tally.said.strip() else ""
    details = "\n\n".join(filter(None, (rest, answer)))
    hint = _NEXT.get(body.limit or body.status, "")
    return Notice(
        origin=origin(record),
        sign=sign,
        spans=spans,
        below=below if body.status == "no_provider" else "",
        details=details,
        hint=hint,
    )


def question_said(asked: Iterable[Asked]) -> str:
    """Return in words for a desktop what the newest question asks for."""
    newest = list(asked)[-1].question
    return f"Hermes needs you: {wording.wanted(newest.tool, newest.what)}"


def outcome_said(state: SessionState) -> str:
    """Return in words for a desktop how the run ended and what it was for."""
    ended, goal = state.run.ended, state.run.goal
    word = ENDINGS[ended.status][1] if ended is not None else "stopped"
    return f"Hermes: {word} · {goal.text if goal is not None else ''}"


def budget(record: Record, body: BudgetEvent) -> Notice:
    """Return what happened to the caps."""
    match body:
        case BudgetRefused():
            bound, left = _unequal(body)
            said = f"the next call may cost up to {bound}, {left} are left"
            cap, _, unit = body.limit.rpartition("_")
            return notice(record, STOPPED, f"stopped at the {cap or 'run'} cap", said, hint=_NEXT.get(unit, ""))
        case OutputLowered():
            said = (
                f"{body.sent_tokens:,} instead of {body.wanted_tokens:,} output tokens, so that the {body.limit} holds"
            )
            return notice(record, KERNEL, "shorter reply", said)
        case BoundPassed():
            said = f"{body.tokens:,} tokens instead of at most {body.bound.tokens:,}"
            if body.usd is not None:
                said = f"{wording.money(body.usd)} instead of at most {wording.money(body.bound.usd)}"
            return notice(record, STOPPED, f"{body.model} passed its bound", said)
        case CapRaised():
            cap = wording.money(body.limits.usd) if body.limits.usd is not None else "no cap"
            return notice(record, KERNEL, f"cap of the run is now {cap}", f"by {body.by}")


def _unequal(body: BudgetRefused) -> tuple[str, str]:
    """Return what a call may cost and what is left; never the same words for two amounts, as one did not fit."""
    needed, left = body.bound.usd, body.left_usd
    if needed is None or left is None:
        return f"{body.bound.tokens:,} tokens", f"{body.left_tokens or 0:,} tokens"
    said = wording.money(needed), wording.money(left)
    return said if said[0] != said[1] else (f"${needed:.4f}", f"${left:.4f}")


def near_cap(record: Record, spent_usd: float, cap_usd: float) -> Notice:
    """Return what is said once a run has spent most of what it may."""
    said = f"{wording.money(spent_usd)} of {cap_usd:.2f}"
    known = origin(record, ("near cap", record.seq))
    return replace(
        notice(record, STOPPED, f"{wording.ratio(spent_usd, cap_usd)} of the run cap is spent", said, hint="F6 raise"),
        origin=known,
    )


def answer(record: Record, body: ApprovalGiven, what: str) -> Notice:
    """Return what was decided, by whom, and why."""
    allowed = body.decision is Decision.ALLOW
    sign = DONE if allowed else FAILED
    word = f"allowed {_SCOPES[body.scope]}" if allowed else "denied"
    reason = f"“{body.reason}”" if body.reason else ""
    agent = one_line(str(record.place.agent)) if record.place.agent != MAIN_AGENT else "the agent"
    then = "" if allowed else f"{agent} has your reason and goes on" if reason else f"{agent} goes on"
    said = " · ".join(part for part in (what, reason, f"by {body.by}", then) if part)
    return notice(record, sign, word, said)


def ended(call: Call | None, record: Record, body: ToolFinished) -> Call:
    """Return the row of a call that ended."""
    known = call or Call(
        origin=origin(record, call_key(body.call_id)), tool=body.tool, subject=str(body.call_id), arguments=""
    )
    return replace(
        known,
        state="done" if body.ok else "failed",
        output=body.output,
        seconds=body.seconds,
        error_kind=body.error_kind,
        artifact=body.artifact,
        changed=tuple(f"{change.change} {change.path}" for change in body.changed),
        ended_seq=record.seq,
    )


def bare(record: Record, body: ToolRefused) -> Call:
    """Return the row of a call that was refused before it was judged."""
    return Call(origin=origin(record, call_key(body.call_id)), tool=body.tool, subject=body.stage, arguments="")


def file_name(path: str | None) -> str:
    """Return the name of a goal's file."""
    return PurePath(path).name if path else ""


def edited(record: Record, body: ConfigApplied | ConfigRefused) -> Notice:
    """Say what came of an edit of config.yaml while Hermes runs."""
    match body:
        case ConfigApplied():
            said = "; ".join(body.changed) or "what was said elsewhere holds on"
            return notice(record, KERNEL, "config.yaml was edited", said)
        case ConfigRefused():
            where = f"config.yaml line {body.line}" if body.line else "config.yaml"
            return notice(record, FAILED, f"{where} is refused, what held before stays in force", body.message)


def guarded(record: Record, body: GuardEvent) -> Iterator[Notice]:
    """Yield what the loop guard did, and which circuit opened or closed."""
    match body:
        case LoopNoticed():
            yield notice(record, KERNEL, f"loop guard {body.action}", body.why)
        case CircuitMoved(flow="open"):
            until = wording.clock(body.open_until)
            said = f"{body.failures} failures in a row, the last: {body.why}"
            yield notice(record, STOPPED, f"{body.circuit} is left alone until {until}", said)
        case CircuitMoved(flow="closed"):
            yield notice(record, DONE, f"{body.circuit} works again")
        case CircuitMoved():
            return


def beside(record: Record, body: ShellEvent, begun: dict[str, ShellStarted]) -> Notice:
    """Return the row of a command beside the session; its end takes the place of its beginning."""
    if isinstance(body, ShellStarted):
        begun[body.shell_id] = body
    shell_id, command = body.shell_id, begun[body.shell_id].command if body.shell_id in begun else ""
    ended = None if isinstance(body, ShellStarted) else body
    sign = RUNNING if ended is None else DONE if well(ended) else FAILED
    if ended is not None and ended.end in ("stopped", "lost"):
        sign = LEFT if ended.end == "stopped" else IN_DOUBT
    said = "runs beside" if ended is None else f"{ending(ended)} · {wording.took(lasted_s(ended))}"
    by = begun[body.shell_id].by if body.shell_id in begun else OPERATOR
    whose = "not sent to the model" if by == OPERATOR else f"of {by}"
    spans: tuple[Span, ...] = (
        (f"! {shell_id} ", "accent" if ended is None else "muted"),
        *foreign(one_line(command), "text bold"),
        *foreign(f" {one_line(said)} · {one_line(whose)}", "muted"),
    )
    return Notice(origin=origin(record, ("shell", shell_id)), sign=sign, spans=spans, hint=f"/shells {shell_id}")
