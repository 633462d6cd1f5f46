"""Carries out orders about texts: notes, what the memory finds, the clipboard, the transcript, own shell commands."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.memory import Landing
from hermes_tui.interfaces._servers import mcp_lines, skill_lines, tool_lines
from hermes_tui.interfaces._tables import recall_lines
from hermes_tui.interfaces.tui import choices
from hermes_tui.interfaces.tui.album import Album
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Span, foreign, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED
from hermes_tui.interfaces.tui.opener import Opener
from hermes_tui.interfaces.tui.panes.memory import NOTHING_STANDS_OUT
from hermes_tui.interfaces.tui.rows import Notice, Origin, Reply
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.interfaces.tui.shells import ShellKeeper

if TYPE_CHECKING:
    from hermes_tui.interfaces.tui.app import HermesApp

OUTPUT_LINES: Final = 2000


class Scribe:
    """The part of the clerk's orders that read and write texts."""

    def __init__(self, app: HermesApp) -> None:
        self.app = app
        self._made = 0
        self.shells = ShellKeeper(app)
        self.album = Album(app)
        self.links = Opener(app)

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Do something that takes time; what goes wrong is said."""
        self.app.run_worker(self._guarded(work), exit_on_error=True)

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except HermesError as error:
            self.app.say(f"{error.message} {error.hint}".strip(), "fail")

    def do_remember(self, text: str) -> None:
        """Write a note."""
        if not text.strip():
            self.app.say("Say what to remember: # TEXT", "fail")
            return

        async def write() -> None:
            landed = await self.app.seat.errands.remember_note(text)
            kept = landed.landing is Landing.WRITTEN
            self.app.say(f"Kept in {landed.path}. F5 shows it." if kept else landed.message)
            await self.list_notes()

        self.start(write())

    def do_tools(self, _: str) -> None:
        """Show every tool and whose it is."""
        self.show_lines("tools", tool_lines(self.app.seat.errands.station.tools))

    def do_mcp(self, name: str) -> None:
        """Show how each tool server stands, or the tools of one."""
        self.show_lines(
            f"tools of {one_line(name)}" if name else "tool servers", mcp_lines(self.app.seat.errands, name)
        )

    def do_skills(self, _: str) -> None:
        """Show what agents know how to do."""
        self.show_lines("skills", skill_lines(self.app.seat.errands.station.skills.listed))

    async def list_notes(self) -> None:
        """Show the notes as they stand on disk, unless the past is looked at."""
        errands = self.app.seat.errands
        notes = await asyncio.to_thread(errands.notebook.notes)
        standing = await asyncio.to_thread(errands.standing) if notes else NOTHING_STANDS_OUT
        if not self.app.workspace.travelling:
            self.app.workspace.memory_pane.take_notes(notes, standing)

    def do_output(self, _: str) -> None:
        """Open the newest tool call."""
        self.app.action_last_call()

    def do_recall(self, text: str) -> None:
        """Search the memory: what is found, with scores and reasons."""
        if not text:
            self.app.workspace.prompt.fill("/recall ")
            return

        async def look() -> None:
            found = await self.app.seat.errands.recall(text)
            lines = [line for hit in found for line in (*recall_lines(hit, why=True), "")]
            self.show_lines(f"recall {one_line(text)}", lines or [f"Nothing about “{one_line(text)}” in the memory."])

        self.start(look())

    def do_review(self, said: str) -> None:
        """Show the notes that wait, or accept or reject one."""

        async def look() -> None:
            lines = await asyncio.to_thread(self.app.seat.errands.review, said)
            await self.list_notes()
            if said:
                self.app.say(" ".join(lines))
            else:
                self.show_lines("notes that wait · /review accept ID or reject ID", lines)

        self.start(look())

    def show_lines(self, title: str, lines: list[str]) -> None:
        """Show lines of text on a page of their own."""
        self.app.push_screen(Page(self.app.look, title, partial(choices.page_lines, lines)))

    def do_copy(self, _: str) -> None:
        """Copy the last reply."""
        rows = self.app.workspace.console_pane.view.window.rows
        last = next((row for row in reversed(rows) if isinstance(row, Reply) and row.text.strip()), None)
        if last is None:
            self.app.say("There is no reply to copy yet.")
        else:
            self.app.copy(last.text)

    def do_find(self, wanted: str) -> None:
        """Search the transcript backwards."""
        view = self.app.workspace.console_pane.view
        view.wanted = wanted
        if not wanted or view.window.search(wanted, -1) < 0:
            self.app.say(f"Nothing about “{one_line(wanted)}” in the transcript.")
            return
        view.focus()
        view.action_find_next(-1)

    def do_open(self, target: str) -> None:
        """Open a web page, or a file at its line."""
        if target:
            self.links.open(target.removeprefix("@"))
        else:
            self.app.workspace.prompt.fill("/open ")

    def do_image(self, path: str) -> None:
        """Put a picture into the prompt: of a file, or the one on the clipboard."""
        self.album.attach(path.removeprefix("@"))

    def do_shells(self, argument: str) -> None:
        """List the commands beside the session, show the output of one, or stop it."""
        self.shells.do(argument)

    def shell(self, command: str) -> None:
        """Run the operator's own command and show what it printed; one that ends in `&` runs beside the session."""
        app = self.app
        if self.shells.begin(command):
            return
        self._made += 1
        key = ("own", self._made)

        def row(sign: tuple[str, str], spans: tuple[Span, ...], details: str = "") -> Notice:
            origin = Origin(key=key, at=app.look.clock())
            return Notice(origin=origin, sign=choices.sign(*sign), spans=spans, details=details)

        async def run() -> None:
            title: tuple[Span, ...] = (("! ", "accent"), *foreign(one_line(command), "text bold"))
            app.workspace.console_pane.say(row(("●", "accent"), (*title, (" runs", "muted"))))
            done = await app.seat.errands.run(command)
            output = (done.stdout + done.stderr).decode("utf-8", "replace").rstrip("\n")
            sign = DONE if done.exit_code == 0 else FAILED
            lines = output.splitlines()
            printed = wording.count(len(lines), "line")
            end = f" exit {done.exit_code} · {printed} · {done.seconds:.1f} s · not sent to the model"
            shown = row((sign.glyph, sign.role), (*title, (end, "muted")), "\n".join(lines[:OUTPUT_LINES]))
            app.workspace.console_pane.view.window.opened.add(key)
            app.workspace.console_pane.say(shown)

        self.start(run())
