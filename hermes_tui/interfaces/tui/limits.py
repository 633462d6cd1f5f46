"""Every limit in force on one page: what may be spent, how much of it is, and where each is changed."""

from __future__ import annotations

from typing import Final

from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, one_line, pad, wrap
from hermes_tui.interfaces.tui.drawing.glyphs import UNKNOWN
from hermes_tui.interfaces.tui.panes._pane import View

NAME_CELLS: Final = 28
FIGURE_CELLS: Final = 11
ABOUT: Final = (
    "A cap binds before it is passed: no call starts that could pass one. + raises that of the run, "
    "F3 F3 those of roles, budgets in config.yaml the others."
)


def limit_lines(view: View, width: int) -> list[Line]:
    """Return the page: a row for each cap, with what of it is spent."""
    state, config = view.state, view.facts.config
    spent, budgets = state.spend.run, config.budgets
    # Before the first run there is only what the config has for it.
    run = state.run.limits if state.run.run is not None else None
    run_usd = run.usd if run is not None else budgets.run.usd
    run_tokens = run.tokens if run is not None else budgets.run.tokens
    rows = [
        ("one call", UNKNOWN, _usd(budgets.call.usd)),
        ("run, money", wording.money(spent.usd), _usd(run_usd)),
        ("run, tokens", wording.tokens(spent.usage.total_tokens), _count(run_tokens)),
    ]
    if run is not None and run.steps is not None:
        rows.append(("run, steps", f"{state.steps:,}", f"{run.steps:,}"))
    if run is not None and run.seconds is not None:
        rows.append(("run, time", wording.elapsed(_seconds(view)), wording.elapsed(run.seconds)))
    rows.append(("all sessions today", wording.money(view.day_usd), _usd(budgets.day.usd)))
    capped = ((name, brain.budget) for name, brain in config.brains.items())
    by_role = state.spend.by_role
    rows += [
        (f"role {one_line(name)}", wording.money(by_role[name].usd if name in by_role else 0.0), _usd(cap.usd))
        for name, cap in capped
        if cap.usd is not None
    ]
    head = Line(((_row("limit of", "spent", "cap"), "muted"),))
    about = [Line(((" ", ""), *spans)) for spans in wrap(((ABOUT, "muted"),), width - 2)]
    return [head, *(Line(((_row(*row), "text"),)) for row in rows), EMPTY, *about]


def _seconds(view: View) -> float:
    """Return how long the run has gone on since it was begun or taken up, without its pauses."""
    run = view.state.run
    until = view.now if view.live else view.chronicle.ended or view.chronicle.last_at
    return max(0.0, (run.paused_at or until) - run.resumed_at - run.paused_s)


def _row(name: str, spent: str, cap: str) -> str:
    return f" {pad(name, NAME_CELLS)}{spent:>{FIGURE_CELLS}}{cap:>{FIGURE_CELLS}}"


def _usd(cap: float | None) -> str:
    return "none" if cap is None else wording.money(cap)


def _count(cap: int | None) -> str:
    return "none" if cap is None else wording.tokens(cap)
