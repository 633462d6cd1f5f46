"""Subagents are sent out, held, and come back with evidence; what they share stands on a board."""

from __future__ import annotations

from typing import Literal

from hermes_tui.domain.ids import AgentId, CallId
from hermes_tui.domain.usage import Limits, Usage
from hermes_tui.domain.values import frozen

AgentEnd = Literal["done", "failed", "limited", "looped", "cancelled", "killed"]
"""`limited`: its slice, steps or deadline; `looped`: the loop guard stopped it."""


@frozen
class AgentSpawned:
    """A child session begins; the record's place is the child's, its agent is the child.

    `parent` is the agent that asked, None where the plan did. `task` is what the child reads first, `instructions` how
    it is to work, `role` the brain it is asked from. `tools` are all it may call, `write` the real absolute paths it
    may change, `limits` its slice of the parent's budget and its deadline, counted from here or from the run's last
    resume. `returns` names the fields that its answer must have as a JSON object; empty leaves the answer free.
    """

    parent: AgentId | None
    title: str
    task: str
    role: str
    tools: tuple[str, ...]
    write: tuple[str, ...]
    limits: Limits
    depth: int
    instructions: str = ""
    returns: tuple[str, ...] = ()
    call_id: CallId | None = None


@frozen
class AgentPaused:
    """The child starts nothing new; `by` names the key or command."""

    by: str


@frozen
class AgentUnpaused:
    """The child goes on; `by` names the key or command."""

    by: str


@frozen
class Evidence:
    """A file that the child read or changed, as the journal knows it; `sha256` is its content then, empty if gone."""

    kind: Literal["read", "changed"]
    path: str
    sha256: str = ""


@frozen
class AgentEnded:
    """The child handed back, or was ended; `report` is what its parent's model reads of it.

    `answer` is all of its last text, or the JSON of the fields it had to return. `evidence` comes from the journal, not
    from the child's words. `artifact` names the file that holds the whole answer where `report` had to cut it.
    """

    parent: AgentId | None
    status: AgentEnd
    answer: str
    why: str
    report: str
    calls: int
    failed_calls: int
    steps: int
    usage: Usage
    usd: float
    seconds: float
    evidence: tuple[Evidence, ...] = ()
    artifact: str = ""


@frozen
class BoardSet:
    """An entry of the run's board got a new value (JSON text); `version` counts from 1 and is its number now."""

    key: str
    value: str
    version: int
    call_id: CallId | None = None


AgentEvent = AgentSpawned | AgentPaused | AgentUnpaused | AgentEnded | BoardSet
