"""A plan, a mind-log and spending as lines of text, for a pipe, a shell or a line-mode terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.memory import Recalled
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.text import first_line, printable
from hermes_tui.services import contexts, costs, mindlog

MARKS: Final = {True: "✓", False: "×", None: "○"}
WIDTH: Final = 70
SHOWN: Final = 4


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows with their columns aligned; the last one is left as it is."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def when(at: float) -> str:
    """Return an instant in local time; a dash where it is not known."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) if at else "-"


def plan_lines(state: SessionState) -> Iterator[str]:
    """Yield the task graph: its revision, then a line for each task."""
    yield f"revision {state.graph.rev}   strategy {state.run.strategy or 'declared'}"
    rows = [
        (name, state.graph.state_of(name), task.kind, task.use, ",".join(task.needs), first_line(task.title, 50))
        for name, task in state.graph.tasks.items()
    ]
    yield from table(rows)


def mind_lines(entry: mindlog.Entry) -> Iterator[str]:
    """Yield what was done, why, what was expected and what came of it."""
    yield f"{entry.seq:>5} {MARKS[entry.met]} {entry.agent:8} {entry.kind:8} {first_line(entry.what, WIDTH)}"
    for name, text in (("why", entry.rationale), ("expects", entry.expectation), ("came", entry.outcome)):
        if text:
            yield f"{'':27}{name:8} {first_line(text, WIDTH)}"


def window_lines(state: SessionState, agent: AgentId) -> Iterator[str]:
    """Yield what is in an agent's window and why: the sections, then each message."""
    filled = state.windows.of(agent).filled
    if filled is None:
        yield f"{agent} has not asked a model yet."
    else:
        free = filled.window_tokens - filled.used_tokens - filled.output_tokens
        yield (
            f"{agent}: at most {filled.used_tokens:,} tokens in, {filled.output_tokens:,} out, "
            f"{free:,} free of {filled.window_tokens:,}"
        )
        rows = ((one.section, f"{one.tokens:,}", f"of {one.cap_tokens:,}", one.why) for one in filled.portions)
        yield from (f"  {line}" for line in table(rows))
    items = contexts.items(state, agent)
    shown = (
        ("summary" if one.index < 0 else str(one.index), one.role, f"{one.tokens:,}", one.why, one.text)
        for one in items
    )
    yield from (f"  {line}" for line in table(shown))


def cost_lines(found: Sequence[costs.Share], by: costs.By) -> list[str]:
    """Return what was spent, share by share, and the sum."""
    total = costs.total(found)
    rows = [
        (share.name, str(share.spent.calls), f"{share.spent.usage.total_tokens:,}", share.price)
        for share in (*found, total)
    ]
    rows[-1] = ("total", *rows[-1][1:])
    return table([(by, "calls", "tokens", "cost"), *rows])


def recall_lines(hit: Recalled, *, why: bool) -> Iterator[str]:
    """Yield what was found: where it is from, its words, its score and what makes it up; `why` names every part."""
    about = "  ".join(filter(None, (hit.kind or hit.layer, hit.speaker, when(hit.at), hit.source)))
    yield f"{hit.id}  {about}"
    for warning in hit.warnings:
        yield f"  ! {warning}"
    for line in hit.window or hit.text.split("\n")[:6]:
        yield f"  {line}"
    reasons = [f"{name} {share:+.2f}" for name, share in hit.features]
    yield f"  why: {hit.score:.2f} = {', '.join(reasons if why else reasons[:SHOWN])}{'' if why else ' …'}"
