"""What one agent heard, said and did, as it goes on; what is said here goes to that agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.state import SessionState
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.drawing.cells import Span, one_line
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.graph.detail import conversation
from hermes_tui.interfaces.tui.panes._pane import Sheet
from hermes_tui.interfaces.tui.screens.page import Page

LOOK_S: Final = 0.5
"""The agent's state is looked at this often; only what changed is drawn."""


class AgentPage(Page):
    """The transcript of one agent; it follows while its last line is in view."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("i", "steer", "tell this agent something", id="agent.steer")]

    def __init__(self, look: Look, agent: AgentId, state: Callable[[], SessionState]) -> None:
        super().__init__(look, f"transcript of {one_line(agent)}", lambda width: conversation(state(), agent, width))
        self.agent = agent
        self.state = state
        self.sheet = Sheet(look, name="page-lines", follows=True)
        self._shown: object = None

    @property
    def out(self) -> bool:
        """Whether the agent is a subagent that can still be told something."""
        status = self.state().agents.by_id.get(self.agent)
        return status is not None and status.ended is None

    def on_mount(self) -> None:
        """Show it, and look again from time to time."""
        super().on_mount()
        self._look()
        self.set_interval(LOOK_S, self._look)

    def _look(self) -> None:
        """Draw it again if anything was said, or the agent ended."""
        talk, out = self.state().talk.of(self.agent), self.out
        shown = (len(talk.messages), len(talk.unread), out, self.size.width)
        if shown != self._shown and self.size.width:
            self._shown = shown
            hint: tuple[Span, ...] = (("i", "accent"), (" tells it something · ", "muted")) if out else ()
            self.rule.say(self.rule.title, (*hint, ("Esc closes", "muted")))
            self.sheet.show(list(self.draw(self.size.width)))

    def action_steer(self) -> None:
        """Ask for words; the agent reads them before its next reply."""
        if self.out:
            self.post_message(OrderAsked("steer", self.agent))
