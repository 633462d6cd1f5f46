"""Choose a strategy by the goal's own words, and say why; no model is asked for that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from hermes_tui.domain.patterns import later
from hermes_tui.domain.tasks import Goal
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.strategies.declared import Declared
from hermes_tui.kernel.strategies.hierarchical import Hierarchical
from hermes_tui.kernel.strategies.port import Strategy
from hermes_tui.kernel.strategies.react import React
from hermes_tui.kernel.strategies.rewoo import Rewoo

STRATEGIES: Final[Mapping[str, Strategy]] = {one.name: one for one in (Declared(), React(), Rewoo(), Hierarchical())}
PARTS: Final = 3
LONG_WORDS: Final = 200
_ITEM: Final = later(r"^\s*(?:[-*+]|\d+[.)])\s+\S", re.MULTILINE)
_CHANGES: Final = later(
    r"\b(?:add|build|change|create|delete|deploy|edit|fix|implement|install|make|mend|migrate|move|port|refactor|remove"
    r"|rename|repair|replace|rewrite|send|set up|update|upgrade|write)\b",
    re.IGNORECASE,
)
_BRANCHES: Final = later(r"\b(?:if|unless|until|depending|otherwise|find out why|debug|explore)\b", re.IGNORECASE)


@frozen(kw_only=False)
class Choice:
    """A strategy and the reason for it."""

    strategy: Strategy
    why: str


def choose(goal: Goal, wanted: str = "auto") -> Choice:
    """Return how `goal` is planned; `wanted` is a strategy's name or `auto`."""
    if goal.plan is not None:
        return Choice(STRATEGIES["declared"], "the goal carries its own plan")
    if wanted != "auto":
        return Choice(STRATEGIES[wanted], "as set for this goal")
    parts, words = len(_ITEM.findall(goal.text)), len(goal.text.split())
    changes = _CHANGES.search(goal.text)
    if parts >= PARTS and not changes and not _BRANCHES.search(goal.text):
        return Choice(STRATEGIES["rewoo"], f"{parts} look-ups that do not depend on what is found")
    if changes and (parts > PARTS or words > LONG_WORDS):
        return Choice(STRATEGIES["hierarchical"], f"{parts} parts in {words} words that change things: by milestones")
    return Choice(STRATEGIES["react"], "one thing at a time, each step by what the one before showed")
