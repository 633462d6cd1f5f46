"""Plans as files: `hermes.plan/1` in YAML or JSON, and the references between their tasks."""

from __future__ import annotations

import graphlib
import json
import re
from collections.abc import Collection, Mapping
from typing import Annotated, ClassVar, Final, Literal

from hermes_tui.domain.errors import ArgumentsInvalid, Location, UsageInvalid
from hermes_tui.domain.ids import RunId, TaskId
from hermes_tui.domain.tasks import Effect, Guard, Operator, Plan, Task, TaskKind
from hermes_tui.domain.usage import Limits
from hermes_tui.kernel.strategies.auto import STRATEGIES
from hermes_tui.services import strict_yaml
from hermes_tui.services.config import checked_scopes
from hermes_tui.services.references import references
from hermes_tui.services.sections import Bounds, Checks, Json, Misfit, Section, field, validate
from hermes_tui.services.strict_yaml import Node

SCHEMA: Final = "hermes.plan/1"
MAX_TASKS: Final = 5000
LATEST_S: Final = 1e11
"""No timer is due later: Unix seconds of a far year."""
PLANNERS: Final = tuple(name for name, strategy in STRATEGIES.items() if strategy.kinds)
"""The strategies by which a model plans."""
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}

TaskName = Annotated[str, Bounds(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]


def _checked_tokens(value: int | str | None) -> int | None:
    """Return a number of tokens, `200k` written out."""
    hint = "Write a number such as 200k, 1.5M or 50000."
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kKmM]?)", str(value))
    if value is not None and not match:
        raise Misfit(f"{value!r} is no number of tokens.", hint)
    return round(float(match[1]) * {"": 1, "k": 1000, "m": 1_000_000}[match[2].lower()]) if match else None


def _checked_time(value: int | str | None) -> int | None:
    """Return a length of time in seconds."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)", str(value))
    if value is not None and (not match or float(match[1]) <= 0):
        raise Misfit(f"{value!r} is no length of time.", "Write 90s, 15m or 1h.")
    return max(1, round(float(match[1]) * _UNITS[match[2] or "s"])) if match else None


class BudgetModel(Section):
    """Caps as an operator writes them."""

    usd: Annotated[float, Bounds(ge=0, le=1e6)] | None = None
    """US dollars."""
    tokens: int | str | None = None
    """A number, `200k` or `1.5M`."""
    time: int | str | None = None
    """Seconds, or `90s`, `15m`, `1h`."""
    steps: Annotated[int, Bounds(ge=1, le=1_000_000)] | None = None
    """Model requests."""

    CHECKS: ClassVar[Checks] = {"tokens": _checked_tokens, "time": _checked_time}

    def limits(self) -> Limits:
        """Return the caps in the domain's words."""
        tokens = None if self.tokens is None else int(self.tokens)
        seconds = None if self.time is None else float(self.time)
        return Limits(usd=self.usd, tokens=tokens, steps=self.steps, seconds=seconds)


class GuardModel(Section):
    """Run the task only if this compares true."""

    task: TaskName
    """Whose result is looked at."""
    path: str
    """Where in the result, with dots."""
    op: Operator
    """How to compare."""
    value: Json = None
    """What to compare with."""


class TaskModel(Section):
    """One node of the graph."""

    id: TaskName
    """Its name; letters, digits, `_` and `-`."""
    kind: TaskKind
    """How it is carried out."""
    title: str = ""
    """What it does, for the operator; left out, its id."""
    use: str = ""
    """The tool, or the agent."""
    args: Mapping[str, Json] = {}
    """Arguments; `${task.path}` in their strings refers to a result, `$${` is a literal."""
    needs: tuple[TaskName, ...] = ()
    """Tasks that must be done before."""
    when: GuardModel | None = None
    """Condition."""
    effect: Literal["pure", "read", "write", "external"] | None = None
    """Raises what the tool declares."""
    key: str | None = None
    """Idempotency key."""
    compensate: TaskName | None = None
    """The task that undoes this one."""
    budget: BudgetModel | None = None
    """Caps of this task."""
    retry: Annotated[int, Bounds(ge=0, le=10)] = 0
    """How often a failure is tried again."""
    priority: Annotated[int, Bounds(ge=-1000, le=1000)] = 0
    """Higher runs first."""
    timeout_s: Annotated[float, Bounds(gt=0, le=86400)] | None = None
    """Deadline of one attempt."""
    model: str | None = None
    """`provider:model`, a role, a tier, or a class of task that `routes` knows."""
    write: tuple[str, ...] = ()
    """Where it may write, relative to the workspace."""
    partial: bool = False
    """Whether it runs once all it needs has ended, well or not; a join then says what failed."""

    CHECKS: ClassVar[Checks] = {"write": checked_scopes}

    def check(self) -> None:
        if self.kind is TaskKind.TIMER:
            for name, value in self.args.items():
                if name not in ("seconds", "at") or not _is_time(value):
                    hint = "Write `seconds:`, or `at:` in Unix seconds, and a number."
                    raise Misfit(f"no timer waits for `{name}: {json.dumps(value)}`.", hint)
        if self.kind is TaskKind.LLM and self.use == "plan" and self.args.get("strategy") not in PLANNERS:
            raise Misfit("no strategy is named that plans.", f"Add `strategy:` to its args: {' or '.join(PLANNERS)}.")
        if self.compensate == self.id:
            raise Misfit(f"`{self.id}` undoes itself.", "Name another task in `compensate:`, or leave it out.")


def _is_time(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LATEST_S


class PlanModel(Section):
    """A graph of tasks without cycles."""

    schema_: Literal["hermes.plan/1"] = field(default=SCHEMA, name="schema")
    """The format."""
    run: str | None = None
    """The run it belongs to."""
    goal: str = ""
    """What it is for."""
    rev: Annotated[int, Bounds(ge=1)] = 1
    """Counts its edits."""
    rationale: str = ""
    """Why it is so."""
    strategy: str = ""
    """How it was made; not needed to run it."""
    estimate: Mapping[str, Json] = {}
    """What was expected of it; not needed to run it."""
    tasks: Annotated[tuple[TaskModel, ...], Bounds(min_length=1, max_length=MAX_TASKS)]
    """The nodes."""


def parse_plan(
    data: bytes | str, path: str, *, tools: Collection[str] | None = None, goal: str = "", first_line: int = 1
) -> Plan:
    """Return the plan in `data`; references become needs.

    Args:
        data: YAML or JSON.
        path: Its name in messages.
        tools: Known tool names; None leaves them unchecked.
        goal: Stands in for a `goal` that the plan leaves out.
        first_line: Line of the file at which `data` begins.

    Raises:
        UsageInvalid: a wrong key or type, an unknown tool or id, an id used twice, or a cycle.
    """
    node = strict_yaml.parse(data, path, first_line=first_line)
    model = validate(node, PlanModel)
    _check_ids(model, node)
    _check_tools(model, node, tools)
    tasks = tuple(_task(task, node, index) for index, task in enumerate(model.tasks))
    _check_links(model, tasks, node)
    run = RunId(model.run) if model.run else None
    return Plan(goal=model.goal or goal, tasks=tasks, rev=model.rev, run=run, rationale=model.rationale)


def read_task(text: str, tools: Collection[str]) -> Task:
    """Return one task of a plan that a model writes, a line of JSON each.

    Raises:
        UsageInvalid: it is no task, or names a tool that there is not.
    """
    node = strict_yaml.parse(text, "the plan")
    task = task_of(validate(node, TaskModel), "the plan")
    if task.kind is TaskKind.TOOL and task.use not in tools:
        raise UsageInvalid(f"there is no tool `{task.use}`.", hint=strict_yaml.closest(task.use, sorted(tools)))
    return task


def plan_to_json(plan: Plan) -> str:
    """Return `plan` as JSON text of `hermes.plan/1`; `parse_plan` reads it back as it was."""
    tasks = [_task_dict(task) for task in plan.tasks]
    head = {"schema": SCHEMA, "run": plan.run, "goal": plan.goal, "rev": plan.rev, "rationale": plan.rationale}
    found = {name: value for name, value in head.items() if value not in (None, "")}
    return json.dumps({**found, "tasks": tasks}, ensure_ascii=False, indent=2)


def _guard(model: GuardModel) -> Guard:
    return Guard(task=TaskId(model.task), path=model.path, op=model.op, value=json.dumps(model.value))


def _task(model: TaskModel, node: Node, index: int) -> Task:
    return task_of(model, node.at("tasks", index, "args"))


def task_of(model: TaskModel, at: Location | str) -> Task:
    """Return one task in the domain's words; its references and its guard become needs.

    Raises:
        UsageInvalid: a `${` in its arguments, which stand at `at`, is no reference.
    """
    args = json.dumps(model.args, ensure_ascii=False)
    try:
        found = references(args)
    except ArgumentsInvalid as error:
        place = at if isinstance(at, Location) else Location(at)
        raise UsageInvalid(error.message, hint=error.hint, at=place) from None
    when = _guard(model.when) if model.when else None
    looked_at = [when.task] if when else []
    needs = tuple(dict.fromkeys((*(TaskId(name) for name in model.needs), *found, *looked_at)))
    return Task(
        id=TaskId(model.id),
        kind=model.kind,
        title=model.title or model.id,
        use=model.use,
        args=args,
        needs=needs,
        when=when,
        effect=Effect[model.effect.upper()] if model.effect else None,
        key=model.key,
        compensate=TaskId(model.compensate) if model.compensate else None,
        budget=model.budget.limits() if model.budget else None,
        retry=model.retry,
        priority=model.priority,
        timeout_s=model.timeout_s,
        model=model.model,
        write=model.write,
        partial=model.partial,
    )


def _check_ids(model: PlanModel, node: Node) -> None:
    lines: dict[str, int] = {}
    for index, task in enumerate(model.tasks):
        at = node.at("tasks", index, "id")
        if task.id in lines:
            hint = f"Line {lines[task.id]} has it already; rename one of them."
            raise UsageInvalid(f"the id `{task.id}` stands twice.", hint=hint, at=at)
        lines[task.id] = at.line


def _check_tools(model: PlanModel, node: Node, tools: Collection[str] | None) -> None:
    for index, task in enumerate(model.tasks):
        if task.kind is not TaskKind.TOOL:
            continue
        if not task.use:
            hint = "Add `use:` with a tool's name."
            raise UsageInvalid(f"the task `{task.id}` names no tool.", hint=hint, at=node.at("tasks", index))
        if tools is not None and task.use not in tools:
            hint = strict_yaml.closest(task.use, sorted(tools))
            raise UsageInvalid(f"there is no tool `{task.use}`.", hint=hint, at=node.at("tasks", index, "use"))


def _check_links(model: PlanModel, tasks: tuple[Task, ...], node: Node) -> None:
    places = {task.id: index for index, task in enumerate(tasks)}
    graph: dict[str, list[str]] = {}
    undoing = {task.compensate for task in tasks}
    for index, (task, written) in enumerate(zip(tasks, model.tasks, strict=True)):
        links: list[tuple[TaskId, tuple[str, ...]]] = [
            (name, ("needs",) if name in written.needs else ("args",))
            for name in task.needs
            if not (task.when and name == task.when.task and name not in written.needs)
        ]
        graph[task.id] = list(task.needs)
        if task.when:
            links.append((task.when.task, ("when", "task")))
            graph[task.id].append(task.when.task)
        if task.compensate:
            links.append((task.compensate, ("compensate",)))
        for name, steps in links:
            if name not in places:
                extra = " Write `$${` for a literal `${`." if steps == ("args",) else ""
                raise UsageInvalid(
                    f"the task `{task.id}` refers to `{name}`, which is no task.",
                    hint=strict_yaml.closest(name, sorted(places)) + extra,
                    at=node.at("tasks", index, *steps),
                )
            if name in undoing and steps != ("compensate",):
                raise UsageInvalid(
                    f"the task `{task.id}` waits for `{name}`, which only undoes another one.",
                    hint="Remove the need: such a task runs only where the run is given up.",
                    at=node.at("tasks", index, *steps),
                )
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        raise UsageInvalid(
            f"the tasks wait for each other: {' -> '.join(circle)}.",
            hint="Remove one of these needs or references.",
            at=node.at("tasks", places[TaskId(circle[0])], "needs"),
        ) from None


def _task_dict(task: Task) -> dict[str, object]:
    limits = task.budget
    budget = limits and {"usd": limits.usd, "tokens": limits.tokens, "time": limits.seconds, "steps": limits.steps}
    if budget and limits and limits.seconds is not None:
        budget["time"] = round(limits.seconds)
    when = task.when and {
        "task": task.when.task,
        "path": task.when.path,
        "op": task.when.op.value,
        "value": json.loads(task.when.value),
    }
    whole: dict[str, object] = {
        "id": task.id,
        "kind": task.kind.value,
        "title": task.title,
        "use": task.use,
        "args": json.loads(task.args),
        "needs": list(task.needs),
        "when": when,
        "effect": None if task.effect is None else task.effect.name.lower(),
        "key": task.key,
        "compensate": task.compensate,
        "budget": budget and {name: value for name, value in budget.items() if value is not None},
        "retry": task.retry or None,
        "priority": task.priority or None,
        "timeout_s": task.timeout_s,
        "model": task.model,
        "write": list(task.write),
        "partial": task.partial or None,
    }
    return {name: value for name, value in whole.items() if value not in (None, "", [], {})}
