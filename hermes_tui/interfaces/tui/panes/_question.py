"""A question to the operator: everything about it as lines, and the one way to answer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from hermes_tui.domain.approval import Scope
from hermes_tui.domain.commands import Decide
from hermes_tui.domain.events import ApprovalAsked
from hermes_tui.domain.intents import covered_in, parsed
from hermes_tui.domain.tasks import Reach
from hermes_tui.domain.text import gist
from hermes_tui.interfaces._changes import Change, change_of, named_in, unsaid
from hermes_tui.interfaces._questions import AGAIN, GUARD_S, HAPPENED, REACHES, SIGN, UNSIGNED
from hermes_tui.interfaces.tui.chronicle import Asked
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, foreign, one_line, wrap
from hermes_tui.interfaces.tui.drawing.diff import diff_lines
from hermes_tui.interfaces.tui.line_input import LineInput
from hermes_tui.interfaces.tui.panes._pane import View


def question_lines(asked: Asked, view: View, width: int) -> list[Line]:
    """Return everything that is known about a question; the command or change is never cut."""
    question = asked.question
    change = change_in(asked, view)
    run, cap = view.state.spend.run, view.state.run.limits.usd
    of = f" of {wording.money(cap)}" if cap else ""
    lines = fact("asks", wording.wanted(question.tool, question.what), width, "text bold")
    lines += fact("who", f"{'the kernel' if asked.agent == 'main' else asked.agent}, {wording.clock(asked.at)}", width)
    lines += fact("why", gist(question.why), width)
    lines += fact("reach", REACHES[question.reach], width, "warn" if question.reach >= Reach.NETWORK else "text")
    lines += fact("undo", question.undo or "no undo is known", width)
    lines += fact("cost", f"no model call of its own; the run so far {wording.money(run.usd)}{of}", width)
    lines += fact("rule", question.rule and f"this run and always would allow {question.rule}", width)
    lines += _signed(question, width)
    lines += fact("binds", f"the answer to exactly this call: {question.digest[:16]}", width)
    lines += whole_call(asked, view, width)
    if change is not None:
        added, removed = change.counts
        lines += [EMPTY, Line(((f" {change.path} ", "text bold"), (f"+{added}", "ok"), (f" -{removed}", "fail")))]
        lines += diff_lines(change, 1, width)
    return lines


def change_in(asked: Asked, view: View) -> Change | None:
    """Return what a question would change in a file; None where it is about something else."""
    return change_of(asked.question.tool, _arguments(asked, view))


def _arguments(asked: Asked, view: View) -> str:
    call = view.state.calls.requested.get(asked.question.call_id)
    return call.arguments if call else view.chronicle.arguments.get(asked.question.call_id, "")


def editable(asked: Asked, view: View) -> str:
    """Return what of a call an operator would write anew, on one line: its command, else what it is about."""
    command = named_in(_arguments(asked, view)).get("command")
    return one_line(command if isinstance(command, str) else asked.question.what)


def whole_call(asked: Asked, view: View, width: int) -> list[Line]:
    """Return all that the call would be given and that its one line leaves out: a long command, code, a body."""
    lines: list[Line] = []
    for name, text in unsaid(asked.question.tool, _arguments(asked, view), asked.question.what).items():
        shown = one_line(name)
        if "\n" not in text and len(text) + len(shown) < width - 4:
            lines.append(Line(((f" {shown} ", "muted"), *foreign(text))))
            continue
        lines += [EMPTY, Line(((f" {shown}, all of it", "muted"),))]
        drawn = (spans for row in text.split("\n") for spans in wrap(foreign(row), max(width - 4, 12)) or [[]])
        lines += [Line((("   ", ""), *spans)) for spans in drawn]
    return lines


def _signed(question: ApprovalAsked, width: int) -> list[Line]:
    """Return what is to be signed, by whom, until when and how; nothing where a yes is enough."""
    if question.intent is None:
        return []
    said = parsed(question.intent.text)
    expires_at = said.get("expires_at")
    until = wording.clock(expires_at) if isinstance(expires_at, int) else "a time that cannot be read"
    covers = covered_in(said)
    parts = ["these very arguments", *_covered(covers)]
    lines = fact("keys", UNSIGNED, width, "warn")
    lines += fact("signed", f"by this session's key {question.intent.key[:12]}…: {', '.join(parts)}", width)
    lines += fact("worst", str(said.get("worst_case", "")), width, "warn")
    lines += fact("until", f"{until}; then it is refused, and asked anew when it is wanted again", width)
    command = SIGN.format(question.approval_id)
    lines += fact("sign", f"in another shell: {command}", width, "text bold")
    lines += fact("", f"without ssh-agent: {command} --key FILE", width, "muted")
    return lines + fact("", f"all of it to read: hermes approvals intent {question.approval_id}", width, "muted")


def _covered(covers: Mapping[str, object]) -> list[str]:
    """Return what an intent covers besides its arguments, in words."""
    files, env = (cast("dict[str, str]", covers.get(name) or {}) for name in ("files", "env"))
    found = [f"the content of {', '.join(files)}"] if files else []
    found += ["everything in the workspace as it is now"] if covers.get("tree") else []
    return found + ([f"the values of {', '.join(env)}"] if env else [])


def fact(name: str, text: str, width: int, role: str = "text") -> list[Line]:
    """Return a named fact, wrapped; nothing where there is none."""
    if not text.strip():
        return []
    wrapped = wrap(foreign(text.strip(), role), max(width - 10, 12))
    return [Line(((f" {name if at == 0 else '':<7} ", "muted"), *spans)) for at, spans in enumerate(wrapped)]


def key_spans(key: str, means: str) -> list[Span]:
    """Return a key and what it does."""
    return [(key, "accent"), (f" {means}   ", "muted")]


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
