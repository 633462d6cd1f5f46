"""What the window's title says: am I needed, how far it is, and what for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hermes_tui.domain.state import SessionState
from hermes_tui.domain.tasks import TaskState
from hermes_tui.interfaces.tui.drawing.cells import fit, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import NEEDS_YOU, RUNNING, Sign
from hermes_tui.interfaces.tui.notices import ENDINGS

GOAL_CELLS: Final = 60


def title_of(state: SessionState, workspace: str, *, frozen: bool = False) -> str:
    """Return the title: what is needed or how it stands, tasks done, and the goal; none of it steers a terminal."""
    run, waiting = state.run, len(state.calls.waiting)
    if run.goal is None:
        return f"Hermes · {fit(one_line(Path(workspace).name), GOAL_CELLS)}"
    done = sum(status.state is TaskState.DONE for status in state.graph.status.values())
    count = len(state.graph.tasks)
    parts = [_standing(state, frozen=frozen) if not waiting else f"{NEEDS_YOU.glyph} {waiting}"]
    parts += [f"{done}/{count}"] if count > 1 else []
    return " · ".join([*parts, fit(one_line(run.goal.text.strip().partition("\n")[0]), GOAL_CELLS)])


def _standing(state: SessionState, *, frozen: bool) -> str:
    sign, word = ENDINGS[state.run.ended.status] if state.run.ended is not None else (RUNNING, RUNNING.word)
    if frozen and state.run.ended is None:
        sign, word = Sign("■", "frozen", "warn"), "frozen"
    return f"{sign.glyph} {word}"
