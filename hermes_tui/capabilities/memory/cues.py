"""Small signs in a text that tell what kind of thing it says; found once, when the text is indexed."""

from __future__ import annotations

import re
from typing import Final

_TIMES: Final = frozenset(
    """
    yesterday today tonight tomorrow day days week weeks weekend month months year years ago last next recently soon
    since morning evening night monday tuesday wednesday thursday friday saturday sunday january february march april
    may june july august september october november december summer winter spring fall autumn
    """.split()  # noqa: SIM905 - a list of words reads best as text
)
_NUMBERS: Final = frozenset(
    """
    one two three four five six seven eight nine ten eleven twelve couple few several many once twice dozen hundred
    thousand first second third
    """.split()  # noqa: SIM905 - see above
)
_REASONS: Final = frozenset(
    """
    because since reason so wanted helps helped makes made love loved inspired motivated
    """.split()  # noqa: SIM905 - see above
)
_SELF: Final = frozenset({"i", "my", "me", "i'm", "i've", "i'd", "we", "our"})
_OTHER: Final = frozenset({"you", "your", "you're"})
_ASKS: Final = re.compile(r"\?[\s\"')*_]*(?:[a-z\[(][^?]*)?$")
_NAME: Final = re.compile(r" (?<=[a-z,;'\"] )([A-Z][a-z]+)")
"""Led by a plain blank, for which the engine skips ahead at a tenth of the cost of trying every letter."""
SHORT_WORDS: Final = 6


class Cue:
    """What a text shows, one bit each; plain numbers, since a search tests them thousands of times."""

    QUESTION: Final = 1
    ASKS: Final = 2
    """It ends as a question; what follows may be its answer."""
    TIME: Final = 4
    NUMBER: Final = 8
    REASON: Final = 16
    SELF: Final = 32
    OTHER: Final = 64
    NAME: Final = 128
    NAMES: Final = 256
    """More than one name."""
    SHORT: Final = 512


def cues_of(text: str, words: list[str]) -> int:
    """Return the cues of `text`, whose plain words are `words`."""
    found = 0
    present = set(words)
    if "?" in text:
        found |= Cue.QUESTION
        if _ASKS.search(text[-240:]):
            found |= Cue.ASKS
    groups = ((_TIMES, Cue.TIME), (_NUMBERS, Cue.NUMBER), (_REASONS, Cue.REASON), (_SELF, Cue.SELF))
    for group, cue in (*groups, (_OTHER, Cue.OTHER)):
        if not present.isdisjoint(group):
            found |= cue
    if any(word[0].isdigit() for word in present):
        found |= Cue.NUMBER
    names = set(_NAME.findall(text))
    if names:
        found |= Cue.NAME | (Cue.NAMES if len(names) > 1 else 0)
    return found | Cue.SHORT if len(words) < SHORT_WORDS else found
