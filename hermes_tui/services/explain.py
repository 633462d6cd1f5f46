"""The layers of the config: which value wins, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import Location, UsageInvalid
from hermes_tui.domain.tasks import Goal, Mode
from hermes_tui.domain.values import frozen
from hermes_tui.services import strict_yaml
from hermes_tui.services.config import EMBEDDING, NO_LADDER, NONE, ROLES, ROUTED, TIERS, HermesConfig, LayerName
from hermes_tui.services.sections import built, plain, validate
from hermes_tui.services.strict_yaml import Node, Step, Value
from hermes_tui.services.variables import ENVIRONMENT

_NUMBERS: Final = frozenset({"usd", "tokens"})
_NOT_FOR_PROJECTS: Final = (
    "providers",
    "openrouter",
    "sandbox",
    "policy",
    "budgets",
    "egress",
    "trust",
    "privacy",
    "mcp",
    "reflexes",
)
_MODES: Final = tuple(Mode)


@frozen(kw_only=False)
class Layer:
    """One source of values."""

    name: LayerName
    node: Node


@frozen(kw_only=False)
class Explained:
    """A value of the config: who set it, and where. `line` is 0 where there is no file."""

    value: object
    winner: LayerName
    file: str
    line: int
    steps: tuple[str, ...]


@frozen(kw_only=False)
class Settings:
    """The config in force and the origin of each value."""

    config: HermesConfig
    origins: Mapping[tuple[str, ...], tuple[LayerName, Location]]

    def explain(self, key: str) -> Explained:
        """Return the value of a dotted `key`, the layer that set it, its file and line.

        Raises:
            UsageInvalid: there is no such key.
        """
        dumped = plain(self.config)
        steps, value = _find(dumped, key)
        winner, at = self._origin(steps)
        return Explained(value, winner, at.path, at.line, steps)

    def _origin(self, steps: tuple[str, ...]) -> tuple[LayerName, Location]:
        inside = [origin for path, origin in self.origins.items() if path[: len(steps)] == steps]
        if inside:
            return max(inside, key=lambda origin: tuple(LayerName).index(origin[0]))
        for end in range(len(steps) - 1, 0, -1):
            if steps[:end] in self.origins:
                return self.origins[steps[:end]]
        return LayerName.BUILT_IN, Location("built-in default")


Parse = Callable[[str, str], Node]
"""From a text and the name of its file to its document."""


def read_layer(name: LayerName, path: Path, parse: Parse = strict_yaml.parse) -> Layer:
    """Return a config file as a layer; a file without any key is an empty one.

    Raises:
        UsageInvalid: anything in it is wrong, or a project sets what only an operator may.
    """
    return parse_layer(name, strict_yaml.read(path), str(path), parse)


def parse_layer(name: LayerName, data: bytes | str, path: str, parse: Parse = strict_yaml.parse) -> Layer:
    """Return the text of a config file as a layer.

    Raises:
        UsageInvalid: see `read_layer`.
    """
    text = strict_yaml.decode(data, path)
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.split("\n")):
        return Layer(name, Node({}, path))
    node = parse(text, path)
    validate(node, HermesConfig)
    if name is LayerName.PROJECT:
        _check_project(node)
    return Layer(name, node)


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Return what the process environment sets; empty variables count as unset.

    Raises:
        UsageInvalid: a value does not fit.
    """
    found = {ENVIRONMENT[name]: (name, text) for name, text in environ.items() if name in ENVIRONMENT and text.strip()}
    values = {
        steps: _ollama_url(text) if name == "OLLAMA_HOST" else _typed(steps, text.strip())
        for steps, (name, text) in found.items()
    }
    return _made(LayerName.ENVIRONMENT, values, {steps: Location(f"${name}") for steps, (name, _) in found.items()})


def command_line_layer(options: Mapping[str, Value]) -> Layer:
    """Return what options set, by dotted key, such as `{"policy.mode": "auto"}`."""
    values = {_steps_of(key): value for key, value in options.items()}
    places = {_steps_of(key): Location(f"option {key}") for key in options}
    return _made(LayerName.COMMAND_LINE, values, places)


def goal_layer(goal: Goal) -> Layer:
    """Return what a goal file sets."""
    wanted: dict[tuple[str, ...], Value] = {
        ("brains", "cortex", "model"): goal.model if goal.model != "auto" else None,
        ("policy", "mode"): goal.mode.value if goal.mode else None,
        ("budgets", "run", "usd"): goal.limits.usd,
        ("budgets", "run", "tokens"): goal.limits.tokens,
    }
    values = {steps: value for steps, value in wanted.items() if value is not None}
    return _made(LayerName.GOAL, values, dict.fromkeys(values, Location(goal.path or "goal")))


def merge(layers: Iterable[Layer]) -> Settings:
    """Return the config of all `layers`; groups merge, a list or a value replaces.

    Raises:
        UsageInvalid: a goal or project goes further than the operator allows, or fallbacks run in a circle.
    """
    merged: dict[str, Value] = {}
    origins: dict[tuple[str, ...], tuple[LayerName, Location]] = {}
    ordered = sorted(layers, key=lambda layer: tuple(LayerName).index(layer.name))
    for layer in ordered:
        if layer.name in (LayerName.PROJECT, LayerName.GOAL):
            _check_within(layer, built(HermesConfig, merged))
        for steps, value in _leaves(layer.node.value, ()):
            _put(merged, steps, value)
            for old in [path for path in origins if path[: len(steps)] == steps]:
                del origins[old]
            origins[steps] = (layer.name, layer.node.key_at(*steps))
    places = {steps: at for steps, (_, at) in origins.items()}
    config = validate(_node(merged, "config", places), HermesConfig)
    settings = Settings(config, origins)
    _check_chains(settings)
    return settings


def _node(value: Value, path: str, places: Mapping[tuple[str, ...], Location]) -> Node:
    found: dict[tuple[Step, ...], Location] = dict(places.items())
    return Node(value, path, found, found)


def _leaves(value: Value, steps: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Value]]:
    if not isinstance(value, dict):
        yield steps, value
        return
    for key, inner in value.items():
        yield from _leaves(inner, (*steps, key))


def _put(target: dict[str, Value], steps: tuple[str, ...], value: Value) -> None:
    for step in steps[:-1]:
        inner = target.get(step)
        if not isinstance(inner, dict):
            inner = target[step] = {}
        target = inner
    target[steps[-1]] = value


def _made(
    name: LayerName, values: Mapping[tuple[str, ...], Value], places: Mapping[tuple[str, ...], Location]
) -> Layer:
    raw: dict[str, Value] = {}
    for steps, value in values.items():
        _put(raw, steps, value)
    node = _node(raw, name.value, places)
    validate(node, HermesConfig)
    return Layer(name, node)


def _steps_of(key: str) -> tuple[str, ...]:
    for role in ROLES:
        if key.startswith(f"brains.{role}."):
            return ("brains", role, *key.removeprefix(f"brains.{role}.").split("."))
    return tuple(key.split("."))


def _typed(steps: tuple[str, ...], text: str) -> Value:
    if steps[-1] not in _NUMBERS or not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", text):
        return text
    return float(text) if "." in text else int(text)


def _ollama_url(text: str) -> str:
    """Return `OLLAMA_HOST`, which may lack scheme and port, as a URL that a client can reach."""
    text = text.strip().rstrip("/")
    scheme, found, rest = text.partition("://")
    if not found:
        scheme, rest = "http", text
    if rest.startswith(":"):
        rest = f"127.0.0.1{rest}"
    host, slash, path = rest.partition("/")
    host = re.sub(r"^0\.0\.0\.0(?=:|$)", "127.0.0.1", host)
    if not re.search(r":[0-9]+$", host) and not found:
        host = f"{host}:11434"
    return f"{scheme}://{host}{slash}{path}"


def _find(dumped: dict[str, Value], key: str) -> tuple[tuple[str, ...], Value]:
    """Return the steps and value of a dotted key; a step may itself hold dots."""
    current: Value = dumped
    steps: tuple[str, ...] = ()
    rest = key
    while rest:
        inner: dict[str, Value] = current if isinstance(current, dict) else {}
        fitting = [name for name in inner if rest == name or rest.startswith(f"{name}.")]
        if not fitting:
            known = {".".join((*steps, name)) for name in inner}
            hint = strict_yaml.closest(".".join((*steps, rest.split(".")[0])), sorted(known))
            raise UsageInvalid(f"there is no config key `{key}`.", hint=hint)
        name = max(fitting, key=len)
        current, steps, rest = inner[name], (*steps, name), rest[len(name) + 1 :]
    return steps, current


def _check_project(node: Node) -> None:
    for steps, _ in _leaves(node.value, ()):
        if steps[0] in _NOT_FOR_PROJECTS or (steps[0] == "brains" and "budget" in steps):
            raise UsageInvalid(
                f"a project may not set `{'.'.join(steps)}`.",
                hint="Set it in the config.yaml of your home.",
                at=node.key_at(*steps),
            )


def _check_within(layer: Layer, before: HermesConfig) -> None:
    wanted = built(HermesConfig, layer.node.value)
    given = {steps for steps, _ in _leaves(layer.node.value, ())}
    furthest = before.policy.max_mode
    if _MODES.index(wanted.policy.mode) > _MODES.index(furthest) and ("policy", "mode") in given:
        raise UsageInvalid(
            f"mode {wanted.policy.mode} goes further than policy.max_mode {furthest}.",
            hint=f"Use {furthest}, or raise policy.max_mode in the config.yaml of your home.",
            at=layer.node.key_at("policy", "mode"),
        )
    for unit in ("usd", "tokens"):
        cap, asked = getattr(before.budgets.run, unit), getattr(wanted.budgets.run, unit)
        if ("budgets", "run", unit) in given and cap is not None and asked > cap:
            raise UsageInvalid(
                f"a budget of {asked} {unit} is above budgets.run.{unit} {cap}.",
                hint="Lower it, or raise the cap in the config.yaml of your home.",
                at=layer.node.key_at("budgets", "run", unit),
            )


def _check_chains(settings: Settings) -> None:
    config = settings.config
    edges: dict[str, tuple[str, ...]] = dict(config.tiers)
    ladder = tuple(tier for tier in TIERS if tier in config.tiers)
    edges |= {ROUTED: ladder} if ladder else {}
    for role, brain in config.brains.items():
        off = role == EMBEDDING and brain.model == NONE
        edges[role] = (brain.model,) if brain.model and not off else ()
    for name in edges:
        _walk(name, edges, (), settings)
    for name, role in config.routes.items():
        if role not in (*ROLES, *config.brains):
            hint = strict_yaml.closest(role, [*ROLES, *config.brains])
            raise UsageInvalid(f"`{role}` is no role.", hint=hint, at=settings._origin(("routes", name))[1])


def _walk(name: str, edges: Mapping[str, tuple[str, ...]], seen: tuple[str, ...], settings: Settings) -> None:
    kind = "tiers" if seen and seen[-1] in settings.config.tiers else "brains"
    here = (kind, seen[-1]) if seen else ("brains",)
    if name in seen:
        circle = " -> ".join((*seen[seen.index(name) :], name))
        _, at = settings._origin(here)
        raise UsageInvalid(f"the fallback runs in a circle: {circle}.", hint="Remove one of its steps.", at=at)
    if name in ("auto", "local") or ":" in name:
        return
    if name not in edges and name not in ROLES:
        _, at = settings._origin(here)
        if name == ROUTED:
            raise UsageInvalid("`routed` has no tier to choose from.", hint=NO_LADDER, at=at)
        raise UsageInvalid(
            f"`{name}` is no model, role or tier.",
            hint=f"Write `provider:model` or `auto`. {strict_yaml.closest(name, [*edges, *ROLES])}",
            at=at,
        )
    for step in edges.get(name, ()):
        _walk(step, edges, (*seen, name), settings)
