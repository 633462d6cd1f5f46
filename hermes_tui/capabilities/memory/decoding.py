"""From the bytes of a file to text and back, whatever wrote it: byte order marks, line ends, old encodings."""

from __future__ import annotations

import codecs
from typing import Final

from hermes_tui.domain.values import frozen

MOST_BYTES: Final = 1_000_000
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@frozen(kw_only=False)
class Decoded:
    """A text with newlines only, and how it was written. `problem` is empty where all is well."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""
    newline: str = "\n"
    problem: str = ""

    def encode(self, text: str) -> bytes:
        """Return `text` written as this one was."""
        if self.newline != "\n":
            text = text.replace("\n", self.newline)
        return self.mark + text.encode(self.encoding, "surrogateescape" if self.encoding == "utf-8" else "strict")


NEW: Final = Decoded("")
"""How Hermes itself writes."""


def decode(data: bytes) -> Decoded:
    """Return the text of `data`; what is not Unicode is read as Windows-1252 and says so, binary data as nothing."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    body = data[len(mark) :]
    problem = ""
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        encoding, problem = "cp1252", "not UTF-8: read as Windows-1252"
        text = body.decode(encoding, errors="replace")
        if "\ufffd" in text:
            encoding, text = "latin-1", body.decode("latin-1")
    if "\0" in text:
        return Decoded("", problem="binary, not text")
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if newline == "\r\n" and text.count("\r\n") < plain.count("\n"):
        problem = problem or "mixed line ends"
    return Decoded(plain, encoding, mark, newline, problem)
