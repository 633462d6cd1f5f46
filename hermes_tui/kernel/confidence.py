"""How sure an answer sounds, from what it says and how it came about; below a threshold a higher tier is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from hermes_tui.domain.messages import Message, Role, ToolResult
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

DEFAULT_THRESHOLD: Final = 0.5
STRONG: Final = 0.6
WEAK: Final = 0.15
FAILED_TOOL: Final = 0.3
_STATED: Final = later(
    r"\bconfidence\b\W{0,3}(?:(\d{1,3}(?:\.\d+)?)\s*(%)|(0?\.\d+|[01](?:\.0+)?)\b|(low|medium|high)\b)", re.IGNORECASE
)
_WORDS: Final = {"low": 0.2, "medium": 0.6, "high": 0.9}
_STRONG: Final = later(
    r"\bI(?:'m| am) (?:not (?:entirely |completely |quite |really )?(?:sure|certain|confident)|unsure|uncertain)"
    r"|\bI (?:do not|don't|cannot|can't|could not|couldn't) (?:know|tell|say|determine|verify|confirm|find|figure)"
    r"|\b(?:might|may|could) (?:well )?be (?:wrong|incorrect|mistaken|inaccurate|outdated)"
    r"|\bI(?:'m| am)? (?:guess|guessing|was unable|am unable|'m unable)"
    r"|\b(?:unable to (?:determine|verify|confirm|find)|hard to (?:say|tell)|not enough information|best guess)",
    re.IGNORECASE,
)
_WEAK: Final = later(
    r"\b(?:probably|perhaps|possibly|presumably|maybe|I (?:think|believe|assume|suspect)|seems? to|appears? to|unclear"
    r"|not (?:fully )?tested|should (?:probably )?work)\b",
    re.IGNORECASE,
)
_QUOTED: Final = later(r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]{0,200}\"|^>.*$", re.DOTALL | re.MULTILINE)


@frozen(kw_only=False)
class Confidence:
    """From 0, a guess, to 1; `why` names what lowered it."""

    score: float
    why: str


def judge(messages: Sequence[Message]) -> Confidence:
    """Return how sure the last message, an answer, sounds; code and quotations in it do not count.

    An answer that states its own confidence is taken at its word.
    """
    if not messages or not messages[-1].text.strip():
        return Confidence(0.0, "it is empty")
    said = _QUOTED.sub(" ", messages[-1].text)
    stated = _stated(said)
    if stated is not None:
        return Confidence(stated, f"it states a confidence of {stated:.2f}")
    strong, weak = _STRONG.findall(said), _WEAK.findall(said)
    failed = _ended_on_failure(messages[:-1])
    score = max(0.0, 1.0 - STRONG * bool(strong) - WEAK * len(weak) - FAILED_TOOL * failed)
    reasons = [f"it says {words[0]!r}" for words in (strong, weak) if words]
    reasons += ["the last call before it failed"] if failed else []
    return Confidence(round(score, 2), ", ".join(reasons) or "nothing in it sounds unsure")


def _stated(said: str) -> float | None:
    found = list(_STATED.finditer(said))
    if not found:
        return None
    percent, _, share, word = found[-1].groups()
    if percent:
        return min(1.0, float(percent) / 100)
    return float(share) if share else _WORDS[word.lower()]


def _ended_on_failure(before: Sequence[Message]) -> bool:
    """Whether the results that the answer follows are all failures."""
    results: list[bool] = []
    for message in reversed(before):
        if message.role is not Role.TOOL:
            break
        results += [part.ok for part in message.content if isinstance(part, ToolResult)]
    return bool(results) and not any(results)
