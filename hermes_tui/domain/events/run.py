"""A session opens, a run starts, its criteria are checked, it ends."""

from __future__ import annotations

from typing import Literal

from hermes_tui.domain.ids import Seq, SessionId
from hermes_tui.domain.tasks import Goal, Mode
from hermes_tui.domain.usage import Limits
from hermes_tui.domain.values import frozen

RunStatus = Literal["done", "not_done", "limited", "needs_approval", "no_provider", "interrupted", "error"]


@frozen
class SessionOpened:
    """A session file was made for `workspace` (a real absolute path) by Hermes `version`."""

    workspace: str
    version: str


@frozen
class RunStarted:
    """A run of `goal` began; `goal_digest` is the sha256 of the goal file without its budget, or of the goal's text."""

    goal: Goal
    goal_digest: str
    mode: Mode
    limits: Limits
    grants: tuple[str, ...] = ()


@frozen
class RunResumed:
    """Another process took the run up again, perhaps with new limits."""

    version: str
    limits: Limits


@frozen
class CriterionChecked:
    """A criterion was checked by code; `evidence` is what the check saw."""

    text: str
    ok: bool
    evidence: str


@frozen
class ArtifactMade:
    """A deliverable stands in the workspace; `path` is relative to it."""

    path: str
    sha256: str
    size_bytes: int


@frozen
class RunEnded:
    """The run handed back. Every status but `done` and `not_done` can be resumed.

    `limit` names the cap that was hit. `verified` is False where the goal had no criteria.
    """

    status: RunStatus
    exit_code: int
    answer: str
    reason: str = ""
    limit: str | None = None
    verified: bool = False


@frozen
class RunAbandoned:
    """The run will not reach its goal: what it did is undone, as far as its plan says how, and then it ends."""

    by: str
    why: str


@frozen
class ReflectionBegun:
    """A verifier found the goal unmet, and the agent tries again; `failed` holds the criteria with their evidence."""

    round: int
    most: int
    failed: tuple[str, ...]


@frozen
class StrategyChosen:
    """How the goal is planned, and why so."""

    strategy: str
    why: str


@frozen
class SessionForked:
    """Everything before this record was copied from `origin`, up to its record `upto`; what follows is this session's.

    What was spent before it was spent there.
    """

    origin: SessionId
    upto: Seq


@frozen
class SessionNamed:
    """The operator gave the session a name; an empty one takes it back."""

    name: str


RunEvent = (
    SessionOpened
    | SessionForked
    | SessionNamed
    | RunStarted
    | RunResumed
    | CriterionChecked
    | ArtifactMade
    | RunEnded
    | RunAbandoned
    | ReflectionBegun
    | StrategyChosen
)
