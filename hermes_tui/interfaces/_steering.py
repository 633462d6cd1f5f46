"""What steers a session from any door: effort, another task text, words for a subagent, and earlier moments."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final, cast

from hermes_tui.domain.commands import ChangeWindow, EditPlan, GoOn, Interrupt, SetEffort, WindowChange
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import EditKind, MessageGiven, PlanOp, RunStarted
from hermes_tui.domain.ids import AgentId, Seq, TaskId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.parts import Effort
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task
from hermes_tui.domain.text import first_line
from hermes_tui.domain.values import replace
from hermes_tui.services.config import ROLES

EFFORTS: Final[Mapping[str, Effort | None]] = {"auto": None, "low": "low", "medium": "medium", "high": "high"}
LEAD: Final = "cortex"
"""The role whose effort is meant where none is named."""
WORDS: Final = ("goal", "prompt", "command", "question", "text", "path", "query", "url")
"""The argument that says what a task is to do, by the first of these that it has."""


def effort(wanted: str, current: Effort | None, brains: Collection[str]) -> SetEffort:
    """Return the order for `EFFORT ROLE`; without an effort, for the step after `current`.

    `brains` are the parts that the config names beside the roles there always are.

    Raises:
        UsageInvalid: there is no such effort, or no such role.
    """
    name, _, role = wanted.partition(" ")
    names = list(EFFORTS)
    if name and name not in EFFORTS:
        raise UsageInvalid(f"There is no effort {first_line(name, 40)}.", hint=f"Efforts: {', '.join(names)}.")
    known = (*ROLES, *brains)
    if role and role.strip() not in known:
        raise UsageInvalid(f"There is no role {first_line(role, 40)}.", hint=f"Roles: {', '.join(known)}.")
    chosen = name or names[(names.index(current or "auto") + 1) % len(names)]
    return SetEffort(effort=EFFORTS[chosen], role=role.strip() or LEAD)


def effort_said(order: SetEffort) -> str:
    """Say what an order about effort changes."""
    said = "the model decides how much it reasons" if order.effort is None else f"{order.effort} effort"
    return f"{order.role}: {said}, from the next step on."


def compaction(wanted: str) -> ChangeWindow:
    """Return the order for `[undo] [AGENT]`."""
    undo = wanted.partition(" ")[0] == "undo"
    agent = wanted.removeprefix("undo").strip() if undo else wanted.strip()
    what = WindowChange.UNDO if undo else WindowChange.CONDENSE
    return ChangeWindow(what=what, agent=AgentId(agent) if agent else None)


def task_of(graph: GraphState, name: str) -> Task:
    """Return a task of the plan.

    Raises:
        UsageInvalid: it has none of that name.
    """
    task = graph.tasks.get(TaskId(name))
    if task is None:
        raise UsageInvalid(f"The plan has no task {first_line(name, 40)}.", hint="/graph shows it.")
    return task


def words_of(task: Task) -> tuple[str, str]:
    """Return the argument that says what a task is to do, and its text; all of them as JSON where none does."""
    try:
        arguments: object = json.loads(task.args)
    except ValueError:
        return "", task.args
    named = cast("dict[str, object]", arguments) if isinstance(arguments, dict) else {}
    key = next((one for one in WORDS if isinstance(named.get(one), str)), "")
    return (key, str(named[key])) if key else ("", task.args)


def reworded(graph: GraphState, task: Task, text: str) -> EditPlan:
    """Return the edit that gives a task something else to do."""
    key, _ = words_of(task)
    if key:
        arguments = cast("dict[str, object]", json.loads(task.args))
        text = json.dumps({**arguments, key: text}, ensure_ascii=False)
    op = PlanOp(kind=EditKind.EDIT, target=task.id, task=replace(task, args=text))
    return EditPlan(base_rev=graph.rev, why=f"edit {task.id}, by hand", ops=(op,))


def going_on(state: SessionState, *, live: bool) -> GoOn:
    """Return the order that takes the unfinished run up.

    Raises:
        UsageInvalid: there is none.
    """
    if live:
        raise UsageInvalid("The run is under way; nothing is left to take up.")
    if not state.run.resumable:
        raise UsageInvalid("No run is unfinished in this session.", hint="/sessions shows the others.")
    return GoOn()


def interruption(*, live: bool) -> Interrupt:
    """Return the order that stops what runs.

    Raises:
        UsageInvalid: nothing does.
    """
    if not live:
        raise UsageInvalid("Nothing runs that could be interrupted.")
    return Interrupt()


def moment(wanted: str) -> tuple[str, Seq | None]:
    """Return the session and the record that `SESSION@RECORD` names; what is left out is empty or None.

    A number alone is a record: the ids of sessions begin with a letter.
    """
    name, _, number = ("", "", wanted) if wanted.isdecimal() else wanted.partition("@")
    return name, Seq(int(number)) if number.isdecimal() else None


def prompts(records: Sequence[Record]) -> list[tuple[Record, str]]:
    """Return what the operator said in a session, each with its record, the oldest first."""
    reader = Prompts()
    return [(record, text) for record in records if (text := reader.said(record))]


class Prompts:
    """Finds the operator's words in records, read one after the other."""

    def __init__(self) -> None:
        self._latest: tuple[Record, str] | None = None

    def said(self, record: Record) -> str:
        """Return what the operator said with a record, empty if it is none of theirs or was said before."""
        text = _prompt_of(record)
        if not text or self._said_again(record, text):
            return ""
        self._latest = (record, text)
        return text

    def _said_again(self, record: Record, text: str) -> bool:
        """Whether a record only hands the goal, with which its run just began, to the agent of the conversation."""
        if self._latest is None:
            return False
        began, goal = self._latest
        return isinstance(began.body, RunStarted) and began.place.run == record.place.run and goal == text


def _prompt_of(record: Record) -> str:
    """Return what the operator said with a record, empty if it is none of theirs."""
    body = record.body
    if isinstance(body, RunStarted):
        return body.goal.text.strip()
    if isinstance(body, MessageGiven) and body.source is Source.OPERATOR and record.place.task is None:
        return body.text.strip()
    return ""
