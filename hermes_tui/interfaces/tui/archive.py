"""Other sessions and earlier moments: choose, rename, fork, look through, and rewind to an earlier prompt."""

from __future__ import annotations

import asyncio
from typing import Final

from hermes_tui.domain.commands import NameSession, UndoFiles
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import Record
from hermes_tui.interfaces import _steering as steering
from hermes_tui.interfaces.tui import choices
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import one_line
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.past import PLAIN, Past, said
from hermes_tui.interfaces.tui.screens.chooser import Choice, Chooser
from hermes_tui.interfaces.tui.screens.line_entry import LineEntry
from hermes_tui.interfaces.tui.screens.picker import SessionPicker

AT_ONCE: Final = 500
"""So many records are read between two words about how far it is; some tenth of a second."""
REWINDS = (
    ("fork", "a new session from before it", "this one stays as it is; files stay as they are"),
    ("both", "a new session from before it, files too", "files as they were then; an undo of that is one key away"),
    ("files", "only the files, as they were before it", "the conversation goes on and is told"),
)


class Archive:
    """What the clerk leaves to one who knows the shelves. Reading is done beside the screen's loop."""

    def __init__(self, app: Host, *, at_once: int = AT_ONCE) -> None:
        self.app = app
        self._at_once = at_once

    @property
    def here(self) -> str:
        """The session of this desk."""
        return str(self.app.seat.facts.session)

    # the picker

    def choose(self) -> None:
        """Choose a session and what to do with it."""
        app = self.app
        picker = SessionPicker(app.look)

        def taken(session: str | None) -> None:
            if session is None:
                return
            match picker.verb:
                case "travel":
                    self.travel(session)
                case "rename":
                    self.ask_name(session)
                case "fork":
                    app.start(self.fork(session, None))
                case _ if session != self.here:
                    app.leave_for(session)
                case _:
                    app.say("This session is open here.")

        async def read() -> None:
            found = await asyncio.to_thread(app.seat.errands.summaries)
            now, here = app.look.clock(), self.here
            picker.offer([choices.of_session(one, now, here) for one in found])

        app.push_screen(picker, taken)
        app.start(read())

    def ask_name(self, session: str) -> None:
        """Ask how a session is to be called."""

        def given(name: str | None) -> None:
            if name is not None:
                self.app.start(self.rename(session, name))

        entry = LineEntry(self.app.look, f"name of {one_line(session)}", hint="empty takes it back")
        self.app.push_screen(entry, given)

    async def rename(self, session: str, name: str) -> None:
        """Give a session a name."""
        if session == self.here:
            self.app.order(NameSession(name=name))
            self.app.say(f"This session is called {one_line(name)} now." if name else "It has no name any more.")
        else:
            self.app.say(await asyncio.to_thread(self.app.seat.errands.rename, session, name))

    async def export(self, name: str) -> None:
        """Write this session to one file, as it stands."""
        self.app.say("Writing this session to one file.")
        file = await asyncio.to_thread(self.app.seat.errands.export, self.here, name)
        self.app.say(f"{one_line(str(file))} holds this session. hermes replay reads it anywhere.")

    async def fork(self, session: str, at: Seq | None) -> None:
        """Make a session that begins where another stood, and open it."""
        new = await asyncio.to_thread(self.app.seat.errands.fork, session, at)
        self.app.leave_for(str(new))

    # time travel

    def travel(self, wanted: str, seq: Seq | None = None) -> None:
        """Look through a session; `wanted` is its id, empty for this one, and may end in `@` and a record."""
        name, at = steering.moment(wanted)
        self.app.start(self.travel_to(name or self.here, seq if at is None else at))

    async def travel_to(self, session: str, seq: Seq | None) -> None:
        """Read a session and show it as it was at a record, else at its last."""
        app = self.app
        if app.workspace.travelling:
            app.workspace.arrive()
        past = await self._read(session)
        if past is None:
            app.workspace.status.flash(())
            return
        if not len(past):
            here = session == self.here
            nothing = f"There is no session {one_line(session)[:40]}. F10 lists them."
            app.say("No record yet. What happens first can be looked at then." if here else nothing)
            return
        app.workspace.status.flash(())
        app.workspace.travel(past, seq if seq is not None else past.records[-1].seq)

    async def _read(self, session: str) -> Past | None:
        """Return what is on record of a session, or None where the operator leaves before all of it is read."""
        app, reading = self.app, object()
        app.workspace.reading = reading
        app.say(f"Reading session {one_line(session)}. Esc leaves it.")
        records = await asyncio.to_thread(app.seat.errands.records, session)
        past = Past(str(records[0].place.session) if records else session)
        for at in range(0, len(records), self._at_once):
            if app.workspace.reading is not reading:
                return None
            if at:
                app.say(f"Reading session {one_line(session)}, {at:,} of {len(records):,} records. Esc leaves it.")
            await asyncio.to_thread(past.extend, records[at : at + self._at_once])
        if app.workspace.reading is not reading:
            return None
        app.workspace.reading = None
        return past

    def from_scrubber(self, what: str) -> None:
        """Do what a key of the scrubber asks for."""
        {"find": self.find_record, "fork": self.fork_here, "copy": self.copy_name}[what]()

    def find_record(self) -> None:
        """Find a record of the past that is shown, by its words."""
        scrubber = self.app.workspace.scrubber
        past = scrubber.past
        if past is None:
            return
        rows: list[Choice] = []
        for at, record in enumerate(past.records):
            sign, words = said(record)
            mark = (sign.glyph, sign.role) if sign is not PLAIN else ("", "")
            right = f"{wording.clock(record.at)} {record.seq:>7,}"
            rows.append(Choice(value=str(at), name=words, right=right, sign=mark))

        def taken(at: str | None) -> None:
            if at is not None:
                scrubber.go(int(at))

        self.app.push_screen(Chooser(self.app.look, "records", rows, start=str(scrubber.index)), taken)

    def fork_here(self) -> None:
        """Fork at the record that is shown."""
        scrubber = self.app.workspace.scrubber
        if scrubber.past is not None:
            record = scrubber.past.records[scrubber.index]
            self.app.start(self.fork(scrubber.past.session, record.seq))

    def copy_name(self) -> None:
        """Copy what names the record that is shown; `/travel` takes it."""
        scrubber = self.app.workspace.scrubber
        if scrubber.past is not None:
            self.app.copy(f"{scrubber.past.session}@{scrubber.past.records[scrubber.index].seq}")

    # rewind

    def rewind(self) -> None:
        """Go back to before an earlier prompt: choose which, then what goes back."""
        app = self.app
        if app.workspace.live:
            app.say("A run is under way. Esc interrupts it, then /rewind goes back.", "warn")
            return

        async def read() -> None:
            records = await asyncio.to_thread(app.seat.errands.records, self.here)
            prompts = steering.prompts(records)
            if not prompts:
                app.say("Nothing was sent in this session yet.")
                return
            self._choose_prompt(prompts)

        app.start(read())

    def _choose_prompt(self, prompts: list[tuple[Record, str]]) -> None:
        now = self.app.look.clock()
        rows = [
            Choice(value=str(at), name=one_line(text), right=wording.day(record.at, now), cells=72)
            for at, (record, text) in enumerate(prompts)
        ]

        def taken(at: str | None) -> None:
            if at is not None:
                record, text = prompts[int(at)]
                self._choose_what(Seq(record.seq - 1), text)

        self.app.push_screen(Chooser(self.app.look, "rewind to before", list(reversed(rows))), taken)

    def _choose_what(self, before: Seq, text: str) -> None:
        rows = [Choice(value=value, name=name, about=about) for value, name, about in REWINDS]

        def taken(what: str | None) -> None:
            if what is not None:
                self.app.start(self._go_back(what, before, text))

        self.app.push_screen(Chooser(self.app.look, "what goes back", rows), taken)

    async def _go_back(self, what: str, before: Seq, text: str) -> None:
        app = self.app
        if what in ("both", "files"):
            app.order(UndoFiles(after=before))
        if what == "files":
            app.say(f"Files go back to record {before:,}; the agent is told.")
            return
        app.workspace.prompt.fill(text)
        if before < 1:
            app.leave_for("")
        else:
            await self.fork(self.here, before)
