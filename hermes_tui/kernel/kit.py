"""Everything a run needs, built once by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import Any, Protocol

from hermes_tui.domain.approval import Risk
from hermes_tui.domain.ids import AgentId, CallId
from hermes_tui.domain.intents import Notary
from hermes_tui.domain.memory import Memory
from hermes_tui.domain.messages import Source
from hermes_tui.domain.ports import (
    Artifacts,
    BeforeImages,
    Brains,
    Clock,
    DayBudget,
    Policy,
    Redactor,
    Sandbox,
    Taints,
    Tool,
    ToolOutcome,
    Workspace,
)
from hermes_tui.domain.processes import Background
from hermes_tui.domain.records import Place
from hermes_tui.domain.skills import Skills
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.tasks import Task
from hermes_tui.domain.values import mutable
from hermes_tui.kernel.claims import Claims
from hermes_tui.kernel.gate import Gate
from hermes_tui.kernel.lanes import WIDTH
from hermes_tui.kernel.session import Session

Substitute = Callable[[str, str, Mapping[str, str]], tuple[str, Mapping[str, str]]]
"""(tool, arguments, results by task) to (arguments, environment); raises ToolError for a path that is not there."""

ReadTask = Callable[[str], Task]
"""JSON text of one task of `hermes.plan/1` to the task; raises UsageInvalid where it is none."""

News = Callable[[SessionState], bool]
"""Whether a state holds what somebody waits for."""


class Rest(Enum):
    """Why an agent that waited for its children goes on."""

    NEWS = "news"
    """What it waited for is there."""
    ALONE = "alone"
    """It has no child that is out."""
    WAITING = "waiting"
    """Each of its children waits for an operator."""


class Crew(Protocol):
    """The subagents of a run, as its turns and tasks see them."""

    def open(self, kit: Kit, place: Place) -> Callable[[], Awaitable[None]]:
        """Take the run's children over on the running loop; return what brings them to a halt in the end."""
        ...

    async def delegate(
        self, kit: Kit, wanted: dict[str, Any], targets: Sequence[str], call_id: CallId, place: Place
    ) -> ToolOutcome:
        """Send a child out for the agent at `place`; a call that did so before a crash finds it again.

        Raises:
            ToolError: it asks for more than its parent has.
        """
        ...

    def takes(self, task: Task, place: Place) -> bool:
        """Whether an agent task is a child's: the operator's own conversation, a plan's only task, is not."""
        ...

    async def carry_out(self, task: Task, text: str, place: Place) -> str:
        """Let a child carry out an agent task of the plan; return its answer.

        Raises:
            ToolError: it did not end well.
            ApprovalPending: it waits for an operator, and goes on by itself once there is an answer.
            HermesError: what stopped it stops the run.
        """
        ...

    async def attend(self, agent: AgentId) -> None:
        """Start every child of `agent` that is out and not under way: after a crash, a stop or a pause."""
        ...

    async def rest(self, agent: AgentId, news: News) -> Rest:
        """Hold `agent` until there are news for it, or nothing that it could wait for.

        Raises:
            HermesError: what stopped a child stops the run.
        """
        ...

    async def until(self, news: News, seconds: float) -> None:
        """Hold who calls until there are news, or the time is over.

        Raises:
            HermesError: what stopped a child stops the run.
        """
        ...


class RunShells(Protocol):
    """What agents of a run let run in the background."""

    def of(self, place: Place, call_id: CallId) -> Background:
        """Return the commands as a call of the agent at `place` uses them."""
        ...

    async def end(self) -> None:
        """End all of them; return when they are gone and on record."""
        ...


@mutable(kw_only=True)
class Kit:
    """The ports of one run. `instructions` is the stable system text; `width` how many tasks run at once.

    `brief_instructions` is the system text for a small window, where it differs. Nothing is dispatched and no model is
    asked while `gate` is frozen. `attended` says that an operator is there: the run waits for answers instead of ending
    without them. `slots` bounds how many tasks use a resource at once, by its name: a tool, or `model`. `read_task`
    reads one task of a model's plan. `crew` holds the run's subagents; without one there are none. `claims` keeps calls
    apart that change the same files. `notary` signs what takes two keys; without one such a call is refused.
    `distrusted` names the sources of text that taint a run. A model looks at every call of an agent that puts something
    in `critic` at risk. `picture` returns the bytes of one by their hash. `try_sandbox` is awaited before a call is
    judged that runs in the sandbox, which has no level before; without it, it has. `taints` are files that runs wrote
    after reading a stranger's text; without it nothing is marked, nor found. `shells` run in the background of the run.
    """

    session: Session
    brains: Brains
    tools: Mapping[str, Tool]
    policy: Policy
    images: BeforeImages
    artifacts: Artifacts
    day: DayBudget
    sandbox: Sandbox
    redactor: Redactor
    clock: Clock
    workspace: Workspace
    substitute: Substitute
    instructions: str
    brief_instructions: str = ""
    egress: tuple[str, ...] = ()
    memory: Memory | None = None
    width: int = WIDTH
    attended: bool = False
    max_output_tokens: int = 4096
    prune_steps: int = 10
    gate: Gate = field(default_factory=Gate)
    slots: Mapping[str, int] = field(default_factory=dict[str, int])
    read_task: ReadTask | None = None
    crew: Crew | None = None
    claims: Claims = field(default_factory=Claims)
    notary: Notary | None = None
    distrusted: frozenset[Source] = frozenset({Source.WEB})
    critic: frozenset[Risk] = frozenset()
    picture: Callable[[str], bytes | None] = lambda _: None
    skills: Skills | None = None
    try_sandbox: Callable[[], Awaitable[Sandbox]] | None = None
    taints: Taints | None = None
    shells: RunShells | None = None
