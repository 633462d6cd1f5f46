"""Whether two notes say the same, contradict each other, or merely share words; careful to say when it cannot tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from hermes_tui.capabilities.memory.words import plain_words, term_of


class Likeness(StrEnum):
    """How a new text stands to an old one."""

    SAME = "same"
    """The old one says all of it."""
    MORE = "more"
    """The new one says all of the old one, and more."""
    CONTRADICTS = "contradicts"
    """Both cannot hold; the new one is the later one."""
    UNSURE = "unsure"
    """They may contradict each other, or both hold."""
    OTHER = "other"


NEAR: Final = 0.85
"""Share of common words from which two texts with nothing decisive between them say the same."""
MORE_SHARE: Final = 0.6
FRAME: Final = 0.5
"""Share of common words from which one sentence is another with a value changed."""
_RELATIONS: Final = {
    **dict.fromkeys(("is", "are", "was", "were", "be", "called", "named"), "is"),
    **dict.fromkeys(("lives", "live", "lived", "resides", "moved", "moves", "relocated", "based", "located"), "lives"),
    **dict.fromkeys(("works", "work", "worked", "joined", "employed"), "works"),
    **dict.fromkeys(("prefers", "prefer", "preferred", "likes", "like", "loves", "love", "wants", "want"), "prefers"),
    **dict.fromkeys(("uses", "use", "using", "switched", "migrated"), "uses"),
    **dict.fromkeys(("runs", "run", "listens", "listen", "deploys", "deploy", "deployed"), "runs"),
    **dict.fromkeys(
        ("happens", "happen", "starts", "start", "ends", "end", "due", "takes", "costs", "cost"), "happens"
    ),
    **dict.fromkeys(("reports", "report", "owns", "own", "owned", "maintains", "leads"), "owns"),
    **dict.fromkeys(("must", "should", "shall", "always", "never"), "must"),
    **dict.fromkeys(("stands", "stand", "stood", "kept", "stored", "stays", "sits", "lies", "points"), "stands"),
}
_SINGLE: Final = frozenset({"lives", "works", "runs", "happens", "owns", "stands"})
"""Relations of which a subject has one at a time."""
_LINKS: Final = frozenset({"is", "are", "was", "were", "be", "must", "should", "shall"})
_NOT: Final = frozenset(
    """
    not no never none without isn't aren't wasn't don't doesn't didn't can't cannot won't shouldn't mustn't hates hate
    dislikes dislike avoids avoid stopped stop forbidden disabled off
    """.split()  # noqa: SIM905 - a list of words reads best as text
)
_LATER: Final = frozenset(
    {"now", "instead", "anymore", "nowadays", "meanwhile", "changed", "switched", "moved", "longer"}
)
_VALUES: Final = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december true false yes no on off enabled disabled daily weekly monthly tabs spaces
    """.split()  # noqa: SIM905 - see above
)
_FILLER: Final = _LATER | {"currently", "actually", "really", "always", "usually", "still", "already", "today"}


@dataclass(frozen=True)
class Saying:
    """A text as it is compared."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        """Every word, lower-case."""
        return [word.replace("’", "'") for word in plain_words(self.text)]  # noqa: RUF001 - people type both

    @cached_property
    def terms(self) -> list[str]:
        """The stems of the words that carry meaning."""
        return _terms(self.words)

    @cached_property
    def negated(self) -> bool:
        """Whether it denies something; denying twice affirms."""
        return sum(word in _NOT for word in self.words) % 2 == 1

    @cached_property
    def values(self) -> frozenset[str]:
        """Numbers, days and the like: words of which another one means another thing."""
        return frozenset(word for word in self.words if word in _VALUES or any(letter.isdigit() for letter in word))

    @cached_property
    def frame(self) -> frozenset[str]:
        """The stems that are no values."""
        return frozenset(_terms([word for word in self.words if word not in self.values]))

    @cached_property
    def verb(self) -> int:
        """Where the first word stands that relates a subject to something, -1 if there is none."""
        return next((place for place, word in enumerate(self.words) if place and word in _RELATIONS), -1)

    @cached_property
    def relation(self) -> str:
        """The kind of that word; of `is based in` that of `based`."""
        if self.verb < 0:
            return ""
        for word in self.words[self.verb : self.verb + 3]:
            if word in _RELATIONS and word not in _LINKS:
                return _RELATIONS[word]
        return _RELATIONS[self.words[self.verb]]

    @cached_property
    def subject(self) -> frozenset[str]:
        """The stems before that word."""
        return frozenset(_terms(self.words[: max(0, self.verb)]))

    @cached_property
    def names(self) -> list[str]:
        """Capitalised words that do not merely begin a sentence."""
        return re.findall(r"\b[A-Z][\w-]+", self.text)


def compare(new: str, old: str) -> Likeness:
    """Return how `new`, written later, stands to `old`."""
    one, other = Saying(new), Saying(old)
    mine, theirs = set(one.terms), set(other.terms)
    if not mine or not theirs:
        return Likeness.SAME if one.words == other.words else Likeness.OTHER
    common = len(mine & theirs) / len(mine | theirs)
    if one.negated != other.negated:
        return _denied(one, other, common)
    if mine == theirs:
        return _same_words(one, other)
    if one.values == other.values and _is_longer(one, other, common):
        return Likeness.SAME if mine < theirs else Likeness.MORE
    if one.subject and one.subject == other.subject and one.relation == other.relation:
        return _same_subject(one, other, common)
    if common >= FRAME and one.values != other.values and one.frame == other.frame:
        return Likeness.CONTRADICTS
    if common >= NEAR:
        return Likeness.UNSURE
    return Likeness.OTHER


def _denied(one: Saying, other: Saying, common: float) -> Likeness:
    mine, theirs = set(one.terms), set(other.terms)
    if mine == theirs or (common >= FRAME and one.subject == other.subject):
        return Likeness.CONTRADICTS
    return Likeness.UNSURE if common >= MORE_SHARE else Likeness.OTHER


def _same_words(one: Saying, other: Saying) -> Likeness:
    """The same words in another order are the same, unless they tell who does what to whom."""
    if one.terms == other.terms:
        return Likeness.SAME
    return Likeness.UNSURE if len(set(one.names)) > 1 and one.names != other.names else Likeness.SAME


def _is_longer(one: Saying, other: Saying, common: float) -> bool:
    mine, theirs = set(one.terms), set(other.terms)
    return (mine < theirs or theirs < mine) and common >= MORE_SHARE


def _same_subject(one: Saying, other: Saying, common: float) -> Likeness:
    """Decide where both tell something of one subject in one way."""
    if one.values != other.values and one.values and other.values:
        return Likeness.CONTRADICTS
    if one.relation in _SINGLE or _LATER & set(one.words):
        return Likeness.CONTRADICTS
    if one.relation == "is" and len(one.subject) > 1:
        return Likeness.CONTRADICTS
    return Likeness.UNSURE if common >= 1 / 3 else Likeness.OTHER


def _terms(words: Sequence[str]) -> list[str]:
    return [term for word in words if word not in _FILLER and word not in _NOT and (term := term_of(word))]
