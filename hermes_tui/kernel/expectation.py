"""Why an agent acts and what it expects of it: in its own words where it gave them, else by what the call is."""

from __future__ import annotations

import re
from typing import Final

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.patterns import later
from hermes_tui.domain.tasks import Effect, Reach

LONGEST: Final = 500
_EXPECTED: Final = later(r"(?:^|(?<=[.!?]\s)|\n)\s*expect(?:ed|ation)?:\s*([^\n]+)", re.IGNORECASE)


def split(text: str) -> tuple[str, str]:
    """Return what a model said of its calls as reason and expectation; the latter follows `Expect:`."""
    found = _EXPECTED.search(text)
    if found is None:
        return text.strip()[:LONGEST], ""
    reason = f"{text[: found.start()]} {text[found.end() :]}".strip()
    return reason[:LONGEST], found[1].strip()[:LONGEST]


def of(call: ResolvedCall) -> str:
    """Return what a call should bring where nobody said so."""
    if call.reach in (Reach.SANDBOX, Reach.HOST):
        return "the command ends with 0"
    match call.effect:
        case Effect.PURE:
            return "an answer"
        case Effect.READ:
            return f"to see {call.summary}"
        case Effect.WRITE:
            return f"{call.summary} stands as written"
        case Effect.EXTERNAL:
            return "the other side accepts it"
