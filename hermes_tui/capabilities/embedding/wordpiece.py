"""Texts as the numbers of BERT's uncased vocabulary: words folded, split at punctuation, cut into known pieces."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

MOST_TOKENS: Final = 256
"""What MiniLM was trained to read of one text."""
_MOST_LETTERS: Final = 100
_MOST_CHARS: Final = MOST_TOKENS * 12
"""Longer texts are cut before they are read; a token is rarely longer than a word."""
_KEPT_WORDS: Final = 20_000
_IDEOGRAPHS: Final = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """The tokenizer of BERT (Devlin et al. 2019), after its reference implementation."""

    def __init__(self, vocabulary: Path) -> None:
        """Read the vocabulary, one piece a line.

        Raises:
            OSError: it cannot be read.
            KeyError: it lacks the pieces that mark begin, end and the unknown.
        """
        lines = vocabulary.read_text(encoding="utf-8").split("\n")
        self._pieces = {piece: number for number, piece in enumerate(lines)}
        self._unknown = self._pieces["[UNK]"]
        self._begin = self._pieces["[CLS]"]
        self._end = self._pieces["[SEP]"]
        self._of_word = lru_cache(_KEPT_WORDS)(self._cut)

    def read(self, text: str) -> list[int]:
        """Return the numbers of a text, with the marks of its begin and end, at most `MOST_TOKENS`."""
        found = [self._begin]
        for word in _words(text[:_MOST_CHARS]):
            found += self._of_word(word)
            if len(found) >= MOST_TOKENS:
                break
        return [*found[: MOST_TOKENS - 1], self._end]

    def _cut(self, word: str) -> tuple[int, ...]:
        """Return the longest known pieces of a word from left to right, or that it is unknown."""
        if len(word) > _MOST_LETTERS:
            return (self._unknown,)
        found: list[int] = []
        start = 0
        while start < len(word):
            end = len(word)
            lead = "##" if start else ""
            while end > start and lead + word[start:end] not in self._pieces:
                end -= 1
            if end == start:
                return (self._unknown,)
            found.append(self._pieces[lead + word[start:end]])
            start = end
        return tuple(found)


def _words(text: str) -> Iterator[str]:
    """Yield words in lower case without accents; each mark of punctuation and each ideograph is a word."""
    folded = "".join(map(_spaced, text))
    for word in folded.split():
        plain = unicodedata.normalize("NFD", word.lower())
        yield from "".join(map(_parted, plain)).split()


def _spaced(letter: str) -> str:
    if letter in "\t\n\r":
        return " "
    if letter in "\0\ufffd":
        return ""
    category = unicodedata.category(letter)
    if category == "Zs":
        return " "
    if category[0] == "C":
        return ""
    number = ord(letter)
    if number > 0x2E7F and any(first <= number <= last for first, last in _IDEOGRAPHS):
        return f" {letter} "
    return letter


def _parted(letter: str) -> str:
    if letter.isalnum():
        return letter
    category = unicodedata.category(letter)
    if category == "Mn":
        return ""
    sign = category[0] == "P" or (letter.isascii() and letter.isprintable())
    return f" {letter} " if sign else letter
