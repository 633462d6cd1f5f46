"""The staff of the app: everyone who carries out orders, and the keys they answer to; engaged behind the panes."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.ports import Brain
from hermes_tui.interfaces.tui.app import HermesApp
from hermes_tui.interfaces.tui.chord import Chord
from hermes_tui.interfaces.tui.clerk import Clerk
from hermes_tui.interfaces.tui.dock import Card
from hermes_tui.interfaces.tui.drawing.line_view import LineView
from hermes_tui.interfaces.tui.finder import Finder
from hermes_tui.interfaces.tui.first_keys import FirstKeys
from hermes_tui.interfaces.tui.keymap import bindings_of, keymap_for
from hermes_tui.interfaces.tui.left_open import LeftOpenCard
from hermes_tui.interfaces.tui.note_keeper import NoteKeeper
from hermes_tui.interfaces.tui.panes._picture import PictureView
from hermes_tui.interfaces.tui.panes.approvals import ApprovalsPane
from hermes_tui.interfaces.tui.panes.budget import BudgetPane
from hermes_tui.interfaces.tui.panes.console import ConsolePane
from hermes_tui.interfaces.tui.panes.memory import MemoryPane
from hermes_tui.interfaces.tui.panes.mind_log import MindLogPane
from hermes_tui.interfaces.tui.panes.task_graph import TaskGraphPane
from hermes_tui.interfaces.tui.prompt import Prompt
from hermes_tui.interfaces.tui.screens.agent_page import AgentPage
from hermes_tui.interfaces.tui.screens.changes import ChangesPage
from hermes_tui.interfaces.tui.screens.patchbay import PatchbayScreen
from hermes_tui.interfaces.tui.screens.picker import SessionPicker
from hermes_tui.interfaces.tui.screens.workspace import Workspace
from hermes_tui.interfaces.tui.scrubber import Scrubber
from hermes_tui.interfaces.tui.shells import OutputPage
from hermes_tui.services.missing import Missing

DECLARING: Final[tuple[type[object], ...]] = (
    *(HermesApp, Chord, Workspace, Prompt, LineView, Card, Scrubber, SessionPicker, PatchbayScreen, OutputPage),
    *(AgentPage, LeftOpenCard, ChangesPage),
    *(ConsolePane, TaskGraphPane, PictureView, MindLogPane, BudgetPane, MemoryPane, ApprovalsPane),
)
"""Everything that declares keys, in the order of the help screen."""


def engage(app: HermesApp) -> None:
    """Give an app those who carry out its orders."""
    app.keys = keymap_for(bindings_of(DECLARING), app.seat.facts.config.ui.keys)
    app.chord = Chord(app.keys, hold=app.workspace.status.hold, say=app.say)
    listed = app.keys.actions("list").items()
    app.first_keys = FirstKeys(app, frozenset(key for key, name in listed if name in ("list.up", "list.down")))
    app.clerk = Clerk(app)
    app.finder = Finder(app)
    app.notes = NoteKeeper(app)
    app.set_keymap(dict(app.keys.changed))
    _prepare_prompt(app)


def _prepare_prompt(app: HermesApp) -> None:
    """Tell the prompt which keys do what, and what completes an order."""
    workspace = app.workspace
    workspace.prompt.names = app.keys.actions("prompt")
    workspace.page_keys = app.keys.actions("start")
    workspace.recovery_keys = {key: name for key, name in app.keys.actions("recovery").items() if key != "enter"}
    workspace.sources.arguments = {
        "theme": lambda: list(app.themes),
        "mode": lambda: ["plan", "ask", "auto-edit", "auto"],
        "skill": lambda: list(app.seat.errands.station.skills.listed),
        "mcp": lambda: [row.name for row in app.seat.errands.servers()],
        "brain": lambda: [one.name for one in app.brains if isinstance(one, Brain)],
        "key": lambda: [one.provider for one in app.brains if isinstance(one, Missing)],
        "run": lambda: [name for name in workspace.sources.files if name.endswith(".md")],
    }
