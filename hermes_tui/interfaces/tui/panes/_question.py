"""The one way to answer a question: keys that wait a moment, a line for words, and what has been on screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from hermes_tui.domain.approval import Scope
from hermes_tui.domain.commands import Decide
from hermes_tui.interfaces._questions import AGAIN, GUARD_S, HAPPENED
from hermes_tui.interfaces.tui.chronicle import Asked
from hermes_tui.interfaces.tui.drawing.cells import Line, foreign
from hermes_tui.interfaces.tui.line_input import LineInput
from hermes_tui.interfaces.tui.panes._asked import key_spans


class Answers(Vertical):
    """Turns keys into an answer: waits after a change, asks twice before `always`, asks for words."""

    DEFAULT_CSS = "Answers { height: auto; }"

    class Given(Message):
        """The operator decided."""

        def __init__(self, command: Decide) -> None:
            super().__init__()
            self.command = command

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self.monotonic = monotonic
        self.asked: Asked | None = None
        self.confirming = self.editing = False
        self.entry = LineInput(compact=True, select_on_focus=False)
        self.entry.display = False
        self._since = 0.0

    def compose(self) -> ComposeResult:
        """Only the line for words."""
        yield self.entry

    def show(self, asked: Asked | None) -> None:
        """Answer this question from now on."""
        if asked != self.asked:
            self.asked, self.confirming = asked, False
            self.changed()
            self.close()

    def changed(self) -> None:
        """Drop keys for a moment: what they would answer looks different now."""
        self._since = self.monotonic()

    @property
    def is_question(self) -> bool:
        """Whether the agent asks for words, not for leave."""
        return self.asked is not None and self.asked.question.tool == "ask"

    @property
    def is_doubt(self) -> bool:
        """Whether nobody knows what became of the call."""
        return self.asked is not None and self.asked.question.in_doubt

    @property
    def ready(self) -> bool:
        """Whether the question stood as it is for long enough that a key is meant for it."""
        return self.asked is not None and self.monotonic() - self._since >= GUARD_S

    def allow(self, scope: str) -> None:
        """Allow, for as long as `scope` says; `always` asks once more."""
        if self.asked is None or not self.ready:
            return
        question, wanted = self.asked.question, Scope(scope)
        if question.intent is not None:
            return
        if question.in_doubt:
            # A yes could mean that it happened: only the key that says what it does counts.
            if wanted is Scope.RUN:
                self.post_message(self.Given(Decide(approval_id=question.approval_id, allow=True)))
            return
        if wanted is not Scope.ONCE and not question.rule:
            return
        if wanted is Scope.ALWAYS and not self.confirming:
            self.confirming = True
            return
        self.post_message(self.Given(Decide(approval_id=question.approval_id, allow=True, scope=wanted)))

    def ask_for_words(self) -> None:
        """Show the line for a reason or an answer."""
        if self.ready:
            said = "your answer, Enter sends it" if self.is_question else "why not, Enter sends it to the agent"
            said = "what came of it, Enter sends it to the agent" if self.is_doubt else said
            self.entry.placeholder = said
            self.entry.display = True
            self.entry.focus()

    def ask_for_edit(self, wanted: str) -> None:
        """Show the line with what was asked for, to be written as it should be; that goes to the agent alone."""
        if self.ready and not self.is_question:
            self.ask_for_words()
            self.entry.placeholder = "as it should be; the agent asks again with it"
            self.entry.value = wanted
            self.entry.cursor_position = len(wanted)
            self.editing = True

    def close(self) -> None:
        """Take the line away."""
        self.editing = False
        self.entry.display = False
        self.entry.clear()

    @on(Input.Submitted)
    def _sent(self, event: Input.Submitted) -> None:
        event.stop()
        words, asked, allow = event.value.strip(), self.asked, self.is_question
        if self.editing and words:
            words = f"Not as it stands. Ask for exactly this instead: {words}"
        self.close()
        if asked is not None:
            self.post_message(self.Given(Decide(approval_id=asked.question.approval_id, allow=allow, reason=words)))

    def keys_for(self, asked: Asked | None) -> list[Line]:
        """Return the keys that answer a question."""
        if asked is None:
            return []
        question = asked.question
        if self.confirming:
            said = f" A again allows from now on, everywhere: {question.rule}"
            return [Line((*foreign(said, "warn"), ("   ", ""), *key_spans("Esc", "no")))]
        if question.in_doubt:
            return [Line(((" ", ""), *key_spans("r", AGAIN), *key_spans("d", HAPPENED)))]
        if question.tool == "ask":
            return [Line(((" ", ""), *key_spans("y", "yes"), *key_spans("d", "answer in words")))]
        if question.intent is not None:
            denies = Line(((" ", ""), *key_spans("d", "deny with a reason")))
            return [denies, Line(((" a yes does not count: sign it", "warn"),))]
        wider = [*key_spans("r", "this run"), *key_spans("A", "always")] if question.rule else []
        lines = [
            Line(
                (
                    (" ", ""),
                    *key_spans("y", "once"),
                    *wider,
                    *key_spans("d", "deny with a reason"),
                    *key_spans("e", "edit"),
                )
            )
        ]
        if not question.rule:
            lines.append(Line(((" only once is offered for this call", "muted"),)))
        return lines


class Reading:
    """Which lines of a question have been on screen; `whole` holds those of which every line was, at some width."""

    def __init__(self) -> None:
        self.whole: set[str] = set()
        self._seen: dict[tuple[str, int], set[int]] = {}

    def noticed(self, name: str, width: int, visible: Iterable[int], count: int) -> None:
        """Take note of the lines that are on screen, of as many as there are at this width."""
        seen = self._seen.setdefault((name, width), set())
        seen.update(visible)
        if count and seen.issuperset(range(count)):
            self.whole.add(name)

    def first_unseen(self, name: str, width: int, count: int) -> int | None:
        """Return the first line that was never on screen, None if there is none."""
        if name in self.whole:
            return None
        seen = self._seen.get((name, width), set())
        return next((at for at in range(count) if at not in seen), None)
