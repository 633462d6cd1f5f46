"""What the operator writes: the prompt with its queue, completions and open question, and a word in answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Mode
from hermes_tui.interfaces._bridge import Seat
from hermes_tui.interfaces._completion import Offered, Sources
from hermes_tui.interfaces.tui.bars import QueueRows, StatusLine
from hermes_tui.interfaces.tui.dock import Dock
from hermes_tui.interfaces.tui.graph.queued import NONE, queued
from hermes_tui.interfaces.tui.journey import Journey
from hermes_tui.interfaces.tui.layout import roomy
from hermes_tui.interfaces.tui.offers import Offers
from hermes_tui.interfaces.tui.panes._pane import Pane, View
from hermes_tui.interfaces.tui.prompt import Prompt
from hermes_tui.interfaces.tui.rules import Mark, TitleRule
from hermes_tui.interfaces.tui.screens._timeline import Timeline
from hermes_tui.interfaces.tui.vim import Mode as VimMode

FLASH_S: Final = 6.0


class Entry(Timeline):
    """The panes' screen with a place to write. What becomes of a line is the app's."""

    class Typed(Message):
        """A line from the prompt."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Drafted(Message):
        """The draft or the queue changed."""

    def __init__(
        self,
        journey: Journey,
        seat: Seat,
        earlier: Callable[[], Sequence[Record]],
        panes: Sequence[Pane],
        monotonic: Callable[[], float],
    ) -> None:
        look = journey.look
        self.monotonic = monotonic
        self.queue: list[str] = []
        self.sources = Sources()
        self.dock = Dock(look, monotonic)
        self.queue_rows = QueueRows(look)
        self.offers = Offers(look, self.sources)
        self.prompt = Prompt(self.offers)
        super().__init__(journey, seat, earlier, panes, resting_place=self.prompt)
        self.prompt_rule = TitleRule(look, "goal")
        self.status = StatusLine(look)

    def stops(self) -> list[Widget]:
        """Return what Tab stops at; an open question comes after the prompt."""
        rest, *others = super().stops()
        asked = [self.dock.card] if self.dock.display and not self.travelling else []
        return [rest, *asked, *others]

    def compose_entry(self) -> ComposeResult:
        """What the scrubber takes the place of."""
        with Vertical(id="entry"):
            yield self.queue_rows
            yield self.dock
            yield self.offers
            yield self.prompt_rule
            with Horizontal(id="prompt-line"):
                yield Mark(self.look)
                yield self.prompt

    @property
    def planned(self) -> bool:
        """Whether the last run ended well in mode plan, so that its plan can be approved."""
        ended = self.seat.state.run.ended
        mode = self.chronicle.mode_in_force(self.seat.facts.config.policy.mode)
        return mode is Mode.PLAN and ended is not None and ended.status == "done"

    def show_prompt(self) -> None:
        """Say who reads what is typed, and which keys do what with it."""
        self.prompt.busy, self.prompt.queued = self.live, len(self.queue)
        self.queue_rows.show(self.queue)
        if not self.live:
            self.queue_rows.wait(NONE)
        title = "to main" if self.live else "goal · run unfinished" if self.unfinished else "goal"
        mode = self.prompt.mode
        title += f" · {mode.value}" if mode is not None else ""
        leaves = "interrupt" if mode in (None, VimMode.NORMAL) else "commands"
        busy = (("Enter", "steer"), ("Tab", "queue"), ("Esc", leaves))
        said = " · ".join(f"{key} {means}" for key, means in (busy if self.live else self.idle_keys()))
        self.prompt_rule.say(((title, "text bold"),), ((said, "muted"),) if roomy(*self.size) else ())

    def idle_keys(self) -> Sequence[tuple[str, str]]:
        """Return the keys that the prompt's rule names while nothing runs."""
        more = ("/resume", "goes on") if self.unfinished else ("/", "commands")
        more = ("/approve", "carries the plan out") if self.planned else more
        return (("Enter", "send"), more, ("F1", "keys"))

    def show_waiting(self, view: View) -> None:
        """Say how many tasks wait for a free slot; asked once a tick, so that no short wait makes the rows jump."""
        limits = view.facts.config.planning.at_once
        self.queue_rows.wait(queued(view.state.graph, limits) if self.live and not self.frozen else NONE)

    def say(self, text: str, role: str = "text") -> None:
        """Say something in the status line for a moment."""
        self.status.flash(((text, role),))
        self.set_timer(FLASH_S, lambda: self.status.unflash(text))

    @on(TextArea.Changed, "#prompt")
    @on(TextArea.SelectionChanged, "#prompt")
    def _edited_draft(self, event: Message) -> None:
        event.stop()
        if isinstance(event, TextArea.Changed):
            if self.prompt.mode in (None, VimMode.INSERT):
                self.offers.look_up(self.prompt.before_cursor)
            else:
                self.offers.show(Offered())
            self.post_message(self.Drafted())

    @on(Prompt.ModeMoved)
    def _mode_moved(self, event: Prompt.ModeMoved) -> None:
        event.stop()
        self.show_prompt()

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        event.stop()
        if isinstance(event, Prompt.Queued):
            self.enqueue(event.text)
        else:
            self._own_app.post_message(self.Typed(event.text))

    def enqueue(self, text: str) -> None:
        """Keep words for after the run."""
        self.queue.append(text)
        self.show_prompt()
        self.post_message(self.Drafted())

    @on(Prompt.EditQueueAsked)
    def _edit_queue(self, event: Prompt.EditQueueAsked) -> None:
        event.stop()
        if self.queue:
            self.prompt.fill(self.queue.pop())
            self.show_prompt()

    @on(Prompt.TabAsked)
    def _tab(self, event: Prompt.TabAsked) -> None:
        event.stop()
        self.action_next_pane()
