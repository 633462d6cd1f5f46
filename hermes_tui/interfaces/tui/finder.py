"""Finds what the operator looks for: an earlier prompt, words in a pane, the keys of what has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_tui.interfaces.tui.dock import Card
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.drawing.row_window import searched
from hermes_tui.interfaces.tui.help import keys_around
from hermes_tui.interfaces.tui.screens.chooser import Choice, Chooser
from hermes_tui.interfaces.tui.screens.page import Page

if TYPE_CHECKING:
    from hermes_tui.interfaces.tui.host import Host


class Finder:
    """Offers what there is to choose from, and takes to what was chosen."""

    def __init__(self, app: Host) -> None:
        self.app = app

    def earlier_prompt(self) -> None:
        """Search what was sent before."""
        prompt = self.app.workspace.prompt
        earlier = list(dict.fromkeys(reversed(prompt.remembered)))
        found = [Choice(value=text, name=text) for text in earlier]

        def taken(text: str | None) -> None:
            if text is not None:
                prompt.fill(text)

        self.app.push_screen(Chooser(self.app.look, "earlier prompts", found), taken)

    def row_of(self, view: LineView) -> None:
        """Search the rows of a view."""
        found = [Choice(value=str(at), name=searched(row)) for at, row in enumerate(view.window.rows) if row.copy()]
        chooser = Chooser(self.app.look, "find", list(reversed(found)))

        def taken(at: str | None) -> None:
            if at is not None:
                view.wanted = chooser.entry.value.strip() or view.wanted
                view.show_row(view.window.rows[int(at)].key)
                view.focus()

        self.app.push_screen(chooser, taken)

    def keys_here(self) -> None:
        """Show the keys of what has the focus."""
        app, here = self.app, self.app.focused
        if here is not None:
            app.push_screen(Page(app.look, "keys of this pane", lambda width: keys_around(app.keys, here, width)))

    @property
    def marked(self) -> str:
        """What the cursor is on outside the prompt: a row, or the question that is open; empty where it is on none."""
        here = self.app.focused
        if isinstance(here, LineView) and here.current is not None:
            return here.current.copy()
        if isinstance(here, Card) and here.asked is not None:
            return here.asked.question.what
        return ""
