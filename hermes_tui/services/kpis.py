"""How well a run went, in figures from its journal alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, field
from typing import Any, Final

from hermes_tui.capabilities.providers import _catalog
from hermes_tui.domain.events import (
    EditKind,
    ModelFailed,
    ModelFinished,
    PlanEdited,
    RunStarted,
    TaskFinished,
    ToolFinished,
    ToolRequested,
)
from hermes_tui.domain.ids import CallId, TaskId
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.tasks import Effect, TaskState
from hermes_tui.domain.values import frozen, mutable

OVERTHINKING: Final = 4.0
IMPULSIVE: Final = 0.25
CITED_CHARS: Final = 12
"""A piece of a result of this many characters that stands in what was said later counts as used."""
MOST_PIECES: Final = 400


@frozen
class Kpis:
    """The figures of one run; None where there is nothing to divide by.

    `plan_fidelity` is the share of the tasks planned at first that were carried out as planned, `tool_utility` the
    share of calls whose success was of use later, `thoughts_per_action` model steps for each call that acted. Seconds
    are summed over whatever ran at once. `pressure` is the fullest that a known window was.
    """

    plan_fidelity: float | None = None
    tool_utility: float | None = None
    thoughts_per_action: float | None = None
    tokens_per_task: float | None = None
    thought_s: float = 0.0
    tool_s: float = 0.0
    planning_s: float = 0.0
    peak_prompt_tokens: int = 0
    pressure: float | None = None
    advice: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the figures by name."""
        fields = asdict(self).items()
        rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in fields}
        return {**rounded, "advice": list(self.advice)}


@mutable
class _Call:
    record: Record
    asked: ToolRequested
    done: ToolFinished | None = None


@mutable
class _Tally:
    """What is counted while records go by."""

    thoughts: int = 0
    tokens: int = 0
    thought_s: float = 0.0
    tool_s: float = 0.0
    planning_s: float = 0.0
    peak: int = 0
    calls: dict[CallId, _Call] = field(default_factory=dict[CallId, _Call])
    said: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    first: dict[TaskId, object] = field(default_factory=dict[TaskId, object])
    planned: bool = False


def kpis(records: Sequence[Record]) -> Kpis:
    """Return the figures of the session's latest run."""
    latest = _latest_run(records)
    tally = _counted(latest)
    state = fold_all(records)
    acted = [call for call in tally.calls.values() if call.done is not None]
    done = sum(status.state is TaskState.DONE for status in state.graph.status.values())
    ratio = tally.thoughts / len(acted) if acted and tally.thoughts else None
    return Kpis(
        plan_fidelity=_fidelity(state, tally),
        tool_utility=sum(_useful(call, tally, state) for call in acted) / len(acted) if acted else None,
        thoughts_per_action=ratio,
        tokens_per_task=tally.tokens / done if done and tally.tokens else None,
        thought_s=tally.thought_s,
        tool_s=tally.tool_s,
        planning_s=tally.planning_s,
        peak_prompt_tokens=tally.peak,
        pressure=_pressure(latest),
        advice=tuple(_advice(ratio, tally)),
    )


def _latest_run(records: Sequence[Record]) -> Sequence[Record]:
    starts = [at for at, record in enumerate(records) if isinstance(record.body, RunStarted)]
    return records[starts[-1] :] if starts else records


def _counted(records: Iterable[Record]) -> _Tally:
    tally = _Tally()
    for record in records:
        _count(tally, record)
    return tally


def _count(tally: _Tally, record: Record) -> None:
    body = record.body
    match body:
        case ModelFinished():
            _count_thought(tally, record, body)
        case ModelFailed():
            tally.tokens += body.usage.total_tokens
            tally.thought_s += body.seconds
        case ToolRequested():
            tally.calls[body.call_id] = _Call(record, body)
            tally.said.append((record.seq, body.arguments))
        case ToolFinished() if body.call_id in tally.calls:
            tally.calls[body.call_id].done = body
            tally.tool_s += body.seconds
        case PlanEdited() if not body.base_rev or (body.by == "planner" and not tally.planned):
            _count_plan(tally, body)
        case TaskFinished() if record.place.task == "plan":
            tally.planned = True
            tally.planning_s += body.seconds
        case _:
            pass


def _count_plan(tally: _Tally, body: PlanEdited) -> None:
    for op in body.ops:
        if op.task is not None:
            tally.first[op.target] = op.task
        elif op.kind is EditKind.REMOVE:
            tally.first.pop(op.target, None)


def _count_thought(tally: _Tally, record: Record, body: ModelFinished) -> None:
    tally.thoughts += 1
    tally.tokens += body.usage.total_tokens
    tally.thought_s += body.seconds
    tally.peak = max(tally.peak, body.usage.prompt_tokens)
    tally.said.append((record.seq, body.message.text))


def _fidelity(state: SessionState, tally: _Tally) -> float | None:
    """Return the share of first planned tasks that ended well in the form they were planned in."""
    dormant = state.graph.dormant
    planned = {name: task for name, task in tally.first.items() if name not in dormant}
    if not planned:
        return None
    kept = [
        name
        for name, task in planned.items()
        if state.graph.tasks.get(name) == task and state.graph.state_of(name) in (TaskState.DONE, TaskState.SKIPPED)
    ]
    return len(kept) / len(planned)


def _useful(call: _Call, tally: _Tally, state: SessionState) -> bool:
    """Whether a call succeeded, and changed something, fed another task, or brought what was spoken of later."""
    done = call.done
    if done is None or not done.ok:
        return False
    if call.asked.effect >= Effect.WRITE:
        return True
    task = call.record.place.task
    if task is not None and any(task in other.waits_for for other in state.graph.tasks.values()):
        return True
    pieces = set(_pieces(done.output))
    return any(seq > call.record.seq and any(piece in text for piece in pieces) for seq, text in tally.said)


def _pieces(output: str) -> Iterator[str]:
    """Yield the words of an output that are long enough to be told from chance, and short outputs whole."""
    text = output.strip()
    if text and len(text) <= CITED_CHARS:
        yield text
    for word in text.split()[: MOST_PIECES * 4]:
        bare = word.strip("\"'`.,;:()[]{}<>")
        if len(bare) >= CITED_CHARS // 2:
            yield bare


def _pressure(records: Iterable[Record]) -> float | None:
    """Return the fullest that a reply's prompt made a window that is known, as a share of it."""
    found: list[float] = []
    for record in records:
        if isinstance(record.body, ModelFinished):
            provider, _, model = record.body.model.partition(":")
            window = _catalog.known(provider, model).window_tokens
            found += [record.body.usage.prompt_tokens / window] if window else []
    return max(found, default=None)


def _advice(ratio: float | None, tally: _Tally) -> Iterator[str]:
    if ratio is not None and ratio > OVERTHINKING:
        yield f"{ratio:.1f} thoughts per action: it thinks more than it acts; a plan of calls may do"
    if ratio is not None and ratio < IMPULSIVE:
        yield f"{ratio:.2f} thoughts per action: it acts more than it thinks"
    rest = tally.thought_s + tally.tool_s - tally.planning_s
    if tally.planning_s > rest > 0:
        yield "planning took longer than the work; a faster role may plan"


def lines(found: Kpis) -> list[str]:
    """Return the figures as a person reads them, those without a value left out."""
    rows: list[tuple[str, str]] = []
    if found.plan_fidelity is not None:
        rows.append(("plan fidelity", f"{found.plan_fidelity:.0%}"))
    if found.tool_utility is not None:
        rows.append(("tool utility", f"{found.tool_utility:.0%}"))
    if found.thoughts_per_action is not None:
        rows.append(("thoughts per action", f"{found.thoughts_per_action:.2f}"))
    if found.tokens_per_task is not None:
        rows.append(("tokens per task", f"{found.tokens_per_task:,.0f}"))
    if found.thought_s or found.tool_s:
        rows.append(("thought / tools", f"{found.thought_s:.1f} s / {found.tool_s:.1f} s"))
    if found.peak_prompt_tokens:
        share = f" ({found.pressure:.0%} of the window)" if found.pressure is not None else ""
        rows.append(("fullest request", f"{found.peak_prompt_tokens:,} tokens{share}"))
    return [f"{name:20} {value}" for name, value in rows] + [f"! {one}" for one in found.advice]
