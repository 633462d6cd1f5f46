"""A tool call is asked for, judged, intended, done, or in doubt."""

from __future__ import annotations

import json
from typing import Literal

from hermes_tui.domain.approval import Ruling
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen


@frozen
class FileChange:
    """A file of the workspace is not what it was; `path` is relative to the workspace."""

    path: str
    change: Literal["created", "modified", "deleted"]


@frozen
class ToolRequested:
    """A call passed its schema and was judged. `arguments` is JSON text, `rationale` the agent's reason for it.

    `expectation` is what it should bring, in the agent's words or, where it said nothing, by what the call is.
    `begins_task`: an attempt at the task of this record's place begins with it, as the call is all that the task does.
    """

    call_id: CallId
    tool: str
    arguments: str
    summary: str
    effect: Effect
    reach: Reach
    ruling: Ruling
    rationale: str = ""
    expectation: str = ""
    begins_task: bool = False


@frozen
class ToolRefused:
    """A call will not run; `stage` is where it was stopped: its schema, the loop guard, policy, the critic or later.

    `circuit`: what it depends on is down, and left alone for a while.
    """

    call_id: CallId
    tool: str
    stage: Literal["schema", "loop", "policy", "critic", "circuit", "budget", "approval", "sandbox"]
    reason: str


@frozen
class ToolIntended:
    """A `write` or `external` call is about to act. `key` makes it idempotent where the other side can.

    `before_image` names the stored copy of what the call may overwrite; empty if there is none.
    """

    call_id: CallId
    tool: str
    arguments: str
    effect: Effect
    key: str
    before_image: str = ""
    attempt: int = 1


@frozen
class ToolFinished:
    """A call ended; `output` is what the model reads next, capped. `data` is JSON text for other tasks.

    `artifact` names the file that holds the whole output where `output` was cut. `seen` holds each file the call read
    or wrote, by absolute path, with the sha256 of its content: who writes it next must have seen what is there.
    `provenance` is `web` where what it read was written by a run that had read a stranger's text; else empty.
    `ends_task`: the task of this record's place is done with it, and its `result` is the task's.
    """

    call_id: CallId
    tool: str
    ok: bool
    output: str
    data: str
    seconds: float
    error_kind: str = ""
    artifact: str = ""
    changed: tuple[FileChange, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    provenance: str = ""
    ends_task: bool = False

    @property
    def result(self) -> str:
        """What other tasks read of it, as JSON text: its data or, where it has none, what it said."""
        return self.data if self.data != "null" else json.dumps(self.output)


@frozen
class ToolResolved:
    """An intent without a result was settled after a crash.

    `how`: restored (a write was taken back and runs again), probed (the other side knew it), done or again (the
    operator said so).
    """

    call_id: CallId
    how: Literal["restored", "probed", "done", "again"]
    evidence: str


ToolEvent = ToolRequested | ToolRefused | ToolIntended | ToolFinished | ToolResolved
