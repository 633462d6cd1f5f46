"""Rows of the approvals inbox: what waits, what was decided, and that nothing waits."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Final

from hermes_tui.domain.approval import Decision
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces._questions import NOTHING_WAITS
from hermes_tui.interfaces.tui.chronicle import Asked, Decided
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, ends, fit, foreign, one_line, pad, wrap
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, NEEDS_YOU
from hermes_tui.interfaces.tui.drawing.row_window import Room, Row
from hermes_tui.interfaces.tui.headings import Heading
from hermes_tui.interfaces.tui.notices import call_key
from hermes_tui.interfaces.tui.rows import Entry, Origin

WHO_CELLS: Final = 13


def _origin(asked: Asked) -> Origin:
    """Return where a question comes from: its call, which every pane knows."""
    key = call_key(asked.question.call_id)
    return Origin(key=key, seq=asked.seq, at=asked.at, task=asked.task, agent=asked.agent)


@frozen(kw_only=False)
class Waiting(Entry):
    """A question that has no answer yet."""

    asked: Asked

    @property
    def origin(self) -> Origin:  # type: ignore[override]
        """Its call."""
        return _origin(self.asked)

    @property
    def key(self) -> Hashable:
        """The approval."""
        return self.asked.question.approval_id

    @property
    def live(self) -> bool:
        """It shows since when it waits."""
        return True

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw who wants which tool, since when, and what."""
        question = self.asked.question
        who = "kernel" if self.asked.agent == "main" else one_line(str(self.asked.agent))
        left = ((f" {NEEDS_YOU.glyph} ", NEEDS_YOU.role), (pad(who, WHO_CELLS), "text bold"))
        since = wording.elapsed(room.now - self.asked.at)
        what = fit(one_line(question.what), max(room.width - 4, 4))
        tool = (f" {one_line(question.tool)}", "text")
        return (ends((*left, tool), ((f"{since} ", "warn"),), room.width), Line((("   ", ""), *foreign(what, "muted"))))

    def copy(self) -> str:
        """Return what is wanted."""
        return self.asked.question.what


@frozen(kw_only=False)
class Answered(Entry):
    """A question and what was said to it."""

    decided: Decided

    @property
    def origin(self) -> Origin:  # type: ignore[override]
        """Its call."""
        return _origin(self.decided.asked)

    @property
    def key(self) -> Hashable:
        """The approval."""
        return self.decided.answer.approval_id

    @property
    def word(self) -> str:
        """For how long it was allowed, or that it was denied."""
        answer = self.decided.answer
        return answer.scope.value if answer.decision is Decision.ALLOW else "denied"

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw the answer, its scope, what it was about, and the reason."""
        answer, question = self.decided.answer, self.decided.asked.question
        sign = DONE if answer.decision is Decision.ALLOW else FAILED
        what = fit(one_line(wording.wanted(question.tool, question.what)), max(room.width - 19, 4))
        left = ((f" {sign.glyph} ", sign.role), (f"{self.word:<8}", "muted"), *foreign(what, "muted"))
        first = ends(left, ((f"{wording.short_clock(self.decided.at)} ", "muted"),), room.width)
        reason = fit(one_line(answer.reason), max(room.width - 4, 4))
        return (first, Line((("   ", ""), *foreign(reason, "muted")))) if reason else (first,)

    def copy(self) -> str:
        """Return what was wanted and what was said."""
        return f"{self.decided.asked.question.what}\n{self.decided.answer.reason}".strip()


@frozen(kw_only=False)
class Nothing:
    """That nothing waits, and how much was decided, which one key shows."""

    today: int
    earlier: int
    live: bool = False

    @property
    def key(self) -> Hashable:
        """There is only one."""
        return "nothing"

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw it, as wide as there is room."""
        many = f"{self.today:,} decided today" if self.today else f"{self.earlier:,} decided earlier"
        said = f"{NOTHING_WAITS} {many}; Enter shows them."
        return (EMPTY, *(Line(((" ", ""), *spans)) for spans in wrap(((said, "muted"),), max(room.width - 2, 12))))

    def copy(self) -> str:
        """Return it."""
        return NOTHING_WAITS


def inbox_rows(waiting: Sequence[Asked], decided: Sequence[Decided], now: float, *, opened: bool) -> list[Row]:
    """Return what waits, then the answers, the newest first; where nothing waits, those only once they are `opened`."""
    answered = [Answered(one) for one in reversed(decided)]
    today = [row for row in answered if _day(row.decided.at) == _day(now)]
    earlier = [row for row in answered if _day(row.decided.at) != _day(now)]
    if answered and not waiting and not opened:
        return [Nothing(len(today), len(earlier))]
    rows: list[Row] = [Waiting(one) for one in waiting]
    for title, some in (("decided today", today), ("decided earlier", earlier)):
        rows += [Heading(((title, "text bold"), (f" {len(some):,}", "muted"))), *some] if some else []
    return rows


def _day(at: float) -> tuple[int, int]:
    """Return the local day of a time."""
    local = time.localtime(at)
    return local.tm_year, local.tm_yday
