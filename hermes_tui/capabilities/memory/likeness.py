"""Whether two notes say the same, contradict each other, or merely share words; careful to say when it cannot tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from hermes_tui.capabilities.memory import tongues
from hermes_tui.capabilities.memory.plain_words import plain_words
from hermes_tui.capabilities.memory.related import related_to
from hermes_tui.capabilities.memory.words import term_of


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
_SYNONYMS: Final = frozenset({"lives", "uses", "stands"})
"""Relations whose words say the same of a subject, unless one tells of a change."""
_LINKS: Final = frozenset({"is", "are", "was", "were", "be", "must", "should", "shall"})
_NOT: Final = frozenset(
    """
    not no never none without isn't aren't wasn't don't doesn't didn't can't cannot won't shouldn't mustn't hates hate
    dislikes dislike avoids avoid stopped stop forbidden disabled off
    """.split()  # noqa: SIM905 - a list of words reads best as text
).union(tongues.NOT)
_LATER: Final = tongues.LATER | {
    *("now", "instead", "anymore", "nowadays", "meanwhile", "changed", "switched", "moved", "longer")
}
_VALUES: Final = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december true false yes no on off enabled disabled daily weekly monthly tabs spaces
    """.split()  # noqa: SIM905 - see above
).union(tongues.VALUES)
_FILLER: Final = _LATER | {"currently", "actually", "really", "always", "usually", "still", "already", "today"}


@dataclass(frozen=True)
class Saying:
    """A text as it is compared."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        """Every word, lower-case."""
        return [word.replace("’", "'") for word in plain_words(tongues.with_plain_is(self.text))]  # noqa: RUF001 - both are typed

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
    def relations(self) -> dict[str, str]:
        """The words that relate a subject to something, with the kind of each."""
        return _RELATIONS | tongues.relations_in(self.words)

    @cached_property
    def verb(self) -> int:
        """Where the first of these words stands, -1 if there is none."""
        return next((place for place, word in enumerate(self.words) if place and word in self.relations), -1)

    @cached_property
    def relation(self) -> str:
        """The kind of that word; of `is based in` that of `based`."""
        if self.verb < 0:
            return ""
        for word in self.words[self.verb : self.verb + 3]:
            if word in self.relations and word not in _LINKS:
                return self.relations[word]
        return self.relations[self.words[self.verb]]

    @cached_property
    def subject(self) -> frozenset[str]:
        """The stems before that word."""
        return frozenset(_terms(self.words[: max(0, self.verb)]))

    @cached_property
    def told(self) -> frozenset[str]:
        """The stems that neither are the subject nor relate it."""
        rest = [word for word in self.words if word not in self.relations]
        return frozenset(_terms(rest)) - self.subject

    @cached_property
    def is_unread(self) -> bool:
        """Whether it is of a language of which no rule is known: no function word of English, nothing that relates."""
        return self.verb < 0 and all(term_of(word) for word in self.words)

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
    unread = one.is_unread and other.is_unread and common >= FRAME and one.words[0] == other.words[0]
    return Likeness.UNSURE if unread or common >= NEAR or _is_reworded(one, other) else Likeness.OTHER


def _is_reworded(one: Saying, other: Saying) -> bool:
    """Whether each has the words of the other, most of them as they are and the rest in words that mean the same."""
    mine, theirs = set(one.terms), set(other.terms)
    if one.values != other.values or len(mine & theirs) < 2 or len(mine & theirs) * 2 < max(len(mine), len(theirs)):
        return False
    return all(related_to(term) & theirs for term in mine - theirs) and all(
        related_to(term) & mine for term in theirs - mine
    )


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
    if one.told == other.told and one.relation in _SYNONYMS and not _LATER & {*one.words, *other.words}:
        return Likeness.SAME
    if one.relation in _SINGLE or _LATER & set(one.words):
        return Likeness.CONTRADICTS
    if one.relation == "is" and len(one.subject) > 1:
        return Likeness.CONTRADICTS
    return Likeness.UNSURE if common >= 1 / 3 else Likeness.OTHER


def _terms(words: Sequence[str]) -> list[str]:
    said = (word for word in words if word not in _FILLER and word not in _NOT and word not in tongues.ARTICLES)
    return [term for word in said if (term := term_of(word))]
