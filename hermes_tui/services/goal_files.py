"""Goal files: front matter, free text, and perhaps a plan of their own."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from hermes_tui.domain.errors import Location, UsageInvalid
from hermes_tui.domain.patterns import later
from hermes_tui.domain.tasks import Criterion, CriterionKind, Goal, Mode, Plan
from hermes_tui.domain.values import frozen
from hermes_tui.services import strict_yaml
from hermes_tui.services.config import checked_hosts, checked_rules, checked_scope, checked_scopes
from hermes_tui.services.plans import BudgetModel, parse_plan
from hermes_tui.services.sections import Bounds, Checks, Misfit, Section, field, validate
from hermes_tui.services.strict_yaml import Node

_FENCE = later(r" {0,3}(`{3,}|~{3,})[ \t]*(.*?)[ \t]*")
_COMMENT = later(r"<!--.*?-->", re.DOTALL)

Filled = Annotated[str, Bounds(min_length=1, pattern=r"\S")]


class ContainsModel(Section):
    """A file holds a text."""

    file: Filled
    """Relative to the workspace."""
    text: Filled
    """What it must hold."""

    CHECKS: ClassVar[Checks] = {"file": checked_scope}


class JsonModel(Section):
    """A JSON file fits a schema."""

    file: Filled
    """Relative to the workspace."""
    schema_: Filled = field(name="schema")
    """The schema's file, relative to the workspace."""

    CHECKS: ClassVar[Checks] = {"file": checked_scope, "schema_": checked_scope}


def _checked_file(file: str | None) -> str | None:
    return None if file is None else checked_scope(file)


class CriterionModel(Section):
    """One condition of success; exactly one of its keys."""

    run: Filled | None = None
    """A command that must end with 0."""
    file: Filled | None = None
    """A file that must exist and not be empty."""
    contains: ContainsModel | None = None
    """A file that must hold a text."""
    json_: JsonModel | None = field(default=None, name="json")
    """A JSON file that must fit a schema."""

    CHECKS: ClassVar[Checks] = {"file": _checked_file}

    def check(self) -> None:
        if sum(value is not None for value in (self.run, self.file, self.contains, self.json_)) != 1:
            raise Misfit("a criterion has exactly one key.", "Use one of run, file, contains, json per list item.")

    def criterion(self) -> Criterion:
        """Return the condition in the domain's words."""
        if self.contains:
            return Criterion(kind=CriterionKind.CONTAINS, subject=self.contains.file, expected=self.contains.text)
        if self.json_:
            return Criterion(kind=CriterionKind.JSON, subject=self.json_.file, expected=self.json_.schema_)
        if self.file:
            return Criterion(kind=CriterionKind.FILE, subject=self.file)
        return Criterion(kind=CriterionKind.RUN, subject=self.run or "")


class GoalModel(Section):
    """The front matter of a goal file."""

    budget: BudgetModel = BudgetModel()
    """Caps of the run."""
    model: Annotated[str, Bounds(pattern=r"^(auto|[a-z][A-Za-z0-9_.-]*(:\S+)?)$")] = "auto"
    """`auto`, `provider:model` or a role."""
    strategy: Literal["auto", "react", "rewoo", "hierarchical"] = "auto"
    """How it is planned; `auto` leaves it to the config, and then to the goal's words."""
    mode: Mode | None = None
    """How much runs without a question."""
    write: tuple[str, ...] | None = None
    """Where the run may write, relative to the workspace."""
    allow: tuple[str, ...] = ()
    """Rules such as `shell(python -m pytest *)`."""
    egress: tuple[str, ...] = ()
    """Hosts that the run may contact, after a question."""
    success: tuple[CriterionModel, ...] = ()
    """What must hold at the end, checked by code."""

    CHECKS: ClassVar[Checks] = {"write": checked_scopes, "allow": checked_rules, "egress": checked_hosts}


@frozen(kw_only=False)
class _Block:
    text: str
    line: int


def read_goal(path: Path, workspace: Path, *, tools: Collection[str] | None = None) -> Goal:
    """Return the goal of a file.

    Raises:
        UsageInvalid: see `parse_goal`; or a write scope leads out of `workspace` through a link.
    """
    data = strict_yaml.read(path)
    goal = parse_goal(data, str(path), tools=tools)
    root = workspace.resolve()
    for scope in goal.write or ():
        if not (root / scope).resolve().is_relative_to(root):
            line = next((n for n, text in enumerate(data.split(b"\n"), 1) if scope.rstrip("/").encode() in text), 0)
            hint = "Name a folder that really lies inside."
            raise UsageInvalid(f"write: {scope!r} leaves the workspace.", hint=hint, at=Location(str(path), line))
    return goal


def parse_goal(data: bytes | str, path: str, *, tools: Collection[str] | None = None) -> Goal:
    """Return the goal in the text of a goal file.

    Raises:
        UsageInvalid: anything in it is wrong; the message names file, line, what is wrong and what would be right.
    """
    lines = strict_yaml.decode(data, path).split("\n")
    front, start = _front_matter(lines, path)
    model = _header(front, path)
    text, block = _body(lines[start:], path, start + 1)
    plan = _plan(block, path, text, tools)
    text = text or (plan.goal if plan else "")
    if not text:
        what = "the file is empty." if start == 0 else "there is no text after the front matter."
        raise UsageInvalid(what, hint="Say in plain words what is to be done.", at=Location(path, max(1, start)))
    return Goal(
        text=text,
        path=path,
        limits=model.budget.limits(),
        model=model.model,
        mode=model.mode,
        strategy=model.strategy,
        write=model.write,
        allow=model.allow,
        egress=model.egress,
        criteria=tuple(item.criterion() for item in model.success),
        plan=plan,
    )


def _front_matter(lines: list[str], path: str) -> tuple[_Block | None, int]:
    """Return the front matter and the index of the first line after it."""
    if lines[0].rstrip() != "---":
        return None, 0
    for index, line in enumerate(lines[1:], 1):
        if line.rstrip() in ("---", "..."):
            return _Block("\n".join(lines[1:index]), 2), index + 1
    raise UsageInvalid(
        "the front matter does not end.", hint="Put a line `---` after its last key.", at=Location(path, 1)
    )


def _header(front: _Block | None, path: str) -> GoalModel:
    if front is None:
        return GoalModel()
    if not any(line.strip() and not line.lstrip().startswith("#") for line in front.text.split("\n")):
        hint = "Remove both `---` lines, or fill it in."
        raise UsageInvalid("the front matter is empty.", hint=hint, at=Location(path, 1))
    node = strict_yaml.parse(front.text, path, first_line=front.line)
    _check_filled(node)
    return validate(node, GoalModel)


def _check_filled(node: Node) -> None:
    if not isinstance(node.value, dict):
        return
    for key, value in node.value.items():
        if value is None or (value in ({}, []) and key != "write"):
            hint = "Give it a value, or remove the line."
            raise UsageInvalid(f"`{key}` is empty.", hint=hint, at=node.key_at(key))


def _body(lines: list[str], path: str, first_line: int) -> tuple[str, _Block | None]:
    """Return the free text and the plan block."""
    kept: list[str] = []
    block: _Block | None = None
    fence, opened, inside = "", 0, False
    for number, line in enumerate(lines, first_line):
        match = _FENCE.fullmatch(line)
        if not fence and match:
            fence, opened = match[1], number
            inside = "plan" in match[2].split()
            if inside and block:
                hint = f"Line {block.line - 1} has one already; join them."
                raise UsageInvalid("a second plan.", hint=hint, at=Location(path, number))
        elif fence and match and match[1].startswith(fence) and not match[2]:
            if inside:
                block = _Block("\n".join(lines[opened - first_line + 1 : number - first_line]), opened + 1)
            fence, was_plan, inside = "", inside, False
            if was_plan:
                continue
        if not inside:
            kept.append(line)
    if inside:
        raise UsageInvalid("the plan does not end.", hint=f"Close it with {fence}.", at=Location(path, opened))
    return _COMMENT.sub("", "\n".join(kept)).strip(), block


def _plan(block: _Block | None, path: str, text: str, tools: Collection[str] | None) -> Plan | None:
    if block is None:
        return None
    return parse_plan(block.text, path, tools=tools, goal=text, first_line=block.line)
