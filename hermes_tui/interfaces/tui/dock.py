"""The dock above the prompt: the oldest question to the operator, answered without leaving the draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from hermes_tui.domain.approval import Scope
from hermes_tui.domain.commands import Decide
from hermes_tui.interfaces.tui import wording
from hermes_tui.interfaces.tui.cells import Line, Span, ends, foreign, one_line, wrap
from hermes_tui.interfaces.tui.chronicle import Asked
from hermes_tui.interfaces.tui.line_view import Look
from hermes_tui.interfaces.tui.panes._pane import TitleRule, View

GUARD_S: Final = 0.3
"""Keys typed earlier than this after the card changed were meant for something else."""
MOST_LINES: Final = 12


def card_lines(asked: Asked, now: float, width: int) -> list[Line]:
    """Return the question: who wants what, why, how far it reaches; the command is never cut."""
    question = asked.question
    waiting = wording.elapsed(now - asked.at)
    who = str(asked.agent) if asked.agent != "main" else "the kernel"
    verb = "asks" if question.tool == "ask" else f"wants {question.tool}"
    lead: tuple[Span, ...] = ((f"{one_line(who)} ", "text bold"), (f"{one_line(verb)} ", "text"))
    what = question.what.removeprefix(f"{question.tool} ").removeprefix(f"{question.tool}: ")
    first, *rest = wrap((*lead, *foreign(what, "text bold")), width - len(waiting) - 5)
    lines = [ends((("◊ ", "warn"), *first), ((waiting, "warn"), (" ", "")), width)]
    lines += [Line((("  ", ""), *spans)) for spans in rest]
    lines += _fact("why", question.why, width)
    reach = f"{question.reach.name.lower()}" + (f" · undo: {question.undo}" if question.undo else " · no undo known")
    return [*lines, *_fact("reach", reach, width)]


def _fact(name: str, text: str, width: int) -> list[Line]:
    if not text.strip():
        return []
    wrapped = wrap(foreign(text.strip()), width - 11)[:3]
    return [Line(((f"  {name if at == 0 else '':<7}", "muted"), *spans)) for at, spans in enumerate(wrapped)]


class Card(Widget, can_focus=True):
    """The question itself; its letters answer only while it has the focus."""

    DEFAULT_CSS = "Card { height: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('once')", "allow once", id="approval.once"),
        Binding("r", "answer('run')", "allow for this run", id="approval.run"),
        Binding("A", "answer('always')", "allow always", id="approval.always"),
        Binding("d", "deny", "deny with a reason", id="approval.deny"),
        Binding("v", "whole", "see all of it", id="approval.whole"),
    ]

    class Answered(Message):
        """The operator decided."""

        def __init__(self, command: Decide) -> None:
            super().__init__()
            self.command = command

    class ReasonAsked(Message):
        """The operator wants to give words: a reason, or the answer to a question."""

    class WholeAsked(Message):
        """The operator wants to see everything about the question."""

    def __init__(self, look: Look, monotonic: Callable[[], float]) -> None:
        super().__init__(id="card")
        self.look = look
        self.monotonic = monotonic
        self.asked: Asked | None = None
        self.lines: list[Line] = []
        self._since = 0.0
        self._confirming = False

    def show(self, asked: Asked | None, now: float) -> None:
        """Show a question; keys wait a moment whenever it is another one."""
        if asked != self.asked:
            self.asked, self._since, self._confirming = asked, self.monotonic(), False
        self.draw(now)

    def draw(self, now: float) -> None:
        """Draw the question and, with the focus, its keys."""
        if self.asked is None:
            return
        width = max(self.size.width, 20)
        lines = card_lines(self.asked, now, width)[:MOST_LINES]
        if self.has_focus:
            lines += [Line((("  ", ""), *spans)) for spans in wrap(self._keys(), width - 3)]
        if lines != self.lines:
            self.lines = lines
            self.styles.height = len(lines)
            self.refresh()

    def _keys(self) -> list[Span]:
        question = self.asked.question if self.asked else None
        if question is None:
            return []
        if self._confirming:
            return [*foreign(f"A again allows from now on, everywhere: {question.rule}", "warn"), *_key("Esc", "no")]
        if question.tool == "ask":
            return [*_key("y", "yes"), *_key("d", "answer in words"), *_key("v", "whole"), *_key("Esc", "draft")]
        wider = [*_key("r", "this run"), *_key("A", "always")] if question.rule else []
        keys = [*_key("y", "once"), *wider, *_key("d", "deny with a reason"), *_key("v", "whole")]
        return [*keys, *_key("Esc", "back to the draft")]

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        line = self.lines[y] if y < len(self.lines) else Line()
        return self.look.strip(line, self.size.width)

    def _ready(self) -> bool:
        return self.asked is not None and self.monotonic() - self._since >= GUARD_S

    def action_answer(self, scope: str) -> None:
        """Allow, for as long as `scope` says; `always` asks once more."""
        if self.asked is None or not self._ready():
            return
        question, wanted = self.asked.question, Scope(scope)
        if wanted is not Scope.ONCE and not question.rule:
            return
        if wanted is Scope.ALWAYS and not self._confirming:
            self._confirming = True
            self.draw(self.look.clock())
            return
        self.post_message(self.Answered(Decide(approval_id=question.approval_id, allow=True, scope=wanted)))

    def action_deny(self) -> None:
        """Ask for a reason."""
        if self._ready():
            self.post_message(self.ReasonAsked())

    def action_whole(self) -> None:
        """Show all of it."""
        self.post_message(self.WholeAsked())

    def on_focus(self) -> None:
        """Show the keys."""
        self.draw(self.look.clock())

    def on_blur(self) -> None:
        """Hide the keys."""
        self._confirming = False
        self.draw(self.look.clock())

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        del event
        self.draw(self.look.clock())


class Dock(Vertical):
    """Rule, card and, while a reason is typed, its line. Nothing waits: it is not there."""

    DEFAULT_CSS = "Dock { height: auto; display: none; }"

    def __init__(self, look: Look, monotonic: Callable[[], float]) -> None:
        super().__init__(id="dock")
        self.rule = TitleRule(look, "needs you", "F7 answer")
        self.card = Card(look, monotonic)
        self.entry = Input(id="reason", compact=True)
        self.entry.display = False

    def compose(self) -> ComposeResult:
        """Rule, card, entry."""
        yield self.rule
        yield self.card
        yield self.entry

    def show(self, view: View) -> None:
        """Show the oldest open question and count the rest."""
        known = view.chronicle.asked
        waiting = [known[asked.approval_id] for asked in view.state.calls.waiting if asked.approval_id in known]
        self.display = bool(waiting)
        self.rule.say(
            (("needs you", "text bold"), (f" {len(waiting)}", "text bold")), (("F7", "accent"), (" answer", "muted"))
        )
        self.card.show(waiting[0] if waiting else None, view.now)

    @on(Card.ReasonAsked)
    def _reason(self, event: Card.ReasonAsked) -> None:
        event.stop()
        asks = self.card.asked is not None and self.card.asked.question.tool == "ask"
        self.entry.placeholder = "your answer, Enter sends it" if asks else "why not, Enter sends it to the agent"
        self.entry.display = True
        self.entry.focus()

    @on(Input.Submitted)
    def _sent(self, event: Input.Submitted) -> None:
        event.stop()
        self.entry.display = False
        asked = self.card.asked
        if asked is not None:
            allow = asked.question.tool == "ask"
            decide = Decide(approval_id=asked.question.approval_id, allow=allow, reason=event.value.strip())
            self.post_message(Card.Answered(decide))
        self.entry.clear()

    def on_descendant_focus(self) -> None:
        """Mark the rule."""
        self.rule.mark(focused=True)

    def on_descendant_blur(self) -> None:
        """Unmark the rule."""
        self.rule.mark(focused=False)


def _key(key: str, means: str) -> list[Span]:
    return [(key, "accent"), (f" {means}   ", "muted")]
