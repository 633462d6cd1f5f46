"""The budget: spent, reserved, cap, rate and forecast; the cap is raised in place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from hermes_tui.domain.ports import Brain
from hermes_tui.domain.state.spend import Spent
from hermes_tui.interfaces.tui import meter
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, wrap
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.limits import limit_lines
from hermes_tui.interfaces.tui.line_input import LineInput
from hermes_tui.interfaces.tui.panes._pane import Pane, Sheet, View
from hermes_tui.services.chains import is_local

STOP_S: Final = 5.0
"""A second press counts for so long, while the first still says what it would do."""


class BudgetPane(Pane):
    """Money and tokens against their caps."""

    TITLE = "budget"
    KEY = "F6"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus", "raise_cap", "raise the cap of the run", id="budget.raise"),
        Binding("l", "limits", "every limit in force", id="budget.limits"),
        Binding("x", "stop_spending", "stop spending: end the run, resumably", id="budget.stop"),
    ]

    class RaiseAsked(Message):
        """The operator wants another cap."""

        def __init__(self, usd: float) -> None:
            super().__init__()
            self.usd = usd

    def __init__(self, look: Look) -> None:
        super().__init__(look, name="budget")
        self.view = Sheet(look, name="budget-rows")
        self.entry = LineInput(placeholder="new cap of the run in US dollars, Enter", id="cap-entry", compact=True)
        self._seen: View | None = None
        self._stop_asked = -STOP_S

    def contents(self) -> ComposeResult:
        """Rule, numbers, and the entry while a cap is raised."""
        yield self.rule
        yield self.view
        self.entry.display = False
        yield self.entry

    def show(self, view: View) -> None:
        """Draw the numbers where they changed."""
        self._seen = view
        width = self.view.size.width or 46
        draw = meter.detail if self.full else meter.compact
        day = meter.Day(view.day_usd, view.facts.config.budgets.day.usd)
        spend = view.state.spend
        free = [name for name in spend.by_model if is_local(view.facts.config, name.partition(":")[0])]
        lines = draw(view.state, view.chronicle, view.now, width, day, free)
        if self.full:
            used = [one for one in view.brains if isinstance(one, Brain) and one.name in spend.by_model]
            dated = [one.price.dated for one in used if one.price]
            note = wrap(((note_of(spend.run, dated), "muted"),), width - 2)
            lines += [EMPTY, *(Line(((" ", ""), *spans)) for spans in note)]
        self.view.show(lines)
        hint: tuple[Span, ...] = (
            (("+ raise cap · l limits · x stop spending", "muted"),) if self.full else ((self.KEY, "muted"),)
        )
        self.rule.say(((self.TITLE, "text bold"),), hint)

    def on_resize(self) -> None:
        """Draw for the new width."""
        if self._seen is not None:
            self.call_after_refresh(self.show, self._seen)

    def action_limits(self) -> None:
        """Show every limit."""
        if self._seen is not None:
            self.post_message(self.PageAsked("limits", partial(limit_lines, self._seen)))

    def action_stop_spending(self) -> None:
        """End the run on the second press; the first says what that means."""
        now, seen = self.look.clock(), self._seen
        if seen is None or not seen.live:
            self.post_message(self.Warned("No run is under way; nothing is spent."))
        elif now - self._stop_asked < STOP_S:
            self.post_message(OrderAsked("interrupt"))
        else:
            self._stop_asked = now
            spent = wording.money(seen.state.spend.run.usd)
            self.post_message(self.Warned(f"x again stops the run at {spent}; finished work is kept, /resume goes on."))

    def action_raise_cap(self) -> None:
        """Ask for a number."""
        self.entry.display = True
        self.entry.focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.entry.display = False
        self.focus_body()
        try:
            usd = float(event.value.strip().lstrip("$"))
        except ValueError:
            return
        self.entry.clear()
        if usd > 0:
            self.post_message(self.RaiseAsked(usd))


def note_of(total: Spent, dated: Sequence[str] = ()) -> str:
    """Return how far the tables can be trusted: how old the prices are, which calls have none, who counted tokens."""
    known = sorted({date for date in dated if date})
    prices = [f"prices of {' to '.join(dict.fromkeys((known[0], known[-1])))}"] if known else []
    calls = wording.count(total.unknown, "call")
    priced = f"{calls} with an unknown price: not in the sum" if total.unknown else "no call with an unknown price"
    reported = total.usage.source == "reported"
    counted = "usage as the providers reported it" if reported else "usage is an estimate where none was reported"
    return " · ".join((*prices, priced, counted))
