"""The task graph: goals, criteria, plans, tasks and their states."""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum, StrEnum
from typing import Final

from hermes_tui.domain.ids import RunId, TaskId
from hermes_tui.domain.usage import Limits
from hermes_tui.domain.values import frozen


class Effect(IntEnum):
    """What a call may do to the world; decides what a crash makes of it. The order is from harmless to not."""

    PURE = 0
    READ = 1
    WRITE = 2
    EXTERNAL = 3


class Reach(IntEnum):
    """How far a call reaches; decides who must approve it. The order is from near to far."""

    NONE = 0
    WORKSPACE = 1
    MEMORY = 2
    SCOPE = 3
    SANDBOX = 4
    NETWORK = 5
    HOST = 6


class TaskKind(StrEnum):
    """How a task is carried out."""

    TOOL = "tool"
    AGENT = "agent"
    LLM = "llm"
    APPROVAL = "approval"
    JOIN = "join"
    TIMER = "timer"


class TaskState(StrEnum):
    """Where a task is."""

    PENDING = "pending"
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the task by itself."""
        return self in _ENDED


_ENDED: Final = (TaskState.DONE, TaskState.FAILED, TaskState.SKIPPED, TaskState.CANCELLED)


class Rung(StrEnum):
    """What recovery tries for a failed task, from the cheapest to the last."""

    REPAIR = "repair"
    """Ask a model for better arguments; the call is judged and approved anew."""
    RETRY = "retry"
    """The same again, after a while, where the error may pass."""
    OTHER_MODEL = "other_model"
    """Let another brain try."""
    SIMPLIFY = "simplify"
    """Let the planner put simpler tasks in its place."""
    ASK = "ask"
    """Ask the operator."""


class Operator(StrEnum):
    """How a guard compares."""

    EQ = "eq"
    NE = "ne"
    EXISTS = "exists"
    GT = "gt"
    LT = "lt"


@frozen
class Guard:
    """Run a task only if the result of `task` at `path` compares true; `value` is JSON text."""

    task: TaskId
    path: str
    op: Operator
    value: str = "null"


@frozen
class Task:
    """One node of a plan.

    `args` is the text of a JSON object; `${task.path}` inside its strings refers to another task's result and counts
    as an edge besides `needs`. `effect` may only raise what the tool declares. Higher `priority` runs first. One that
    is `partial` runs once all it needs has ended, well or not.
    """

    id: TaskId
    kind: TaskKind
    title: str
    use: str = ""
    args: str = "{}"
    needs: tuple[TaskId, ...] = ()
    when: Guard | None = None
    effect: Effect | None = None
    key: str | None = None
    compensate: TaskId | None = None
    budget: Limits | None = None
    retry: int = 0
    priority: int = 0
    timeout_s: float | None = None
    model: str | None = None
    write: tuple[str, ...] = ()
    partial: bool = False

    @property
    def waits_for(self) -> tuple[TaskId, ...]:
        """Every task that must have ended before this one can start: its needs and what its guard looks at."""
        if self.when is None or self.when.task in self.needs:
            return self.needs
        return (*self.needs, self.when.task)


@frozen
class Plan:
    """A directed acyclic graph of tasks, in revision `rev`; schema `hermes.plan/1`."""

    goal: str
    tasks: tuple[Task, ...]
    rev: int = 1
    run: RunId | None = None
    rationale: str = ""


class CriterionKind(StrEnum):
    """How success is checked."""

    RUN = "run"
    FILE = "file"
    CONTAINS = "contains"
    JSON = "json"


@frozen
class Criterion:
    """One condition of success, checked by code.

    `subject` is the command for `run` (exit 0 holds) and the file for the others; `expected` is the text that
    `contains` looks for, or the path of the schema that `json` must fit.
    """

    kind: CriterionKind
    subject: str
    expected: str = ""

    @property
    def text(self) -> str:
        """The criterion in words."""
        match self.kind:
            case CriterionKind.RUN:
                return f"{self.subject} ends with 0"
            case CriterionKind.FILE:
                return f"{self.subject} exists and is not empty"
            case CriterionKind.CONTAINS:
                return f"{self.subject} contains {self.expected!r}"
            case CriterionKind.JSON:
                return f"{self.subject} fits {self.expected}"


class Mode(StrEnum):
    """How much runs without a question; each mode includes the one before."""

    PLAN = "plan"
    ASK = "ask"
    AUTO_EDIT = "auto-edit"
    AUTO = "auto"


@frozen
class Goal:
    """What a run is for, as its goal file or command line said it.

    `write` lists the folders or files, relative to the workspace, that the run may change; None leaves it to the
    mode. `allow` holds rules such as `shell(python -m pytest *)`. `model` is `auto`, `provider:model` or a role.
    `strategy` is how it is planned, `auto` to choose by its words.
    """

    text: str
    path: str | None = None
    limits: Limits = field(default_factory=Limits)
    model: str = "auto"
    mode: Mode | None = None
    write: tuple[str, ...] | None = None
    allow: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    plan: Plan | None = None
    strategy: str = "auto"
