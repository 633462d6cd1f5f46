"""The machine on one page: what the kernel needs from the floors around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hermes_tui.domain.approval import Grant, ResolvedCall, Ruling
from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.events import Event
from hermes_tui.domain.events.tool import FileChange
from hermes_tui.domain.ids import ApprovalId, Seq
from hermes_tui.domain.memory import Memory
from hermes_tui.domain.parts import Clocks, Effort, ModelRequest, Part, ToolSchema
from hermes_tui.domain.processes import Background, ProcessResult, SandboxCommand, SandboxLevel
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.skills import Skills
from hermes_tui.domain.tasks import Effect, Mode, Reach
from hermes_tui.domain.usage import Bound, Limits, Price
from hermes_tui.domain.values import frozen, mutable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Publish = Callable[[Record], None]


class Journal(Protocol):
    """The durable truth of one session file, owned by this process."""

    def append(self, event: Event, place: Place) -> Record:
        """Store one event; return its record at once, already published, durable soon.

        Raises:
            JournalPoisoned: an earlier commit failed.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """Let what is appended within reach the disk in one commit: after a crash all of it is there, or none."""
        ...

    def durable(self, seq: Seq, /) -> Awaitable[None]:
        """Return when every record up to `seq` is on disk.

        Raises:
            JournalPoisoned: the commit failed; nothing after the last good one counts.
        """
        ...

    def read(self, after: Seq) -> Sequence[Record]:
        """Return the durable records after `after`, in order."""
        ...


class Provider(Protocol):
    """A source of model output."""

    def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield one reply as it arrives; the last part is always `Stop`.

        Raises:
            ProviderUnreachable: no connection, or no byte within a clock.
            ProviderRefused: an error status or an error event.
            StreamTruncated: the stream ended without its terminal marker.
            ReplyMalformed: the bytes are not the wire's dialect, or too many.
        """
        ...


@frozen
class Brain:
    """A provider ready to answer with one model; `name` is `provider:model`.

    `price` None is unknown. `window_tokens` is the model's real context window where it is known, else a safe guess.
    `max_tokens` is the most output to ask for, `temperature` and `effort` None leave the choice to it. `role`,
    `task_class` and `route` say what it was chosen for. `tier` is the tier that it answers in, if any: an answer less
    sure than `escalate_below` goes up to `tier_above`. `target` stands for its URL, model and key. `sees` says that
    it takes pictures, `reasons` that it may be told how much to reason. It may be asked in `ready_in_s` seconds; one
    that is not `loaded` is loaded first. `call_cap` bounds each call to it, `role_cap` what all calls for its role
    take within a run.
    """

    name: str
    model: str
    provider: Provider
    price: Price | None
    window_tokens: int
    why: str
    window_known: bool = True
    local: bool = False
    clocks: Clocks = Clocks()
    max_tokens: int | None = None
    temperature: float | None = None
    effort: Effort | None = None
    role: str = ""
    task_class: str = ""
    route: str = ""
    tier: str = ""
    tier_above: str = ""
    escalate_below: float = 0.0
    target: str = ""
    ready_in_s: float = 0.0
    loaded: bool = True
    sees: bool = False
    reasons: bool = True
    call_cap: Limits = Limits()
    role_cap: Limits = Limits()


@frozen
class Weight:
    """How much a task weighs: the tier that should answer it, and why."""

    tier: str
    why: str


Weigh = Callable[[], Weight]  # it takes time, so whoever does not have to know does not ask


@frozen
class CallEnd:
    """How one request to a brain ended; `reason` None is a whole reply."""

    reason: FailureReason | None = None
    message: str = ""
    retry_after_s: float | None = None
    first_token_s: float = 0.0
    seconds: float = 0.0
    output_tokens: int = 0


class Brains(Protocol):
    """Who may answer."""

    async def choose(
        self,
        role: str,
        tried: Mapping[str, str],
        *,
        size_bytes: int = 0,
        tier: str = "",
        weigh: Weigh | None = None,
    ) -> Brain:
        """Return the first brain that can answer, probing what has to be probed.

        `role` is a role, a class of task, a tier or `provider:model`. `tried` holds what failed in this step already:
        why, by the brain's name. None of them is returned; one whose window is too small for a request of `size_bytes`
        only where there is no other. `tier` asks for a brain of that tier; `weigh` says which one a role gets whose
        model is chosen by the weight of its tasks, and is asked for no other.

        Raises:
            NoProvider: nothing is left; the message says why for each and how to mend it.
        """
        ...

    def ended(self, brain: Brain, end: CallEnd) -> bool:
        """Learn how a request to `brain` ended; return whether it may be asked again at once."""
        ...


class Redactor(Protocol):
    """Removes secrets from text before it is written, shown or sent."""

    def redact(self, text: str) -> str:
        """Return `text` with each known secret replaced by a stable placeholder; JSON stays JSON."""
        ...

    def restore_json(self, text: str) -> str:
        """Return JSON text with each placeholder that is known here put back; unknown ones stay."""
        ...


class Sandbox(Protocol):
    """Where tool processes run."""

    @property
    def level(self) -> SandboxLevel:
        """The level in force, found by a live probe."""
        ...

    async def run(self, command: SandboxCommand) -> ProcessResult:
        """Run to the end or the deadline; the whole process tree dies with the call, also when it is cancelled.

        Raises:
            SandboxUnavailable: the confinement could not be set up; nothing was run.
        """
        ...


@frozen
class Workspace:
    """The folder a run works on; `root` is real and absolute.

    `write` lists real absolute paths that the run may change, `read` folders outside `root` that its tools may read
    (kept outputs), `kept` folders that no call ever writes (Hermes's own home).
    """

    root: Path
    write: tuple[Path, ...]
    read: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()


@mutable(kw_only=True)
class ToolContext:
    """What a tool call may use. One per call.

    `known` maps an absolute path to the sha256 of what its agent last read or wrote there; this call adds to `seen`.
    `env` holds values of `${task.path}` references for a sandboxed command; they are never spliced into its text.
    `memory` is None where nothing is remembered; `session` and `run` name where a note comes from, `unvouched` the
    sources nobody vouches for whose text an agent has read. `judged` are the targets that were decided about, None the
    write scope: a link may lead elsewhere by now. `found` holds where its paths lead. `background` runs commands on.
    """

    workspace: Workspace
    sandbox: Sandbox
    key: str
    timeout_s: float
    seen: dict[str, str]
    known: Mapping[str, str] = field(default_factory=dict[str, str])
    egress: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    memory: Memory | None = None
    session: str = ""
    run: str = ""
    unvouched: tuple[str, ...] = ()
    skills: Skills | None = None
    judged: tuple[str, ...] | None = None
    found: dict[str, Path] = field(default_factory=dict[str, Path])
    background: Background | None = None


@frozen
class ToolSpec:
    """What is fixed about a tool. `effect` and `reach` are the least; a call may resolve to more.

    `server` carries it out. Such a tool is in requests only once it was asked for, and runs on its server's loop.
    """

    schema: ToolSchema
    effect: Effect
    reach: Reach
    timeout_s: float
    output_limit: int
    server: str = ""


@frozen
class ToolOutcome:
    """What a tool gives back: text for the model, `data` (JSON text) for other tasks, and the files it changed."""

    output: str
    data: str
    ok: bool = True
    error_kind: str = ""
    changed: tuple[FileChange, ...] = ()


class Tool(Protocol):
    """Something a model or a plan may call; arguments are the text of a JSON object."""

    @property
    def spec(self) -> ToolSpec:
        """Name, schema, effect, reach and limits."""
        ...

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:
        """Check the arguments and say what the call would touch, without touching it.

        Raises:
            ArgumentsInvalid: they do not fit the schema.
            PathRefused: a path leads where no call may go.
        """
        ...

    async def run(self, arguments: str, context: ToolContext) -> ToolOutcome:
        """Do it.

        Raises:
            ToolError: it failed; the model reads why.
        """
        ...


class Probe(Protocol):
    """A tool that can find out whether an external effect already happened."""

    async def probe(self, arguments: str, context: ToolContext) -> ToolOutcome | None:
        """Return the outcome of the call with `context.key` if it happened, None if it did not.

        Raises:
            ToolError: there is no way to tell.
        """
        ...


class Policy(Protocol):
    """Decides about calls by what they resolve to."""

    def decide(self, call: ResolvedCall, mode: Mode, grants: Sequence[Grant]) -> Ruling:
        """Return the decision; pure, at most 1 ms."""
        ...


@frozen
class Answer:
    """An operator's answer that waited in the ledger; `allow` None with a `text` answers a question."""

    approval_id: ApprovalId
    allow: bool
    text: str = ""
    always: bool = False
    signature: str = ""


class BeforeImages(Protocol):
    """Copies of what a call may overwrite."""

    async def take(self, targets: Sequence[Path]) -> str:
        """Store the present state of files and folders durably; return the name of the image."""
        ...

    async def restore(self, image: str, *, entirely: bool = False) -> tuple[FileChange, ...]:
        """Put every file back as it was; return what that changed.

        Raises:
            ToolError: some cannot be put back; all others are, or with `entirely` none.
        """
        ...

    async def changes(self, image: str) -> tuple[FileChange, ...]:
        """Compare the present with the image."""
        ...


class Taints(Protocol):
    """What of the workspace was written by runs that had read a stranger's text; it counts as such until it changes."""

    async def mark(self, paths: Sequence[str], session: str) -> None:
        """Mark files by what they hold now; durable when this returns."""
        ...

    async def standing(self) -> bool:
        """Whether any file still is as such a run left it."""
        ...

    def behind(self, seen: Mapping[str, str]) -> bool:
        """Whether one of these contents, sha256 by absolute path, is what such a run wrote."""
        ...


class Artifacts(Protocol):
    """Where outputs go that are too long for a window."""

    def keep(self, name: str, content: bytes) -> str:
        """Store `content`; return a path by which the `read` tool finds it."""
        ...


class DayBudget(Protocol):
    """The share of the day's cap that this session may spend."""

    def draw(self, usd: float, tokens: int, *, call: str = "", at_most: Bound | None = None) -> bool:
        """Make sure that this much more may be spent today by a call; return whether it may start now.

        `at_most` is what it can cost even if that bound is wrong. Beside the calls of all sessions that are under way
        it starts only if that fits too, or if no other call started without: so the cap is passed by one call at most.

        Raises:
            LimitReached: the day's cap would be passed.
        """
        ...

    def give_back(self) -> None:
        """Return what was drawn and not spent: the run ends or rests."""
        ...

    def settle(self, usd: float, tokens: int, seq: Seq, *, call: str = "") -> None:
        """Book what a call spent; idempotent by `seq`."""
        ...


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> float:
        """Return Unix seconds, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
