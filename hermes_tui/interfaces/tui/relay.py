"""Hands on what the kernel says: to the panes, to the window's title, and to an operator who looks elsewhere."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from hermes_tui.interfaces.tui import notices
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.headline import title_of
from hermes_tui.interfaces.tui.terminal import Terminal

if TYPE_CHECKING:
    from hermes_tui.interfaces._bridge import Batch
    from hermes_tui.interfaces.tui.files import DayReader, PaceReader
    from hermes_tui.interfaces.tui.host import Host

TIDY_S: Final = 0.3
"""So long after a run its remains are let go of: its end is on screen by then, and whoever reads it is not kept."""

PLANNED: Final = (
    "/approve carries the plan out in mode ask; words change it first.",
    "/approve carries the plan out.",
)
"""What is said once there is a plan to approve, until the next run begins."""


class Relay:
    """Takes in a frame's worth of records and parts."""

    def __init__(self, app: Host, day: DayReader, pace: PaceReader) -> None:
        self.app = app
        self._day = day
        self._pace = pace

    def take(self, batch: Batch) -> None:
        """Show what came, and call the operator where something waits or has ended."""
        app, workspace = self.app, self.app.workspace
        was_live, known = workspace.live, len(workspace.chronicle.asked)
        replies = workspace.console_pane.transcript.replies
        switch = replies.switch
        workspace.absorb(batch)
        if replies.switch is not switch:
            self._say_shortly(replies.switch)
        self._day.noticed(batch.records)
        self._pace.noticed()
        if batch.records:
            self.entitle()
        for error in batch.troubles:
            app.say(f"{error.message} {error.hint}".strip(), "fail")
        ended = was_live and not workspace.live
        if ended and workspace.planned:
            self._say_shortly(PLANNED, "accent")
        if workspace.live and not was_live:
            for said in PLANNED:
                workspace.status.unflash(said)
        if len(workspace.chronicle.asked) > known:
            app.beacon.call(notices.question_said(workspace.chronicle.asked.values()))
        elif ended:
            app.beacon.call(notices.outcome_said(app.seat.state))
        if ended:
            # A run leaves cycles behind, which would wait for tens of thousands of others before they are looked for.
            app.set_timer(TIDY_S, partial(gc.collect, 1))

    def _say_shortly(self, choices: Sequence[str], role: str = "text") -> None:
        """Say the longest that fits the status line: nothing if none does, so that no row of the console repeats it."""
        said = next((one for one in choices if cell_len(one) + 2 <= self.app.size.width), "")
        if said:
            self.app.say(one_line(said), role)

    def entitle(self) -> None:
        """Let the window's title say how it stands, unless it is to be left alone."""
        app, facts = self.app, self.app.seat.facts
        if isinstance(app.terminal, Terminal) and facts.config.ui.title:
            app.terminal.entitle(title_of(app.seat.state, facts.workspace, frozen=app.workspace.frozen))
