"""The prompt: a multi-line editor with history; long pastes collapse to one mark and are sent whole."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from hermes_tui.interfaces.tui.cells import harmless

COLLAPSE_LINES: Final = 12
COLLAPSE_CHARACTERS: Final = 2000
MOST_ROWS: Final = 10


class Prompt(TextArea):
    """Where the operator types. What it holds is never sent by anything but Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "send, or steer while busy", id="prompt.send", priority=True),
        Binding("ctrl+j,shift+enter,alt+enter", "newline", "new line", id="prompt.newline", priority=True),
        Binding("tab", "tab", "complete, queue, next pane", id="prompt.tab", priority=True),
        Binding("up", "back", "earlier prompt", id="prompt.back", priority=True),
        Binding("down", "ahead", "later prompt", id="prompt.ahead", priority=True),
    ]

    class Submitted(Message):
        """Enter: send this."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Queued(Submitted):
        """Tab while busy: send this after the run."""

    class TabAsked(Message):
        """Tab where nothing stands: the next pane."""

    class EditQueueAsked(Message):
        """Up in an empty prompt while something is queued."""

    def __init__(self) -> None:
        super().__init__(id="prompt", soft_wrap=True, show_line_numbers=False, tab_behavior="focus", compact=True)
        self.cursor_blink = False
        self.highlight_cursor_line = False
        self.remembered: list[str] = []
        self.busy = False
        self.queued = 0
        self._place: int | None = None
        self._draft = ""
        self._pasted: dict[str, str] = {}

    @property
    def whole(self) -> str:
        """The text with every collapsed paste in full."""
        text = self.text
        for mark, pasted in self._pasted.items():
            text = text.replace(mark, pasted)
        return text

    def fill(self, text: str) -> None:
        """Put a text in and the cursor at its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def take(self) -> str:
        """Return the text, empty the prompt, remember it."""
        text = self.whole.strip()
        self.load_text("")
        self._pasted.clear()
        self._place = None
        if text and (not self.remembered or self.remembered[-1] != text):
            self.remembered.append(text)
        return text

    async def _on_paste(self, event: events.Paste) -> None:
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.count("\n") + 1
        if lines <= COLLAPSE_LINES and len(text) <= COLLAPSE_CHARACTERS:
            return
        event.prevent_default()
        event.stop()
        mark = f"[pasted {len(self._pasted) + 1}: {lines:,} lines, {len(text):,} characters]"
        self._pasted[mark] = text
        self.insert(mark)

    def action_submit(self) -> None:
        """Send what stands here."""
        text = self.take()
        if text:
            self.post_message(self.Submitted(text))

    def action_newline(self) -> None:
        """Begin a new line."""
        self.insert("\n")

    def action_tab(self) -> None:
        """Queue while busy, else go on to the next pane."""
        if self.busy and self.text.strip():
            self.post_message(self.Queued(self.take()))
        elif not self.text.strip():
            self.post_message(self.TabAsked())
        else:
            self.insert("    ")

    def action_back(self) -> None:
        """Move up; from the first row, go back in history."""
        if self.cursor_location[0] > 0 and self._place is None:
            self.action_cursor_up()
            return
        if not self.text and self.queued and self._place is None:
            self.post_message(self.EditQueueAsked())
            return
        if not self.remembered or self._place == 0:
            return
        if self._place is None:
            self._draft = self.text
        self._place = (len(self.remembered) if self._place is None else self._place) - 1
        self.fill(self.remembered[self._place])

    def action_ahead(self) -> None:
        """Move down; from the last row, go ahead in history to the draft."""
        if self._place is None:
            self.action_cursor_down()
            return
        self._place += 1
        if self._place >= len(self.remembered):
            self._place = None
            self.fill(self._draft)
        else:
            self.fill(self.remembered[self._place])

    def copy_of_selection(self) -> str:
        """Return the selected text, harmless."""
        return harmless(self.selected_text)
