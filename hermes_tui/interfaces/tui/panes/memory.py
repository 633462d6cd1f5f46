"""The memory: notes on the left; the text, its history and what each change did on the right; edited in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from hermes_tui.domain.memory import Recalled
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, one_line, wrap
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.headings import ChoiceWindow, Told
from hermes_tui.interfaces.tui.line_input import LineInput
from hermes_tui.interfaces.tui.memory_rows import ChangeRow, FolderRow, HitRow, NoteRow, tree
from hermes_tui.interfaces.tui.panes._note_side import NoteSide
from hermes_tui.interfaces.tui.panes._note_wishes import KEYS, Wish
from hermes_tui.interfaces.tui.panes._pane import View
from hermes_tui.interfaces.tui.rules import Divider
from hermes_tui.services.listed import Standing
from hermes_tui.services.memory.notebook import Note, counted

EMPTY_TEXT: Final = (
    EMPTY,
    Line(((" No notes yet. # in the prompt", "muted"),)),
    Line(((" writes the first one.", "muted"),)),
)
NOTHING_STANDS_OUT: Final = Standing({}, frozenset())
REST_S: Final = 0.12
"""Where the past is scrubbed, the notes are listed after so long a rest."""


class MemoryPane(NoteSide):
    """The notes. It holds no file: what it wants leaves as a message, what was found comes back by `take_…`."""

    TITLE = "memory"
    KEY = "F5"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, look: Look) -> None:
        super().__init__(look, name="memory")
        self.view = LineView(look, name="note-rows", folds=False, follows=False, empty=EMPTY_TEXT)
        self.view.window = ChoiceWindow(clock=look.clock, follows=False)
        self.view.copies = False
        self.entry = LineInput(placeholder="what to look for, Enter; Esc leaves", id="memory-entry", compact=True)
        self._notes: list[NoteRow] = []
        self._query = ""
        self._count = -1
        self._folded: set[str] = set()
        self._empty: Sequence[Line] = EMPTY_TEXT
        self._as_of = ""
        self._forgetting = ""

    def contents(self) -> ComposeResult:
        """Notes; beside them text and history."""
        self.editor.display = self.entry.display = False
        with Horizontal():
            with Vertical(id="memory-main"):
                yield self.rule
                yield self.entry
                yield self.view
            yield Divider(self.look, "memory-divider")
            yield from self.compose_side()

    def show(self, view: View) -> None:
        """Notes are files, not records: listed when the pane is opened, after each change and where the past moves."""
        then = view.now if view.past else None
        if then == self._then:
            return
        self._then = then
        if then is None:
            self._as_of = ""
        if self.display:
            self.set_timer(REST_S, lambda: self._list_if_still(then))

    def _list_if_still(self, then: float | None) -> None:
        if then == self._then:
            self.post_message(Wish("list"))

    def on_show(self) -> None:
        """List the notes."""
        self.post_message(Wish("list"))

    # what was found

    def take_notes(self, notes: Sequence[Note], standing: Standing | None = None) -> None:
        """Show these notes, those that wait for an answer first."""
        known = standing or NOTHING_STANDS_OUT
        gone = self.conflicts.keys() - {note.path for note in notes}
        lost = [Note(path, path.rpartition("/")[2], self.conflicts[path].at) for path in sorted(gone)]
        self._notes = [
            NoteRow(note, known.waiting.get(note.path, ""), note.path in known.pinned, note.path in self.conflicts)
            for note in (*notes, *lost)
        ]
        self._count = counted(notes)
        self._empty = EMPTY_TEXT
        self._show_notes()

    def take_past(self, notes: Sequence[Note], as_of: str, none: str) -> None:
        """Show the notes of a moment; `as_of` says of which, `none` what it means that there are none."""
        self._notes = [NoteRow(note) for note in notes]
        self._count, self._as_of = counted(notes), as_of
        self._empty = (EMPTY, *(Line(((" ", ""), *spans)) for spans in wrap(((none, "muted"),), self._room)))
        self._show_notes()

    @property
    def _room(self) -> int:
        return max(self.view.size.width - 2, 20)

    def _show_notes(self) -> None:
        self._query = ""
        self.view.empty = self._empty
        none = [Told("none", tuple(self._empty))] if self._notes and not self._count else []
        self.view.replace_all([*tree(self._notes, self._folded), *none])
        if self.view.current is None:
            self.view.window.move_to(0)
        self._title()
        self._ask_for_note()

    def take_hits(self, query: str, hits: Sequence[Recalled]) -> None:
        """Show what a search found."""
        self._query = query
        none = f" Nothing about “{one_line(query)}” in {wording.count(max(self._count, 0), 'note')}."
        self.view.empty = (EMPTY, Line(((none, "muted"),)), Line(((" Esc shows every note.", "muted"),)))
        self.view.replace_all([HitRow(hit) for hit in hits])
        self.view.window.move_to(0)
        self.rule.say(
            ((self.TITLE, "text bold"), (f" {wording.count(len(hits), 'hit')} about “{one_line(query)}”", "muted")),
            (("Esc every note", "muted"),),
        )
        self._ask_for_note()

    def _title(self) -> None:
        count = f" {wording.count(self._count, 'note')}" if self._count >= 0 else ""
        hint: Span = (self._as_of, "text") if self._as_of else (f"a add · / search · {self.KEY}", "muted")
        self.rule.say(((self.TITLE, "text bold"), (count, "muted")), (hint,))

    # moving

    def _ask_for_note(self) -> None:
        row = self.view.current
        self._forgetting = ""
        if isinstance(row, NoteRow):
            self.post_message(Wish("note", row.note.path))
        elif isinstance(row, HitRow) and any(note.note.path == row.hit.source for note in self._notes):
            self.post_message(Wish("note", row.hit.source))
        elif isinstance(row, FolderRow):
            self._show_folder(row)
        elif row is None:
            self._show_nothing("note")

    def _show_folder(self, row: FolderRow) -> None:
        said = f" {wording.count(row.count, 'note')} in {one_line(row.folder)}; Space folds."
        self._show_nothing(one_line(row.name), Line(((said, "muted"),)))

    @on(LineView.Moved)
    @on(LineView.Scrolled)
    def _moved(self, event: LineView.OfRow) -> None:
        event.stop()
        if isinstance(event, LineView.Moved) and event.view is self.view:
            self._ask_for_note()

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        event.stop()
        if isinstance(event.row, FolderRow):
            self._fold(event.row)
        elif isinstance(event.row, ChangeRow):
            self.post_message(Wish("diff", self.path, commit=event.row.change.commit))
        elif event.view is self.view:
            self.history.focus()

    @on(LineView.Folded)
    def _folded_asked(self, event: LineView.Folded) -> None:
        event.stop()
        if isinstance(event.row, FolderRow):
            self._fold(event.row)

    def _fold(self, row: FolderRow) -> None:
        self._folded ^= {row.folder}
        self.view.replace_all(tree(self._notes, self._folded))

    def step_back(self) -> bool:
        """Leave the editor, then the diff; return whether there was something to leave."""
        if self.editor.display:
            self.editor.display, self.preview.display = False, True
            self.view.focus()
            self._show_text()
            return True
        if self.entry.display:
            self.entry.display = False
            self.view.focus()
            return True
        if self._query and self.view.has_focus:
            self._show_notes()
            return True
        if self._aside or self.history.has_focus:
            self._show_text()
            self.view.focus()
            return True
        return False

    # doing

    @on(LineView.FindAsked)
    def _search(self, event: LineView.FindAsked) -> None:
        """Ask what to look for in the notes; the history is searched as any list."""
        if event.view is self.view:
            event.stop()
            self.entry.display = True
            self.entry.focus()

    @on(Input.Submitted)
    def _sought(self, event: Input.Submitted) -> None:
        event.stop()
        wanted = event.value.strip()
        self.entry.clear()
        self.step_back()
        if wanted:
            self.post_message(Wish("search", text=wanted))
        else:
            self._show_notes()

    def action_accept(self) -> None:
        """Keep yours where a note changed on disk; accept the note under the cursor if it waits; else copy it."""
        row = self.view.current
        if self.conflict is not None:
            self.keep_mine(self.conflict)
        elif isinstance(row, NoteRow) and row.waits:
            self.post_message(Wish("accept", row.note.path, text=row.waits))
        else:
            self.view.action_copy_row()

    def action_refuse(self) -> None:
        """Refuse the note under the cursor if it waits."""
        row = self.view.current
        if isinstance(row, NoteRow) and row.waits:
            self.post_message(Wish("reject", row.note.path, text=row.waits))

    def action_add(self) -> None:
        """Write a note in the prompt."""
        if not self.editor.display and not self._unchangeable:
            self.post_message(Wish("add"))

    def action_forget(self) -> None:
        """Forget the note; the first press asks."""
        if not self.path or self.editor.display or self._unchangeable:
            return
        if self._forgetting == self.path:
            self._forgetting = ""
            self.conflicts.pop(self.path, None)
            self.post_message(Wish("forget", self.path))
            return
        self._forgetting = self.path
        self.text_rule.say((("f again forgets it; git keeps it", "warn"), (f" {one_line(self.path)}", "text")))
