"""Time travel: the panes show a past instead of now, the scrubber moves in it, and leaving gives now back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.panes.console import ConsolePane
from hermes_tui.interfaces.tui.panes.mind_log import MindLogPane
from hermes_tui.interfaces.tui.past import Moment, Past
from hermes_tui.interfaces.tui.scrubber import Scrubber, Tick


class Journey:
    """Which moment the panes show; `moment` is None while that is now."""

    def __init__(self, look: Look, console: ConsolePane, mind: MindLogPane) -> None:
        self.look = look
        self.scrubber = Scrubber(look)
        self.moment: Moment | None = None
        self._console = console
        self._mind = mind

    @property
    def past(self) -> Past | None:
        """The session that is looked at."""
        return self.scrubber.past

    def take(self, records: Sequence[Record]) -> None:
        """Let the panes that are made of rows add what happened."""
        self._console.take(records)
        self._mind.take(records)

    def cut_off(self) -> None:
        """Let them say of what was under way when Hermes ended without closing that its end is not known."""
        self._console.cut_off()
        self._mind.cut_off()

    def begin(self, past: Past, index: int) -> None:
        """Show a session at one of its records."""
        self.scrubber.open(past, index)
        self.move()

    def move(self) -> None:
        """Show the record that the scrubber is at."""
        past = self.scrubber.past
        if past is None:
            return
        self.moment = past.at(self.scrubber.index)
        self.look.held_at = self.moment.record.at
        self._console.show_past(self.moment.rows)
        self._mind.show_past(self.moment.thoughts)

    def follow(self, session: str, records: Iterable[Record], now: SessionState, *, live: bool) -> None:
        """Take in what happens meanwhile, if it is this session that is looked at."""
        past = self.scrubber.past
        if past is None:
            return
        if past.session == session:
            past.extend(record for record in records if record.seq > past.records[-1].seq)
        newer = len(past) - 1 - self.scrubber.index
        self.scrubber.say(Tick(newer, live and past.session == session, len(now.calls.waiting)))

    def end(self) -> None:
        """Show now again."""
        self.scrubber.close()
        self.moment = self.look.held_at = None
        self._console.show_now()
        self._mind.show_now()
