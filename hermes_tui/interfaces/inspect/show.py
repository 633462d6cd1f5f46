"""A run as a person reads it: goal, state, tasks, spend, approvals, files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.state.standing import standing
from hermes_tui.domain.tasks import TaskState
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces._startable import states_now
from hermes_tui.interfaces._tables import table, when
from hermes_tui.services import costs, history, kpis

MARKS: Final = {
    TaskState.PENDING: "·",
    TaskState.READY: "◦",
    TaskState.RUNNING: "●",
    TaskState.WAITING: "○",
    TaskState.PAUSED: "■",
    TaskState.DONE: "✓",
    TaskState.FAILED: "×",
    TaskState.SKIPPED: "»",
    TaskState.CANCELLED: "–",
}
WIDTH: Final = 78


def lines(records: Sequence[Record], *, live: bool) -> list[str]:
    """Return everything about a run that helps to decide what to do next."""
    state = fold_all(records)
    session = records[0].place.session if records else "-"
    shown = [_head(session, state, live=live), *_goal(state), *_end(state)]
    for title, part in (
        ("where it is", [*standing(state.graph).lines()] if state.graph.tasks else []),
        ("tasks", _tasks(state)),
        ("criteria", [f"{'✓' if c.ok else '×'} {c.text}  {first_line(c.evidence, 40)}" for c in state.run.criteria]),
        ("approvals", _approvals(state)),
        ("in doubt", [] if live else _doubts(session, state)),
        ("circuits", _circuits(state)),
        ("files", [f"{change.change:9} {change.path}" for change in state.calls.changed.values()]),
        ("artifacts", [f"{made.path}  {made.size_bytes:,} bytes" for made in state.run.artifacts]),
        ("spent", _spent(records)),
        ("figures", kpis.lines(kpis.kpis(records))),
    ):
        shown += ["", title, *(f"  {line}" for line in part)] if part else []
    return shown


def _head(session: str, state: SessionState, *, live: bool) -> str:
    status = history.status_of(state, live=live)
    resumed = f", resumed {state.run.resumed} times" if state.run.resumed else ""
    return f"session {session}   {status}   started {when(state.run.started_at)}{resumed}   mode {state.run.mode}"


def _goal(state: SessionState) -> list[str]:
    goal = state.run.goal
    if goal is None:
        return ["It has no run yet."]
    place = [f"file      {goal.path}"] if goal.path else []
    return [f"goal      {first_line(goal.text, WIDTH)}", *place, f"workspace {state.run.workspace}"]


def _end(state: SessionState) -> list[str]:
    ended = state.run.ended
    if ended is None:
        return []
    head, *more = ended.reason.splitlines() or [""]
    said = [f"reason    {head}", *(f"        {line}" for line in more)] if head else []
    answer = [f"answer    {first_line(ended.answer, WIDTH)}"] if ended.answer else []
    return [*said, *answer]


def _tasks(state: SessionState) -> list[str]:
    rows: list[Sequence[str]] = []
    now = states_now(state)
    for task in state.graph.tasks.values():
        status = state.graph.status[task.id]
        note = first_line(status.note or task.title, 60)
        tries = f"{status.attempts}×" if status.attempts > 1 else ""
        rows.append((MARKS[now[task.id]], task.id, now[task.id], f"{status.seconds:.1f} s", tries, note))
    return table(rows)


def _approvals(state: SessionState) -> list[str]:
    rows: list[Sequence[str]] = []
    for key, asked in state.calls.asked.items():
        given = state.calls.given.get(key)
        answer = f"{given.decision} by {given.by}" if given else "waits"
        reason = f" ({first_line(given.reason, 40)})" if given and given.reason else ""
        what = f"{asked.tool}: {first_line(asked.what, 60)}"
        rows.append((key, f"{answer}{reason}", f"{asked.asker}: {what}" if asked.asker else what))
    return table(rows)


def _doubts(session: str, state: SessionState) -> list[str]:
    return [
        f"{one.intent.tool} of task {one.place.task or '-'}: hermes runs resolve {session} "
        f"{one.place.task or one.intent.call_id} --done | --again"
        for one in state.calls.intents.values()
    ]


def _circuits(state: SessionState) -> list[str]:
    """Return what failed lately and has not worked since; an open one says until when it is left alone."""
    return table(
        (
            name,
            f"open until {when(one.closed_to_all_until)}" if one.open_until else "closed",
            f"{one.failures} failures",
            first_line(one.why, 60),
        )
        for name, one in state.circuits.items()
    )


def _spent(records: Sequence[Record]) -> list[str]:
    found = costs.shares(records, "model")
    if not found:
        return []
    return table(
        (share.name, f"{share.spent.calls} calls", f"{share.spent.usage.total_tokens:,} tokens", share.price)
        for share in [*found, costs.total(found)]
    )
