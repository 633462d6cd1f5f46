"""The approvals inbox: what waits on the left, the whole question with its diff or command on the right."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from hermes_tui.domain.approval import Decision
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.chronicle import Asked, Decided
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, ends, fit, foreign, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, NEEDS_YOU
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.panes._pane import Pane, Sheet, View
from hermes_tui.interfaces.tui.panes._question import Answers, Reading, editable, question_lines
from hermes_tui.interfaces.tui.rules import Divider, TitleRule

EMPTY_TEXT = (EMPTY, Line(((" Nothing waits for you.", "muted"),)))


@frozen(kw_only=False)
class Waiting:
    """A question that has no answer yet."""

    asked: Asked
    live: bool = True

    @property
    def key(self) -> Hashable:
        """The approval."""
        return self.asked.question.approval_id

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw who wants which tool, since when, and what."""
        question = self.asked.question
        who = "kernel" if self.asked.agent == "main" else one_line(str(self.asked.agent))
        left = (("◊ ", NEEDS_YOU.role), (fit(who, 16), "text bold"), (f"  {one_line(question.tool)}", "text"))
        since = wording.elapsed(room.now - self.asked.at)
        what = fit(one_line(question.what), max(room.width - 4, 4))
        return (ends(left, ((f"{since} ", "warn"),), room.width), Line((("  ", ""), *foreign(what, "muted"))))

    def copy(self) -> str:
        """Return what is wanted."""
        return self.asked.question.what


@frozen(kw_only=False)
class Answered:
    """A question and what was said to it."""

    decided: Decided
    live: bool = False

    @property
    def key(self) -> Hashable:
        """The approval."""
        return self.decided.answer.approval_id

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw the answer, its scope, what it was about, and the reason."""
        answer = self.decided.answer
        allowed = answer.decision is Decision.ALLOW
        sign = DONE if allowed else FAILED
        word = answer.scope.value if allowed else "denied"
        what = fit(one_line(self.decided.asked.question.what), max(room.width - 18, 4))
        left = ((f"{sign.glyph} ", sign.role), (f"{word:<7}", "muted"), *foreign(what, "muted"))
        first = ends(left, ((f"{wording.short_clock(self.decided.at)} ", "muted"),), room.width)
        reason = fit(one_line(answer.reason), max(room.width - 4, 4))
        return (first, Line((("  ", ""), *foreign(reason, "muted")))) if reason else (first,)

    def copy(self) -> str:
        """Return what was wanted and what was said."""
        return f"{self.decided.asked.question.what}\n{self.decided.answer.reason}".strip()


class ApprovalsPane(Pane):
    """Everything that waits for the operator, and what was decided."""

    TITLE = "needs you"
    KEY = "F7"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('once')", "allow once", id="inbox.once"),
        Binding("r", "answer('run')", "allow for this run", id="inbox.run"),
        Binding("A", "answer('always')", "allow always", id="inbox.always"),
        Binding("d", "deny", "deny with a reason", id="inbox.deny"),
        Binding("e", "edit", "write what it should ask for instead", id="inbox.edit"),
        Binding("left_square_bracket", "seek(-1)", "the question before", id="inbox.before"),
        Binding("right_square_bracket", "seek(1)", "the next question", id="inbox.next"),
    ]

    def __init__(self, look: Look, monotonic: Callable[[], float]) -> None:
        super().__init__(look, name="approvals")
        self.view = LineView(look, name="approval-rows", folds=False, follows=False, empty=EMPTY_TEXT)
        self.detail_rule = TitleRule(look, "question")
        self.detail = Sheet(look, name="approval-detail")
        self.view.copies = self.detail.copies = False
        self.keys = Sheet(look, name="approval-keys", focusable=False)
        self.answers = Answers(monotonic)
        self._seen: View | None = None
        self.reading = Reading()

    def contents(self) -> ComposeResult:
        """Questions and answers; beside them the question under the cursor."""
        with Horizontal():
            with Vertical(id="approvals-main"):
                yield self.rule
                yield self.view
            yield Divider(self.look, "approvals-divider")
            with Vertical(id="approvals-side"):
                yield self.detail_rule
                yield self.detail
                yield self.keys
                yield self.answers

    def show(self, view: View) -> None:
        """Show what waits, oldest first, and what was decided, newest first."""
        self._seen = view
        known = view.chronicle.asked
        waiting = [Waiting(known[one.approval_id]) for one in view.state.calls.waiting if one.approval_id in known]
        decided = [Answered(one) for one in reversed(view.chronicle.decided)]
        on = self.view.current
        self.view.replace_all([*waiting, *decided])
        if isinstance(on, Waiting) and not isinstance(self.view.current, Waiting):
            self.view.window.move_to(0)
        if self.view.current is None or (
            waiting and isinstance(self.view.current, Answered) and not self.has_focus_within
        ):
            self.view.window.move_to(0)
        count = f" {len(waiting)}" if waiting else ""
        hint = f"oldest first · {len(decided)} decided" if decided else "oldest first"
        self.rule.say(((self.TITLE, "text bold"), (count, "text bold")), ((hint, "muted"),))
        self._show_detail()

    @on(LineView.Moved)
    @on(LineView.Scrolled)
    def _moved(self, event: LineView.OfRow) -> None:
        event.stop()
        if event.view is self.view:
            self._show_detail()
        elif isinstance(row := self.view.current, Waiting):
            self._say_rest(row.asked)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        del event
        self.call_after_refresh(self._show_detail)

    def _show_detail(self) -> None:
        row = self.view.current
        asked = row.asked if isinstance(row, Waiting) else None
        self.answers.show(asked)
        if self._seen is None or row is None:
            self.detail_rule.say((("question", "text bold"),))
            self.detail.show([])
            self.keys.show([])
            return
        shown = asked or (row.decided.asked if isinstance(row, Answered) else None)
        if shown is not None:
            lines = question_lines(shown, self._seen, max(self.detail.size.width, 30))
            self.detail.show(lines)
            self.keys.show(self.answers.keys_for(asked))
            self.keys.styles.height = len(self.keys)
            self._say_rest(shown)
            self.call_after_refresh(self._say_rest, shown)

    def _say_rest(self, shown: Asked) -> None:
        """Say in the rule how much of the question stands below the screen."""
        below = len(self.detail) - 1 - max(self.detail.window.visible(), default=-1)
        title: tuple[Span, ...] = ((one_line(shown.question.tool), "text bold"),)
        rest: Span = (f"{wording.count(below, 'line')} below · Enter scrolls", "text")
        name: Span = (str(shown.question.approval_id), "muted")
        self.detail_rule.say(title, (rest,) if below > 0 and self.detail.size.height else (name,))
        if self.display and self.detail.size.height:
            self.reading.noticed(*self._place(shown), self.detail.window.visible(), len(self.detail))

    def _place(self, asked: Asked) -> tuple[str, int]:
        """Return what a reading is about: a question as it is wrapped now."""
        return str(asked.question.approval_id), self.detail.size.width

    def set_full(self, *, full: bool) -> None:
        """Take the whole screen, or give it back; what just appeared is not answered by a key that was under way."""
        super().set_full(full=full)
        self.answers.changed()

    def turn_to(self, approval: str) -> None:
        """Put the cursor on a question."""
        self.view.show_row(approval)

    def _all_seen(self, asked: Asked) -> bool:
        """Whether every line of a question has been on screen; if not, show those that follow."""
        self._say_rest(asked)
        unseen = self.reading.first_unseen(*self._place(asked), len(self.detail))
        if unseen is None:
            return True
        self.detail.window.scroll(unseen - min(self.detail.window.visible(), default=0))
        self.detail.refresh()
        self.answers.changed()
        self._say_rest(asked)
        return False

    def action_answer(self, scope: str) -> None:
        """Allow what is under the cursor; what has not been on screen yet is shown first."""
        row = self.view.current
        if not self.answers.ready or (isinstance(row, Waiting) and not self._all_seen(row.asked)):
            return
        self.answers.allow(scope)
        self._show_detail()

    def action_deny(self) -> None:
        """Ask for a reason, then deny."""
        self.answers.ask_for_words()

    def action_edit(self) -> None:
        """Ask how it should be."""
        row = self.view.current
        if isinstance(row, Waiting) and self._seen is not None:
            self.answers.ask_for_edit(editable(row.asked, self._seen))

    def action_seek(self, by: int) -> None:
        """Go to another question that waits."""
        waiting = [at for at, row in enumerate(self.view.window.rows) if isinstance(row, Waiting)]
        ahead = [at for at in waiting if (at - self.view.window.cursor) * by > 0]
        if ahead:
            self.view.show_row(self.view.window.rows[min(ahead) if by > 0 else max(ahead)].key)

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        event.stop()
        self.detail.focus()

    def step_back(self) -> bool:
        """Leave the reason or the detail; return whether there was one to leave."""
        if not self.answers.entry.display and not self.detail.has_focus:
            return False
        self.answers.close()
        self.view.focus()
        return True
