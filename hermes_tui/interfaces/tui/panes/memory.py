"""The memory: notes on the left; the text, its history and what each change did on the right; edited in place."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, TextArea

from hermes_tui.domain.memory import Recalled
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, ends, fit, foreign, harmless, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import NEEDS_YOU
from hermes_tui.interfaces.tui.drawing.line_view import LineView, Look
from hermes_tui.interfaces.tui.drawing.markdown import draw
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.panes._pane import Divider, Pane, Sheet, TitleRule, View
from hermes_tui.services.memory.notebook import Change, Note, parted

EMPTY_TEXT: Final = (
    EMPTY,
    Line(((" No notes yet. # in the prompt", "muted"),)),
    Line(((" writes the first one.", "muted"),)),
)
NO_HISTORY: Final = (Line(((" No commit holds this note yet; saving it here makes one.", "muted"),)),)
NONE_WAITS: Final[Mapping[str, str]] = MappingProxyType({})
_GROUND: Final = {"+": "add", "-": "del"}
_ROLE: Final = {"+": "ok", "-": "fail", "@": "accent"}


@frozen(kw_only=False)
class NoteRow:
    """One note."""

    note: Note
    waits: str = ""
    live: bool = False

    @property
    def key(self) -> Hashable:
        """Its path."""
        return self.note.path

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw its title, and where it stands and how old it is."""
        age = wording.age(room.now - self.note.changed_at)
        path = fit(one_line(self.note.path), max(room.width - len(age) - 5, 4))
        title = fit(one_line(self.note.title), max(room.width - 3, 4))
        under = ends(((f"   {path}", "muted"),), ((f"{age} ", "muted"),), room.width)
        if self.waits:
            asked = ((f"{NEEDS_YOU.glyph} ", NEEDS_YOU.role), *foreign(title))
            return (ends(asked, (("y accept · d refuse ", "warn"),), room.width), under)
        return (Line(((" ", ""), *foreign(title))), under)

    def copy(self) -> str:
        """Return its title and path."""
        return f"{self.note.title}\n{self.note.path}"


@frozen(kw_only=False)
class HitRow:
    """What a search found; the parts of its score add up to it."""

    hit: Recalled
    live: bool = False

    @property
    def key(self) -> Hashable:
        """Its id."""
        return ("hit", self.hit.id)

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw score, first words and age; below them what makes up the score."""
        hit, age = self.hit, wording.age(room.now - self.hit.at) if self.hit.at else ""
        first = next((line for line in hit.text.splitlines() if line.strip()), hit.source).lstrip("# ")
        head = ((f" {hit.score:.2f} ", "accent"), *foreign(one_line(first)))
        parts = "  ".join(f"{one_line(name)} {share:.2f}" for name, share in hit.features)
        said = (*map(one_line, hit.warnings), parts)
        why = ((f"      {'  '.join(said)}", "warn" if hit.warnings else "muted"),)
        return (ends(head, ((f"{age} ", "muted"),), room.width), ends(why, (), room.width))

    def copy(self) -> str:
        """Return its words and where they are."""
        return f"{self.hit.text}\n{self.hit.source}"


@frozen(kw_only=False)
class ChangeRow:
    """One change of a note."""

    change: Change
    live: bool = False

    @property
    def key(self) -> Hashable:
        """Its commit."""
        return ("commit", self.change.commit)

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw commit, time, author and subject."""
        change = self.change
        sign: Span = (f" {change.commit or 'pending':<8} ", "muted" if change.commit else "warn")
        who = ((f"{wording.day(change.at, room.now):<7}", "muted"), (f"{fit(one_line(change.author), 9):<10}", "text"))
        return (ends((sign, *who, *foreign(one_line(change.subject))), (), room.width),)

    def copy(self) -> str:
        """Return commit and subject."""
        return f"{self.change.commit} {self.change.subject}"


class MemoryPane(Pane):
    """The notes. It holds no file: what it wants leaves as a message, what was found comes back by `take_…`."""

    TITLE = "memory"
    KEY = "F5"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "accept", "accept the note that waits; else copy", id="memory.accept"),
        Binding("d", "refuse", "refuse the note that waits", id="memory.refuse"),
        Binding("e", "edit", "edit here", id="memory.edit"),
        Binding("E", "editor", "edit in $EDITOR", id="memory.editor"),
        Binding("h", "history", "history of the note", id="memory.history"),
        Binding("r", "revert", "take a change back", id="memory.revert"),
        Binding("f", "forget", "forget the note; git keeps it", id="memory.forget"),
        Binding("ctrl+s", "save", "save what is edited", id="memory.save", priority=True),
    ]

    class Wanted(Message):
        """Something is to be done: list, note, search, accept, reject, diff, save, editor, revert or forget."""

        def __init__(self, what: str, path: str = "", *, commit: str = "", text: str = "", before: str = "") -> None:
            super().__init__()
            self.what = what
            self.path = path
            self.commit = commit
            self.text = text
            self.before = before

    def __init__(self, look: Look) -> None:
        super().__init__(look, name="memory")
        self.view = LineView(look, name="note-rows", folds=False, follows=False, empty=EMPTY_TEXT)
        self.view.copies = False
        self.entry = Input(placeholder="what to look for, Enter; Esc leaves", id="memory-entry", compact=True)
        self.text_rule = TitleRule(look, "note")
        self.preview = Sheet(look, name="note-text", focusable=False)
        self.editor = TextArea(id="note-editor", soft_wrap=True, compact=True, show_line_numbers=False)
        self.editor.cursor_blink = False
        self.history_rule = TitleRule(look, "history")
        self.history = LineView(look, name="note-history", folds=False, follows=False, empty=NO_HISTORY)
        self.path = ""
        self.text = ""
        self._notes: list[NoteRow] = []
        self._query = ""
        self._count = -1
        self._past = False
        self._forgetting = ""

    def compose(self) -> ComposeResult:
        """Notes; beside them text and history."""
        self.editor.display = self.entry.display = False
        with Horizontal():
            with Vertical(id="memory-main"):
                yield self.rule
                yield self.entry
                yield self.view
            yield Divider(self.look, "memory-divider")
            with Vertical(id="memory-side"):
                yield self.text_rule
                yield self.preview
                yield self.editor
                yield self.history_rule
                yield self.history

    def show(self, view: View) -> None:
        """Notes are files, not records: listed when the pane is opened and after each change; the past has today's."""
        if view.past != self._past:
            self._past = view.past
            self._title()

    def on_show(self) -> None:
        """List the notes."""
        self.post_message(self.Wanted("list"))

    # what was found

    def take_notes(self, notes: Sequence[Note], waiting: Mapping[str, str] = NONE_WAITS) -> None:
        """Show these notes, those that wait for an answer first; `waiting` holds their ids by path."""
        rows = [NoteRow(note, waiting.get(note.path, "")) for note in notes]
        self._notes = sorted(rows, key=lambda row: not row.waits)
        self._count = len(notes)
        self._show_notes()

    def _show_notes(self) -> None:
        self._query = ""
        self.view.empty = EMPTY_TEXT
        self.view.replace_all(self._notes)
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

    def take_note(self, path: str, text: str, history: Sequence[Change]) -> None:
        """Show a note's text and history."""
        self.path, self.text = path, text
        self.history.replace_all([ChangeRow(change) for change in history])
        self.history_rule.say((("history", "text bold"),), (("Enter what it did · r take back", "muted"),))
        self._show_text()

    def take_diff(self, commit: str, diff: str) -> None:
        """Show what a change did."""
        lines = diff.splitlines()
        start = next((at for at, line in enumerate(lines) if line.startswith("@@")), 0)
        drawn = [_drawn(line) for line in lines[start:]]
        self.text_rule.say(((f"change {commit or 'on disk'}", "text bold"),), (("Esc back to the text", "muted"),))
        self.preview.show(drawn or [Line(((" Nothing changed.", "muted"),))])

    def _title(self) -> None:
        count = f" {wording.count(self._count, 'note')}" if self._count >= 0 else ""
        hint: Span = ("notes are today's", "text") if self._past else (f"/ search · {self.KEY}", "muted")
        self.rule.say(((self.TITLE, "text bold"), (count, "muted")), (hint,))

    def _show_text(self) -> None:
        if self.editor.display:
            return
        width = max(self.preview.size.width, 20)
        keys = (("e edit · E $EDITOR · h history · f forget", "muted"),)
        self.text_rule.say(((one_line(self.path), "text bold"),), keys)
        front, body = parted(self.text)
        lines = [Line(((f" {harmless(line)}", "muted"),)) for line in front.splitlines()]
        lines += [EMPTY] if lines else []
        lines += [Line(((" ", ""), *line.spans), line.ground) for line in draw(body, width - 2)]
        self.preview.show(lines or [Line(((" Empty.", "muted"),))])

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        del event
        self.call_after_refresh(self._show_text)

    # moving

    def _ask_for_note(self) -> None:
        row = self.view.current
        self._forgetting = ""
        if isinstance(row, NoteRow):
            self.post_message(self.Wanted("note", row.note.path))
        elif isinstance(row, HitRow) and any(note.note.path == row.hit.source for note in self._notes):
            self.post_message(self.Wanted("note", row.hit.source))

    @on(LineView.Moved)
    @on(LineView.Scrolled)
    def _moved(self, event: LineView.OfRow) -> None:
        event.stop()
        if isinstance(event, LineView.Moved) and event.view is self.view:
            self._ask_for_note()

    @on(LineView.Opened)
    def _opened(self, event: LineView.Opened) -> None:
        event.stop()
        if isinstance(event.row, ChangeRow):
            self.post_message(self.Wanted("diff", self.path, commit=event.row.change.commit))
        elif event.view is self.view:
            self.history.focus()

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
        if self.history.has_focus:
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
            self.post_message(self.Wanted("search", text=wanted))
        else:
            self._show_notes()

    def action_accept(self) -> None:
        """Accept the note under the cursor if it waits; else copy it."""
        row = self.view.current
        if isinstance(row, NoteRow) and row.waits:
            self.post_message(self.Wanted("accept", row.note.path, text=row.waits))
        else:
            self.view.action_copy_row()

    def action_refuse(self) -> None:
        """Refuse the note under the cursor if it waits."""
        row = self.view.current
        if isinstance(row, NoteRow) and row.waits:
            self.post_message(self.Wanted("reject", row.note.path, text=row.waits))

    def action_edit(self) -> None:
        """Edit the note here."""
        if not self.path or self.editor.display:
            return
        self.preview.display, self.editor.display = False, True
        self.editor.load_text(self.text)
        self.editor.move_cursor((self.text.count("\n") - parted(self.text)[1].count("\n"), 0))
        self.editor.focus()
        self.text_rule.say(
            ((one_line(self.path), "text bold"),), (("Ctrl+S saves · Esc leaves it as it was", "muted"),)
        )

    def action_save(self) -> None:
        """Save what stands in the editor."""
        if self.editor.display:
            text, before = self.editor.text, self.text
            self.step_back()
            self.post_message(self.Wanted("save", self.path, text=text, before=before))

    def action_editor(self) -> None:
        """Edit the note in the operator's editor."""
        if self.path:
            self.post_message(self.Wanted("editor", self.path, before=self.text))

    def action_history(self) -> None:
        """Move in the history."""
        self.history.focus()
        if self.history.current is None:
            self.history.action_home()

    def action_revert(self) -> None:
        """Take the change under the cursor back."""
        row = self.history.current
        if self.history.has_focus and isinstance(row, ChangeRow) and row.change.commit:
            self.post_message(self.Wanted("revert", self.path, commit=row.change.commit))

    def action_forget(self) -> None:
        """Forget the note; the first press asks."""
        if not self.path or self.editor.display:
            return
        if self._forgetting == self.path:
            self._forgetting = ""
            self.post_message(self.Wanted("forget", self.path))
            return
        self._forgetting = self.path
        said = f"f again forgets {one_line(self.path)}; git keeps it"
        self.text_rule.say(((one_line(self.path), "text bold"),), ((said, "warn"),))


def _drawn(line: str) -> Line:
    sign = line[:1]
    return Line(((f" {harmless(line)}", _ROLE.get(sign, "muted")),), _GROUND.get(sign, ""))
