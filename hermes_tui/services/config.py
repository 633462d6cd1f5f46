"""What can be configured: one frozen model per section of `config.yaml`, with its defaults.

Annotations are not put off here, as msgspec needs them at each start: to evaluate a hundred texts takes 5 ms.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Final, Literal

from hermes_tui.domain.approval import Risk
from hermes_tui.domain.patterns import later
from hermes_tui.domain.tasks import Mode
from hermes_tui.domain.values import replace
from hermes_tui.services.provider_config import Name, OpenRouterConfig, ProviderConfig, Routing
from hermes_tui.services.sections import Bounds, Checks, Json, Misfit, Section, SectionT
from hermes_tui.services.server_config import McpServer, ServerName

Positive = Annotated[float, Bounds(gt=0, le=1e9)]
Dollars = Annotated[float, Bounds(ge=0, le=1e6)]
Tokens = Annotated[int, Bounds(ge=0, le=10**12)]

ROLES: Final = (
    "cortex",
    "cerebellum.vision",
    "cerebellum.web_extraction",
    "hippocampus.compression",
    "hippocampus.embedding",
)
EMBEDDING: Final = "hippocampus.embedding"
NONE: Final = "none"
"""The model of `EMBEDDING` where memory is to go by words and structure alone."""
TIERS: Final = ("light", "standard", "premium")
"""Tiers in the order in which an unsure answer goes up."""
ROUTES: Final = {
    "agent": "cortex",
    "llm": "cortex",
    "plan": "cortex",
    "reflect": "cortex",
    "critic": "cortex",
    "vision": "cerebellum.vision",
    "web_extraction": "cerebellum.web_extraction",
    "compression": "hippocampus.compression",
    "embedding": "hippocampus.embedding",
}
"""Role by class of task, where `routes` does not say otherwise."""
ROUTED: Final = "routed"
"""The model of a role that is answered by the tier that its task deserves."""
NO_LADDER: Final = "Name models for one or more of the tiers light, standard and premium."
KINDS: Final = ("anthropic", "openai", "openrouter", "ollama", "lmstudio")
_RULE = later(r"(?:(?:allow|ask|deny):? )?[a-z_][A-Za-z0-9_.*-]*(\(.*\))?")
_HOST = later(r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")


STAKES: Final = ("external", "network", "host")
"""Classes of calls that may take two keys, beside rules."""


def checked_hosts(hosts: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return `hosts` if each is a host name, perhaps with a port or a leading `*.`."""
    for host in hosts or ():
        if not _HOST.fullmatch(host):
            raise Misfit(f"{host!r} is no host name.", "Write a host such as `api.github.com`, without scheme or path.")
    return hosts


def checked_rules(rules: tuple[str, ...]) -> tuple[str, ...]:
    """Return `rules` if each reads `tool` or `tool(pattern)`."""
    for rule in rules:
        if not _RULE.fullmatch(rule):
            raise Misfit(f"{rule!r} is no rule.", "Write `tool` or `tool(pattern)`, as `shell(python -m pytest *)`.")
    return rules


def checked_classes(classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return `classes` if each is a class of calls or a rule."""
    for name in classes:
        if name not in STAKES and not _RULE.fullmatch(name):
            raise Misfit(f"{name!r} is no class.", f"Write {', '.join(STAKES)}, or a rule such as `git(push *)`.")
    return classes


def checked_scopes(scopes: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return `scopes` normalised, if each is a relative path inside the workspace and outside `.git`."""
    return None if scopes is None else tuple(checked_scope(scope) for scope in scopes)


def checked_scope(scope: str) -> str:
    """Return `scope` normalised; an error if it could leave the workspace."""
    path = PurePosixPath(scope.replace("\\", "/"))
    if not scope.strip() or path.is_absolute() or ".." in path.parts or scope[:1] in ("~", "$") or ":" in scope[:2]:
        raise Misfit(f"{scope!r} leaves the workspace.", "Write a path relative to the workspace, such as `tests/`.")
    if ".git" in path.parts:
        raise Misfit(f"{scope!r} is inside .git.", "Use the git tool; .git is read-only.")
    return str(path) + ("/" if scope.endswith("/") and str(path) != "." else "")


class Clocks(Section):
    """How long each phase of a model request may take, in seconds; what is left out is inherited key by key."""

    connect_s: Positive | None = None
    """Until the connection stands."""
    first_token_s: Positive | None = None
    """From the request to the first byte of the reply; a local model that has to be loaded gets 120."""
    idle_s: Positive | None = None
    """Between two parts of the reply."""
    total_s: Positive | None = None
    """For the whole request."""


class Cap(Section):
    """How much may be spent; what is left out has no cap of its own."""

    usd: Dollars | None = None
    """US dollars."""
    tokens: Tokens | None = None
    """Tokens, sent and received, where the price is unknown."""


class Brain(Section):
    """Which model fills a role, and how it is asked; what is left out is inherited from `cortex`."""

    model: str | None = None
    """`auto`, `local` (what runs here first, then cortex), `routed` (the tier that each task deserves),
    `provider:model`, another role, or the name of a tier."""
    temperature: Annotated[float, Bounds(ge=0, le=2)] | None = None
    """Left out where the model refuses it."""
    effort: Literal["low", "medium", "high"] | None = None
    """How much it reasons before it answers; left out, the model's own default."""
    max_tokens: Annotated[int, Bounds(ge=1, le=10_000_000)] | None = None
    """Output of one reply."""
    clocks: Clocks = Clocks()
    """The four clocks of a request."""
    budget: Cap = Cap()
    """Cap of this role within a run."""
    keep_s: Annotated[float, Bounds(ge=0, le=31_536_000)] | None = None
    """Seconds for which a reply at temperature 0 without tools is given again to the very same request; unset never."""
    escalate_below: Annotated[float, Bounds(ge=0, le=1)] | None = None
    """An answer of a tier that seems less sure than this is asked again of the next tier; 0 never, unset 0.5."""


class Reflex(Section):
    """A rule that makes the next call of a tool from the result of the last one, without asking a model."""

    tool: Annotated[str, Bounds(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,127}$")]
    """The tool that is called again and again."""
    sets: Annotated[str, Bounds(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
    """The argument that moves; the others stay as they were."""
    before: Annotated[str, Bounds(pattern=r"^[^\n]*\S[^\n]*\S[^\n]*\S[^\n]*$")]
    """What stands right before its next value in the result; without it the model is asked."""
    until: str = ""
    """What ends the value; left out, it ends with its word."""
    at_most: Annotated[int, Bounds(ge=2, le=10_000)] = 100
    """Calls in a row; then the model is asked."""


class Budgets(Section):
    """Caps; no call starts that could pass one."""

    call: Cap = Cap(usd=1.0)
    """One model call."""
    run: Cap = Cap(usd=5.0, tokens=2_000_000)
    """One run, its subagents included."""
    day: Cap = Cap(usd=20.0)
    """All runs of the operator's local date."""


class PolicyTest(Section):
    """A call, and what the policy must say about it; `hermes config test-policy` checks it."""

    tool: str
    """The tool, such as `shell`."""
    args: Mapping[str, Json] = {}
    """Its arguments, as a model would give them."""
    mode: Mode = Mode.ASK
    """The mode it is judged in."""
    write: tuple[str, ...] = (".",)
    """The write scope of the run."""
    expect: Literal["allow", "ask", "deny"]
    """What must come out."""


class TwoKeys(Section):
    """Calls for which a yes is not enough: the operator signs the very bytes with a key of their own."""

    classes: tuple[str, ...] = ()
    """`external`, `network`, `host`, or rules such as `git(push *)`; none by default."""
    operators: tuple[Annotated[str, Bounds(pattern=r"^(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]+( .*)?$")], ...] = ()
    """Public keys that may countersign, each as a line of an SSH `.pub` file."""
    life_s: Positive = 3600.0
    """Seconds for which a signed intent can be answered."""

    CHECKS: ClassVar[Checks] = {"classes": checked_classes}


class Policy(Section):
    """What runs without a question."""

    mode: Mode = Mode.ASK
    """The mode at start."""
    max_mode: Mode = Mode.AUTO
    """The furthest that a goal or a project may go."""
    rules: tuple[str, ...] = ()
    """Rules such as `shell(python -m pytest *)`; a match skips the question, never the sandbox."""
    tests: tuple[PolicyTest, ...] = ()
    """Calls and what must be decided about them."""
    two_keys: TwoKeys = TwoKeys()
    """What takes the operator's signature besides."""
    critic: tuple[Risk, ...] = ()
    """What a model looks at before an agent changes it: files, memory, commands, network, host; it can only refuse."""

    CHECKS: ClassVar[Checks] = {"rules": checked_rules}


class SandboxConfig(Section):
    """Where tools run."""

    level: Literal["auto", "bubblewrap", "runsc", "landlock", "seatbelt", "limits", "none"] = "auto"
    """`auto` takes the strongest that works here."""
    toolchains: tuple[str, ...] = ()
    """Folders bound read-only besides PATH, such as `~/.pyenv`."""
    env: tuple[Annotated[str, Bounds(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], ...] = ()
    """Host environment variables that are passed in by name."""


class Privacy(Section):
    """What of personal data leaves a tool's result."""

    personal: Literal["keep", "mask"] = "keep"
    """`mask` shows models and disks placeholders such as `[EMAIL_9f86d081]`; tools on this machine get the data."""


class MemoryConfig(Section):
    """What is remembered."""

    policy: Literal["auto", "ask", "off"] = "auto"
    """Whether an agent's note is written at once, after a question, or never."""
    index_bytes: Annotated[int, Bounds(ge=256, le=65536)] = 4096
    """How much of `MEMORY.md` is in every request."""
    recall: Annotated[int, Bounds(ge=0, le=50)] = 6
    """How many notes a recall brings at most."""


class ContextConfig(Section):
    """What one request carries."""

    instructions_bytes: Annotated[int, Bounds(ge=0, le=262144)] = 8192
    """How much of the project's instructions is in every request."""
    system_bytes: Annotated[int, Bounds(ge=1024, le=262144)] = 12288
    """Largest system text with tool schemas."""
    prune_steps: Annotated[int, Bounds(ge=1, le=1000)] = 10
    """History is pruned every so many steps."""


class Planning(Section):
    """How goals in plain words are planned and carried out."""

    strategy: Literal["auto", "react", "rewoo", "hierarchical"] = "auto"
    """`auto` chooses by the goal's words and says why."""
    at_once: Mapping[Name, Annotated[int, Bounds(ge=1, le=10_000)]] = {}
    """How many tasks use a resource at once, by its name: a tool, or `model`."""


class Ui(Section):
    """How the workstation looks."""

    theme: Name = "night"
    """A file of `themes/`, without `.yaml`."""
    keys: Mapping[str, str] = {}
    """Key by action id, such as `pane.graph: f2`."""
    layout: Mapping[str, Json] = {}
    """Pane sizes, as the workstation wrote them."""
    glyphs: Literal["auto", "unicode", "ascii"] = "auto"
    """`ascii` draws with plain characters only."""
    mouse: bool = True
    """Whether clicks and the wheel are read."""
    motion: Literal["full", "reduced"] = "full"
    """`reduced` draws four times a second at most and moves clocks every ten seconds."""
    title: bool = True
    """Whether the window's title says how it stands."""
    vim: bool = False
    """Whether the prompt is edited as in vim."""


class HermesConfig(Section):
    """All of `config.yaml`."""

    version: Literal[1] = 1
    """Version of this format."""
    providers: Mapping[Name, ProviderConfig] = {}
    """Providers by name."""
    strategy: Literal["auto", "fixed"] = "auto"
    """`auto` falls back along `routing.order`; `fixed` never leaves the chosen model."""
    routing: Routing = Routing()
    """Order of providers."""
    openrouter: OpenRouterConfig = OpenRouterConfig()
    """Passed on to OpenRouter."""
    brains: Mapping[Name, Brain] = {}
    """Models by role."""
    routes: Mapping[Name, str] = {}
    """Role by class of task; what is not here goes its usual way: docs/providers.md."""
    tiers: Mapping[Name, tuple[str, ...]] = {}
    """Named fallback chains of models, tiers and roles."""
    reflexes: Mapping[Name, Reflex] = {}
    """Rules for what repeats itself, by name; `hermes cost --suggest` finds them in what was done."""
    budgets: Budgets = Budgets()
    """Caps."""
    policy: Policy = Policy()
    """What runs without a question."""
    sandbox: SandboxConfig = SandboxConfig()
    """Where tools run."""
    egress: tuple[str, ...] = ()
    """Hosts that tools may contact once a run asks for them."""
    mcp: Mapping[ServerName, McpServer] = {}
    """Tool servers by name; each is trusted first: `hermes mcp trust NAME`."""
    privacy: Privacy = Privacy()
    """Personal data."""
    memory: MemoryConfig = MemoryConfig()
    """What is remembered."""
    planning: Planning = Planning()
    """Strategy and widths."""
    context: ContextConfig = ContextConfig()
    """What one request carries."""
    ui: Ui = Ui()
    """How the workstation looks."""
    trust: Mapping[str, Annotated[str, Bounds(pattern="^[0-9a-f]{64}$")]] = {}
    """Digest of what a project brings and is trusted with, by its path; `hermes trust show` prints it."""

    CHECKS: ClassVar[Checks] = {"egress": checked_hosts}

    def brain(self, role: str) -> Brain:
        """Return what fills `role`; each key that it leaves unset, inside `clocks` too, comes from `cortex`."""
        base = self.brains.get("cortex", Brain())
        own = self.brains.get(role)
        return base if own is None else _inherited(own, base)


def _inherited(own: SectionT, base: SectionT) -> SectionT:
    """Return `base` with every key that `own` sets, group by group."""
    changes: dict[str, object] = {}
    for name in own.__struct_fields__:
        value, under = getattr(own, name), getattr(base, name)
        if isinstance(value, Section):
            changes[name] = _inherited(value, under)
        elif value is not None:
            changes[name] = value
    return replace(base, **changes)


class LayerName(StrEnum):
    """Where a value comes from; a later one wins."""

    BUILT_IN = "built-in"
    HOME = "home"
    PROJECT = "project"
    GOAL = "goal"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"
