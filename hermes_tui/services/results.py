"""The `hermes.result/1` object, and the JSON Schemas of every format that leaves Hermes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from hermes_tui.domain.events import EVENT_TYPES
from hermes_tui.domain.tasks import TaskKind, TaskState
from hermes_tui.services.edits import EditModel
from hermes_tui.services.goal_files import GoalModel
from hermes_tui.services.key_help import texts_of
from hermes_tui.services.plans import PlanModel
from hermes_tui.services.sections import Bounds, Json, Section, field, json_schema
from hermes_tui.services.verdict import SCHEMA


class CriterionResult(Section):
    """A condition that was checked by code."""

    text: str
    ok: bool
    evidence: str = ""


class TaskResult(Section):
    """What became of a task."""

    id: str
    title: str
    kind: TaskKind
    state: TaskState
    model: str | None = None
    usd: float | None = 0.0
    tokens: int = 0
    seconds: float = 0.0
    attempts: int = 0


class UsageResult(Section):
    """What was spent; calls of unknown price are counted, never as $0."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    usd: float = 0.0
    usd_unknown_calls: int = 0


class LimitResult(Section):
    """A cap, null if there is none, and what was spent of it."""

    cap: float | None = None
    spent: float = 0.0


class LimitsResult(Section):
    """The caps of the run; `hit` names the one that stopped it."""

    hit: str | None = None
    usd: LimitResult = LimitResult()
    tokens: LimitResult = LimitResult()
    steps: LimitResult = LimitResult()
    seconds: LimitResult = LimitResult()


class ApprovalResult(Section):
    """A question to the operator, of the subagent `agent` if one asks; `decision` is null while it is open."""

    id: str
    task: str | None = None
    agent: str | None = None
    errand: str = ""
    tool: str
    what: str
    reach: str
    decision: str | None = None
    by: str | None = None
    reason: str = ""


class ArtifactResult(Section):
    """A deliverable, relative to the workspace."""

    path: str
    sha256: str
    bytes: int
    task: str | None = None


class ChangedFile(Section):
    """A file of the workspace that is not what it was."""

    path: str
    change: Literal["created", "modified", "deleted"]


class BlockedResult(Section):
    """A task that cannot go on or will not, and why."""

    task: str
    why: str = ""


class StandingResult(Section):
    """Where the run is; each task of its plan stands in one list at most."""

    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    blocked: tuple[BlockedResult, ...] = ()


class ResultModel(Section):
    """The result of one run."""

    schema_: Literal["hermes.result/1"] = field(default=SCHEMA, name="schema")
    run_id: str | None = None
    session_id: str | None = None
    goal: str
    status: Literal["done", "not_done", "limited", "needs_approval", "no_provider", "interrupted", "error"]
    verified: bool = False
    exit_code: Annotated[int, Bounds(ge=0, le=255)]
    answer: str = ""
    reason: str = ""
    criteria: tuple[CriterionResult, ...] = ()
    tasks: tuple[TaskResult, ...] = ()
    standing: StandingResult = StandingResult()
    usage: UsageResult = UsageResult()
    limits: LimitsResult = LimitsResult()
    approvals: tuple[ApprovalResult, ...] = ()
    artifacts: tuple[ArtifactResult, ...] = ()
    changed_files: tuple[ChangedFile, ...] = ()
    kpis: Mapping[str, Json] = {}
    started_at: float | None = None
    ended_at: float | None = None


class PlaceModel(Section):
    """Where an event belongs."""

    session: str
    run: str | None = None
    turn: str | None = None
    task: str | None = None
    attempt: int = 0
    agent: str = "main"
    cause: int = 0


class RecordModel(Section):
    """One line of `stream-json`."""

    v: Literal[1] = 1
    seq: Annotated[int, Bounds(ge=1)]
    at: float
    place: PlaceModel
    type: Annotated[str, Bounds(extra_json_schema={"enum": [*sorted(EVENT_TYPES)]})]
    body: dict[str, Json]


MODELS: Final[dict[str, type[Section]]] = {
    "hermes.result.1": ResultModel,
    "hermes.plan.1": PlanModel,
    "hermes.edit.1": EditModel,
    "hermes.goal.1": GoalModel,
    "hermes.record.1": RecordModel,
}


_DOCUMENTED: Final = ("config", "goal_files", "plans", "results")
"""The modules whose fields carry their help below them."""


def schema_text(name: str) -> str:
    """Return the JSON Schema of a format, as `docs/schemas/<name>.json` holds it."""
    found = _with_help(json_schema(MODELS[name]))
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{name}.json", **found}
    return json.dumps(whole, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _with_help(schema: dict[str, Any]) -> dict[str, Any]:
    """Add to each property the text that stands under its field in the source."""
    folder = Path(__file__).parent
    help_texts = {name: texts for module in _DOCUMENTED for name, texts in texts_of(folder / f"{module}.py").items()}
    for part in (schema, *schema.get("$defs", {}).values()):
        for key, described in part.get("properties", {}).items():
            text = help_texts.get(part.get("title", ""), {}).get(key)
            if text and "description" not in described:
                described["description"] = text
    return schema


def write_schemas(folder: Path) -> None:
    """Write every schema to `folder`."""
    for name in MODELS:
        (folder / f"{name}.json").write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(__file__).resolve().parents[2] / "docs" / "schemas")
