"""The right side of the memory: a note's text, its history, its editor, and what is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, fit_middle, harmless, one_line
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.markdown import draw
from hermes_tui.interfaces.tui.memory_rows import ChangeRow, blame_line, diff_line
from hermes_tui.interfaces.tui.note_conflict import Conflict, unsettled
from hermes_tui.interfaces.tui.note_editor import NoteEditor
from hermes_tui.interfaces.tui.panes._note_wishes import Wish
from hermes_tui.interfaces.tui.panes._pane import Pane, Sheet
from hermes_tui.interfaces.tui.rules import TitleRule
from hermes_tui.services.listed import Authored
from hermes_tui.services.memory.notebook import Change, parted

NO_HISTORY: Final = (Line(((" No commit holds this note yet; saving it here makes one.", "muted"),)),)
TITLE_CELLS: Final = 28
DONE: Final = "e edit · h history · b blame · w why"
SEEN: Final = "as it was"


class NoteSide(Pane):
    """One note at a time: what it says, what changed it, and how it is changed here."""

    def __init__(self, look: Look, *, name: str) -> None:
        super().__init__(look, name=name)
        self.text_rule = TitleRule(look, "note")
        self.preview = Sheet(look, name="note-text", focusable=False)
        self.editor = NoteEditor(look)
        self.history_rule = TitleRule(look, "history")
        self.history = LineView(look, name="note-history", folds=False, follows=False, empty=NO_HISTORY)
        self.path = ""
        self.text = ""
        self.conflicts: dict[str, Conflict] = {}
        """The notes that changed on disk while they were edited, until the operator says which text holds."""
        self._then: float | None = None
        self._aside = False
        self._edited = ("", "")

    def compose_side(self) -> ComposeResult:
        """Text or editor, and history."""
        with Vertical(id="memory-side"):
            yield self.text_rule
            yield self.preview
            yield self.editor
            yield self.history_rule
            yield self.history

    # what was found

    def take_note(self, path: str, text: str, history: Sequence[Change]) -> None:
        """Show a note's text and history."""
        self.path, self.text = path, text
        if path in self.conflicts and self._then is None:
            self.conflicts[path] = replace(self.conflicts[path], theirs=text)
        self.history.empty = NO_HISTORY
        self.history.replace_all([ChangeRow(change) for change in history])
        self.history_rule.say((("history", "text bold"),), (("Enter diff · r revert · p pin · f forget", "muted"),))
        self._show_text()

    def take_given(self, path: str, lines: Sequence[Line]) -> None:
        """Show who was given a note."""
        if path == self.path:
            self._show_aside("given to, in this session", lines)

    def _show_aside(self, title: str, lines: Sequence[Line]) -> None:
        """Show something about the note in the place of its text."""
        self._aside = True
        self.text_rule.say(((title, "text bold"),), (("Esc back to the text", "muted"),))
        self.preview.show(lines)

    def take_diff(self, commit: str, diff: str) -> None:
        """Show what a change did."""
        lines = diff.splitlines()
        start = next((at for at, line in enumerate(lines) if line.startswith("@@")), 0)
        drawn = [diff_line(line) for line in lines[start:]]
        self._show_aside(f"change {commit or 'on disk'}", drawn or [Line(((" Nothing changed.", "muted"),))])

    def take_blame(self, lines: Sequence[Authored]) -> None:
        """Show who wrote each line."""
        now = self.look.clock()
        self._show_aside("who wrote each line", [blame_line(line, now) for line in lines] or list(NO_HISTORY))

    def _show_nothing(self, title: str, *lines: Line) -> None:
        """Show that no note is under the cursor."""
        self.path = self.text = ""
        self.text_rule.say(((title, "text bold"),))
        self.preview.show(lines)
        self.history.empty = ()
        self.history.replace_all(())

    @property
    def _short_name(self) -> str:
        """The note's file as a title has room for it beside the keys."""
        return fit_middle(one_line(self.path.rpartition("/")[2]), TITLE_CELLS)

    def _show_text(self) -> None:
        self._aside = False
        if self.editor.display or not self.path:
            return
        # The rule is always there; a preview that just took the editor's place has no size yet.
        width = max(self.text_rule.size.width, 20)
        keys = ((SEEN if self._then is not None else DONE, "muted"),)
        name = self._short_name
        if self.conflict is not None:
            self.text_rule.say(((name, "text bold"), (" changed on disk", "warn")))
            self.preview.show(self.conflict.lines(width))
            return
        self.text_rule.say(((name, "text bold"),), keys)
        front, body = parted(self.text)
        lines = [Line(((f" {harmless(line)}", "muted"),)) for line in front.splitlines()]
        lines += [EMPTY] if lines else []
        lines += [Line(((" ", ""), *line.spans), line.ground) for line in draw(body, width - 2)]
        self.preview.show(lines or [Line(((" Empty.", "muted"),))])

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        del event
        self.call_after_refresh(self._show_text)

    # doing

    def action_edit(self) -> None:
        """Edit the note here; where it changed on disk meanwhile, both texts as one."""
        if not self.path or self.editor.display or self._unchangeable:
            return
        title: tuple[Span, ...] = ((self._short_name, "text bold"),)
        if (found := self.conflict) is not None:
            leaves = (("Ctrl+S saves · Esc leaves both", "muted"),)
            self._open_editor(found.merged(), (("yours and theirs", "warn"),), leaves)
            return
        self._open_editor(self.text, title, (("Ctrl+S saves · Esc leaves it", "muted"),))
        self.editor.move_cursor((self.text.count("\n") - parted(self.text)[1].count("\n"), 0))

    def _open_editor(self, text: str, title: tuple[Span, ...], hint: tuple[Span, ...]) -> None:
        # What is saved is held against the text that was there now, whatever is read from disk meanwhile.
        self._edited = (self.path, self.text)
        self.preview.display, self.editor.display = False, True
        self.editor.load_text(text)
        self.editor.focus()
        self.text_rule.say(title, hint)

    @property
    def _unchangeable(self) -> bool:
        """Whether the past is shown; if so, it is said that nothing can be changed there."""
        if self._then is not None:
            self.post_message(Wish("change"))
        return self._then is not None

    def action_save(self) -> None:
        """Save what stands in the editor."""
        if not self.editor.display:
            return
        text, (path, before) = self.editor.text, self._edited
        if not self.refuses(path, text):
            self.step_back()
            self.post_message(Wish("save", path, text=text, before=before))

    def action_editor(self) -> None:
        """Edit the note in the operator's editor."""
        if self.path and not self._unchangeable:
            text = self.conflict.merged() if self.conflict is not None else self.text
            self.post_message(Wish("editor", self.path, text=text, before=self.text))

    # a note that changed on disk while it was edited

    @property
    def conflict(self) -> Conflict | None:
        """What is to be settled about the note that is shown."""
        settling = self._then is not None or self.editor.display
        return None if settling else self.conflicts.get(self.path)

    def take_conflict(self, conflict: Conflict) -> None:
        """Show that a note changed on disk while it was edited; both texts are kept until one of them is chosen."""
        self.conflicts[conflict.path] = conflict
        self.path, self.text = conflict.path, conflict.theirs
        self._show_text()
        if not self.full:
            self.post_message(self.Warned(conflict.said))

    def take_kept(self, conflict: Conflict) -> None:
        """Offer two texts again that an earlier session left."""
        self.conflicts[conflict.path] = conflict
        if conflict.path == self.path and not self.editor.display:
            self._show_text()

    def refuses(self, path: str, text: str) -> bool:
        """Whether a merge still holds lines of both, marked; it is said so and kept as yours."""
        known = self.conflicts.get(path)
        if known is None or not unsettled(text):
            return False
        self.conflicts[path] = replace(known, mine=text, before=known.theirs)
        self.post_message(Wish("keep", path))
        self.post_message(self.Warned("Lines of both stand in it, marked; take out what is not to stay, then save."))
        return True

    def settled(self, path: str) -> None:
        """Forget a conflict: a text was chosen."""
        self.conflicts.pop(path, None)

    def keep_mine(self, conflict: Conflict) -> None:
        """Save yours over theirs."""
        self.post_message(Wish("save", conflict.path, text=conflict.mine, before=conflict.theirs))

    def action_theirs(self) -> None:
        """Leave what stands on disk."""
        if self.conflict is not None:
            self.post_message(Wish("theirs", self.path, text=self.conflict.mine))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where nothing is to be settled, the key for theirs means what it means everywhere."""
        del parameters
        return action != "theirs" or self.conflict is not None

    def action_history(self) -> None:
        """Move in the history."""
        self.history.focus()
        if self.history.current is None:
            self.history.action_home()

    def action_diff(self) -> None:
        """Show what stands on disk beyond the last commit, or beside what was written here meanwhile."""
        if self.conflict is not None:
            self._show_aside("from theirs to yours", self.conflict.compared())
        else:
            self._ask_about("diff")

    def action_why(self) -> None:
        """Show who was given the note, and why."""
        self._ask_about("why")

    def _ask_about(self, what: str) -> None:
        if self.path and not self.editor.display:
            self.post_message(Wish(what, self.path))

    def action_blame(self) -> None:
        """Show who wrote each line."""
        self._ask_about("blame")

    def action_pin(self) -> None:
        """Pin the note, or unpin it."""
        self._ask_about("pin")

    def action_revert(self) -> None:
        """Take the change under the cursor back."""
        row = self.history.current
        if self.history.has_focus and isinstance(row, ChangeRow) and row.change.commit:
            self.post_message(Wish("revert", self.path, commit=row.change.commit))
