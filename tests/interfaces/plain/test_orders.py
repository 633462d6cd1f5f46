"""Orders of line mode that change something: what is sent to the kernel, and what the operator reads."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from hermes_tui.domain.commands import ChangeWindow, Command, EditPlan, SteerAgent, UndoFiles, WindowChange
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import EditKind, Event, MessageGiven, PlanEdited, PlanOp, RunStarted
from hermes_tui.domain.ids import AgentId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.tasks import Goal, Mode, Task, TaskKind
from hermes_tui.domain.usage import Limits
from hermes_tui.interfaces._progress import Progress
from hermes_tui.interfaces.plain.archivist import Archivist
from hermes_tui.services.patchbay import Patchbay
from hermes_tui.services.premises import RunOptions, home_of
from tests.interfaces.tui.test_subagents import CHILD, SPAWNED

if TYPE_CHECKING:
    from hermes_tui.interfaces.plain.door import LineMode

AGENT = AgentId("agent:goal")
TASK = Task(id=TaskId("look"), kind=TaskKind.AGENT, title="look around", args='{"goal": "look around"}')


def record(seq: int, body: Event, agent: AgentId = AGENT) -> Record:
    return Record(
        seq=Seq(seq), at=float(seq), place=Place(session=SessionId("s"), run=RunId("r1"), agent=agent), body=body
    )


def started(text: str) -> RunStarted:
    return RunStarted(goal=Goal(text=text), goal_digest="d", mode=Mode.ASK, limits=Limits(), grants=())


PLAN = PlanEdited(base_rev=0, by="goal", why="w", ops=(PlanOp(kind=EditKind.ADD, target=TASK.id, task=TASK),))
RECORDS = (
    record(1, started("look around")),
    record(2, PLAN),
    record(3, MessageGiven(text="look around")),
    record(4, SPAWNED, CHILD),
    record(5, started("and now?")),
    record(6, MessageGiven(text="and now?")),
)


class Listener:
    """Line mode as the archivist needs it: it keeps what was ordered and said."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = list(records)
        self.live = False
        self.ordered: list[Command] = []
        self.said: list[str] = []
        self.left: list[str | None] = []
        self.begun: list[Coroutine[object, object, None]] = []
        self.seat = SimpleNamespace(
            facts=SimpleNamespace(session="s"),
            errands=SimpleNamespace(records=self._read, fork=self._forked),
        )

    def _read(self, session: str) -> list[Record]:
        assert session == "s"
        return self.records

    @staticmethod
    def _forked(session: str, at: int) -> str:
        return f"{session}-before-{at}"

    @property
    def state(self) -> SessionState:
        return fold_all(self.records)

    def order(self, command: Command) -> None:
        self.ordered.append(command)

    def say(self, text: str, role: str = "text") -> None:
        assert role
        self.said.append(text)

    def leave(self, following: str | None) -> None:
        self.left.append(following)

    def start(self, work: Coroutine[object, object, None]) -> None:
        self.begun.append(work)

    async def settle(self) -> None:
        """Do all that was begun, and what that begins."""
        while self.begun:
            await self.begun.pop(0)


def archivist(upto: int = 6) -> tuple[Archivist, Listener]:
    heard = Listener(RECORDS[:upto])
    return Archivist(cast("LineMode", heard)), heard


def test_edit_says_what_a_task_is_to_do_and_puts_other_words_in_their_place() -> None:
    clerk, heard = archivist(4)

    clerk.do_edit("look")
    clerk.do_edit("look look closer")

    (edit,) = heard.ordered
    assert heard.said == ["look goal: look around", "/edit look WORDS puts others in their place."]
    assert isinstance(edit, EditPlan)
    assert (edit.base_rev, [op.target for op in edit.ops]) == (1, ["look"])
    assert "look closer" in str(edit.ops[0])


def test_steer_tells_a_subagent_something_and_says_when_it_reads_it() -> None:
    clerk, heard = archivist(4)

    clerk.do_steer("scout mind the tests")

    assert heard.ordered == [SteerAgent(agent=CHILD, text="mind the tests")]
    assert heard.said == ["scout reads it before its next reply."]


def test_steer_without_words_asks_for_them() -> None:
    clerk, _ = archivist(4)

    with pytest.raises(UsageInvalid, match="Say what to tell it"):
        clerk.do_steer("scout")


def test_compact_and_its_undo_name_the_agent_or_mean_the_first() -> None:
    clerk, heard = archivist(4)

    for said in ("", "scout", "undo", "undo scout"):
        clerk.do_compact(said)

    condense, undo = WindowChange.CONDENSE, WindowChange.UNDO
    assert heard.ordered == [
        ChangeWindow(what=what, agent=agent) for what in (condense, undo) for agent in (None, CHILD)
    ]


async def test_rewind_with_a_number_goes_on_before_that_prompt_in_a_session_of_its_own() -> None:
    clerk, heard = archivist()

    clerk.do_rewind("2")
    await heard.settle()

    assert heard.said[0] == "Before: and now?"
    assert heard.left == ["s-before-4"]
    assert not heard.ordered


async def test_rewind_to_the_first_prompt_begins_anew_and_files_alone_leave_the_session() -> None:
    clerk, heard = archivist()

    clerk.do_rewind("1")
    clerk.do_rewind("2 files")
    await heard.settle()

    assert heard.left == [""]
    assert heard.ordered == [UndoFiles(after=Seq(4))]
    assert heard.said[-1] == "Files go back to record 4; the agent is told."


def test_a_plan_of_one_task_is_one_task() -> None:
    line = Progress().line(RECORDS[1])

    assert line.endswith("• plan     rev 1, 1 task: w")


async def test_patchbay_prints_each_role_and_saves_an_edit(tmp_path: Path) -> None:
    clerk, heard = archivist()
    options = RunOptions(workspace=tmp_path, home=tmp_path / "home")
    heard.seat.errands.patchbay = Patchbay(home_of(options), options)

    clerk.do_patchbay("cortex usd 2")
    clerk.do_patchbay("")
    await heard.settle()

    assert heard.said[0] == "Saved cortex in config.yaml; it holds within a second."
    assert heard.said[2].split() == ["cortex", "auto", "10·30·60·900", "2.00"]
