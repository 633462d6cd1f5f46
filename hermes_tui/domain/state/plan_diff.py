"""What an edit changed, line by line, for whoever reviews it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import cast

from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task


def plan_diff(before: GraphState, after: GraphState) -> tuple[str, ...]:
    """Return one line per difference: `+` a new task, `-` one that is gone, `~` what became of a field."""
    return (*_gone(before, after), *_new(before, after), *_changed(before, after))


def _gone(before: GraphState, after: GraphState) -> Iterator[str]:
    for name, task in before.tasks.items():
        if name not in after.tasks:
            yield f"- {_task(task)}"


def _new(before: GraphState, after: GraphState) -> Iterator[str]:
    for name, task in after.tasks.items():
        if name not in before.tasks:
            yield f"+ {_task(task)}"


def _changed(before: GraphState, after: GraphState) -> Iterator[str]:
    for name, task in after.tasks.items():
        old = before.tasks.get(name)
        if old is None:
            continue
        if old is not task:  # only to be quick: fields that are equal yield nothing
            yield from _fields(old, task)
        was, now = before.status[name].state, after.status[name].state
        if was is not now:
            yield f"~ {name} state: {was} → {now}"


def _fields(old: Task, new: Task) -> Iterator[str]:
    for field in fields(Task):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if was != now:
            yield f"~ {new.id} {field.name}: {_shown(was)} → {_shown(now)}"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        return f"[{', '.join(str(item) for item in items)}]"
    return str(value)


def _task(task: Task) -> str:
    needs = f" after {', '.join(task.needs)}" if task.needs else ""
    what = f"{task.kind} {task.use}".strip()
    return f"{task.id} ({what}): {task.title}{needs}"
