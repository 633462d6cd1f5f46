"""What every order in line mode stands on: the session behind the prompt, the lines above it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.domain.commands import Command, Decide, GoOn
from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.events import ModeChanged, ModelFinished, RunStarted, ToolFinished, ToolRequested
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.tasks import Mode
from hermes_tui.interfaces._bridge import Seat
from hermes_tui.interfaces._telling import told
from hermes_tui.interfaces.plain.card import Answering
from hermes_tui.interfaces.plain.reader import Reader
from hermes_tui.interfaces.plain.sheet import Sheet
from hermes_tui.interfaces.plain.speech import Speech
from hermes_tui.services.missing import Missing
from hermes_tui.services.sessions import resumable

CENT: Final = 0.01


class Host:
    """Line mode as those see it who carry out orders; it knows none of them.

    `take` does what a line says that was queued, as if it were typed now.
    """

    reader: Reader
    speech: Speech

    def __init__(self, seat: Seat, earlier: Callable[[], Sequence[Record]]) -> None:
        self.seat = seat
        self.earlier = earlier
        self.workspace = Path(seat.facts.workspace)
        self.brains: Sequence[Brain | Missing] = ()
        self.live = self.frozen = False
        self.queue: list[str] = []
        self.wants_key = ""
        modes = [record.body.mode for record in earlier() if isinstance(record.body, RunStarted | ModeChanged)]
        self.policy_mode: Mode = modes[-1] if modes else seat.facts.config.policy.mode
        self.sheet = Sheet()
        self.answering = Answering()
        self.take: Callable[[str], None] = lambda _: None
        self.left = False
        self.following: str | None = None
        self.tasks = asyncio.TaskGroup()
        self._work: set[asyncio.Task[None]] = set()

    def say(self, text: str, role: str = "text") -> None:
        """Print a line above the prompt, broken between words."""
        self.reader.above(self.sheet.prose(text, role))

    def show(self, text: str, role: str = "text") -> None:
        """Print what is to be read to the letter: code, a change, what a command printed."""
        self.reader.above(self.sheet.line(text, role))

    @property
    def state(self) -> SessionState:
        """The session as it is."""
        return self.seat.state

    def records(self) -> Sequence[Record]:
        """Return every record of the session that is on disk."""
        return self.earlier()

    def calls(self) -> list[tuple[ToolRequested, ToolFinished | None]]:
        """Return every tool call with what came of it, oldest first."""
        requested: dict[str, ToolRequested] = {}
        done: dict[str, ToolFinished] = {}
        for record in self.records():
            if isinstance(record.body, ToolRequested):
                requested[record.body.call_id] = record.body
            elif isinstance(record.body, ToolFinished):
                done[record.body.call_id] = record.body
        return [(call, done.get(key)) for key, call in requested.items()]

    def replies(self) -> list[str]:
        """Return what models said in this session, oldest first; what was just heard may not be on disk yet."""
        bodies = (record.body for record in self.records())
        spoken = (body.message.text for body in bodies if isinstance(body, ModelFinished))
        return self.speech.replies or [text for text in spoken if text.strip()]

    def told(self) -> Iterator[str]:
        """Return every line that the session so far would have printed."""
        return told(self.records(), signs=False)

    def order(self, command: Command) -> None:
        """Hand a command to the kernel; an answer wakes a run that waits for it."""
        self.seat.send(command)
        if isinstance(command, Decide) and not self.live and resumable(self.state):
            self.seat.send(GoOn())

    def spent(self) -> str:
        """Say what the run has spent of its cap; what is less than a cent is not nothing."""
        usd, cap = self.state.spend.run.usd, self.state.run.limits.usd
        spent = f"{usd:.4f}" if 0 < usd < CENT else f"{usd:.2f}"
        return f"spent ${spent}" + (f" of {cap:.2f}" if cap else "")

    async def look_for_brains(self) -> None:
        """Ask each provider what it offers."""
        self.brains = await self.seat.look()

    def leave(self, following: str | None) -> None:
        """Leave for another session or for good; what runs is stopped resumably."""
        if self.left:
            return
        if self.live:
            self.say("The run pauses at a safe point and can be resumed: hermes --plain -c, then /resume.")
        self.left, self.following = True, following
        for task in self._work:
            task.cancel()
        self.reader.stop()

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Do something that takes time; what goes wrong is said."""
        task = self.tasks.create_task(self._guarded(work))
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        # Who leaves cancels what has not begun, of which Python would complain on the terminal.
        task.add_done_callback(lambda _: work.close())

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except HermesError as error:
            self.say(f"{error.message} {error.hint}".strip(), "fail")
        self.refresh()

    def refresh(self) -> None:
        """Show the prompt as it is now; while a run prints, a dumb terminal shows none until something is typed."""
        self.reader.refresh(quiet=not self.live or self.answering.open)
