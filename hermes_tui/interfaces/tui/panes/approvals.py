"""The approvals inbox: what waits on the left, the whole question with its diff or command on the right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from hermes_tui.domain.tasks import Reach
from hermes_tui.interfaces._questions import NOTHING_WAITS
from hermes_tui.interfaces.tui.changed_files import FILE_KEYS, ChangedFiles
from hermes_tui.interfaces.tui.chronicle import Asked
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, one_line, wrap
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.headings import ChoiceWindow
from hermes_tui.interfaces.tui.inbox_rows import Answered, Nothing, Waiting, inbox_rows
from hermes_tui.interfaces.tui.layout import roomy
from hermes_tui.interfaces.tui.panes._asked import Question, editable, fact, key_spans, question_of
from hermes_tui.interfaces.tui.panes._pane import Pane, Sheet, View
from hermes_tui.interfaces.tui.panes._question import Answers, Reading
from hermes_tui.interfaces.tui.rows import Call
from hermes_tui.interfaces.tui.rules import Divider, TitleRule

EMPTY_TEXT: Final = (EMPTY, Line(((f" {NOTHING_WAITS}", "muted"),)))
NO_QUESTION: Final = Question(lines=(), own=0, files=ChangedFiles(lines=()))


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
        Binding("v", "whole", "all of it on a page", id="inbox.whole"),
        Binding("left_square_bracket", "file(-1)", "the file before", id="inbox.previous_file"),
        Binding("right_square_bracket", "file(1)", "the next file", id="inbox.next_file"),
    ]

    def __init__(self, look: Look, monotonic: Callable[[], float]) -> None:
        super().__init__(look, name="approvals")
        self.calls: Callable[[], Iterable[Call]] = tuple
        """What the session called so far, for questions about files that it changed."""
        self.view = LineView(look, name="approval-rows", folds=False, follows=False, empty=EMPTY_TEXT)
        self.view.window = ChoiceWindow(clock=look.clock, follows=False)
        self.detail_rule = TitleRule(look, "question")
        self.detail = Sheet(look, name="approval-detail")
        self.view.copies = self.detail.copies = False
        self.keys = Sheet(look, name="approval-keys", focusable=False)
        self.answers = Answers(monotonic)
        self.question = NO_QUESTION
        self.reading = Reading()
        self._seen: View | None = None
        self._shown: Asked | None = None
        self._unfolded = False
        self._lead = 0

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
        waiting = [known[one.approval_id] for one in view.state.calls.waiting if one.approval_id in known]
        on = self.view.current
        self.view.replace_all(inbox_rows(waiting, view.chronicle.decided, view.now, opened=self._unfolded))
        answered = isinstance(on, Waiting) and not isinstance(self.view.current, Waiting)
        idle = waiting and not isinstance(self.view.current, Waiting) and not self.has_focus_within
        if self.view.current is None or answered or idle:
            self.view.window.move_to(0)
        count = f" {len(waiting)}" if waiting else ""
        self.rule.say(((self.TITLE, "text bold"), (count, "text bold")), (("oldest first", "muted"),))
        self._show_detail()

    @on(LineView.Moved)
    @on(LineView.Scrolled)
    def _moved(self, event: LineView.OfRow) -> None:
        event.stop()
        if event.view is self.view:
            self._show_detail()
        else:
            self._say_rest()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        del event
        self.call_after_refresh(self._show_detail)

    def _show_detail(self) -> None:
        row = self.view.current
        asked = row.asked if isinstance(row, Waiting) else None
        self.answers.show(asked)
        shown = asked or (row.decided.asked if isinstance(row, Answered) else None)
        if self._seen is None or shown is None:
            self._shown, self.question = None, NO_QUESTION
            self.detail_rule.say((("question", "text bold"),))
            self.detail.show([])
            self.keys.show([])
            return
        self.question = question_of(
            shown, self._seen, max(self.detail.size.width, 30), self.calls() if self.display else ()
        )
        self.detail.show([*self._answer(row), *self.question.lines])
        if shown is not self._shown:
            self._shown = shown
            self.detail.begin_with(0)
        self.keys.show([*self.answers.keys_for(asked), *self._moves()])
        self.keys.styles.height = len(self.keys)
        self._say_rest()
        self.call_after_refresh(self._say_rest)

    def _answer(self, row: object) -> list[Line]:
        """Return what was said to a question that was answered."""
        if not isinstance(row, Answered):
            return []
        said = f"{row.word}, {wording.clock(row.decided.at)}  {one_line(row.decided.answer.reason)}"
        return fact("answer", said, max(self.detail.size.width, 30), "text bold")

    def _moves(self) -> list[Line]:
        """Return the keys that answer nothing; in little room the question needs the line."""
        if not roomy(*self.screen.size):
            return []
        files = key_spans("[ ]", FILE_KEYS.removeprefix("[ ] ")) if len(self.question.files.files) > 1 else []
        keys = [*key_spans("j k", "next"), *files, *key_spans("v", "whole"), *key_spans("g", "graph")]
        keys += [*key_spans("m", "mind"), *key_spans("Esc", "back to your draft")]
        return [Line(((" ", ""), *spans)) for spans in wrap(keys, max(self.keys.size.width - 2, 20))]

    def _say_rest(self) -> None:
        """Say in the rule how much of the question stands below the screen."""
        shown = self._shown
        if shown is None:
            return
        below = len(self.detail) - 1 - max(self.detail.window.visible(), default=-1)
        wanted = wording.wanted(shown.question.tool, shown.question.what)
        rest: Span = (f"{wording.count(below, 'line')} below · Enter scrolls", "text")
        external = shown.question.reach >= Reach.NETWORK
        lasting: Span = (f"external · {shown.question.undo or 'no undo is known'}", "warn")
        name: Span = lasting if external else (str(shown.question.approval_id), "muted")
        self.detail_rule.say(
            ((one_line(wanted), "text bold"),), (rest if below > 0 and self.detail.size.height else name,)
        )
        if self.display and self.detail.size.height and isinstance(self.view.current, Waiting):
            self.reading.noticed(*self._place(shown), self.detail.window.visible(), self.question.own)

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
        self._say_rest()
        unseen = self.reading.first_unseen(*self._place(asked), self.question.own)
        if unseen is None:
            return True
        self.detail.window.scroll(unseen - min(self.detail.window.visible(), default=0))
        self.detail.refresh()
        self.answers.changed()
        self._say_rest()
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

    def action_file(self, by: int) -> None:
        """Go to another file of the question's diff."""
        line = self.question.files.turned(max(self.detail.window.cursor - self._lead, 0), by)
        if line is not None:
            self.detail.begin_with(line + self._lead)

    def action_whole(self) -> None:
        """Show all of the question on a page."""
        shown, seen = self._shown, self._seen
        if shown is not None and seen is not None:
            title = wording.wanted(shown.question.tool, one_line(shown.question.what))
            self.post_message(self.PageAsked(title, partial(self._whole, shown, seen)))

    def _whole(self, shown: Asked, seen: View, width: int) -> Sequence[Line]:
        return question_of(shown, seen, width, self.calls()).lines

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        event.stop()
        if isinstance(event.row, Nothing) and self._seen is not None:
            self._unfolded = True
            self.show(self._seen)
        else:
            self.detail.focus()

    def step_back(self) -> bool:
        """Leave the reason or the detail; return whether there was one to leave."""
        if not self.answers.entry.display and not self.detail.has_focus:
            return False
        self.answers.close()
        self.view.focus()
        return True
