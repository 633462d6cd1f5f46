"""Commands beside the session on screen: a list to choose from, and the output of one as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from hermes_tui.domain.commands import StartShell, StopShell
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.state.shells import Shell, ending, lasted_s, well
from hermes_tui.interfaces import _shells as shells
from hermes_tui.interfaces.tui import choices
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, foreign, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, IN_DOUBT, LEFT, RUNNING, Sign
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.panes._pane import Sheet
from hermes_tui.interfaces.tui.screens.chooser import Choice, Chooser
from hermes_tui.interfaces.tui.screens.page import Page

LOOK_S: Final = 0.5
"""A shown output is read again this often while its command runs."""


def sign_of(shell: Shell) -> Sign:
    """Return the sign of a command's state."""
    if shell.ended is None:
        return RUNNING
    if well(shell.ended):
        return DONE
    return {"stopped": LEFT, "lost": IN_DOUBT}.get(shell.ended.end, FAILED)


def standing(shell: Shell, now: float) -> str:
    """Say since when a command runs and until when at most, or how it ended."""
    if shell.ended is not None:
        return f"{ending(shell.ended)} · {wording.took(lasted_s(shell.ended))}"
    return f"running {wording.elapsed(now - shell.started_at)} of {wording.elapsed(shell.started.timeout_s)}"


class OutputPage(Page):
    """What one command printed, following while it runs."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "stop", "stop the command that is shown", id="shells.stop")]

    def __init__(self, look: Look, shell_id: str, order: Callable[[StopShell], None]) -> None:
        super().__init__(look, shell_id, lambda _: self.lines)
        self.shell_id = shell_id
        self.order = order
        self.running = False
        self.lines: list[Line] = []
        self.sheet = Sheet(look, name="page-lines", follows=True)

    def show(self, shell: Shell, lines: list[str], now: float) -> None:
        """Show how the command stands and what it printed."""
        width = self.size.width
        sign = sign_of(shell)
        title: tuple[Span, ...] = (
            (f"{sign.glyph} {self.shell_id} ", f"{sign.role} bold"),
            *foreign(one_line(shell.started.command), "text bold"),
            *foreign(f" · {standing(shell, now)}", "muted"),
        )
        self.running = running = shell.ended is None
        self.rule.say(title, ((f"{'x stops it · ' if running else ''}Esc closes", "muted"),))
        nothing = "Nothing printed yet." if running else "It printed nothing."
        self.lines = choices.page_lines(lines or [nothing], width)
        self.sheet.show(self.lines)

    def action_stop(self) -> None:
        """End the command, if it still runs."""
        if self.running:
            self.order(StopShell(shell_id=self.shell_id))


class ShellKeeper:
    """Begins, lists, shows and stops commands beside the session."""

    def __init__(self, app: Host) -> None:
        self.app = app

    def begin(self, command: str) -> bool:
        """Begin a command that ends in `&`; return whether it does."""
        beside = shells.beside(command)
        if beside:
            self.app.order(StartShell(command=beside))
        return bool(beside)

    def do(self, argument: str) -> None:
        """List the commands, show the output of one, or stop it."""
        state = self.app.seat.state.shells
        try:
            stop = shells.stop_of(state, argument)
            if stop is not None:
                self.app.order(stop)
            elif argument:
                self._show(shells.shell_of(state, argument).started.shell_id)
            elif state.by_id:
                self._list()
            else:
                self.app.say(shells.NONE_YET)
        except UsageInvalid as error:
            self.app.say(f"{error.message} {error.hint}".strip(), "fail")

    def _list(self) -> None:
        app, now = self.app, self.app.look.clock()
        found = [_choice(shell, now) for shell in reversed(list(app.seat.state.shells.by_id.values()))]
        hint = "Enter shows its output, x there stops it · Esc leaves"

        def taken(shell_id: str | None) -> None:
            if shell_id is not None:
                self._show(shell_id)

        app.push_screen(Chooser(app.look, "shells", found, hint=hint), taken)

    def _show(self, shell_id: str) -> None:
        page = OutputPage(self.app.look, shell_id, self.app.order)
        seen: list[Shell] = []

        async def read() -> None:
            shell = self.app.seat.state.shells.by_id[shell_id]
            lines = await asyncio.to_thread(shells.output_lines, shell)
            if page.is_attached:
                page.show(shell, lines, self.app.look.clock())
                seen[:] = [shell]

        def look() -> None:
            # Once the end was shown, nothing can change any more.
            if not seen or seen[0].ended is None:
                self.app.start(read())

        self.app.push_screen(page)
        page.set_interval(LOOK_S, look)
        page.call_after_refresh(look)


def _choice(shell: Shell, now: float) -> Choice:
    sign = sign_of(shell)
    return Choice(
        value=shell.started.shell_id,
        name=f"{shell.started.shell_id} {one_line(shell.started.command)}",
        about=standing(shell, now),
        right=wording.clock(shell.started_at),
        sign=(sign.glyph, sign.role),
    )
