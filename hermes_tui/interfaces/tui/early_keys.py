"""What is typed before there is a prompt: kept, and typed into it in order once it is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.terminal import Terminal

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.message_pump import MessagePump


class EarlyKeys:
    """Keeps keys and pastes until the prompt has the focus."""

    def __init__(self, app: Host) -> None:
        self.app = app
        self._kept: list[Message] | None = []

    def keep(self, event: events.Event) -> bool:
        """Keep an event if it is input and too early; return whether it was."""
        if self._kept is None or not isinstance(event, events.Key | events.Paste):
            return False
        if isinstance(event, events.Key) and event.key == "ctrl+j":
            # Without a first frame the terminal was in its own mode, in which Enter is a line feed.
            event = events.Key("enter", event.character)
        self._kept.append(event)
        return True

    async def type(self, driver: Driver | None) -> None:
        """Type what was kept, each key once the one before has been taken."""
        terminal = driver if isinstance(driver, Terminal) else None
        kept, self._kept = self._kept or [], None
        for event in (*kept, *(terminal.take_over() if terminal is not None else ())):
            self.app.post_message(event)
            for pump in (self.app, self.app.workspace.prompt, *self.app.workspace.prompt.ancestors):
                await _caught_up(pump)


async def _caught_up(pump: MessagePump) -> None:
    """Wait until a widget has taken all that was posted to it; a key it has no use for goes on to the one around it."""
    reached = asyncio.Event()
    if pump.call_later(reached.set):
        await reached.wait()
