"""The prompt: a multi-line editor with history and completion; long pastes collapse to one mark and are sent whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from hermes_tui.domain.late import late
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.drawing.cells import harmless, masked

if TYPE_CHECKING:
    from hermes_tui.interfaces._completion import Offer
    from hermes_tui.interfaces.tui import vim as modal
    from hermes_tui.interfaces.tui import vim_motions
    from hermes_tui.interfaces.tui.offers import Offers
    from hermes_tui.services import pictures
else:
    modal = late("hermes_tui.interfaces.tui.vim")
    vim_motions = late("hermes_tui.interfaces.tui.vim_motions")
    pictures = late("hermes_tui.services.pictures")

COLLAPSE_LINES: Final = 12
COLLAPSE_CHARACTERS: Final = 2000
EDITS: Final = {key: one.action for one in TextArea.BINDINGS if isinstance(one, Binding) for key in one.key.split(",")}
"""What the editor's own keys do."""


class Prompt(TextArea, inherit_css=False):
    """Where the operator types. What it holds is never sent by anything but Enter.

    Keys that act are taken in the widget's own queue, after the letters before them and before the letters after.
    """

    COMPONENT_CLASSES = TextArea.COMPONENT_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "send, or steer while busy", id="prompt.send"),
        Binding("ctrl+j,shift+enter,alt+enter", "newline", "new line", id="prompt.newline"),
        Binding("tab", "tab", "complete, queue, next pane", id="prompt.tab"),
        Binding("shift+tab", "mode", "next mode: plan, ask, auto-edit, auto", id="prompt.mode"),
        Binding("up", "back", "earlier prompt; edit the queue", id="prompt.back"),
        Binding("down", "ahead", "later prompt", id="prompt.ahead"),
        Binding("ctrl+r", "search", "search earlier prompts", id="prompt.search"),
        Binding("ctrl+v", "picture", "paste the picture on the clipboard", id="prompt.picture"),
        Binding("ctrl+g", "editor", "write in $EDITOR", id="prompt.editor"),
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

    class SearchAsked(Message):
        """Ctrl+R: search earlier prompts."""

    class EditorAsked(Message):
        """Ctrl+G: write in the operator's editor."""

    class ModeMoved(Message):
        """Keys mean something else now: vim's mode is another one."""

    def __init__(self, offers: Offers) -> None:
        super().__init__(id="prompt", soft_wrap=True, show_line_numbers=False, tab_behavior="focus", compact=True)
        self.cursor_blink = False
        self.highlight_cursor_line = False
        self.offers = offers
        self.remembered: list[str] = []
        self.busy = False
        self.queued = 0
        self.names: Mapping[str, str] = {}
        self._place: int | None = None
        self._draft = ""
        self._pasted: dict[str, str] = {}
        self.vim: modal.Vim | None = None

    @property
    def whole(self) -> str:
        """The text with every collapsed paste in full."""
        text = self.text
        for mark, pasted in self._pasted.items():
            text = text.replace(mark, pasted)
        return text

    @property
    def mode(self) -> modal.Mode | None:
        """Vim's mode; None where keys are simply written."""
        return self.vim.mode if self.vim is not None else None

    @property
    def before_cursor(self) -> str:
        """The cursor's row up to the cursor."""
        row, column = self.cursor_location
        return str(self.document[row])[:column]

    def get_line(self, line_index: int) -> Text:
        """Return a line as it is drawn: what was pasted does not steer the terminal."""
        line = super().get_line(line_index)
        line.plain = masked(line.plain)
        return line

    def fill(self, text: str) -> None:
        """Put a text in and the cursor at its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def go_on_from(self, other: Prompt) -> None:
        """Hold what another prompt held, with the cursor where it was."""
        self.load_text(other.text)
        self.selection = other.selection
        self._pasted = dict(other._pasted)
        self.vim = other.vim

    def take(self) -> str:
        """Return the text, empty the prompt, remember it."""
        text = self.whole.strip()
        self.load_text("")
        self._pasted.clear()
        self._place = None
        if self.vim is not None:
            self.vim.begin()
            self.post_message(self.ModeMoved())
        if text and (not self.remembered or self.remembered[-1] != text):
            self.remembered.append(text)
        return text

    async def _on_key(self, event: events.Key) -> None:
        if self.vim is not None and self._taken_by(self.vim, event):
            event.stop()
            event.prevent_default()
            return
        action = self._action_for(event.key)
        if action:
            event.stop()
            event.prevent_default()
            await self.run_action(action)
            return
        await super()._on_key(event)

    def _taken_by(self, vim: modal.Vim, event: events.Key) -> bool:
        """Let vim have a key; return whether it is one for it."""
        escaped, writes = event.key == "escape", vim.mode is modal.Mode.INSERT
        key = modal.REDO if event.key == "ctrl+r" else (event.character or "") if event.is_printable else ""
        if (escaped and self.offers.open) or (not escaped and (writes or not key)):
            return False
        before = vim.mode
        row, column = self.cursor_location
        vim.text, vim.at = self.text, vim_motions.line_number(self.text, row + 1) + column
        if key in ("j", "k") and not vim.pending and before is modal.Mode.NORMAL and self._leaves(key):
            (self.action_ahead if key == "j" else self.action_back)()
            return True
        taken = vim.escape() if escaped else vim.press(key)
        self._show_vim(vim)
        if vim.mode is not before:
            self.post_message(self.ModeMoved())
        return taken

    def _leaves(self, key: str) -> bool:
        """Whether `j` or `k` leads out of the text, to a later or an earlier prompt."""
        return self.cursor_location[0] == (0 if key == "k" else self.document.end[0])

    def _show_vim(self, vim: modal.Vim) -> None:
        """Show what vim made of the text, where its cursor is and what is selected."""
        if vim.text != self.text:
            self.replace(vim.text, (0, 0), self.document.end)
        chosen = vim.chosen

        def place(at: int) -> tuple[int, int]:
            return vim.text.count("\n", 0, at), at - vim_motions.line_start(vim.text, at)

        if chosen is None:
            self.selection = Selection.cursor(place(vim.at))
        elif vim.at < vim.anchor:
            self.selection = Selection(place(chosen.end), place(chosen.start))
        else:
            self.selection = Selection(place(chosen.start), place(chosen.end))

    def _action_for(self, key: str) -> str:
        if self.offers.open and key == "escape":
            return "close_offers"
        name = self.names.get(key)
        bound = next((one for one in self.BINDINGS if isinstance(one, Binding) and one.id == name), None)
        return bound.action if bound is not None else EDITS.get(key, "")

    async def _on_paste(self, event: events.Paste) -> None:
        dropped = pictures.paths_in(event.text)
        for path in dropped:
            self.post_message(OrderAsked("image", str(path)))
        if dropped:
            event.prevent_default()
            event.stop()
            return
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.count("\n") + 1
        if lines <= COLLAPSE_LINES and len(text) <= COLLAPSE_CHARACTERS:
            return
        event.prevent_default()
        event.stop()
        mark = f"[pasted {len(self._pasted) + 1}: {lines:,} lines, {len(text):,} characters]"
        self._pasted[mark] = text
        self.insert(mark)

    # acting

    def action_submit(self) -> None:
        """Send what stands here; an open completion is taken first."""
        self.offers.keep_up(self.before_cursor)
        offer = self.offers.current
        if offer is not None and not self._typed(offer):
            self._accept(offer)
            if not offer.sends:
                return
        text = self.take()
        self.action_close_offers()
        if text:
            # Straight to the screen: through every container between them it would take a tenth of a frame.
            self.screen.post_message(self.Submitted(text))

    def _typed(self, offer: Offer) -> bool:
        return self.before_cursor[self.offers.offered.start :] == offer.text

    def _accept(self, offer: Offer) -> None:
        row, column = self.cursor_location
        blank = "" if offer.sends and offer.text.startswith("/") else " "
        self.replace(offer.text + blank, (row, self.offers.offered.start), (row, column))
        self.action_close_offers()

    def action_close_offers(self) -> None:
        """Offer nothing more for this word."""
        self.offers.show(type(self.offers.offered)())

    def action_newline(self) -> None:
        """Begin a new line."""
        self.insert("\n")

    def action_tab(self) -> None:
        """Complete, or queue while busy, or go on to the next pane."""
        self.offers.keep_up(self.before_cursor)
        offer = self.offers.current
        if offer is not None:
            self._accept(offer)
        elif self.busy and self.text.strip():
            self.post_message(self.Queued(self.take()))
        elif not self.text.strip():
            self.post_message(self.TabAsked())
        else:
            self.insert("    ")

    def action_back(self) -> None:
        """Move up; from the first row, go back in history."""
        if self.offers.open:
            self.offers.step(-1)
        elif self.cursor_location[0] > 0 and self._place is None:
            self.action_cursor_up()
        elif not self.text and self.queued and self._place is None:
            self.post_message(self.EditQueueAsked())
        elif self.remembered and self._place != 0:
            self._draft = self.text if self._place is None else self._draft
            self._place = (len(self.remembered) if self._place is None else self._place) - 1
            self.fill(self.remembered[self._place])

    def action_ahead(self) -> None:
        """Move down; from the last row, go ahead in history to the draft."""
        if self.offers.open:
            self.offers.step(1)
        elif self._place is None:
            self.action_cursor_down()
        elif self._place + 1 >= len(self.remembered):
            self._place = None
            self.fill(self._draft)
        else:
            self._place += 1
            self.fill(self.remembered[self._place])

    def action_search(self) -> None:
        """Search what was typed before."""
        self.post_message(self.SearchAsked())

    def action_picture(self) -> None:
        """Put the picture on the clipboard in."""
        self.post_message(OrderAsked("image"))

    def action_mode(self) -> None:
        """Go on to the next mode."""
        self.post_message(OrderAsked("mode"))

    def action_editor(self) -> None:
        """Write in the operator's editor."""
        self.post_message(self.EditorAsked())

    def copy_of_selection(self) -> str:
        """Return the selected text, harmless."""
        return harmless(self.selected_text)
