"""The patchbay: which model fills each role, under which clocks and cap; edits are checked at once, saved together."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces import _patchbay as words
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, fit, foreign, one_line, pad, wrap
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.drawing.wording import place
from hermes_tui.interfaces.tui.panes._pane import Sheet
from hermes_tui.interfaces.tui.rules import TitleRule
from hermes_tui.interfaces.tui.screens.line_entry import LineEntry
from hermes_tui.services.patchbay import CLOCKS, INHERITED, Edit, Patch, Patchbay

ROLE_CELLS: Final = 26
CLOCK_CELLS: Final = 18
USD_CELLS: Final = 8
ABOUT: Final = (
    "A model is auto, local, provider:model, another role or a tier. Clocks are seconds to connect, to the first "
    "token, between tokens and in all; a model on this machine gets 120 to load. usd is the role's cap within a run. "
    "What is muted is inherited, what is bold is not saved yet."
)
HINTS: Final = {
    "model": "auto, local, provider:model, a role or a tier; - inherits",
    "clocks": "connect first idle total, such as 10 30 60 900; - inherits",
    "usd": "cap in US dollars; - for none",
}


@frozen(kw_only=False)
class PatchRow:
    """One role; `edited` are the fields that are not saved yet."""

    patch: Patch
    edited: frozenset[str]
    live: bool = False

    @property
    def key(self) -> Hashable:
        """The role."""
        return self.patch.role

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw role, model, clocks and cap in columns."""
        model_cells = max(room.width - ROLE_CELLS - CLOCK_CELLS - USD_CELLS - 3, 8)
        role = self.patch.role if room.width >= 80 else self.patch.role.rpartition(".")[2]
        columns: tuple[tuple[str, str, int], ...] = (
            ("model", words.brain_of(self.patch), model_cells),
            ("clocks", words.clocks_of(self.patch), CLOCK_CELLS),
        )
        spans: list[Span] = [(" ", ""), (pad(fit(role, ROLE_CELLS - 1), ROLE_CELLS), "text")]
        for field, text, cells in columns:
            spans += foreign(pad(fit(one_line(text), cells - 2), cells), self._role(field))
        spans.append((f"{words.usd_of(self.patch):>{USD_CELLS}} ", self._role("usd")))
        return (Line(tuple(spans)),)

    def _role(self, field: str) -> str:
        if field in self.edited:
            return "accent bold"
        own = self.patch.own & set(CLOCKS) if field == "clocks" else field in self.patch.own
        return "text" if own else "muted"

    def copy(self) -> str:
        """Return it as the command that would make it so."""
        return f"/patchbay {self.patch.role} model {self.patch.model}"


class PatchbayScreen(ModalScreen[str | None]):
    """Returns what was saved, in a sentence; None if it was left as it is in the file."""

    DEFAULT_CSS = """
    PatchbayScreen { layout: vertical; background: $background; }
    PatchbayScreen #patch-rows { height: auto; max-height: 60%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "edit('clocks')", "edit the clocks of the role", id="patchbay.clocks"),
        Binding("b", "edit('usd')", "edit the cap of the role", id="patchbay.usd"),
        Binding("e", "edit('model')", "edit who fills the role", id="patchbay.model"),
        Binding("u", "undo", "take the latest edit back", id="patchbay.undo"),
        Binding("s", "save", "save; it holds at once", id="patchbay.save"),
        Binding("escape,q", "leave", "leave", show=False),
    ]

    def __init__(self, look: Look, bay: Patchbay) -> None:
        super().__init__()
        self.look = look
        self.bay = bay
        self.edits: list[Edit] = []
        self.rule = TitleRule(look, "patchbay")
        self.rule.focused = True
        self.heads = Sheet(look, name="patch-heads", focusable=False)
        self.rows = LineView(look, name="patch-rows", folds=False, follows=False)
        self.about = Sheet(look, name="patch-about", focusable=False)
        self._leaving = False

    def compose(self) -> ComposeResult:
        """Rule, heads, roles, and what it all means."""
        self.heads.styles.height = 1
        yield self.rule
        yield self.heads
        yield self.rows
        yield self.about

    async def on_mount(self) -> None:
        """Read the file."""
        self.rows.focus()
        await self._draft(self.edits)

    def on_resize(self) -> None:
        """Draw for another width."""
        self._explain(())

    async def _draft(self, edits: Sequence[Edit]) -> bool:
        """Show what some edits come to; return whether they can be used."""
        try:
            drafted = await asyncio.to_thread(self.bay.draft, tuple(edits))
        except HermesError as error:
            self._explain(((f"{error.message} {error.hint} Nothing was changed.", "fail"),))
            return False
        self.edits = list(edits)
        by_role: dict[str, set[str]] = {}
        for edit in self.edits:
            by_role.setdefault(edit.role, set()).add(edit.field)
        self.rows.styles.height = len(drafted.patches)
        self.rows.replace_all(PatchRow(one, frozenset(by_role.get(one.role, ()))) for one in drafted.patches)
        self.rows.window.move_to(max(self.rows.window.cursor, 0))
        self._explain(())
        return True

    def _explain(self, said: tuple[Span, ...]) -> None:
        width = max(self.size.width, 40)
        model_cells = max(width - ROLE_CELLS - CLOCK_CELLS - USD_CELLS - 3, 8)
        head = f" {pad('role', ROLE_CELLS)}{pad('model', model_cells)}{pad('clocks', CLOCK_CELLS)}{'usd':>{USD_CELLS}} "
        self.heads.show([Line(((head, "muted"),))])
        wrapped = [Line(((" ", ""), *spans)) for spans in wrap(said or ((ABOUT, "muted"),), width - 2)]
        file = Line(((f" {place(str(self.bay.path))}", "muted"),))
        self.about.show([EMPTY, *wrapped, EMPTY, file])
        count = f" {len(self.edits)} not saved" if self.edits else ""
        keys = "e model · c clocks · b cap · u undo · s save · Esc"
        self.rule.say((("patchbay", "text bold"), (count, "warn")), ((keys, "muted"),))

    # keys

    def on_line_view_opened(self, event: LineView.Opened) -> None:
        """Edit who fills the role."""
        event.stop()
        self.action_edit("model")

    def action_edit(self, field: str) -> None:
        """Ask what a field of the role under the cursor is to be."""
        row = self.rows.current
        if not isinstance(row, PatchRow):
            return
        self._leaving = False
        role = row.patch.role

        def given(value: str | None) -> None:
            if value is not None:
                edit = Edit(role=role, field=field, value=value or INHERITED)
                self.run_worker(self._draft([*self.edits, edit]))

        value = words.value_of(row.patch, field)
        entry = LineEntry(self.look, f"{field} of {role}", hint=HINTS[field], value=value)
        self.app.push_screen(entry, given)  # pyright: ignore[reportUnknownMemberType] - Textual leaves its result open

    def action_undo(self) -> None:
        """Take the latest edit back."""
        if self.edits:
            self.run_worker(self._draft(self.edits[:-1]))

    async def action_save(self) -> None:
        """Write the edits into the file and leave."""
        if not self.edits:
            self._explain((("Nothing was edited.", "text"),))
            return
        try:
            await asyncio.to_thread(self.bay.save, tuple(self.edits))
        except (HermesError, OSError) as error:
            self._explain(((f"{error} Nothing was saved.", "fail"),))
            return
        changed = ", ".join(dict.fromkeys(edit.role for edit in self.edits))
        self.dismiss(f"Saved {changed} in {self.bay.path.name}; it holds within a second.")

    def action_leave(self) -> None:
        """Leave; edits that are not saved ask for a second press."""
        if self.edits and not self._leaving:
            self._leaving = True
            self._explain((("Esc again leaves without saving; s saves.", "warn"),))
            return
        self.dismiss(None)
