"""What is typed before the workstation is complete: kept, and typed into it in order once it can be taken.

The keys that leave are not kept: what is being opened may hang.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from textual import events
from textual.message import Message

from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.terminal import Terminal

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.message_pump import MessagePump

CLEAR: Final = "app.copy"
WAYS_OUT: Final = {"app.leave": "ctrl+q", "app.quit": "ctrl+d", CLEAR: "ctrl+c"}
"""What leaves, and its usual key: none of them needs a pane."""
TWICE_S: Final = 1.0
"""The second of two keys that leave together comes so soon after the first."""


class EarlyKeys:
    """Keeps keys and pastes: all until the prompt has the focus, then all from the first that is more than a word.

    A word only changes the prompt. Any other key may ask for a pane, and those come a moment after the prompt.
    """

    def __init__(self, app: Host) -> None:
        self.app = app
        self._kept: list[Message] | None = []
        self._typing: list[Message] = []
        self._writes = False
        self._cleared = -TWICE_S

    def keep(self, event: events.Event) -> bool:
        """Keep an event if it is input and too early; return whether it was."""
        if self._kept is None or not isinstance(event, events.Key | events.Paste) or self._is_typed(event):
            return False
        if self._goes_out(event):
            return True
        if self._writes and not self._kept and _is_word(event):
            return False
        if isinstance(event, events.Key) and event.key == "ctrl+j":
            # Without a first frame the terminal was in its own mode, in which Enter is a line feed.
            event = events.Key("enter", event.character)
        self._kept.append(event)
        return True

    def take_over(self, driver: Driver | None) -> None:
        """Keep what was typed into the first frame, too."""
        if isinstance(driver, Terminal) and self._kept is not None:
            self._take(driver.take_over())

    def _take(self, typed: Iterable[Message]) -> None:
        for one in typed:
            if self._kept is not None and not self._goes_out(one):
                self._kept.append(one)

    def _goes_out(self, event: Message) -> bool:
        """Leave if that is what a key means; return whether it was one of those."""
        if not isinstance(event, events.Key) or self._kept is None:
            return False
        named = self.app.seat.outlook.keys
        meant = {name for name, usual in WAYS_OUT.items() if event.key in named.get(name, usual).split(",")}
        if "app.quit" in meant and (self._kept or self.app.prompt.text):
            return False
        if meant == {CLEAR}:
            self._clear(self._kept)
        elif meant:
            self.app.leave_for(None)
        return bool(meant)

    def _clear(self, kept: list[Message]) -> None:
        """Take back all that was typed; twice within a second, leave."""
        if self.app.monotonic() - self._cleared < TWICE_S:
            self.app.leave_for(None)
            return
        self._cleared = self.app.monotonic()
        kept.clear()
        self.app.prompt.take()
        self.app.say("Still opening the session. Ctrl+C again leaves.")

    async def write(self) -> None:
        """Type the words that were kept; from now on words pass, as long as nothing else was typed before them."""
        kept = self._kept or []
        while words := list(takewhile(_is_word, kept)):
            del kept[: len(words)]
            await self._type(words)
        self._writes = True

    async def hold(self) -> None:
        """Keep words, too, until `write` is called again; those that went on before have been taken."""
        self._writes = False
        await self._taken()

    async def type(self) -> None:
        """Type the rest, each key once the one before has been taken; from now on everything passes."""
        while self._kept:
            await self._type([self._kept.pop(0)])
        self._kept = None

    async def _type(self, keys: list[Message]) -> None:
        self._typing = keys
        for one in keys:
            self.app.post_message(one)
        await self._taken()

    def _is_typed(self, event: Message) -> bool:
        return any(event is one for one in self._typing)

    async def _taken(self) -> None:
        """Wait until all that was typed is where it belongs."""
        prompt = self.app.prompt
        for pump in (self.app, prompt, *prompt.ancestors):
            await _caught_up(pump)


def _is_word(event: Message) -> bool:
    """Whether an event does nothing but write."""
    if isinstance(event, events.Key):
        return event.is_printable or event.key == "backspace"
    return isinstance(event, events.Paste)


async def _caught_up(pump: MessagePump) -> None:
    """Wait until a widget has taken all that was posted to it; a key it has no use for goes on to the one around it."""
    reached = asyncio.Event()
    if pump.call_later(reached.set):
        await reached.wait()
