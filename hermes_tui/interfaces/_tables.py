"""A plan, a mind-log and spending as lines of text, for a pipe, a shell or a line-mode terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.memory import Recalled
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.text import first_line, printable
from hermes_tui.interfaces._startable import states_now
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
    now = states_now(state)
    rows = [
        (name, now[name], task.kind, task.use, ",".join(task.needs), first_line(task.title, 50))
        for name, task in state.graph.tasks.items()
    ]
    yield from table(rows)


def mind_lines(entry: mindlog.Entry, *, marks: Mapping[bool | None, str] = MARKS) -> Iterator[str]:
    """Yield what was done, why, what was expected and what came of it; `marks` stand for how it ended."""
    yield f"{entry.seq:>5} {marks[entry.met]} {entry.agent:8} {entry.kind:8} {first_line(entry.what, WIDTH)}"
    for name, text in (("why", entry.rationale), ("expects", entry.expectation), ("came", entry.outcome)):
        if text:
            yield f"{'':26}{'':{len(marks[None])}}{name:8} {first_line(text, WIDTH)}"


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


def cost_lines(
    found: Sequence[costs.Share], by: costs.By, others: Mapping[str, Sequence[costs.Share]] = MappingProxyType({})
) -> list[str]:
    """Return what was spent, share by share, and the sum; over several days also what that is a day.

    `others` are the same shares by other policies: each is a column, and is set against what was spent.
    """
    total = costs.total(found)
    days = len(total.days)
    daily = days > 1 and by != "day"
    heads = [by, "calls", "tokens", "cost", *(["a day"] if daily else []), *(f"if {name}" for name in others)]
    rows = [[share.name, *_spent(share, days if daily else 0)] for share in (*found, total)]
    for shares in others.values():
        prices = {share.name: share.price for share in shares}
        for row, price in zip(rows, [*(prices[share.name] for share in found), costs.total(shares).price], strict=True):
            row.append(price)
    return [*table([heads, *rows]), *_compared(total, {name: costs.total(shares) for name, shares in others.items()})]


def _spent(share: costs.Share, days: int) -> list[str]:
    spent = share.spent
    daily = [f"${spent.usd / days:.4f}" if spent.calls > spent.unknown else "unknown"] if days else []
    return [str(spent.calls), f"{spent.usage.total_tokens:,}", share.price, *daily]


def _compared(total: costs.Share, others: Mapping[str, costs.Share]) -> Iterator[str]:
    """Yield how each policy compares with what was spent, and with the policy that is named last."""
    against = {"was spent": total, **dict(list(others.items())[-1:])}
    for name, share in others.items():
        said = [
            f"{costs.apart(share, other)} than {other_name}"
            for other_name, other in against.items()
            if other is not share and costs.apart(share, other)
        ]
        if said:
            yield f"{name}: {', '.join(said)}."


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
