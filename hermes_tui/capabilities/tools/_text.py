"""Text as a file holds it: encoding, byte order mark and line ends, kept through a change."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.late import late
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    import difflib
else:
    difflib = late("difflib")

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_MARKS = tuple(bom for bom, _ in _BOMS)
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_DIFF_INPUT_LINES = 5_000
_DIFF_LINES = 80
_DIFF_WIDTH = 300


@frozen
class Text:
    """The text of a file; encoding it again gives the same bytes."""

    text: str
    encoding: str = "utf-8"
    bom: bytes = b""

    @property
    def newline(self) -> str:
        """CRLF if every line ends so, else LF."""
        ends = self.text.count("\n") if "\r" in self.text else 0
        return "\r\n" if ends and self.text.count("\r\n") == ends else "\n"

    @property
    def note(self) -> str:
        """What is unusual about the form, in words; empty for UTF-8 with LF."""
        if self.encoding == "utf-8" and not self.bom and "\r" not in self.text:
            return ""
        form = [] if self.encoding == "utf-8" and not self.bom else [self.encoding + (" BOM" if self.bom else "")]
        return ", ".join(form + (["CRLF"] if self.newline == "\r\n" else []))

    def encode(self, text: str) -> bytes:
        """Return `text` in this file's form.

        Raises:
            ToolError: the encoding lacks a character.
        """
        try:
            return self.bom + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            message = f"{self.encoding} has no {error.object[error.start]!r}."
            raise ToolError(
                message, hint="The file's encoding is kept; use its characters.", kind="encoding"
            ) from error


def decode(content: bytes) -> Text:
    """Return the text of `content`: by its byte order mark, as UTF-8, else as latin-1, which loses nothing.

    Raises:
        ToolError: it is binary.
    """
    if content.startswith(_MARKS) and not content.startswith(codecs.BOM_UTF32_LE):
        return _marked(content, *next(known for known in _BOMS if content.startswith(known[0])))
    if b"\0" in content:
        raise _binary()
    try:
        return Text(text=content.decode())
    except UnicodeDecodeError:
        if len(_CONTROL_BYTES.findall(content[:8192])) > len(content[:8192]) // 100:
            raise _binary() from None
        return Text(text=content.decode("latin-1"), encoding="latin-1")


def diff(before: str, after: str, name: str) -> str:
    """Return the head of a unified diff, or the counts alone where the texts are long."""
    old, new = before.split("\n"), after.split("\n")
    if max(len(old), len(new)) > _DIFF_INPUT_LINES:
        return f"{name}: {len(old)} lines before, {len(new)} after."
    lines = list(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="", n=2))
    cut = [line.rstrip("\r")[:_DIFF_WIDTH] for line in lines[:_DIFF_LINES]]
    if len(lines) > _DIFF_LINES:
        cut.append(f"… {len(lines) - _DIFF_LINES} more lines")
    return "\n".join(cut)


def _marked(content: bytes, bom: bytes, encoding: str) -> Text:
    try:
        return Text(text=content[len(bom) :].decode(encoding), encoding=encoding, bom=bom)
    except UnicodeDecodeError as error:
        raise _binary() from error


def _binary() -> ToolError:
    return ToolError("The file is binary.", hint="Only text can be read.", kind="binary")
