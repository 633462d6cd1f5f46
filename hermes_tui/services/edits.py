"""Edits of a running plan as an operator writes them, and handing them to whoever owns the run."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import EditKind, Outcome, PlanOp
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold
from hermes_tui.domain.state.edits import check
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.state.plan_diff import plan_diff
from hermes_tui.domain.tasks import TaskState
from hermes_tui.kernel.session import Session
from hermes_tui.kernel.tasks.amend import amend, undo
from hermes_tui.services import strict_yaml
from hermes_tui.services.plans import TaskModel, TaskName, task_of
from hermes_tui.services.sections import Bounds, Json, Misfit, Section, field, validate, without_empty

SCHEMA: Final = "hermes.edit/1"
UNDO: Final = "undo"


class OpModel(Section):
    """One operation on one task."""

    op: Literal["add", "edit", "remove", "pause", "resume", "skip", "retry", "cancel", "reorder"]
    """What to do."""
    id: TaskName | None = None
    """The task; for add and edit it is the id in `task`."""
    task: TaskModel | None = None
    """Its new form, for add and edit."""
    priority: Annotated[int, Bounds(ge=-1000, le=1000)] | None = None
    """For reorder: higher runs first."""
    result: Json = None
    """For skip: stands in for the result that others read."""

    def check(self) -> None:
        if (self.task is None) is (self.op in ("add", "edit")):
            raise Misfit(f"`{self.op}` is not written so.", "Only add and edit carry a `task`, and they must.")
        if self.task is None and self.id is None:
            raise Misfit(f"`{self.op}` names no task.", "Add `id:`.")
        if self.task is not None and self.id not in (None, self.task.id):
            raise Misfit("`id` and the id in `task` differ.", "Leave `id` out.")
        if self.op == "reorder" and self.priority is None:
            raise Misfit("`reorder` without a priority.", "Add `priority:`.")


class EditModel(Section):
    """An edit of the plan of a run."""

    schema_: Literal["hermes.edit/1"] = field(default=SCHEMA, name="schema")
    """The format."""
    base_rev: Annotated[int, Bounds(ge=0)] | None = None
    """The revision that was looked at; left out, the present one."""
    why: str = ""
    """The reason, for whoever reads the journal."""
    ops: Annotated[tuple[OpModel, ...], Bounds(min_length=1, max_length=5000)]
    """What to do, in order."""


def parse_edit(data: bytes | str, path: str, tools: Collection[str] | None = None) -> EditModel:
    """Return the edit in `data`, YAML or JSON.

    Raises:
        UsageInvalid: it does not fit `hermes.edit/1`, or names a tool that there is not.
    """
    node = strict_yaml.parse(data, path)
    model = validate(node, EditModel)
    for index, op in enumerate(model.ops):
        used = op.task.use if op.task is not None and op.task.kind == "tool" else ""
        if tools is not None and used and used not in tools:
            hint = strict_yaml.closest(used, sorted(tools))
            at = node.at("ops", index, "task", "use")
            raise UsageInvalid(f"there is no tool `{used}`.", hint=hint, at=at)
    return model


def ops_of(model: EditModel, path: str = "edit") -> tuple[PlanOp, ...]:
    """Return the operations in the domain's words; references in arguments become needs."""
    return tuple(_op(op, path) for op in model.ops)


def _op(model: OpModel, path: str) -> PlanOp:
    kind = EditKind(model.op)
    if model.task is not None:
        task = task_of(model.task, path)
        return PlanOp(kind=kind, target=task.id, task=task)
    outcome = None
    if kind is EditKind.SKIP and model.result is not None:
        outcome = Outcome(state=TaskState.SKIPPED, result=json.dumps(model.result))
    return PlanOp(kind=kind, target=TaskId(model.id or ""), priority=model.priority or 0, outcome=outcome)


def make(session: Session, place: Place, text: str, *, by: str) -> tuple[str, ...]:
    """Put the edit in `text` on record, `undo` for taking the latest back; return its diff.

    Raises:
        UsageInvalid: the text is no edit, or the plan does not allow it; nothing changed.
    """
    before = session.state.graph
    if text == UNDO:
        undo(session, place, by=by)
    else:
        model = parse_edit(text, "the edit")
        why = model.why or "edited by hand"
        amend(session, place, ops_of(model), by=by, why=why, base_rev=model.base_rev)
    return plan_diff(before, session.state.graph)


def preview(graph: GraphState, text: str) -> tuple[str, ...]:
    """Return the diff that an edit would make.

    Raises:
        UsageInvalid: the text is no edit, or the plan does not allow it.
    """
    if text == UNDO:
        if not graph.undos:
            raise UsageInvalid("There is no edit left to undo.")
        return plan_diff(graph, check(graph, graph.undos[-1].ops, base_rev=graph.rev))
    model = parse_edit(text, "the edit")
    base_rev = graph.rev if model.base_rev is None else model.base_rev
    return plan_diff(graph, check(graph, ops_of(model), base_rev=base_rev))


def history(records: Sequence[Record]) -> Iterator[tuple[Record, tuple[str, ...]]]:
    """Yield every record that edited a plan, with its diff."""
    state = SessionState()
    for record in records:
        before, state = state.graph, fold(state, record)
        if record.type == "PlanEdited":
            yield record, plan_diff(before if record.place.run == state.run.run else GraphState(), state.graph)


def read_edit(path: Path, tools: Collection[str]) -> str:
    """Return the text of an edit file that was checked.

    Raises:
        UsageInvalid: file, line and remedy are named.
    """
    data = strict_yaml.read(path)
    return json.dumps(without_empty(parse_edit(data, str(path), tools)), ensure_ascii=False)
