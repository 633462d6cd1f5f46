"""Edits of the plan: one pure function applies them, one refuses what may not be, one takes them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hermes_tui.domain.errors import EditRefused
from hermes_tui.domain.events.plan import EditKind, Outcome, PlanEdited, PlanOp
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.patterns import later
from hermes_tui.domain.state.graph import DEAD, GraphState, TaskStatus, Undo
from hermes_tui.domain.tasks import Task, TaskState
from hermes_tui.domain.values import mutable, replace

UNDO_DEPTH: Final = 50
_NAME: Final = later(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_OPEN: Final = (TaskState.PENDING, TaskState.READY, TaskState.RUNNING, TaskState.WAITING)
_ENDED: Final = (TaskState.DONE, TaskState.FAILED, TaskState.SKIPPED, TaskState.CANCELLED)
_UNFINISHED: Final = tuple(state for state in TaskState if state is not TaskState.DONE)
_MAY: Final = {
    EditKind.EDIT: (_UNFINISHED, "a finished task keeps its result; retry it, or add another one"),
    EditKind.REMOVE: (_UNFINISHED, "a finished task keeps its result"),
    EditKind.PAUSE: (_OPEN, "only a task that may still start or run can be paused"),
    EditKind.RESUME: ((TaskState.PAUSED,), "only a paused task can be resumed"),
    EditKind.SKIP: ((*_OPEN, TaskState.PAUSED, TaskState.FAILED, TaskState.CANCELLED), "there is nothing to skip"),
    EditKind.RETRY: (_ENDED, "it has not ended yet"),
    EditKind.CANCEL: ((*_OPEN, TaskState.PAUSED), "there is nothing left to cancel"),
    EditKind.REORDER: ((*_OPEN, TaskState.PAUSED), "it has ended, its priority no longer matters"),
    EditKind.RESTORE: (_UNFINISHED, "it has finished since, and a finished task keeps its result"),
}
"""In which states an operation makes sense, and what is said in the others."""


@mutable
class _Draft:
    """A graph while it is edited; `touched` are the tasks whose links may be new."""

    tasks: dict[TaskId, Task]
    status: dict[TaskId, TaskStatus]
    touched: list[TaskId]


def fold_plan(state: GraphState, body: PlanEdited) -> GraphState:
    """Return the graph after one edit; what makes no sense in it is passed over, as the edit is history."""
    after = applied(state, body.ops, by=body.by)
    undos = state.undos
    if body.undoes:
        undos = tuple(undo for undo in undos if undo.rev < body.undoes)
    elif body.base_rev:
        undos = (*undos, Undo(rev=body.base_rev + 1, ops=inverse(state, after)))[-UNDO_DEPTH:]
    return replace(after, rev=body.base_rev + 1, undos=undos)


def applied(state: GraphState, ops: Sequence[PlanOp], *, by: str = "") -> GraphState:
    """Return the graph after `ops`, in order; its revision is left as it is."""
    draft = _Draft(dict(state.tasks), dict(state.status), [])
    for op in ops:
        if op.kind is EditKind.ADD or op.target in draft.tasks:
            _apply(draft, op, by)
    dormant = frozenset(task.compensate for task in draft.tasks.values() if task.compensate)
    return replace(state, tasks=draft.tasks, status=draft.status, dormant=dormant)


def check(state: GraphState, ops: Sequence[PlanOp], *, base_rev: int) -> GraphState:
    """Return the graph after `ops` if they may be applied; only what they touch is looked at.

    Raises:
        EditRefused: the edit is of an older revision, names what is not there, makes a cycle, or changes what finished.
    """
    if base_rev != state.rev:
        message = f"The plan is at revision {state.rev}; the edit is of revision {base_rev}."
        raise EditRefused(message, hint="Look at the plan again: hermes runs plan SESSION.")
    if not ops:
        raise EditRefused("The edit changes nothing.")
    draft = _Draft(dict(state.tasks), dict(state.status), [])
    for op in ops:
        _permit(draft, op)
        _apply(draft, op, "")
    _check_links(draft)
    return applied(state, ops)


def inverse(before: GraphState, after: GraphState) -> tuple[PlanOp, ...]:
    """Return the operations that lead from `after` back to `before`; what was running starts anew."""
    return (*_added_again(before, after), *_put_back(before, after), *_removed_again(before, after))


def _added_again(before: GraphState, after: GraphState) -> Iterator[PlanOp]:
    for name, task in before.tasks.items():
        now = after.tasks.get(name)
        if now is None:
            yield PlanOp(kind=EditKind.ADD, target=name, task=task)
        elif now is not task and now != task:
            yield PlanOp(kind=EditKind.EDIT, target=name, task=task)


def _put_back(before: GraphState, after: GraphState) -> Iterator[PlanOp]:
    for name, status in before.status.items():
        now = after.status.get(name)
        if now is not status and now != status:
            yield PlanOp(kind=EditKind.RESTORE, target=name, outcome=_outcome(status))


def _removed_again(before: GraphState, after: GraphState) -> Iterator[PlanOp]:
    for name in after.tasks:
        if name not in before.tasks:
            yield PlanOp(kind=EditKind.REMOVE, target=name)


def _outcome(status: TaskStatus) -> Outcome:
    running = status.state in (TaskState.RUNNING, TaskState.WAITING, TaskState.READY)
    return Outcome(
        state=TaskState.PENDING if running else status.state,
        result=status.result,
        note=status.note,
        kind=status.kind,
        attempts=status.attempts,
        seconds=status.seconds,
    )


def _permit(draft: _Draft, op: PlanOp) -> None:
    """Refuse an operation that makes no sense on the task as it is."""
    known = op.target in draft.tasks
    if op.kind is EditKind.ADD:
        if known:
            raise EditRefused(f"The plan has a task {op.target} already.", hint="Choose another id, or edit that task.")
    elif not known:
        raise EditRefused(f"The plan has no task {op.target}.", hint=_nearest(op.target, draft.tasks))
    else:
        _permit_state(draft, op)
    if op.kind in (EditKind.ADD, EditKind.EDIT):
        _permit_form(op)
    if op.kind is EditKind.REMOVE:
        _permit_removal(draft, op.target)


def _permit_state(draft: _Draft, op: PlanOp) -> None:
    states, why = _MAY[op.kind]
    state = draft.status[op.target].state
    if state not in states:
        raise EditRefused(f"Task {op.target} is {state}: {why}.")
    if op.kind is EditKind.RESTORE and op.outcome is None:
        raise EditRefused(f"The edit does not say what to put back for {op.target}.")


def _permit_form(op: PlanOp) -> None:
    if op.task is None or op.task.id != op.target:
        raise EditRefused(f"The edit does not hold the task {op.target} that it names.")
    if not _NAME.fullmatch(op.target):
        raise EditRefused(
            f"{op.target!r} is no task id.", hint="Letters, digits, `_` and `-`, beginning with a letter."
        )


def _permit_removal(draft: _Draft, gone: TaskId) -> None:
    for task in draft.tasks.values():
        guarded = task.when is not None and task.when.task == gone
        reads = f"${{{gone}." in task.args or f"${{{gone}}}" in task.args
        if task.id != gone and (guarded or reads or task.compensate == gone):
            what = "is undone by" if task.compensate == gone else "reads the result of"
            raise EditRefused(f"Task {task.id} {what} {gone}.", hint=f"Edit or remove {task.id} first.")


def _nearest(name: str, tasks: Iterable[str]) -> str:
    near = sorted((task for task in tasks if task[:1] == name[:1]), key=lambda task: abs(len(task) - len(name)))[:3]
    return f"Did you mean {' or '.join(near)}?" if near else ""


def _apply(draft: _Draft, op: PlanOp, by: str) -> None:
    match op.kind:
        case EditKind.ADD | EditKind.EDIT:
            _place(draft, op, by)
        case EditKind.REMOVE:
            _splice(draft, op.target)
        case EditKind.REORDER:
            draft.tasks[op.target] = replace(draft.tasks[op.target], priority=op.priority)
        case EditKind.RETRY:
            _again(draft, op.target)
        case _:
            draft.status[op.target] = _moved(draft.status[op.target], op)


def _place(draft: _Draft, op: PlanOp, by: str) -> None:
    if op.task is None:
        return
    draft.tasks[op.target] = op.task
    draft.touched.append(op.target)
    old = draft.status.get(op.target)
    if old is None:
        draft.status[op.target] = TaskStatus(by=by)
    elif old.state in (TaskState.READY, TaskState.RUNNING, TaskState.WAITING):
        draft.status[op.target] = replace(old, state=TaskState.PENDING, note="", kind="", call=None, until=0.0)


def _splice(draft: _Draft, gone: TaskId) -> None:
    """Take a task out; what needed it needs what it needed."""
    removed = draft.tasks.pop(gone)
    draft.status.pop(gone, None)
    for task in tuple(draft.tasks.values()):
        if gone in task.needs:
            needs = [new for need in task.needs for new in (removed.needs if need == gone else (need,))]
            draft.tasks[task.id] = replace(task, needs=tuple(dict.fromkeys(needs)))


def _moved(old: TaskStatus, op: PlanOp) -> TaskStatus:
    match op.kind:
        case EditKind.PAUSE:
            return replace(old, state=TaskState.PAUSED)
        case EditKind.RESUME:
            return replace(old, state=TaskState.PENDING)
        case EditKind.CANCEL:
            return replace(old, state=TaskState.CANCELLED)
        case EditKind.SKIP:
            result = op.outcome.result if op.outcome is not None else old.result
            return replace(old, state=TaskState.SKIPPED, result=result, kind="")
        case EditKind.RESTORE if op.outcome is not None:
            put = op.outcome
            return replace(
                old,
                state=put.state,
                result=put.result,
                note=put.note,
                kind=put.kind,
                attempts=max(put.attempts, old.attempts),
                seconds=max(put.seconds, old.seconds),
            )
        case _:
            return old


def _again(draft: _Draft, target: TaskId) -> None:
    """Let a task run again, and what was skipped because it did not end well; finished tasks keep their results."""
    draft.status[target] = _anew(draft.status[target])
    revived = {target}
    moved = True
    while moved:
        moved = False
        for task in draft.tasks.values():
            status = draft.status[task.id]
            lost = status.state is TaskState.SKIPPED and status.kind == DEAD
            if lost and not revived.isdisjoint(task.needs):
                draft.status[task.id] = _anew(status)
                revived.add(task.id)
                moved = True


def _anew(old: TaskStatus) -> TaskStatus:
    return replace(old, state=TaskState.PENDING, note="", kind="", call=None, until=0.0, ladder=(), avoided=())


def _check_links(draft: _Draft) -> None:
    for name in dict.fromkeys(draft.touched):
        task = draft.tasks.get(name)
        if task is None:
            continue
        links = [*task.needs, *([task.when.task] if task.when else []), *([task.compensate] if task.compensate else [])]
        for link in links:
            if link not in draft.tasks:
                raise EditRefused(f"Task {name} needs {link}, which is no task.", hint=_nearest(link, draft.tasks))
    circle = _circle(draft)
    if circle:
        raise EditRefused(
            f"The tasks would wait for each other: {' -> '.join(circle)}.", hint="Leave one of these needs out."
        )


def _circle(draft: _Draft) -> list[TaskId]:
    """Return a cycle through a touched task, empty if there is none; only what they wait for is walked."""
    cleared: set[TaskId] = set()
    for start in dict.fromkeys(draft.touched):
        path = {start: _waits(draft, start)}
        while path:
            name = next(reversed(path))
            need = next(path[name], None)
            if need is None:
                del path[name]
                cleared.add(name)
            elif need in path:
                names = list(path)
                return [*names[names.index(need) :], need]
            elif need not in cleared:
                path[need] = _waits(draft, need)
    return []


def _waits(draft: _Draft, name: TaskId) -> Iterator[TaskId]:
    task = draft.tasks.get(name)
    return iter(task.waits_for if task is not None else ())
