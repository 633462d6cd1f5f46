"""From text to the words that are indexed: plain ones without function words, stemmed."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from hermes_tui.capabilities.memory.plain_words import plain_words
from hermes_tui.capabilities.memory.stemmer import stem

_STOP: Final = frozenset(
    """
    a about above after again all also am an and any are aren't as at be because been before being below both but by
    can can't cannot could couldn't did didn't do does doesn't doing don't down during each else ever few for from
    further get gets getting go goes going gonna got had hadn't has hasn't have haven't having he he'd he'll he's her
    here here's hers herself hey hi him himself his how how's i i'd i'll i'm i've if in into is isn't it it's its
    itself just let let's like may me might more most much must my myself no nor not now of off oh ok okay on once
    only or other our ours ourselves out over own really s same say says she she'd she'll she's should shouldn't so
    some such t than that that's the their theirs them themselves then there there's these they they'd they'll they're
    they've this those through to too under until up upon us very was wasn't we we'd we'll we're we've well were
    weren't what what's when when's where where's which while who who's whom why why's will with won't would wouldn't
    wow yeah yes you you'd you'll you're you've your yours yourself yourselves
    """.split()  # noqa: SIM905 - a list of words reads best as text
)


@lru_cache(maxsize=50_000)
def term_of(word: str) -> str:
    """Return the indexed form of a plain word; empty for a function word."""
    if word in _STOP:
        return ""
    word = word.replace("’", "'")  # noqa: RUF001 - see above
    if word in _STOP:
        return ""
    return stem(word.removesuffix("'s").replace("'", ""))


def terms_of(text: str) -> list[str]:
    """Return the indexed words of `text`, in order, repeated as they repeat."""
    return [term for term in map(term_of, plain_words(text)) if term]
