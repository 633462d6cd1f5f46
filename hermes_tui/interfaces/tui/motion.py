"""How often the screen may change: as the operator, the terminal or a slow line wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hermes_tui.domain.values import frozen
from hermes_tui.interfaces._bridge import FRAME_S


@frozen(kw_only=False)
class Motion:
    """Seconds between frames of what arrives, and between moves of the clocks."""

    frame_s: float
    clock_s: float

    @property
    def step_s(self) -> float:
        """How many seconds a clock moves at once, whatever else is drawn between; 0 where it may move at any time."""
        return self.clock_s if self.clock_s > 1 else 0.0


FULL: Final = Motion(FRAME_S, 1.0)
REMOTE: Final = Motion(1 / 20, 1.0)
"""Over SSH each frame travels."""
REDUCED: Final = Motion(0.25, 10.0)


def motion_of(wanted: str, environ: Mapping[str, str]) -> Motion:
    """Return the motion of `ui.motion`; Textual's own variable for no animations counts as `reduced`."""
    if wanted == "reduced" or environ.get("TEXTUAL_ANIMATIONS") == "none":
        return REDUCED
    return REMOTE if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY") else FULL
