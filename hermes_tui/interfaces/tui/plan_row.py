"""The row that a plan has in the transcript: how it was made, how large it is, what it will probably cost and take."""

from __future__ import annotations

from hermes_tui.domain.events import PlanEdited
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import mutable, replace
from hermes_tui.interfaces.tui import notices
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Span, foreign, one_line
from hermes_tui.interfaces.tui.graph.remaining import cortex_price, foreseen
from hermes_tui.interfaces.tui.panes._pane import View
from hermes_tui.interfaces.tui.rows import Notice
from hermes_tui.kernel.strategies.port import PLAN


@mutable
class PlanRow:
    """The row of a run's plan. While the planner still writes, its tasks are counted there; other edits have their own.

    `rev` is the revision that the row tells of, 0 where later edits have rows after it. `expected` is what it says of
    cost and time.
    """

    strategy: str = ""
    rev: int = 0
    tasks: int = 0
    expected: str = ""
    _row: Notice | None = None
    _known: object = None

    def told(self, record: Record, body: PlanEdited, tasks: int) -> Notice:
        """Return the row that an edit changes or adds; the plan has so many tasks after it."""
        rev = body.base_rev + 1
        first, written = not body.base_rev, record.place.task == PLAN and self.rev == body.base_rev
        if not first and not written:
            self.rev = 0
            said = f" rev {rev} · {wording.count(tasks, 'task')} · {one_line(body.why)}"
            return _notice(record, said)
        self.rev, self.tasks = rev, tasks
        if first or self._row is None:
            self.expected = ""
            self._row = replace(_notice(record, ""), details=one_line(body.why))
        return self._now(self._row)

    def foreseen(self, view: View) -> Notice | None:
        """Return the row with what the plan will probably cost and take; None where nothing of that is new."""
        known = (view.state.graph.rev, view.rates, cortex_price(view))
        if self._row is None or known[0] != self.rev or known == self._known:
            return None
        self._known = known
        self.expected = foreseen(view)
        return self._now(self._row)

    def _now(self, row: Notice) -> Notice:
        facts = (wording.count(self.tasks, "task"), self.expected)
        said = f"{f' {self.strategy}' if self.strategy else ''} · {' · '.join(fact for fact in facts if fact)}"
        self._row = replace(row, spans=_spans(said))
        return self._row


def _notice(record: Record, said: str) -> Notice:
    return Notice(origin=notices.origin(record), sign=notices.KERNEL, spans=_spans(said), hint="F2")


def _spans(said: str) -> tuple[Span, ...]:
    return (("plan", "text bold"), *foreign(said, "muted"))
