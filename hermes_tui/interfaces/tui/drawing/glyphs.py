"""The signs of every state, with its word and role, and how each sign is drawn without Unicode."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.tasks import TaskState
from hermes_tui.domain.values import frozen


@frozen(kw_only=False)
class Sign:
    """A state as an operator sees it: never by colour alone."""

    glyph: str
    word: str
    role: str
    word_role: str = ""

    @property
    def said(self) -> str:
        """The role of the word."""
        return self.word_role or self.role


TASK: Final = {
    TaskState.PENDING: Sign("·", "pending", "muted"),
    TaskState.READY: Sign("◦", "ready", "text"),
    TaskState.RUNNING: Sign("●", "running", "accent"),
    TaskState.WAITING: Sign("○", "waiting", "muted"),
    TaskState.PAUSED: Sign("■", "paused", "muted"),
    TaskState.DONE: Sign("✓", "done", "ok", "muted"),
    TaskState.FAILED: Sign("×", "failed", "fail"),
    TaskState.SKIPPED: Sign("»", "skipped", "muted"),
    TaskState.CANCELLED: Sign("–", "cancelled", "muted"),
}
NEEDS_YOU: Final = Sign("◊", "needs you", "warn")
STOPPED: Final = Sign("■", "stopped", "warn")
LEFT: Final = Sign("■", "stopped", "muted")
"""What was begun when the run ended around it."""
IN_DOUBT: Final = Sign("?", "in doubt", "warn")
RUNNING, WAITING, DONE, FAILED = (
    TASK[state] for state in (TaskState.RUNNING, TaskState.WAITING, TaskState.DONE, TaskState.FAILED)
)

UNKNOWN: Final = "–"
"""What stands for a number that nobody knows."""

_PAIRS: Final = (
    *("✓v", "×x", "●*", "○o", "◦,", "◊!", "·.", "■=", "»>", "–-", "—-", "•:", "›>", "►+", "▼-", "▌>", "…~", "→>"),
    *("←<", "↑^", "↓v", "─-", "═=", "│|", "║#", "█#", "▒=", "░."),
    *(f"{edge}+" for edge in "┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬╤╧╪╢╟╫"),
    *("▁_", "▂.", "▃.", "▄-", "▅=", "▆=", "▇#"),
)
ASCII: Final = {ord(pair[0]): pair[1] for pair in _PAIRS}
"""For `str.translate`: one cell for one cell."""
