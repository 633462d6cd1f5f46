"""From text to its words: folded to small letters without accents, and split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hermes_tui.domain.late import late
from hermes_tui.domain.patterns import later

if TYPE_CHECKING:
    import unicodedata
else:
    unicodedata = late("unicodedata")

_WORD: Final = later(r"[^\W_]+(?:['’][^\W_]+)*")  # noqa: RUF001 - people type both apostrophes
_ASCII_WORD: Final = later(r"[a-z0-9]+(?:'[a-z0-9]+)*")
"""The same where a text has only ASCII letters, all of them small."""
_CAMEL: Final = later(r"(?<=[a-z0-9])(?=[A-Z])")


def plain_words(text: str) -> list[str]:
    """Return the words of `text` in order, lower-case and without accents; `camelCase` is split."""
    is_ascii = text.isascii()
    if not is_ascii:
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    if not text.islower():
        text = _CAMEL.sub(" ", text).lower()
    return (_ASCII_WORD if is_ascii else _WORD).findall(text)
