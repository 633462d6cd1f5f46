"""The rows of the transcript: the operator's words, replies, tool calls and the kernel's notices."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from typing import Final, Literal, cast

from hermes_tui.domain.ids import AgentId, TaskId
from hermes_tui.domain.patterns import later
from hermes_tui.domain.tasks import Effect
from hermes_tui.domain.text import gist
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces._changes import change_of
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import (
    EMPTY,
    SIGN_CELLS,
    Line,
    Span,
    ends,
    fit,
    foreign,
    harmless,
    one_line,
    pad,
    width_of,
    wrap,
)
from hermes_tui.interfaces.tui.drawing.diff import diff_lines
from hermes_tui.interfaces.tui.drawing.glyphs import (
    DONE,
    FAILED,
    IN_DOUBT,
    LEFT,
    NEEDS_YOU,
    RUNNING,
    WAITING,
    Sign,
)
from hermes_tui.interfaces.tui.drawing.markdown import PROSE_WIDTH, draw
from hermes_tui.interfaces.tui.drawing.row_window import Room, Row
from hermes_tui.interfaces.tui.links import marked

NAME_WIDTH: Final = 9
SUBJECT_AT: Final = 12
HEAD_LINES, TAIL_LINES = 10, 24
"""How much of a long output stands in an opened call; the rest is one key away."""

_GRAPH: Final = "F2"
"""A hint that leads to a pane, which shows the same moment as the row."""
_EXIT: Final = later(r"exit -?\d{1,3}")

CallState = Literal["waiting", "asked", "running", "done", "failed", "refused", "doubt", "stopped"]
_SIGNS: Final = {
    "waiting": WAITING,
    "asked": NEEDS_YOU,
    "running": RUNNING,
    "done": DONE,
    "doubt": IN_DOUBT,
    "stopped": LEFT,
}
"""The sign of each state; where there is none, it went wrong."""


@frozen
class Origin:
    """Where a row comes from: its name, its record, its time, its task and its agent."""

    key: Hashable
    seq: int = 0
    at: float = 0.0
    task: TaskId | None = None
    agent: AgentId | None = None


class Entry:
    """What every row has; each names `origin` among its fields."""

    __slots__ = ()

    origin: Origin

    @property
    def key(self) -> Hashable:
        """What the row is, whatever becomes of it."""
        return self.origin.key

    @property
    def live(self) -> bool:
        """Whether it shows a clock."""
        return False


def seq_of(row: Row) -> int:
    """Return the record that a row stands for, 0 if it is none."""
    return row.origin.seq if isinstance(row, Entry) else 0


@frozen
class Gone(Entry):
    """Takes the place of a row that another one says by now; it is not seen."""

    origin: Origin

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw nothing."""
        del room
        return ()

    def copy(self) -> str:
        """Return nothing."""
        return ""


@frozen
class Said(Entry):
    """The operator's words."""

    origin: Origin
    text: str
    note: str = ""
    first: bool = False

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw them between blank rows, with the time."""
        when = wording.clock(self.origin.at)
        width = max(room.width - 2, 10)
        drawn = wrap(foreign(self.text.strip(), "text bold"), min(width, PROSE_WIDTH))
        body = [Line(((("› " if at == 0 else "  "), "accent"), *spans)) for at, spans in enumerate(drawn)]
        right = ((f"{self.note} " if self.note else "", "muted"), (when, "muted"))
        last = body[-1]
        if last.width + len(self.note) + len(when) + 3 <= room.width:
            body[-1] = ends(last.spans, right, room.width - 1)
        else:
            body.append(ends((), right, room.width - 1))
        return [*(() if self.first else (EMPTY,)), *body, EMPTY]

    def copy(self) -> str:
        """Return the words."""
        return self.text


@frozen
class Notice(Entry):
    """Something the kernel has to say: one line, what belongs `below` it, perhaps more behind it."""

    origin: Origin
    sign: Sign
    spans: tuple[Span, ...]
    below: str = ""
    hint: str = ""
    hint_role: str = "muted"
    details: str = ""

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw the line; its details when it is open. What it says is never cut: a long hint has a line of its own."""
        mark = f" {'▼' if room.opened else '►'}" if self.details else ""
        marks: tuple[Span, ...] = ((mark, "muted"), (" ", ""))
        said = self.hint if not room.past or self.hint == _GRAPH else ""
        hint: tuple[Span, ...] = ((said, self.hint_role),)
        apart = 2 * (width_of(hint) + 3) > room.width
        right = marks if apart else (*hint, *marks)
        first, *rest = wrap(self.spans, room.width - width_of(right) - 3)
        lines = [ends(((f"{self.sign.glyph} ", self.sign.role), *first), right, room.width)]
        lines += [Line((("  ", ""), *spans)) for spans in rest]
        lines += [ends((), (*hint, (" ", "")), room.width)] if apart else []
        lines += [Line((("  ", ""), *spans)) for spans in wrap(foreign(self.below, "muted"), room.width - 3) if spans]
        if room.opened and self.details:
            wrapped = wrap(foreign(self.details, "muted"), min(room.width - 3, PROSE_WIDTH))
            lines += [Line((("  ", ""), *spans)) for spans in wrapped]
        return lines

    def copy(self) -> str:
        """Return what it says."""
        said = "".join(text for text, _ in self.spans)
        return "\n".join(filter(None, (said, self.below, self.details)))


@frozen
class Reply(Entry):
    """A whole reply of a model, with the stamp of who gave it."""

    origin: Origin
    text: str
    thinking: str = ""
    stamp: str = ""

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw what was thought folded, what was said in full."""
        lines: list[Line] = []
        if self.thinking.strip():
            words = wording.count(len(self.thinking.split()), "word")
            lines.append(Line((("  ", ""), (f"{'▼' if room.opened else '►'} thought, {words}", "muted"))))
            if room.opened:
                thought = wrap(foreign(self.thinking.strip(), "muted"), min(room.width - 5, PROSE_WIDTH))
                lines += [Line((("    ", ""), *spans)) for spans in thought]
        body = draw(self.text, room.width - 3, SIGN_CELLS) if self.text.strip() else []
        ends_in_code = self.text.rstrip().endswith(("```", "~~~"))
        if body and self.stamp and not ends_in_code and body[-1].width + len(self.stamp) + 4 <= room.width:
            body[-1] = ends(body[-1].spans, ((self.stamp, "muted"), (" ", "")), room.width)
        elif body and self.stamp:
            body.append(ends((), ((self.stamp, "muted"), (" ", "")), room.width))
        return [*lines, *body]

    def copy(self) -> str:
        """Return the reply as Markdown."""
        return self.text


@frozen
class Call(Entry):
    """A tool call: one line that opens to its reason, input, output, diff and evidence.

    One that `changes` something acts only from its intent on: until then it waits, for others that change the same.
    """

    origin: Origin
    tool: str
    subject: str
    arguments: str
    since: float = 0.0
    limit_s: float = 0.0
    state: CallState = "running"
    rationale: str = ""
    output: str = ""
    seconds: float = 0.0
    error_kind: str = ""
    artifact: str = ""
    changed: tuple[str, ...] = ()
    attempt: int = 1
    effect: Effect | None = None
    ended_seq: int = 0

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.effect is not None and self.effect >= Effect.WRITE

    @property
    def ended(self) -> bool:
        """Whether it came to something that nothing can change any more."""
        return self.state in ("done", "failed", "refused")

    @property
    def live(self) -> bool:
        """A clock runs while it runs or waits."""
        return self.state in ("waiting", "running", "asked")

    @property
    def sign(self) -> Sign:
        """The sign of its state."""
        return _SIGNS.get(self.state, FAILED)

    def lines(self, room: Room) -> Sequence[Line]:
        """Draw the line; why, what and what came of it when it is open."""
        mark = ((" ▼ " if room.opened else " ► "), "text" if self.live else "muted")
        right = (*self._result(room.now), mark)
        name = "shell" if self.tool == "shell" else self.tool
        left = (
            (f"{self.sign.glyph} ", self.sign.role),
            (f"{pad(harmless(name), NAME_WIDTH)} ", "text"),
            *foreign(one_line(self.subject), "text"),
        )
        lines = [ends(left, right, room.width)]
        if room.opened:
            return [*lines, *self._details(room.width)]
        if self.state in ("failed", "refused") and self.output.strip():
            first = next((line for line in reversed(self.output.strip().splitlines()) if line.strip()), "")
            lines.append(Line(((" " * SUBJECT_AT, ""), (fit(one_line(first), room.width - SUBJECT_AT - 2), "fail"))))
        return lines

    def _result(self, now: float) -> tuple[Span, ...]:
        """Return the right-hand side: what came of it and how long it took."""
        match self.state:
            case "waiting":
                return ((f"waits its turn {wording.elapsed(now - self.since)}", "text"),)
            case "asked":
                return (("needs you ", "warn"), (wording.elapsed(now - self.since), "warn"))
            case "running":
                tries = f"try {self.attempt} · " if self.attempt > 1 else ""
                until = f" of {self.limit_s:g}" if self.limit_s else ""
                return ((f"{tries}{wording.took(max(now - self.since, 0.0))}{until}", "text"),)
            case "refused":
                return (("refused", "fail"),)
            case "doubt":
                return (("in doubt", "warn"),)
            case "stopped":
                took = f" · {wording.took(self.seconds)}" if self.seconds else ""
                return ((f"stopped{took}", "muted"),)
            case "failed":
                tries = f" try {self.attempt}" if self.attempt > 1 else ""
                return (("failed", "fail"), (f"{tries} · {wording.took(self.seconds)}", "muted"))
            case "done":
                return (*self._outcome(), (wording.took(self.seconds), "muted"))

    def _outcome(self) -> tuple[Span, ...]:
        change = change_of(self.tool, self.arguments)
        if change is not None:
            added, removed = change.counts
            less = ((f" -{removed}", "fail"),) if removed else ()
            return ((f"+{added}", "ok"), *less, (" · ", "muted"))
        lines = len(self.output.splitlines())
        some = "first " if self.artifact else ""
        return ((f"{some}{wording.count(lines, 'line')} · ", "muted"),) if lines else ()

    def _details(self, width: int) -> list[Line]:
        lines: list[Line] = []
        lines += _field("why", gist(self.rationale), width)
        lines += _field("input", _readable(self.arguments), width) if self.tool not in ("edit", "write") else []
        change = change_of(self.tool, self.arguments)
        if change is not None:
            lines += diff_lines(change, SUBJECT_AT - 2, width)
        lines += self._output_lines(width) if change is None or self.state != "done" else []
        if self.state in ("done", "failed"):
            effect = f"{self.effect.name.lower()} effect" if self.effect is not None else ""
            came = " · ".join(filter(None, (self._exit, wording.took(self.seconds), effect)))
            nothing = "nothing" if self.effect in (Effect.PURE, Effect.READ) else "nothing recorded"
            lines += _field("changed", ", ".join(self.changed) or nothing, width, ((came, "muted"),))
            evidence = f"record {self.ended_seq}" + (f" · whole output {self.artifact}" if self.artifact else "")
            lines += _field("evidence", evidence, width, _keys(("g", "graph"), ("m", "mind")))
        return lines

    @property
    def _exit(self) -> str:
        """How a command ended, which the first line of what it printed says: `exit 1`."""
        first = self.output.partition("\n")[0]
        return first if _EXIT.fullmatch(first) else ""

    def _output_lines(self, width: int) -> list[Line]:
        if not self.output.strip():
            return []
        lines = self.output.rstrip("\n").split("\n")
        hidden = len(lines) - HEAD_LINES - TAIL_LINES
        if hidden <= 1:
            return _field("output", "\n".join(lines), width)
        first = "the first " if self.artifact else ""
        shown = ((f"{len(lines) - hidden} of {first}{len(lines):,} lines", "muted"),)
        head = _field("output", "\n".join(lines[:HEAD_LINES]), width, shown)
        keys = _keys(("v", "all"), ("y", "copy"))
        fold = ends(((" " * SUBJECT_AT, ""), (f"{hidden:,} lines folded", "muted")), (*keys, (" ", "")), width)
        return [*head, fold, *_field("", "\n".join(lines[-TAIL_LINES:]), width)]

    def copy(self) -> str:
        """Return the command as it was given, else the call with its output."""
        return f"{self.tool} {self.subject}\n{self.output}".strip()


def _field(name: str, text: str, width: int, right: tuple[Span, ...] = ()) -> list[Line]:
    """Return a fact under its name; `right` stands at the end of its first line, where there is room."""
    if not text.strip():
        return []
    wrapped = wrap(marked(text.rstrip("\n")), max(width - SUBJECT_AT - 1, 20))
    lines = [
        Line((("  ", ""), (pad(name if at == 0 else "", SUBJECT_AT - 2), "muted"), *spans))
        for at, spans in enumerate(wrapped)
    ]
    if right and lines[0].width + width_of(right) + 3 <= width:
        lines[0] = ends(lines[0].spans, (*right, (" ", "")), width)
    return lines


def _keys(*known: tuple[str, str]) -> tuple[Span, ...]:
    """Return keys and what they do."""
    spans = [((" · ", "muted"), (key, "accent"), (f" {does}", "muted")) for key, does in known]
    return tuple(span for one in spans for span in one)[1:]


def _readable(arguments: str) -> str:
    """Return JSON arguments as lines of `name: value`; anything else as it is."""
    try:
        given: object = json.loads(arguments)
    except ValueError:
        return arguments
    if not isinstance(given, dict):
        return arguments
    named = cast("dict[str, object]", given)
    if len(named) == 1:
        only = next(iter(named.values()))
        return only if isinstance(only, str) else json.dumps(only, ensure_ascii=False)
    shown = ((key, value if isinstance(value, str) else json.dumps(value)) for key, value in named.items())
    return "\n".join(f"{key}: {value}" for key, value in shown)
