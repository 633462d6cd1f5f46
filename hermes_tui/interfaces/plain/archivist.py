"""Orders about earlier moments, the plan, its agents, and what these can do, in lines of text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final

from hermes_tui.domain.commands import NameSession, SteerAgent, UndoFiles
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import PlanEdited
from hermes_tui.domain.ids import AgentId, Seq
from hermes_tui.domain.parts import Effort
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import fold_all
from hermes_tui.domain.state.standing import standing
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces import _patchbay as patchbay
from hermes_tui.interfaces import _steering as steering
from hermes_tui.interfaces._commissions import by_skill, repo_map
from hermes_tui.interfaces._servers import mcp_lines, skill_lines, tool_lines
from hermes_tui.interfaces._tables import cost_lines, plan_lines, table, when, window_lines
from hermes_tui.interfaces._telling import told
from hermes_tui.interfaces.plain.host import Host
from hermes_tui.services import contexts, costs, edits, history, subagents

AROUND: Final = 5
"""How many lines of a file are printed before and after the one that was asked for."""
LAST: Final = 12
"""How many lines before a moment are printed with it."""
BACK: Final = ("fork", "both", "files")
"""What a rewind takes back: the conversation, the files too, or only they."""
SPOKEN: Final = {">": "heard", "»": "told", "•": "said", "=": "got", "×": "failed"}
"""What the signs of a transcript mean."""
ROLES: Final = {"+": "ok", "-": "fail", "~": "accent"}


class Archivist:
    """The part of the clerk's orders that look back, go back or steer what was planned."""

    def __init__(self, mode: Host) -> None:
        self.mode = mode
        self._effort: Effort | None = None

    def rows(self, lines: Sequence[str]) -> None:
        """Print lines, each a little to the right."""
        for line in lines:
            self.mode.say(f"  {line}")

    def do_patchbay(self, wanted: str) -> None:
        """Show which model fills each role, or change one in config.yaml."""
        self.mode.start(self._patch(wanted))

    async def _patch(self, wanted: str) -> None:
        bay = self.mode.seat.errands.patchbay
        if wanted:
            edit = patchbay.asked(wanted)
            await asyncio.to_thread(bay.save, [edit])
            self.mode.say(f"Saved {edit.role} in {bay.path.name}; it holds within a second.")
            return
        for line in patchbay.patch_lines((await asyncio.to_thread(bay.draft)).patches):
            self.mode.say(line)

    def do_image(self, path: str) -> None:
        """Say how a picture is sent in line mode."""
        self.mode.say(f"Mention it in your words: what is on @{path.removeprefix('@') or 'screen.png'}?")

    def do_open(self, target: str) -> None:
        """Print a file around a line; a web page is the terminal's to open."""
        name, _, line = target.removeprefix("@").rpartition(":")
        path = self.mode.workspace / (name if line.isdigit() else target)
        if not path.is_file():
            raise UsageInvalid(f"{first_line(target, 80)} is no file here.", hint="Links open with your terminal.")
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        at = int(line) - 1 if line.isdigit() else AROUND
        first = max(at - AROUND, 0)
        shown = enumerate(lines[first : at + AROUND + 1], first + 1)
        for number, text in shown:
            self.mode.show(f"  {number:>6} {text}")

    def do_tools(self, _: str) -> None:
        """Print every tool and whose it is."""
        self.rows(tool_lines(self.mode.seat.errands.station.tools))

    def do_mcp(self, name: str) -> None:
        """Print how each tool server stands, or the tools of one."""
        self.rows(mcp_lines(self.mode.seat.errands, name))

    def do_skills(self, _: str) -> None:
        """Print what agents know how to do."""
        self.rows(skill_lines(self.mode.seat.errands.station.skills.listed))

    def do_skill(self, wanted: str) -> None:
        """Work by a skill."""
        self.mode.order(by_skill(self.mode.seat.errands.station.skills, wanted))

    def do_map(self, _: str) -> None:
        """Map the workspace by tools alone."""
        self.mode.order(repo_map(self.mode.seat.errands.station.home.built_in))

    @property
    def _here(self) -> str:
        return str(self.mode.seat.facts.session)

    def _read(self, session: str, then: Callable[[list[Record]], None]) -> None:
        """Read a session beside the prompt, then do something with it; one without a record is said to be so."""

        async def read() -> None:
            records = await asyncio.to_thread(self.mode.seat.errands.records, session or self._here)
            if records:
                then(records)
            elif session in ("", self._here):
                self.mode.say("No record yet. What happens first can be looked at then.")
            else:
                self.mode.say(f"There is no session {first_line(session, 40)}. /sessions lists them.", "fail")

        self.mode.start(read())

    # earlier moments

    def do_travel(self, wanted: str) -> None:
        """Print how a session stood at one of its records; without one, at its last."""
        session, at = steering.moment(wanted)

        def show(records: list[Record]) -> None:
            past = [record for record in records if at is None or record.seq <= at]
            if past:
                self._show_moment(past, records[-1].seq)
            else:
                self.mode.say(f"The first record is {records[0].seq}.", "fail")

        self._read(session, show)

    def _show_moment(self, past: list[Record], last: Seq) -> None:
        """Print state, tasks, spending and the lines before a moment."""
        state, record = fold_all(past), past[-1]
        session = record.place.session
        status = history.status_of(state, live=state.run.run is not None and state.run.ended is None)
        self.mode.say(f"session {session} at record {record.seq:,} of {last:,}, {when(record.at)}: {status}", "bold")
        if state.graph.tasks:
            self.rows([*standing(state.graph).lines(), *plan_lines(state)])
        spent = costs.shares(past, "model")
        self.rows(cost_lines(spent, "model") if spent else ["Nothing was spent by then."])
        self.rows([f"waits for you: {asked.tool} {first_line(asked.what, 80)}" for asked in state.calls.waiting])
        self.mode.say("last", "bold")
        self.rows(list(told(past, signs=False))[-LAST:] or ["Nothing was said by then."])
        self.mode.say(
            f"/travel {session}@{max(record.seq - 1, 1)} goes one back; /fork {session}@{record.seq} goes on from here."
        )

    def do_fork(self, wanted: str) -> None:
        """Go on in a copy of a session, as it stood at a record or at its last."""
        session, at = steering.moment(wanted)
        self.mode.start(self._fork(session or self._here, at))

    async def _fork(self, session: str, at: Seq | None) -> None:
        new = await asyncio.to_thread(self.mode.seat.errands.fork, session, at)
        self.mode.leave(str(new))

    def do_export(self, name: str) -> None:
        """Write this session to one file, as it stands."""
        self.mode.start(self._export(name))

    async def _export(self, name: str) -> None:
        file = await asyncio.to_thread(self.mode.seat.errands.export, self._here, name)
        self.mode.say(f"{first_line(str(file), 200)} holds this session. hermes replay reads it anywhere.")

    def do_rename(self, name: str) -> None:
        """Name this session; without a name it has none any more."""
        self.mode.order(NameSession(name=name))
        self.mode.say(f"This session is called {first_line(name, 60)} now." if name else "It has no name any more.")

    def do_rewind(self, wanted: str) -> None:
        """Go back to before an earlier prompt by its number; without one, list them."""
        if self.mode.live:
            raise UsageInvalid("A run is under way.", hint="/interrupt stops it, then /rewind goes back.")
        number, _, what = wanted.partition(" ")
        if wanted and (not number.isdecimal() or what.strip() not in ("", *BACK)):
            raise UsageInvalid("That names no prompt.", hint=f"/rewind NUMBER [{'|'.join(BACK)}]")

        def choose(records: list[Record]) -> None:
            found = steering.prompts(records)
            if not number:
                self._list_prompts(found)
            elif 0 < int(number) <= len(found):
                record, text = found[int(number) - 1]
                self._go_back(what.strip() or "fork", Seq(record.seq - 1), text)
            else:
                self.mode.say(f"There is no prompt {number}; /rewind lists {len(found)}.", "fail")

        self._read("", choose)

    def _list_prompts(self, found: Sequence[tuple[Record, str]]) -> None:
        rows = [
            (str(number), when(record.at), first_line(text, 60))
            for number, (record, text) in zip(count(1), found, strict=False)
        ]
        self.rows(table(rows) or ["Nothing was sent in this session yet."])
        self.mode.say("/rewind NUMBER begins a new session before it; both: files go back too; files: only they do.")

    def _go_back(self, what: str, before: Seq, text: str) -> None:
        if what != "fork":
            self.mode.order(UndoFiles(after=before))
        if what == "files":
            self.mode.say(f"Files go back to record {before:,}; the agent is told.")
            return
        self.mode.say(f"Before: {text}")
        if before < 1:
            self.mode.leave("")
        else:
            self.mode.start(self._fork(self._here, before))

    # the plan and its agents

    def do_effort(self, wanted: str) -> None:
        """Set how much a role's model reasons; without a word, the next step of cortex."""
        order = steering.effort(wanted, self._effort, self.mode.seat.facts.config.brains)
        self.mode.order(order)
        if order.role == steering.LEAD:
            self._effort = order.effort
        self.mode.say(steering.effort_said(order))

    def do_plan(self, _: str) -> None:
        """Print what each edit of the plan changed, the newest last."""

        def show(records: list[Record]) -> None:
            found = list(edits.history(records))
            for record, changed in found:
                if isinstance(body := record.body, PlanEdited):
                    undone = f", takes rev {body.undoes} back" if body.undoes else ""
                    head = f"rev {body.base_rev + 1}  {when(record.at)}  by {body.by}{undone}: {body.why}"
                    self.mode.say(head, "bold")
                for line in changed:
                    self.mode.show(f"  {line}", ROLES.get(line[:1], "text"))
            if not found:
                self.mode.say("No plan yet. A goal becomes one.")

        self._read("", show)

    def do_edit(self, wanted: str) -> None:
        """Give a task something else to do; without words, print what it is to do now."""
        name, _, text = wanted.partition(" ")
        graph = self.mode.state.graph
        task = steering.task_of(graph, name)
        if text.strip():
            self.mode.order(steering.reworded(graph, task, text.strip()))
            return
        key, value = steering.words_of(task)
        self.mode.say(f"{task.id} {key or 'arguments'}: {value}")
        self.mode.say(f"/edit {task.id} WORDS puts others in their place.")

    def do_steer(self, argument: str) -> None:
        """Tell a subagent something."""
        name, _, text = argument.partition(" ")
        known = subagents.living(self.mode.state, AgentId(name))
        if not text.strip():
            raise UsageInvalid("Say what to tell it.", hint=f"/steer {known.agent} TEXT")
        self.mode.order(SteerAgent(agent=known.agent, text=text.strip()))
        self.mode.say(f"{known.agent} reads it before its next reply.")

    def do_transcript(self, agent: str) -> None:
        """Print all that an agent heard, said and did."""
        for message in subagents.transcript(self.mode.state, AgentId(agent)):
            sign, blank, text = message.partition(" ")
            said = f"{SPOKEN[sign]}: {text}" if blank and sign in SPOKEN else message
            self.rows(said.splitlines())

    def do_compact(self, wanted: str) -> None:
        """Condense a window before its next request, or take the last compaction back; the kernel says what it did."""
        self.mode.order(steering.compaction(wanted))

    def do_context(self, agent: str) -> None:
        """Print what is in an agent's window and why."""
        state = self.mode.state
        self.rows(list(window_lines(state, contexts.agent_of(state, agent or None))))
