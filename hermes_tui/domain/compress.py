"""Fewer tasks for the same work, where handing over would cost more than the work itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from hermes_tui.domain.events.plan import EditKind, PlanOp
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import Effect, Task, TaskKind
from hermes_tui.domain.values import replace

HANDOVER_TOKENS: Final = 1500
"""What every agent reads before its own goal: rules, tools, what the one before brought."""
WORK_WORDS: Final = 120
"""A goal of more words than this is work of its own: its agent reads and does more than a handover costs."""
MOST_MERGED: Final = 8


def compressing(idle: Sequence[Task], everything: Sequence[Task]) -> Iterator[PlanOp]:
    """Yield the operations that make a plan smaller; only tasks of `idle` are touched.

    Chains of agents where each only feeds the next become one agent; a call that two tasks make alike is made once.
    """
    readers = _readers(everything)
    merged: set[TaskId] = set()
    for chain in _chains(idle, everything):
        merged.update(task.id for task in chain)
        yield from _join(chain)
    yield from _once([task for task in idle if task.id not in merged], everything, readers)


def _readers(tasks: Sequence[Task]) -> Counter[TaskId]:
    return Counter(need for task in tasks for need in task.waits_for)


def _small(task: Task) -> bool:
    """Whether a task is an agent's whose handover costs more than its work, and that nothing sets apart."""
    plain = task.when is None and task.budget is None and task.compensate is None and task.timeout_s is None
    return task.kind is TaskKind.AGENT and plain and len(_goal(task).split()) <= WORK_WORDS


def _goal(task: Task) -> str:
    given: object = json.loads(task.args)
    goal = given.get("goal") if isinstance(given, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return goal if isinstance(goal, str) and goal else task.title


def _chains(idle: Sequence[Task], everything: Sequence[Task]) -> Iterator[list[Task]]:
    """Yield runs of small agents, each needing only the one before, which feeds nothing else."""
    readers = _readers(everything)
    small = {task.id: task for task in idle if _small(task)}
    following = {_feeder(task, small): task for task in small.values() if _feeder(task, small)}
    heads = [task for task in small.values() if not _feeder(task, small) or readers[_feeder(task, small)] > 1]
    for head in heads:
        chain = [head]
        while readers[chain[-1].id] == 1 and chain[-1].id in following and _alike(head, following[chain[-1].id]):
            chain.append(following[chain[-1].id])
        parts = [chain[at : at + MOST_MERGED] for at in range(0, len(chain), MOST_MERGED)]
        yield from (part for part in parts if len(part) > 1)


def _feeder(task: Task, small: dict[TaskId, Task]) -> TaskId:
    """Return the one small agent that `task` needs, empty if it needs none or something else besides."""
    agents = [need for need in task.needs if need in small]
    others = [need for need in task.needs if need not in small and need != "plan"]
    return agents[0] if len(agents) == 1 and not others else TaskId("")


def _alike(one: Task, other: Task) -> bool:
    return (one.model, one.write, one.effect) == (other.model, other.write, other.effect)


def _join(chain: Sequence[Task]) -> Iterator[PlanOp]:
    """Merge a chain into its last task, which others read; it does the steps of all in their order."""
    ids = {task.id for task in chain}
    steps = [_without_references(_goal(task), ids) for task in chain]
    goal = "Do these in order:\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    last = chain[-1]
    merged = replace(
        last,
        title="; ".join(task.title for task in chain)[:200],
        args=json.dumps({"goal": goal}),
        needs=chain[0].needs,
    )
    yield PlanOp(kind=EditKind.EDIT, target=last.id, task=merged)
    for task in reversed(chain[:-1]):
        yield PlanOp(kind=EditKind.REMOVE, target=task.id)


def _without_references(goal: str, ids: set[TaskId]) -> str:
    """Return a goal that speaks of the steps before it, where it referred to their results."""
    for name in ids:
        goal = re.sub(rf"\$\{{{name}(?:\.[^{{}}]*)?\}}", "what the step before brought", goal)
    return goal


def _once(idle: Sequence[Task], everything: Sequence[Task], readers: Counter[TaskId]) -> Iterator[PlanOp]:
    """Drop a reading call that another task makes alike, where nothing reads the second one's result."""
    seen: dict[tuple[object, ...], TaskId] = {}
    for task in everything:
        if task.kind is not TaskKind.TOOL or task.when is not None or (task.effect or Effect.PURE) > Effect.READ:
            continue
        key = (task.use, task.args, task.needs)
        first = seen.setdefault(key, task.id)
        if first != task.id and not readers[task.id] and task in idle:
            yield PlanOp(kind=EditKind.REMOVE, target=task.id)
