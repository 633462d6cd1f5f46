"""What the panes show: now, folded as it comes, or a moment of the past with the scrubber in place of the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.message import Message
from textual.widget import Widget

from hermes_tui.domain.commands import Command, Decide, GoOn
from hermes_tui.domain.estimate import Rates
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Record
from hermes_tui.interfaces._bridge import Seat
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.journey import Journey
from hermes_tui.interfaces.tui.panes._pane import Pane, View
from hermes_tui.interfaces.tui.past import Past
from hermes_tui.interfaces.tui.screens._stage import Stage
from hermes_tui.interfaces.tui.scrubber import Scrubber
from hermes_tui.services.missing import Missing


class Timeline(Stage):
    """Folds records for the panes. `live` and `frozen` speak of now, whatever is looked at.

    `reading` stands for a session that is being read to be looked through; whoever reads it stops once it is another.
    """

    class Ordered(Message):
        """Something for the kernel."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command

    class Refused(Message):
        """An order cannot be carried out while the past is shown; `text` says why."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Moved(Message):
        """The panes are to show another moment."""

    def __init__(
        self,
        journey: Journey,
        seat: Seat,
        earlier: Callable[[], Sequence[Record]],
        panes: Sequence[Pane],
        *,
        resting_place: Widget,
    ) -> None:
        super().__init__(journey.look, {str(pane.id): pane for pane in panes}, resting_place=resting_place)
        self.journey = journey
        self.scrubber = journey.scrubber
        self.seat = seat
        self.earlier = earlier
        self.chronicle = Chronicle()
        self.seen = 0
        self.day_beside: float | None = None
        self.rates: Rates | None = None
        self.live = self.frozen = False
        self.brains: Sequence[Brain | Missing] | None = None
        self.reading: object | None = None
        self._at_present = resting_place

    @property
    def unfinished(self) -> bool:
        """Whether a run was begun, does not go on, and could."""
        return not self.live and self.seat.state.run.resumable

    @property
    def travelling(self) -> bool:
        """Whether the past is shown."""
        return self.journey.past is not None

    def take(self, records: Sequence[Record]) -> None:
        """Take in what happened and was not seen yet."""
        new = [record for record in records if record.seq > self.seen]
        if not new:
            return
        for record in new:
            self.chronicle.take(record)
        self.seen = new[-1].seq
        self.journey.take(new)
        self._look_ahead(new)

    def cut_off(self) -> None:
        """Say of everything under way that Hermes ended before it did."""
        self.chronicle.cut_off()
        self.journey.cut_off()

    @property
    def day_usd(self) -> float | None:
        """What all sessions spent today; None if nobody looked. `day_beside` is that without this one's total."""
        return None if self.day_beside is None else self.day_beside + self.seat.state.spend.total.usd

    @property
    def brain_name(self) -> str:
        """Who answers: the model that was asked last, else the first that can."""
        able = [one.name for one in self.brains or () if isinstance(one, Brain)]
        return self.chronicle.model or next(iter(able), "")

    def with_what_follows(self, command: Command) -> Sequence[Command]:
        """Return an order with what goes with it: an answer takes up the run that waited for it."""
        return (command, GoOn()) if isinstance(command, Decide) and self.unfinished else (command,)

    def view_now(self) -> View:
        """Return what the panes show."""
        able = [one for one in self.brains or () if isinstance(one, Brain)]
        then = self.journey.moment
        return View(
            state=then.state if then is not None else self.seat.state,
            chronicle=then.chronicle if then is not None else self.chronicle,
            facts=self.seat.facts,
            now=self.look.clock(),
            live=self.live if then is None else then.live,
            frozen=self.frozen and then is None,
            past=then is not None,
            day_usd=self.day_usd if then is None else None,
            brain=None if self.brains is None else able[0].name if able else "",
            brains=self.brains or (),
            windows={one.name: one.window_tokens for one in able},
            rates=self.rates,
        )

    # time travel

    def travel(self, past: Past, seq: Seq) -> None:
        """Show a session as it was after record `seq`."""
        self.resting_place = self.scrubber
        self.add_class("-past")
        self.journey.begin(past, past.index_of(seq))
        self._look_ahead(())
        self.scrubber.focus()
        self.post_message(self.Moved())

    def arrive(self) -> None:
        """Show now again, with the draft as it was."""
        self.journey.end()
        self.resting_place = self._at_present
        self.remove_class("-past")
        self.resting_place.focus()
        self.post_message(self.Moved())

    def _look_ahead(self, records: Sequence[Record]) -> None:
        self.journey.follow(str(self.seat.facts.session), records, self.seat.state, live=self.live)

    @on(Scrubber.Moved)
    def _scrubbed(self, event: Message) -> None:
        event.stop()
        self.journey.move()
        self._look_ahead(())
        self.post_message(self.Moved())

    @on(Scrubber.Left)
    def _left(self, event: Message) -> None:
        event.stop()
        self.arrive()

    def step_back_in_time(self) -> None:
        """Go one layer back: out of what is being read, to the scrubber, out of its question, to now."""
        if self.reading is not None:
            self.reading = None
        elif not self.scrubber.has_focus:
            self.scrubber.focus()
        elif not self.scrubber.step_back():
            self.arrive()

    def send(self, command: Command) -> None:
        """Send an order of a pane to the kernel; while the past is shown, say why that is not possible."""
        if self.journey.moment is None:
            self.post_message(self.Ordered(command))
        else:
            self.post_message(self.Refused(self.fixed))

    @property
    def fixed(self) -> str:
        """Why nothing can be changed in what is looked at; empty where that is now."""
        moment = self.journey.moment
        if moment is None:
            return ""
        return f"You are viewing {wording.clock(moment.record.at)}. End returns to now, f starts a fork from here."
