"""A question to the operator as lines of text, and the short words that answer it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hermes_tui.domain.commands import Decide
from hermes_tui.domain.events import ApprovalAsked
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.text import gist
from hermes_tui.interfaces._changes import change_of, unsaid
from hermes_tui.interfaces._questions import AGAIN, DOUBTED, GUARD_S, HAPPENED, REACHES, allowance

SCOPES: Final = {"y": "once", "yes": "once", "r": "run", "A": "always"}
NO: Final = frozenset({"d", "n", "no"})


def card_lines(asked: ApprovalAsked, state: SessionState) -> Iterator[tuple[str, str]]:
    """Yield each line with its role: what, why, how far it reaches, the whole call and change, and how to answer."""
    what = asked.what.removeprefix(f"{asked.tool} ").removeprefix(f"{asked.tool}: ")
    lead = f"{asked.tool} is in doubt:" if asked.in_doubt else asked.tool
    yield f"needs you: {lead} {what}", "warn"
    yield f"  why    {gist(asked.why) or 'no reason was given'}", "text"
    if asked.in_doubt:
        yield f"  r {AGAIN} · d WORDS {HAPPENED}", "accent"
        return
    if asked.tool == "ask":
        yield "  Your next line is the answer; /deny gives none.", "accent"
        return
    yield f"  reach  {REACHES[asked.reach]}", "text"
    yield f"  undo   {asked.undo or 'none known'}", "text"
    requested = state.calls.requested.get(asked.call_id)
    arguments = requested.arguments if requested else ""
    for name, text in unsaid(asked.tool, arguments, asked.what).items():
        yield f"  {name}, all of it:", "text"
        yield from ((f"    {row}", "text") for row in text.split("\n"))
    change = change_of(asked.tool, arguments)
    for sign, text in change.rows() if change else ():
        yield f"  {sign} {text}", {"+": "ok", "-": "fail"}.get(sign, "text")
    wider = f" · r this run · A always: {asked.rule}" if asked.rule else ""
    yield f"  y once{wider} · d REASON denies", "accent"


def answers_to(asked: ApprovalAsked) -> str:
    """Return the short words that answer a question, as they stand before the line that is typed."""
    if asked.tool == "ask":
        return "answer"
    if asked.in_doubt:
        return "r or d WORDS"
    return "y, r, A or d REASON" if asked.rule else "d REASON" if asked.intent else "y or d REASON"


def _settled(asked: ApprovalAsked, word: str, said: str) -> Decide | str:
    """Return what became of a call in doubt; a yes or a no could mean either, so that neither counts."""
    if word not in ("r", "d"):
        return f"{DOUBTED} r {AGAIN}; d WORDS, {HAPPENED}."
    return Decide(approval_id=asked.approval_id, allow=word == "r", reason=said if word == "d" else "")


@dataclass(slots=True)
class Answering:
    """Takes a short line for an answer only if the question stood there before it was typed."""

    asked: ApprovalAsked | None = None
    since: float = 0.0
    confirming: bool = False
    given: bool = False

    @property
    def open(self) -> bool:
        """Whether an answer is still wanted."""
        return self.asked is not None and not self.given

    def show(self, asked: ApprovalAsked | None, now: float) -> None:
        """Answer this question from now on."""
        if asked != self.asked:
            self.asked, self.since, self.confirming, self.given = asked, now, False, False

    def read(self, text: str, now: float) -> Decide | str | None:
        """Return the answer in a line, what to say instead of one, or None if the line is something else.

        Raises:
            UsageInvalid: the call cannot be allowed for so long.
        """
        asked, (word, _, rest) = self.asked, text.partition(" ")
        if asked is None or self.given or text.startswith(("/", "!", "#")):
            return None
        if asked.tool == "ask":
            return self._early(now) or Decide(approval_id=asked.approval_id, allow=True, reason=text)
        if asked.in_doubt and (word in NO or text in SCOPES):
            return self._early(now) or _settled(asked, word, rest.strip())
        if word in NO:
            return self._early(now) or Decide(approval_id=asked.approval_id, allow=False, reason=rest.strip())
        if text not in SCOPES:
            return None
        if text == "A" and asked.rule and not self.confirming:
            self.confirming = True
            return f"A again allows from now on, everywhere: {asked.rule}"
        return self._early(now) or allowance(asked, SCOPES[text])

    def _early(self, now: float) -> str:
        return "The question came while you typed; say it again." if now - self.since < GUARD_S else ""
