"""The signs that several views share, with their words and roles, and how each sign is drawn without Unicode."""

from __future__ import annotations

from typing import Final

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


RUNNING: Final = Sign("●", "running", "accent")
WAITING: Final = Sign("○", "waiting", "muted")
DONE: Final = Sign("✓", "done", "ok", "muted")
FAILED: Final = Sign("×", "failed", "fail")
NEEDS_YOU: Final = Sign("◊", "needs you", "warn")
STOPPED: Final = Sign("■", "stopped", "warn")
LEFT: Final = Sign("■", "stopped", "muted")
"""What was begun when the run ended around it."""
IN_DOUBT: Final = Sign("?", "in doubt", "warn")

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
