"""The mind-log: each decision with its reason and what came of it; it filters, and jumps to graph and console."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hermes_tui.domain.records import Record
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, one_line, wrap
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.row_window import RowWindow
from hermes_tui.interfaces.tui.layout import LEAST_SIDE
from hermes_tui.interfaces.tui.mind_rows import KINDS, MindLog, Thought
from hermes_tui.interfaces.tui.panes._pane import Pane, View

EMPTY_TEXT = (
    EMPTY,
    Line(((" No decisions yet. Each action will stand", "muted"),)),
    Line(((" here with its reason.", "muted"),)),
)


class MindLogPane(Pane):
    """Why things happen."""

    TITLE = "mind"
    KEY = "F4"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "filter_kind", "filter by kind", id="mind.kind"),
        Binding("w", "filter_task", "filter by task", id="mind.task"),
        Binding("a", "filter_who", "filter by agent", id="mind.agent"),
    ]

    def __init__(self, look: Look) -> None:
        super().__init__(look, name="mind")
        self.log_of = MindLog()
        self.view = LineView(look, name="mind-rows", empty=EMPTY_TEXT)
        self.thoughts: dict[object, Thought] = {}
        self._now: tuple[RowWindow, dict[object, Thought]] | None = None
        self.kind = "all"
        self.who = "all"
        self.about = "all"

    def contents(self) -> ComposeResult:
        """Rule and rows."""
        yield self.rule
        yield self.view

    def take(self, records: Iterable[Record]) -> None:
        """Add what happened."""
        self._add({row.key: row for record in records for row in self.log_of.take(record)})

    def cut_off(self) -> None:
        """Say of what was under way when Hermes ended without closing that nobody knows what came of it."""
        self._add({row.key: row for row in self.log_of.cut_off()})

    def _add(self, changed: dict[object, Thought]) -> None:
        """Show rows that are new or changed; while the past is shown they wait."""
        if self._now is not None:
            window, thoughts = self._now
            thoughts.update(changed)
            window.extend(row for row in changed.values() if self._wanted(row))
            return
        self.thoughts.update(changed)
        shown = [row for row in changed.values() if self._wanted(row)]
        if shown:
            self.view.extend(shown)
        if changed:
            self._title()

    def show_past(self, thoughts: Sequence[Thought]) -> None:
        """Show these decisions; what happens meanwhile goes on out of sight."""
        if self._now is None:
            self._now = (self.view.swap(RowWindow(clock=self.look.clock)), self.thoughts)
        self.thoughts = {row.key: row for row in thoughts}
        self.view.window.follow(following=True)
        self._refilter()

    def show_now(self) -> None:
        """Show what stands now."""
        if self._now is not None:
            window, self.thoughts = self._now
            self.view.swap(window)
            self._now = None
            self._refilter()

    def set_full(self, *, full: bool) -> None:
        """Say which keys filter where there is room for it."""
        super().set_full(full=full)
        self._title()

    def show(self, view: View) -> None:
        """Nothing but rows: they come by `take`."""
        del view

    def _wanted(self, row: Thought) -> bool:
        by_task = self.about in ("all", str(row.origin.task or ""))
        return by_task and self.kind in ("all", row.kind) and self.who in ("all", row.who)

    def _title(self) -> None:
        count, total = len(self.view), len(self.thoughts)
        filtered = not self.kind == self.who == self.about == "all"
        shown = f" {count:,} of {total:,}" if filtered else f" {total:,}" if total else ""
        agents = "all agents" if self.who == "all" else f"agent {self.who}"
        kind = "" if self.about == "all" else f" · task {self.about}"
        kind += "" if self.kind == "all" else f" · kind {self.kind}"
        keys = "f kind · a agent · w task · / find · g c t · " if self.full else ""
        said = (f"{agents}{kind}", "text" if filtered else "muted")
        hint: tuple[Span, ...] = (said, (f" · {keys}{self.KEY}", "muted"))
        self.rule.say(((self.TITLE, "text bold"), (shown, "muted")), hint)

    def _refilter(self) -> None:
        wanted = {"agent": self.who, "task": self.about, "kind": self.kind}
        chosen = " ".join(f"{name}={one_line(one)}" for name, one in wanted.items() if one != "all")
        said = f"0 of {len(self.thoughts):,} match {chosen}. f, a and w change the filter, Esc clears it."
        found_nothing = (Line(((" ", ""), *spans)) for spans in wrap([(said, "muted")], LEAST_SIDE - 3))
        self.view.empty = (EMPTY, *found_nothing) if self.thoughts else EMPTY_TEXT
        self.view.replace_all(row for row in self.thoughts.values() if self._wanted(row))
        self._title()

    def action_filter_kind(self) -> None:
        """Show the next kind only, of those that there are."""
        found = {"all", self.kind, *(row.kind for row in self.thoughts.values())}
        kinds: list[str] = [kind for kind in KINDS if kind in found]
        self.kind = kinds[(kinds.index(self.kind) + 1) % len(kinds)]
        self._refilter()

    def action_filter_who(self) -> None:
        """Show the next agent only."""
        names = ["all", *dict.fromkeys(row.who for row in self.thoughts.values())]
        self.who = names[(names.index(self.who) + 1) % len(names)] if self.who in names else "all"
        self._refilter()

    def action_filter_task(self) -> None:
        """Show the next task only, beginning with that of the row under the cursor."""
        names = ["all", *dict.fromkeys(str(row.origin.task) for row in self.thoughts.values() if row.origin.task)]
        row = self.view.current
        own = str(row.origin.task or "") if isinstance(row, Thought) else ""
        following = names[(names.index(self.about) + 1) % len(names)] if self.about in names else "all"
        self.about = own if self.about == "all" and own in names else following
        self._refilter()

    def step_back(self) -> bool:
        """Show everything again; return whether there was a filter."""
        if self.kind == self.who == self.about == "all":
            return False
        self.kind = self.who = self.about = "all"
        self._refilter()
        return True

    @on(LineView.Scrolled)
    def _scrolled(self, event: LineView.Scrolled) -> None:
        event.stop()
