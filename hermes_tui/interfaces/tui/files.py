"""Between the screen and files, without making the screen wait: drafts, earlier prompts, names of files, notes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.events import ModelFailed, ModelFinished
from hermes_tui.domain.records import Record
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.panes.memory import MemoryPane
from hermes_tui.interfaces.tui.themes import as_textual, find_themes
from hermes_tui.services.errands import Draft

if TYPE_CHECKING:
    from os import stat_result

    from textual.timer import Timer

BOOKED_S: Final = 1.5
DRAFT_S: Final = 0.4
"""A draft is on disk this long after the last key."""


class DayReader:
    """Reads what all sessions spent today whenever this one spent something."""

    def __init__(self, app: Host) -> None:
        self.app = app
        self._due = False

    def noticed(self, records: Sequence[Record]) -> None:
        """Read again soon if one of the records may have changed it: what is spent is booked after its record."""
        if not self._due and any(isinstance(record.body, ModelFinished | ModelFailed) for record in records):
            self._due = True
            self.app.set_timer(BOOKED_S, self._look)

    def _look(self) -> None:
        self._due = False
        self.app.start(self.read())

    async def read(self) -> None:
        """Read it and show it."""
        self.app.workspace.day_usd = await asyncio.to_thread(self.app.seat.errands.day_spent)
        self.app.workspace.refresh_panes()


class ThemeKeeper:
    """Looks after the folders of themes: an edited file is read again and drawn with at once."""

    def __init__(self, app: Host, folders: Sequence[Path]) -> None:
        self.app = app
        self.folders = folders
        self._known = self._stamps()

    def look(self) -> None:
        """Read the themes again if a file of theirs is not what it was."""
        stamps = self._stamps()
        if stamps == self._known:
            return
        self._known = stamps
        app = self.app
        app.themes, app.theme_errors = find_themes(self.folders)
        for theme in app.themes.values():
            app.register_theme(as_textual(theme))
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
        self._kept = Draft()
        self._timer: Timer | None = None

    async def read(self) -> None:
        """Bring back the draft, the queue and the earlier prompts, then learn the names of the files."""
        errands, workspace = self.app.seat.errands, self.app.workspace
        draft = await asyncio.to_thread(errands.draft)
        remembered = await asyncio.to_thread(errands.remembered)
        workspace.prompt.remembered[:0] = remembered
        if draft.text and not workspace.prompt.text:
            workspace.prompt.fill(draft.text)
            self.app.say("Your draft is back.")
        if draft.queue and not workspace.queue:
            workspace.queue.extend(draft.queue)
            workspace.refresh_panes()
        workspace.sources.files = await asyncio.to_thread(errands.files)

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
        if draft != self._kept:
            self._kept = draft
            self.app.start(asyncio.to_thread(self.app.seat.errands.keep_draft, draft))

    def keep_now(self) -> None:
        """Keep the draft before anything else happens."""
        self.app.seat.errands.keep_draft(self._now)


class NoteKeeper:
    """Does what the memory pane wants and hands back what was found."""

    def __init__(self, app: Host) -> None:
        self.app = app

    def do(self, wanted: MemoryPane.Wanted) -> None:
        """Carry out one wish."""
        self.app.start(self._do(wanted))

    async def _do(self, wanted: MemoryPane.Wanted) -> None:
        notebook = self.app.seat.errands.notebook
        match wanted.what:
            case "list":
                await self.app.list_notes()
            case "note":
                await self._show(wanted.path)
            case "diff":
                diff = await notebook.diff(wanted.path, wanted.commit)
                self.app.workspace.memory_pane.take_diff(wanted.commit, diff)
            case "save":
                await self._save(wanted.path, wanted.text, wanted.before)
            case "editor":
                edited = self.app.in_editor(wanted.before)
                if edited is not None and edited != wanted.before:
                    await self._save(wanted.path, edited, wanted.before)
            case "search":
                found = await self.app.seat.errands.recall(wanted.text)
                self.app.workspace.memory_pane.take_hits(wanted.text, found)
            case "accept" | "reject":
                said = await asyncio.to_thread(self.app.seat.errands.review, f"{wanted.what} {wanted.text}")
                self.app.say(" ".join(said))
                await self.app.list_notes()
            case "revert":
                commit = await notebook.revert(wanted.path, wanted.commit)
                self.app.say(f"Taken back: {wanted.commit}. Commit {commit} by operator.")
                await self._show(wanted.path)
            case _:
                commit = await notebook.forget(wanted.path)
                self.app.say(f"Forgotten: {wanted.path}, commit {commit}. git keeps what it said.")
                await self.app.list_notes()

    async def _show(self, path: str) -> None:
        notebook = self.app.seat.errands.notebook
        text = await asyncio.to_thread(notebook.read, path)
        history = await notebook.history(path)
        self.app.workspace.memory_pane.take_note(path, text, history)

    async def _save(self, path: str, text: str, before: str) -> None:
        commit = await self.app.seat.errands.notebook.write(path, text, before=before)
        self.app.say(f"Saved {path}, commit {commit} by operator.")
        await self.app.list_notes()
