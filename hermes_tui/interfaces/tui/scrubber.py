"""The scrubber of time travel: where in the session the panes are, what happened there, and how to move or fork."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, clip, ends, foreign, width_of
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.past import PLAIN, Past, said

_WEIGHT: Final = {"×": 4, "◊": 3, "✓": 1, "•": 2}
"""Where several records share a cell, the sign that matters most stands."""
TAIL: Final = " End live "


@frozen(kw_only=False)
class Tick:
    """What the scrubber says besides the past: how many records are newer, whether a run is live, who waits now."""

    newer: int = 0
    live: bool = False
    waiting: int = 0


class Scrubber(Widget, can_focus=True):
    """Three lines in place of dock and prompt. It holds the position; what panes show is the workspace's."""

    DEFAULT_CSS = "Scrubber { height: 3; display: none; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", "the record before", id="travel.back"),
        Binding("right,l", "step(1)", "the next record", id="travel.ahead"),
        Binding("shift+left", "step(-10)", "ten records back", id="travel.far_back"),
        Binding("shift+right", "step(10)", "ten records ahead", id="travel.far_ahead"),
        Binding("home", "begin", "the first record", id="travel.first"),
        Binding("end", "leave", "back to now", id="travel.live"),
        Binding("left_square_bracket", "note(-1)", "the event of note before", id="travel.note_back"),
        Binding("right_square_bracket", "note(1)", "the next event of note", id="travel.note_ahead"),
        Binding("t", "task(1)", "where a task begins or ends next", id="travel.task"),
        Binding("T", "task(-1)", "where a task began or ended before", id="travel.task_back"),
        Binding("slash", "find", "find a record", id="travel.find"),
        Binding("f", "fork", "fork here; Enter makes it", id="travel.fork"),
        Binding("enter", "confirm", "make the fork", id="travel.confirm"),
        Binding("y", "copy", "copy what names this record", id="travel.copy"),
    ]

    class Moved(Message):
        """The panes are to show another record."""

    class Left(Message):
        """Back to now."""

    class Asked(Message):
        """The operator wants to find a record, fork at the one shown, or copy its name: `find`, `fork`, `copy`."""

        def __init__(self, what: Literal["find", "fork", "copy"]) -> None:
            super().__init__()
            self.what = what

    def __init__(self, look: Look) -> None:
        super().__init__(id="scrubber")
        self.look = look
        self.past: Past | None = None
        self.index = 0
        self.asking = False
        self.tick = Tick()

    # position

    def open(self, past: Past, index: int) -> None:
        """Show a past at one of its records."""
        self.past, self.asking = past, False
        self.index = max(0, min(index, len(past) - 1))
        self.display = True

    def close(self) -> None:
        """Show nothing."""
        self.past, self.display = None, False

    def say(self, tick: Tick) -> None:
        """Show how far now is."""
        if tick != self.tick:
            self.tick = tick
            self.refresh()

    def go(self, index: int) -> None:
        """Move to a record."""
        last = len(self.past) - 1 if self.past is not None else 0
        wanted = max(0, min(index, last))
        self.asking = False
        self.refresh()
        if wanted != self.index:
            self.index = wanted
            self.post_message(self.Moved())

    def action_step(self, by: int) -> None:
        """Move by some records."""
        self.go(self.index + by)

    def action_begin(self) -> None:
        """Go to the first record."""
        self.go(0)

    def action_note(self, by: int) -> None:
        """Go to the next record with a mark."""
        self._seek([at for at, _ in self.past.marks] if self.past is not None else (), by)

    def action_task(self, by: int) -> None:
        """Go to the next record at which a task begins or ends."""
        self._seek(self.past.of_tasks() if self.past is not None else (), by)

    def _seek(self, places: Sequence[int], by: int) -> None:
        ahead = [at for at in places if (at > self.index if by > 0 else at < self.index)]
        if ahead:
            self.go(ahead[0] if by > 0 else ahead[-1])

    def action_leave(self) -> None:
        """Go back to now."""
        self.post_message(self.Left())

    def action_find(self) -> None:
        """Ask what to look for."""
        self.post_message(self.Asked("find"))

    def action_fork(self) -> None:
        """Say what a fork is, and wait for Enter."""
        self.asking = True
        self.refresh()

    def action_confirm(self) -> None:
        """Make the fork that was asked about."""
        if self.asking:
            self.asking = False
            self.post_message(self.Asked("fork"))

    def action_copy(self) -> None:
        """Hand the name of the record to the app."""
        self.post_message(self.Asked("copy"))

    def step_back(self) -> bool:
        """Take the question about a fork back; return whether it was there."""
        was, self.asking = self.asking, False
        self.refresh()
        return was

    # drawing

    def render_line(self, y: int) -> Strip:
        """Draw where the panes are, the whole session, or the keys."""
        width = self.size.width
        past = self.past
        if past is None or y > 2:
            return self.look.strip(Line(), width)
        draw = (self._where, self._track, self._keys)[y]
        return self.look.strip(draw(past, width), width)

    def _where(self, past: Past, width: int) -> Line:
        return whereabouts(past, self.index, self.tick, width)

    def _track(self, past: Past, width: int) -> Line:
        """Draw the records as a line: as far as is shown in the accent, with a mark for what matters."""
        first, last = wording.short_clock(past.records[0].at), wording.short_clock(past.records[-1].at)
        tail = TAIL if width >= 60 else ""
        cells = max(width - len(first) - len(last) - len(tail) - 3, 8)
        here = _cell(self.index, len(past), cells)
        marks: dict[int, str] = {}
        for at, glyph in past.marks:
            cell = _cell(at, len(past), cells)
            if _WEIGHT.get(glyph, 0) >= _WEIGHT.get(marks.get(cell, ""), 0):
                marks[cell] = glyph
        rule = "═" if self.has_focus else "─"
        drawn = [marks.get(cell, rule) for cell in range(cells)]
        if self.tick.live:
            drawn[-1] = "●"
        left: tuple[Span, ...] = (
            (f"{first} ", "muted"),
            ("".join(drawn[:here]), "accent"),
            (drawn[here] if drawn[here] != rule else "●", "bg on-accent bold"),
            ("".join(drawn[here + 1 :]), "muted"),
            (f" {last}", "muted"),
        )
        right: tuple[Span, ...] = (("End", "accent"), (" live ", "muted")) if tail else ()
        return ends(left, right, width)

    def _keys(self, past: Past, width: int) -> Line:
        if self.asking:
            return fork_question(past, past.records[self.index].seq, width)
        names = (
            *(("Left Right", "record"), ("[ ]", "event of note"), ("f", "fork here"), ("/", "find"), ("t", "task")),
            *(("Shift", "×10"), ("y", "copy name"), ("Esc", "live")),
        )
        return Line(clip(_key_line(names, width), width))

    def on_focus(self) -> None:
        """Show the double line."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the single line."""
        self.refresh()


def whereabouts(past: Past, index: int, tick: Tick, width: int) -> Line:
    """Return which record is shown and what it says, with as much of what happens meanwhile as there is room for."""
    record = past.records[index]
    sign, words = said(record)
    chip = (" viewing the past ", "bg on-warn bold")
    number = f" record {record.seq:,} of {past.records[-1].seq:,} · {wording.clock(record.at)} · "
    mark: tuple[Span, ...] = ((f"{sign.glyph} ", sign.role),) if sign is not PLAIN else ()
    left = (chip, (number, "text"), *mark, *foreign(words, "text"))
    tellings = _news(tick)
    right = next((news for news in tellings if len(news) <= width - width_of(left) - 3), tellings[-1])
    # What happened may be cut for what waits now; which record it was, never.
    fits = width - len(right) - 3 > width_of([chip]) + len(number)
    return ends(left, ((f"{right} ", "muted"),) if right and fits else (), width)


def _news(tick: Tick) -> tuple[str, ...]:
    """Say what happens meanwhile, the longest telling first; all are empty where nothing does."""
    newer, waiting = f"{tick.newer:,} newer", f"{tick.waiting} waits for you now"
    on, ask = f"the run goes on: {newer}" if tick.live else "", waiting if tick.waiting else ""
    brief, sign = newer if tick.live else "", f"◊ {tick.waiting}" if tick.waiting else ""
    return tuple(" · ".join(filter(None, pair)) for pair in ((on, ask), (brief, ask), (brief, sign)))


def fork_question(past: Past, seq: int, width: int) -> Line:
    """Ask about a fork. What answers is never cut: what there is no room for is what a fork is."""
    answers: tuple[Span, ...] = (("Enter", "accent"), (" makes it, ", "text"), ("Esc", "accent"), (" stays.", "text"))
    tellings = (
        f"Fork {past.session} from record {seq:,}: messages and plan are copied, files stay as they are. ",
        f"Fork from record {seq:,}: files stay as they are. ",
        f"Fork from record {seq:,}. ",
        f"Fork {seq:,}: ",
        "",
    )
    room = width - width_of(answers)
    said = next((one for one in tellings if len(one) <= room), "")
    return Line(clip(((said, "text"), *answers), width))


def _cell(index: int, count: int, cells: int) -> int:
    return 0 if count < 2 else round(index * (cells - 1) / (count - 1))


def _key_line(names: Sequence[tuple[str, str]], width: int) -> tuple[Span, ...]:
    """Return as many keys as fit, the last of them always."""
    shown: list[tuple[str, str]] = list(names)
    while len(shown) > 1 and sum(len(key) + len(means) + 4 for key, means in shown) - 3 > width:
        del shown[-2]
    spans: list[Span] = []
    for at, (key, means) in enumerate(shown):
        spans += [(" · ", "muted")] if at else []
        spans += [(key, "accent"), (f" {means}", "muted")]
    return tuple(spans)
