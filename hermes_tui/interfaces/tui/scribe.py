"""Carries out orders about texts: notes, what the memory finds, the clipboard, the transcript, own shell commands."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from hermes_tui.domain.memory import Landing
from hermes_tui.interfaces._servers import mcp_lines, skill_lines, tool_lines
from hermes_tui.interfaces._tables import recall_lines
from hermes_tui.interfaces.tui import choices
from hermes_tui.interfaces.tui.album import Album
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Span, foreign, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.opener import Opener
from hermes_tui.interfaces.tui.rows import Notice, Origin, Reply
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.interfaces.tui.shells import ShellKeeper

OUTPUT_LINES: Final = 2000


class Scribe:
    """The part of the clerk's orders that read and write texts."""

    def __init__(self, app: Host) -> None:
        self.app = app
        self._made = 0
        self.shells = ShellKeeper(app)
        self.album = Album(app)
        self.links = Opener(app)

    def do_remember(self, text: str) -> None:
        """Write a note."""
        if not text.strip():
            self.app.say("Say what to remember: # TEXT", "fail")
            return

        async def write() -> None:
            landed = await self.app.seat.errands.remember_note(text)
            kept = landed.landing is Landing.WRITTEN
            self.app.say(f"Kept in {landed.path}. F5 shows it." if kept else landed.message)
            await self.app.list_notes()

        self.app.start(write())

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

    def do_output(self, _: str) -> None:
        """Open the newest tool call."""
        self.app.workspace.console_pane.toggle_last_call()

    def do_recall(self, text: str) -> None:
        """Search the memory: what is found, with scores and reasons."""
        if not text:
            self.app.workspace.prompt.fill("/recall ")
            return

        async def look() -> None:
            found = await self.app.seat.errands.recall(text)
            lines = [line for hit in found for line in (*recall_lines(hit, why=True), "")]
            self.show_lines(f"recall {one_line(text)}", lines or [f"Nothing about “{one_line(text)}” in the memory."])

        self.app.start(look())

    def do_review(self, said: str) -> None:
        """Show the notes that wait, or accept or reject one."""

        async def look() -> None:
            lines = await asyncio.to_thread(self.app.seat.errands.review, said)
            await self.app.list_notes()
            if said:
                self.app.say(" ".join(lines))
            else:
                self.show_lines("notes that wait · /review accept ID or reject ID", lines)

        self.app.start(look())

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
            origin = Origin(key=key, at=app.look.now())
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

        self.app.start(run())
