"""What the memory pane asks for: its keys, and the message in which a wish leaves it."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding, BindingType
from textual.message import Message

KEYS: Final[list[BindingType]] = [
    Binding("a", "add", "write a note", id="memory.add"),
    Binding("y", "accept", "accept the note that waits, keep yours; else copy", id="memory.accept"),
    Binding("t", "theirs", "keep theirs, where the note changed on disk", id="memory.theirs"),
    Binding("d", "refuse", "refuse the note that waits", id="memory.refuse"),
    Binding("e", "edit", "edit here", id="memory.edit"),
    Binding("E", "editor", "edit in $EDITOR", id="memory.editor"),
    Binding("h", "history", "history of the note", id="memory.history"),
    Binding("b", "blame", "who wrote each line", id="memory.blame"),
    Binding("D", "diff", "what changed on disk, since its last commit or beside yours", id="memory.diff"),
    Binding("w", "why", "who was given it, and why", id="memory.why"),
    Binding("p", "pin", "pin or unpin the note", id="memory.pin"),
    Binding("r", "revert", "take a change back", id="memory.revert"),
    Binding("f", "forget", "forget the note; git keeps it", id="memory.forget"),
    Binding("ctrl+s", "save", "save what is edited", id="memory.save", priority=True),
]


class Wish(Message):
    """Something is to be done, such as list, note, search, accept, diff, save, keep, theirs, pin or forget."""

    def __init__(self, what: str, path: str = "", *, commit: str = "", text: str = "", before: str = "") -> None:
        super().__init__()
        self.what = what
        self.path = path
        self.commit = commit
        self.text = text
        self.before = before
