"""What the window's title says: am I needed, how far it is, and what for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from hermes_tui.domain.state import SessionState
from hermes_tui.domain.tasks import TaskState
from hermes_tui.interfaces.tui.drawing.cells import fit, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import NEEDS_YOU, RUNNING, Sign
from hermes_tui.interfaces.tui.notices import ENDINGS

GOAL_CELLS: Final = 60
SAVE: Final = "\x1b[22;2t"
GIVE_BACK: Final = "\x1b]2;\a\x1b[23;2t"
"""Clears the title, then takes the one that was saved: a terminal that saved none is left without, not with ours."""
TITLELESS: Final = ("dumb", "unknown", "linux", "vt", "cons", "ansi", "eterm")
"""How terminals are named that have no title, and that may print what is meant for one."""


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


class WindowTitle:
    """Writes a title where it is another one than before, and gives back the one that was found."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._shown = ""

    def show(self, title: str) -> None:
        """Show a title; the first one saves what stood there."""
        if title != self._shown:
            self._write(f"{'' if self._shown else SAVE}\x1b]2;{title}\a")
            self._shown = title

    def give_back(self) -> str:
        """Put the title back that was found; return the one that was shown."""
        shown, self._shown = self._shown, ""
        if shown:
            self._write(GIVE_BACK)
        return shown


def takes_title(term: str) -> bool:
    """Return whether a terminal of this name has a title."""
    return bool(term) and not term.startswith(TITLELESS)
