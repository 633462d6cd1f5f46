"""What was typed so far, as it will stand in the prompt: an echo of the bytes, which alone are handed on."""

from __future__ import annotations

import codecs

COLLAPSE_LINES = 12
COLLAPSE_CHARACTERS = 2000
"""Above these the prompt shows one mark for a paste."""
_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"
_NEWLINES = ("\x1b\r", "\x1b\n")


class Draft:
    """The text in the prompt, and the lines before it that Enter ended."""

    def __init__(self) -> None:
        self.text = ""
        self.entered: list[str] = []
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._escape = ""
        self._pasted: list[str] | None = None
        self._pastes = 0

    def feed(self, data: bytes) -> None:
        """Take in more bytes; a key may begin in one piece and end in the next."""
        for character in self._decode(data):
            if self._escape or character == "\x1b":
                self._escaped(character)
            elif self._pasted is not None:
                self._pasted.append(character)
            else:
                self._key(character)

    def _escaped(self, character: str) -> None:
        """Collect an escape sequence; of all there are only pastes and new lines change the text."""
        if character == "\x1b":
            self._escape = character
            return
        self._escape += character
        if self._escape in ("\x1b[", "\x1bO"):
            return
        if self._escape.startswith("\x1b[") and not "@" <= character <= "~":
            return
        sequence, self._escape = self._escape, ""
        if sequence == _PASTE:
            self._pasted = []
        elif sequence == _PASTE_END:
            self._end_paste()
        elif self._pasted is not None:
            self._pasted.append(sequence)
        elif sequence in _NEWLINES:
            self.text += "\n"

    def _end_paste(self) -> None:
        text = "".join(self._pasted or ()).replace("\r\n", "\n").replace("\r", "\n")
        self._pasted = None
        lines = text.count("\n") + 1
        if lines > COLLAPSE_LINES or len(text) > COLLAPSE_CHARACTERS:
            self._pastes += 1
            text = f"[pasted {self._pastes}: {lines:,} lines, {len(text):,} characters]"
        self.text += text

    def _key(self, character: str) -> None:
        match character:
            case "\r":
                self._enter()
            case "\n":
                self.text += "\n"
            case "\x7f" | "\x08":
                self.text = self.text[:-1]
            case "\x15":
                self.text = self.text[: self.text.rfind("\n") + 1]
            case "\x17":
                kept = self.text.rstrip(" ")
                self.text = kept[: max(kept.rfind(" "), kept.rfind("\n")) + 1]
            case _ if character.isprintable():
                self.text += character
            case _:
                return

    def _enter(self) -> None:
        if self.text.strip():
            self.entered.append(self.text)
        self.text = ""
