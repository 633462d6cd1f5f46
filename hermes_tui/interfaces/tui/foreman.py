"""The plan and its agents by name: what each edit changed, another task text, words for an agent, its transcript."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from hermes_tui.domain.commands import SteerAgent
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import PlanEdited
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.records import Record
from hermes_tui.interfaces import _steering as steering
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, foreign, one_line, wrap
from hermes_tui.interfaces.tui.host import Host
from hermes_tui.interfaces.tui.screens.agent_page import AgentPage
from hermes_tui.interfaces.tui.screens.line_entry import LineEntry
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.services import edits

_SIGNS: Final = {"+": ("ok", "add"), "-": ("fail", "del"), "~": ("accent", "")}


class Foreman:
    """What the clerk leaves to one who knows the plan."""

    def __init__(self, app: Host) -> None:
        self.app = app

    def show_edits(self) -> None:
        """Show every revision of the plan as a diff, up to the moment that is looked at."""
        app = self.app
        upto = app.workspace.view_now().state.seq
        past = app.workspace.journey.past
        session = past.session if past is not None else str(app.seat.facts.session)

        async def read() -> None:
            found = await asyncio.to_thread(app.seat.errands.records, session)
            records = [record for record in found if record.seq <= upto]
            app.push_screen(
                Page(app.look, "plan, revision by revision", lambda width: list(diff_lines(records, width)))
            )

        app.start(read())

    def edit(self, name: str) -> None:
        """Ask what a task is to do instead; finished tasks keep their results."""
        app = self.app
        graph = app.seat.state.graph
        try:
            task = steering.task_of(graph, name)
        except UsageInvalid as error:
            app.say(f"{error.message} {error.hint}", "fail")
            return
        key, value = steering.words_of(task)

        def given(text: str | None) -> None:
            if text and text != value:
                app.workspace.send(steering.reworded(app.seat.state.graph, task, text))

        title = f"{one_line(task.title)}: {key or 'arguments'}"
        app.push_screen(LineEntry(app.look, title, hint="becomes an edit of the plan", value=value), given)

    def steer(self, argument: str) -> None:
        """Tell an agent something; with its name alone, ask what."""
        app = self.app
        name, _, text = argument.partition(" ")
        known = app.seat.state.agents.by_id.get(AgentId(name))
        if known is None or known.ended is not None:
            out = ", ".join(one.agent for one in app.seat.state.agents.live()) or "none"
            app.say(f"No agent {one_line(name)} is out. Out now: {out}.", "fail")
            return

        def given(said: str | None) -> None:
            if said:
                app.workspace.send(SteerAgent(agent=known.agent, text=said))
                app.say(f"{known.agent} reads it before its next reply.")

        if text.strip():
            given(text.strip())
        else:
            app.push_screen(LineEntry(app.look, f"to {one_line(name)}", hint="read before its next reply"), given)

    def transcript(self, name: str) -> None:
        """Show all that an agent heard, said and did."""
        app = self.app
        state = app.workspace.view_now().state
        agent = AgentId(name)
        if agent not in state.talk.by_agent:
            known = ", ".join(state.talk.by_agent) or "nobody yet"
            app.say(f"No agent {one_line(name)} has said anything. There is: {known}.", "fail")
            return
        # What is shown while the past is looked at stands still, and nobody there can be told anything.
        past = app.workspace.journey.past is not None
        app.push_screen(AgentPage(app.look, agent, (lambda: state) if past else (lambda: app.seat.state)))


def diff_lines(records: Sequence[Record], width: int) -> Iterator[Line]:
    """Yield each edit of the plan: who, when, why, and what it changed; the newest first."""
    found = list(edits.history(records))
    if not found:
        yield Line(((" No plan yet. A goal becomes one.", "muted"),))
    for record, changed in reversed(found):
        body = record.body
        if not isinstance(body, PlanEdited):
            continue
        head = f" rev {body.base_rev} → {body.base_rev + 1} " if body.base_rev else " rev 1 "
        undone = f" · takes rev {body.undoes} back" if body.undoes else ""
        said = f"· {wording.clock(record.at)} · by {body.by}{undone} · {one_line(body.why)}"
        yield Line(((head, "text bold"), *foreign(said, "muted")))
        for text in changed:
            role, ground = _SIGNS.get(text[:1], ("text", ""))
            for at, spans in enumerate(wrap(foreign(text[2:]), max(width - 6, 12))):
                yield Line(((f"  {text[:1] if at == 0 else ' '} ", role), *spans), ground)
        yield EMPTY
