"""The dock above the prompt: the oldest question to the operator, answered without leaving the draft."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.domain.events import ApprovalAsked
from hermes_tui.domain.text import gist
from hermes_tui.interfaces._questions import REACHES, SIGN, asks
from hermes_tui.interfaces.tui.changed_files import ChangedFiles
from hermes_tui.interfaces.tui.chronicle import Asked
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, ends, foreign, one_line, wrap
from hermes_tui.interfaces.tui.drawing.diff import diff_lines
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.layout import room_above, roomy
from hermes_tui.interfaces.tui.panes._asked import change_in, editable, files_beside, key_spans, whole_call
from hermes_tui.interfaces.tui.panes._pane import Late, View
from hermes_tui.interfaces.tui.panes._question import Answers
from hermes_tui.interfaces.tui.rows import Call
from hermes_tui.interfaces.tui.rules import TitleRule

SHARE: Final = 3
"""The question takes this part of the screen at most: a third; `v` shows what is beyond."""
LEAST_LINES: Final = 8


def card_lines(asked: Asked, now: float, width: int, *, brief: bool = False) -> list[Line]:
    """Return the question: who wants what, why, and, unless it is to be brief, how far it reaches."""
    question = asked.question
    waiting = wording.elapsed(now - asked.at)
    who = str(asked.agent) if asked.agent != "main" else "the kernel"
    lead: tuple[Span, ...] = ((f"{one_line(who)} ", "text bold"), (f"{one_line(asks(question))} ", "text"))
    what = question.what.removeprefix(f"{question.tool} ").removeprefix(f"{question.tool}: ")
    first, *rest = wrap((*lead, *foreign(what, "text bold")), width - len(waiting) - 5)
    lines = [ends((("◊ ", "warn"), *first), ((waiting, "warn"), (" ", "")), width)]
    lines += [Line((("  ", ""), *spans)) for spans in rest]
    lines += _fact("why", gist(question.why), width, 2)
    if brief and question.intent is None:
        return lines
    reach = f"{REACHES[question.reach]} · undo: {question.undo or 'none known'}"
    signed = f"in another shell: {SIGN.format(question.approval_id)}" if question.intent else ""
    return [*lines, *_fact("reach", reach, width, 2), *_fact("sign", signed, width, 2)]


def within(lines: list[Line], most: int) -> list[Line]:
    """Return as many lines as there is room for, and what it takes to see the rest."""
    if len(lines) <= most:
        return lines
    more = len(lines) - most + 1
    return [*lines[: most - 1], Line(((f"  … {more} more lines   ", "muted"), *key_spans("F7 v", "shows all")))]


def _fact(name: str, text: str, width: int, most: int) -> list[Line]:
    if not text.strip():
        return []
    wrapped = wrap(foreign(text.strip()), width - 11)
    if len(wrapped) > most:
        wrapped = [*wrapped[: most - 1], [*wrapped[most - 1], (" …", "muted")]]
    return [Line(((f"  {name if at == 0 else '':<7}", "muted"), *spans)) for at, spans in enumerate(wrapped)]


FOLDED: Final = Line(((" a yes first shows what does not fit here", "muted"),))


class Card(Widget, can_focus=True):
    """The question itself; its letters answer only while it has the focus."""

    DEFAULT_CSS = "Card { height: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('once')", "allow once", id="approval.once"),
        Binding("r", "answer('run')", "allow for this run", id="approval.run"),
        Binding("A", "answer('always')", "allow always; asks again first", id="approval.always"),
        Binding("d", "deny", "deny with a reason, or answer", id="approval.deny"),
        Binding("e", "edit", "write what it should ask for instead", id="approval.edit"),
        Binding("v", "whole", "see all of it", id="approval.whole"),
        Binding("left_square_bracket", "file(-1)", "the file before", id="approval.previous_file"),
        Binding("right_square_bracket", "file(1)", "the next file", id="approval.next_file"),
    ]

    class WholeAsked(Message):
        """The operator wants to see everything about the question."""

    def __init__(self, look: Look, answers: Answers) -> None:
        super().__init__(id="card")
        self.look = look
        self.answers = answers
        self.asked: Asked | None = None
        self.view: View | None = None
        self.calls: Callable[[], Iterable[Call]] = tuple
        """What the session called so far, for questions about files that it changed."""
        self.below: list[Line] = []
        self.files = ChangedFiles(lines=())
        self.file = 0
        self.lines: list[Line] = []
        self.folded = False
        self.read: Container[str] = frozenset()
        self._drawn_for: object = None

    def show(self, asked: Asked | None, view: View) -> None:
        """Show a question and what it would change; keys wait a moment whenever it is another one."""
        before, self.asked, self.view = self.asked, asked, view
        if asked != before:
            self.file = 0
            self._draw_call()
        self.answers.show(asked)
        self.draw(view.now)

    def _draw_call(self) -> None:
        """Draw what stands below the facts: what the one line about the call leaves out, and what it would change."""
        self.below, self.files = [], ChangedFiles(lines=())
        if self.asked is not None and self.view is not None:
            width = max(self.size.width, 20)
            change = change_in(self.asked, self.view)
            self.below = whole_call(self.asked, self.view, width)
            self.below += diff_lines(change, 2, width) if change is not None else []
            self.files = files_beside(self.asked, self.view, width, self.calls())

    def draw(self, now: float) -> None:
        """Draw the question and, with the focus, its keys."""
        if self.asked is None:
            return
        width = max(self.size.width, 20)
        most = max(self.screen.size.height // SHARE, LEAST_LINES)
        brief = not roomy(*self.screen.size)
        lines = [*card_lines(self.asked, now, width, brief=brief), *self.below]
        self.folded = len(lines) > most and self.asked.question.approval_id not in self.read
        self._notice((self.asked, width, most))
        lines = self._with_file(within(lines, most), most)
        if self.has_focus:
            lines += self.answers.keys_for(self.asked)
            lines += [FOLDED] if self.folded else []
            files = key_spans("[ ]", "file") if len(self.files.files) > 1 else []
            whole = (*key_spans("v", "whole"), *key_spans("Esc", "back to the draft"))
            lines.append(Line(((" ", ""), *files, *whole)))
        if lines != self.lines:
            self.lines = lines
            self.styles.height = len(lines)
            self.refresh()

    def _with_file(self, lines: list[Line], most: int) -> list[Line]:
        """Add as much as fits of a file that the question is about; what was changed before takes no reading."""
        room, file = most - len(lines), list(self.files.lines_of(self.file))
        return [*lines, *within(file, room)] if file and room > 1 else lines

    def _notice(self, drawn_for: object) -> None:
        """Drop keys for a moment whenever something else stands here than before."""
        if drawn_for != self._drawn_for:
            self._drawn_for = drawn_for
            self.answers.changed()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        line = self.lines[y] if y < len(self.lines) else Line()
        return self.look.strip(line, self.size.width)

    def unread(self, question: ApprovalAsked) -> bool:
        """Whether a part of this question, which is shown here, was never on screen."""
        return self.folded and self.asked is not None and self.asked.question == question

    def action_answer(self, scope: str) -> None:
        """Allow, for as long as `scope` says; what has not been on screen yet is shown first."""
        if self.folded:
            self.action_whole()
            return
        self.answers.allow(scope)
        self.draw(self.look.clock())

    def action_deny(self) -> None:
        """Ask for a reason."""
        self.answers.ask_for_words()

    def action_edit(self) -> None:
        """Ask how it should be."""
        if self.asked is not None and self.view is not None:
            self.answers.ask_for_edit(editable(self.asked, self.view))

    def action_file(self, by: int) -> None:
        """Show another file that the question is about."""
        self.file = max(0, min(self.file + by, len(self.files.files) - 1))
        self.draw(self.look.clock())

    def action_whole(self) -> None:
        """Show all of it."""
        self.post_message(self.WholeAsked())

    def on_focus(self) -> None:
        """Show the keys, once it is known here that it has the focus."""
        self.call_later(self._draw_now)

    def on_blur(self) -> None:
        """Hide the keys."""
        self.answers.confirming = False
        self.call_later(self._draw_now)

    def _draw_now(self) -> None:
        self.draw(self.look.clock())

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        del event
        self._draw_call()
        self.draw(self.look.clock())


class Dock(Late):
    """Rule, card and, while a reason is typed, its line. Nothing waits: it is not there."""

    DEFAULT_CSS = "Dock { height: auto; display: none; }"

    def __init__(self, look: Look, monotonic: Callable[[], float]) -> None:
        super().__init__(id="dock")
        self.rule = TitleRule(look, "needs you", "F7 answer")
        self.answers = Answers(monotonic)
        self.card = Card(look, self.answers)

    def contents(self) -> ComposeResult:
        """Rule, card, line for words."""
        yield self.rule
        yield self.card
        yield self.answers

    def show(self, view: View) -> None:
        """Show the oldest open question and count the rest."""
        known = view.chronicle.asked
        waiting = [known[asked.approval_id] for asked in view.state.calls.waiting if asked.approval_id in known]
        self.display = bool(waiting)
        self.styles.margin = (room_above(self.screen.size.height), 0, 0, 0)
        title = (("needs you", "text bold"), (f" {len(waiting)}", "text bold"))
        self.rule.say(title, (("F7", "accent"), (" answer", "muted")) if roomy(*self.screen.size) else ())
        self.card.show(waiting[0] if waiting else None, view)

    def on_descendant_focus(self) -> None:
        """Mark the rule."""
        self.rule.mark(focused=True)

    def on_descendant_blur(self) -> None:
        """Unmark the rule."""
        self.rule.mark(focused=False)
