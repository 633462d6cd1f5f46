"""Between the screen and files, without making the screen wait: drafts, earlier prompts, names of files, themes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.events import ModelFailed, ModelFinished
from hermes_tui.domain.records import Record
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.themes import find_themes
from hermes_tui.services.drawer import Draft

if TYPE_CHECKING:
    from os import stat_result

    from textual.timer import Timer

BOOKED_S: Final = 1.5
OPENING_S: Final = 0.2
DRAFT_S: Final = 0.4
"""A draft is on disk this long after the last key."""


class DayReader:
    """Reads what all sessions spent today whenever this one spent something.

    The books lag behind while a run rests, so what this session spent since it was opened counts from its own records.
    """

    def __init__(self, app: Host) -> None:
        self.app = app
        self._due = False
        self._opened: tuple[float, float] | None = None

    def noticed(self, records: Sequence[Record]) -> None:
        """Read again soon if one of the records may have changed it: what is spent is booked after its record."""
        if not self._due and any(isinstance(record.body, ModelFinished | ModelFailed) for record in records):
            self._due = True
            self.app.set_timer(BOOKED_S, self._look)

    def _look(self) -> None:
        self._due = False
        self.app.start(self.read())

    async def read(self) -> None:
        """Read it and show it, once the kernel has read what this session did before."""
        seat, workspace = self.app.seat, self.app.workspace
        if seat.state.seq < workspace.seen:
            self.app.set_timer(OPENING_S, self._look)
            return
        spent = seat.state.spend.total.usd
        day, booked = await asyncio.to_thread(seat.errands.day_spent, seat.facts.session)
        self._opened = self._opened or (spent, booked)
        late = max(spent - self._opened[0] - (booked - self._opened[1]), 0.0)
        workspace.day_beside = day + late - spent
        if workspace.dock.is_attached:  # the operator may have left meanwhile
            workspace.refresh_panes()


class PaceReader:
    """Reads what steps took in this home's earlier runs, once: as soon as there is a plan whose time it tells of."""

    def __init__(self, app: Host) -> None:
        self.app = app
        self._read = False

    def noticed(self) -> None:
        """Read it if there is a plan of more than one task now."""
        if not self._read and len(self.app.seat.state.graph.tasks) > 1:
            self._read = True
            self.app.start(self.read())

    async def read(self) -> None:
        """Read it and show what follows from it."""
        seat, workspace = self.app.seat, self.app.workspace
        workspace.rates = await asyncio.to_thread(seat.errands.pace, seat.facts.session)
        if workspace.dock.is_attached:  # the operator may have left meanwhile
            workspace.refresh_panes()


class ThemeKeeper:
    """Looks after the folders of themes: an edited file is read again and drawn with at once."""

    def __init__(self, app: Host, folders: Sequence[Path]) -> None:
        self.app = app
        self.folders = folders
        self._known = self._stamps()

    def read(self) -> None:
        """Read every theme."""
        app = self.app
        app.themes, app.theme_errors = find_themes(self.folders)

    def look(self) -> None:
        """Read the themes again if a file of theirs is not what it was."""
        stamps = self._stamps()
        if stamps == self._known:
            return
        self._known = stamps
        app = self.app
        app.themes, app.theme_errors = find_themes(self.folders)
        for error in app.theme_errors:
            app.say(str(error), "fail")
        current = app.look.palette.theme
        if app.themes.get(current.name, current) != current:
            app.use_theme(current.name)
            app.refresh_css()

    def _stamps(self) -> dict[Path, int]:
        paths = (path for folder in self.folders for path in folder.glob("*.yaml"))
        return {path: stat.st_mtime_ns for path in paths if (stat := _stat(path)) is not None}


def _stat(path: Path) -> stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


class PromptKeeper:
    """Keeps what is typed, and brings back what was."""

    def __init__(self, app: Host) -> None:
        self.app = app
        self._kept: Draft | None = None
        self._timer: Timer | None = None
        self.begun = asyncio.Event()

    async def read(self) -> None:
        """Bring back the draft, the queue and the earlier prompts, then learn the names of the files.

        What was typed before there was a prompt comes first: until `begun`, nothing is put into it or kept.
        """
        drawer, workspace = self.app.seat.drawer, self.app.workspace
        draft = await asyncio.to_thread(drawer.draft)
        remembered = await asyncio.to_thread(drawer.remembered)
        await self.begun.wait()
        workspace.prompt.remembered[:0] = remembered
        self._kept = draft
        if draft.text:
            await self._bring_back(draft.text)
        if draft.queue:
            workspace.queue[:0] = draft.queue
            workspace.refresh_panes()
        self.changed()
        workspace.sources.files = await asyncio.to_thread(self.app.seat.errands.files)

    async def _bring_back(self, text: str) -> None:
        """Put a draft into the prompt; where something else stands there by now, into the history."""
        prompt = self.app.workspace.prompt
        if not prompt.text:
            prompt.fill(text)
            self.app.say("Your draft is back.")
            return
        await asyncio.to_thread(self.app.seat.errands.remember, text)
        prompt.remembered.append(text)
        self.app.say("What you had typed before is kept: Up brings it.")

    def remember(self, text: str) -> None:
        """Keep a prompt for later."""
        self.app.start(asyncio.to_thread(self.app.seat.errands.remember, text))

    @property
    def _now(self) -> Draft:
        return Draft(self.app.workspace.prompt.whole, list(self.app.workspace.queue))

    def changed(self) -> None:
        """Keep the draft soon."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.app.set_timer(DRAFT_S, self._keep)

    def _keep(self) -> None:
        draft = self._now
        if self._kept is not None and draft != self._kept:
            self._kept = draft
            self.app.start(asyncio.to_thread(self.app.seat.drawer.keep_draft, draft))

    def keep_now(self) -> None:
        """Keep the draft before anything else happens."""
        if self._kept is not None:
            self.app.seat.drawer.keep_draft(self._now)
