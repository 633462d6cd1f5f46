"""Does what the memory pane wants: reads, changes and searches the notes, or reads them as they were."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.interfaces.tui.branch import branch_of
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.given_notes import given_lines
from hermes_tui.interfaces.tui.note_conflict import Conflict
from hermes_tui.interfaces.tui.panes._note_wishes import Wish
from hermes_tui.interfaces.tui.panes.memory import MemoryPane
from hermes_tui.services.memory.notebook import counted
from hermes_tui.services.unsaved_notes import UnsavedNote, UnsavedNotes

if TYPE_CHECKING:
    from hermes_tui.interfaces.tui.host import Host
    from hermes_tui.interfaces.tui.past import Moment

NONE_THEN: Final = "No note had been kept by then."
NOBODY_KNOWS: Final = "No git keeps these notes, so nobody knows how they were."


class NoteKeeper:
    """Carries out one wish after the other and hands back what was found."""

    def __init__(self, app: Host) -> None:
        self.app = app
        self._commit = ""

    @property
    def _pane(self) -> MemoryPane:
        return self.app.workspace.memory_pane

    def do(self, wanted: Wish) -> None:
        """Carry out one wish; where the past is looked at, of its notes."""
        moment = self.app.workspace.journey.moment
        self.app.start(self._do(wanted) if moment is None else self._do_then(wanted, moment))

    # now

    async def _do(self, wanted: Wish) -> None:
        errands = self.app.seat.errands
        match wanted.what:
            case "list":
                await self._offer_unsaved()
                await self.app.list_notes()
            case "count":
                await self._count()
            case "keep":
                await self._keep(wanted.path)
            case "note":
                await self._show(wanted.path)
            case "diff":
                await self._show_diff(wanted)
            case "blame":
                self._pane.take_blame(await asyncio.to_thread(errands.blame, wanted.path))
            case "why":
                records = await asyncio.to_thread(self.app.workspace.earlier)
                self._pane.take_given(wanted.path, given_lines(records, wanted.path))
            case "add":
                self._begin_note()
            case "search":
                self._pane.take_hits(wanted.text, await errands.recall(wanted.text))
            case _:
                await self._change(wanted)

    async def _count(self) -> None:
        """Say on the first page how many notes there are, and where it is."""
        errands, seat = self.app.seat.errands, self.app.seat
        notes = await asyncio.to_thread(errands.notebook.notes)
        in_git = await asyncio.to_thread(lambda: errands.past_notes.kept)
        branch = await asyncio.to_thread(branch_of, Path(seat.facts.workspace))
        self.app.workspace.show_surroundings(notes=counted(notes), in_git=in_git, branch=branch)

    async def _change(self, wanted: Wish) -> None:
        errands, notebook = self.app.seat.errands, self.app.seat.errands.notebook
        match wanted.what:
            case "save":
                await self._save(wanted.path, wanted.text, wanted.before)
            case "editor":
                edited = self.app.in_editor(wanted.text)
                if edited is not None and edited != wanted.text and not self._pane.refuses(wanted.path, edited):
                    await self._save(wanted.path, edited, wanted.before)
            case "theirs":
                await self._keep_theirs(wanted)
            case "accept" | "reject":
                said = await asyncio.to_thread(errands.review, f"{wanted.what} {wanted.text}")
                self.app.say(" ".join(said))
                await self.app.list_notes()
            case "pin":
                self.app.say(await asyncio.to_thread(errands.pin, wanted.path))
                await self.app.list_notes()
            case "revert":
                commit = await notebook.revert(wanted.path, wanted.commit)
                self.app.say(f"Taken back: {wanted.commit}, {commit}.")
                await self._show(wanted.path)
            case _:
                commit = await notebook.forget(wanted.path)
                await self._settled(wanted.path)
                self.app.say(f"Forgotten: {wanted.path}, {commit}. git keeps what it said.")
                await self.app.list_notes()

    def _begin_note(self) -> None:
        workspace = self.app.workspace
        workspace.restore(focus=False)
        if not workspace.prompt.text:
            workspace.prompt.fill("# ")
        else:
            self.app.say("# at the start of a line writes a note; your draft stands here.")
        workspace.prompt.focus()

    async def _show(self, path: str) -> None:
        notebook = self.app.seat.errands.notebook
        text = await self._text(path)
        if text is None and path not in self._pane.conflicts:
            self.app.say(f"{path} is not on disk any more.", "warn")
            await self.app.list_notes()
            return
        self._pane.take_note(path, text or "", await notebook.history(path))

    async def _text(self, path: str) -> str | None:
        """Return what stands on disk; None where nothing does any more."""
        try:
            return await asyncio.to_thread(self.app.seat.errands.notebook.read, path)
        except FileNotFoundError:
            return None

    async def _show_diff(self, wanted: Wish) -> None:
        diff = await self.app.seat.errands.notebook.diff(wanted.path, wanted.commit)
        self._pane.take_diff(wanted.commit, diff)

    async def _save(self, path: str, text: str, before: str) -> None:
        notebook = self.app.seat.errands.notebook
        try:
            commit = await notebook.write(path, text, before=before)
        except UsageInvalid:
            theirs = await asyncio.to_thread(notebook.read, path)
            at = await asyncio.to_thread(notebook.changed_at, path)
            conflict = Conflict(path=path, before=before, mine=text, theirs=theirs, at=at)
            await asyncio.to_thread(self._unsaved.keep, _unsaved_of(conflict))
            self._pane.take_conflict(conflict)
            return
        await self._settled(path)
        self.app.say(f"Saved {path}, {commit}.")
        await self.app.list_notes()

    async def _keep_theirs(self, wanted: Wish) -> None:
        """Leave what stands on disk; what was written here goes into a file of its own."""
        kept = await asyncio.to_thread(self.app.seat.errands.keep_copied, wanted.text)
        await self._settled(wanted.path)
        self.app.say(f"Theirs stays; yours is in {kept}.")
        await self._show(wanted.path)

    # both texts of a note

    @property
    def _unsaved(self) -> UnsavedNotes:
        return UnsavedNotes(self.app.seat.drawer.premises.home.state / "notes")

    async def _settled(self, path: str) -> None:
        """Forget that there were two texts: one of them was chosen."""
        self._pane.settled(path)
        await asyncio.to_thread(self._unsaved.drop, path)

    async def _keep(self, path: str) -> None:
        """Keep what stands for yours now."""
        conflict = self._pane.conflicts.get(path)
        if conflict is not None:
            await asyncio.to_thread(self._unsaved.keep, _unsaved_of(conflict))

    async def _offer_unsaved(self) -> None:
        """Offer again what an earlier session left without an answer; what says the same by now needs none."""
        for kept in await asyncio.to_thread(self._unsaved.every):
            if kept.path in self._pane.conflicts:
                continue
            theirs = await self._text(kept.path) or ""
            if theirs == kept.mine:
                await asyncio.to_thread(self._unsaved.drop, kept.path)
                continue
            both = Conflict(path=kept.path, before=kept.before, mine=kept.mine, theirs=theirs, at=kept.at)
            self._pane.take_kept(both)

    async def remind(self) -> None:
        """Say at the start that there are two texts of a note, which nobody has chosen from yet."""
        await self._offer_unsaved()
        names = ", ".join(one_line(path.rpartition("/")[2]) for path in self._pane.conflicts)
        if names:
            self.app.say(f"{names} changed outside Hermes. Yours and theirs are both kept. F5 shows them.", "warn")

    # then

    async def _do_then(self, wanted: Wish, moment: Moment) -> None:
        match wanted.what:
            case "list":
                await self._list_then(moment)
            case "note":
                await self._show_then(wanted.path, moment)
            case "diff":
                await self._show_diff(wanted)
            case _:
                self.app.say(self.app.workspace.fixed, "warn")

    async def _list_then(self, moment: Moment) -> None:
        past = self.app.seat.errands.past_notes
        at = moment.record.at
        commit = await asyncio.to_thread(past.commit_at, at)
        notes = await asyncio.to_thread(past.notes, commit) if commit else []
        if self._still(moment):
            self._commit = commit
            as_of = f"as of {wording.moment(at, time.time())}"
            none = NONE_THEN if past.kept else NOBODY_KNOWS
            self._pane.take_past(notes, f"{as_of} · {commit[:7]}" if commit else as_of, none)

    async def _show_then(self, path: str, moment: Moment) -> None:
        errands = self.app.seat.errands
        text = await asyncio.to_thread(errands.past_notes.read, path, self._commit)
        history = await errands.notebook.history(path)
        if self._still(moment):
            known = [change for change in history if change.commit and change.at <= moment.record.at]
            self._pane.take_note(path, text, known)

    def _still(self, moment: Moment) -> bool:
        """Whether it is this moment that is looked at."""
        return self.app.workspace.journey.moment is moment


def _unsaved_of(conflict: Conflict) -> UnsavedNote:
    """Return what is kept of two texts: theirs is on disk."""
    return UnsavedNote(conflict.path, conflict.before, conflict.mine, conflict.at)
