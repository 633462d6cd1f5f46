"""Roles and what is patched to them: model, clocks and cap of each, edited in the home's config.yaml only."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen
from hermes_tui.services import layers, wiring
from hermes_tui.services.config import ROLES, HermesConfig, LayerName
from hermes_tui.services.explain import Layer, Settings, merge, parse_layer, read_layer
from hermes_tui.services.homes import Home
from hermes_tui.services.offers import CLOUD_CLOCKS
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.strict_yaml import Value, read

CLOCKS: Final = ("connect_s", "first_token_s", "idle_s", "total_s")
FIELDS: Final = ("model", "clocks", "usd")
INHERITED: Final = "-"
"""What takes a setting back, so that it is inherited again."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off"})


@frozen
class Patch:
    """A role as it would be used. What it does not set itself is inherited, and `own` names what it does set.

    `clocks` are seconds to connect, to the first token, between tokens and in all; `usd` None is no cap of its own.
    `over` names what wins over config.yaml here, empty if nothing does.
    """

    role: str
    model: str
    clocks: tuple[float, ...]
    usd: float | None
    own: frozenset[str]
    over: str = ""


@frozen
class Edit:
    """What a role is to have: a field of `FIELDS` and its value as it was typed."""

    role: str
    field: str
    value: str


@frozen
class Drafted:
    """What some edits come to: the patches, and the config file that says so."""

    patches: tuple[Patch, ...]
    text: str


class Patchbay:
    """The config file of one home; everything here reads or writes files and blocks."""

    def __init__(self, home: Home, options: RunOptions) -> None:
        self._home = home
        self._options = options
        self.path = home.root / "config.yaml"

    def draft(self, edits: Sequence[Edit] = ()) -> Drafted:
        """Return what edits come to, without writing anything.

        Raises:
            UsageInvalid: an edit cannot be used; the line is the one it would have in the file.
        """
        data = read(self.path) if self.path.is_file() else b"version: 1\n"
        text = data.decode("utf-8")
        for edit in edits:
            text = self._edited(text, edit)
        others = [layer for layer in layers.layers_of(self._options, self._home) if layer.name is not LayerName.HOME]
        if not any(layer.name is LayerName.BUILT_IN for layer in others):
            others.append(read_layer(LayerName.BUILT_IN, self._home.built_in / "config.yaml"))
        settings = merge([*others, self._layer(text)])
        wiring.brains_of(settings.config, "auto", self._home)
        return Drafted(patches=tuple(_patches(settings)), text=text)

    def save(self, edits: Sequence[Edit]) -> None:
        """Write edits into the file; a workstation that runs applies it within a second.

        Raises:
            UsageInvalid: an edit cannot be used; nothing is written.
        """
        text = self.draft(edits).text
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            stream.write(text)
        new.replace(self.path)

    def _layer(self, text: str) -> Layer:
        return parse_layer(LayerName.HOME, text, str(self.path))

    def _edited(self, text: str, edit: Edit) -> str:
        """Return the file with one role's entry written anew, on one line; comments stay where they were."""
        layer = self._layer(text)
        known = layer.node.value if isinstance(layer.node.value, dict) else {}
        brains = known.get("brains")
        roles: dict[str, Value] = dict(brains) if isinstance(brains, dict) else {}
        entry = roles.get(edit.role)
        roles[edit.role] = _with(dict(entry) if isinstance(entry, dict) else {}, edit)
        lines = text.split("\n")
        if "brains" not in known:
            return "\n".join([*_trimmed(lines), "brains:", _role(edit.role, roles), ""])
        head = layer.node.key_at("brains").line - 1
        there = isinstance(brains, dict) and edit.role in brains
        at = layer.node.key_at("brains", edit.role).line - 1 if there else -1
        if at == head or not brains or len(_block(lines, head)) < 2:
            block = ["brains:", *(_role(role, roles) for role in roles)]
            return "\n".join(_replaced(lines, head, block))
        if at < 0:
            end = _end(lines, head)
            return "\n".join([*lines[:end], _role(edit.role, roles, _indent(lines, head)), *lines[end:]])
        return "\n".join(_replaced(lines, at, [_role(edit.role, roles, _indent(lines, head))]))


def _patches(settings: Settings) -> list[Patch]:
    config = settings.config
    return [_patch(settings, role) for role in (*ROLES, *(name for name in config.brains if name not in ROLES))]


def _patch(settings: Settings, role: str) -> Patch:
    config: HermesConfig = settings.config
    own, used = config.brains.get(role), config.brain(role)
    set_here = {name for name in CLOCKS if own is not None and getattr(own.clocks, name) is not None}
    if own is not None:
        set_here |= {name for name, value in (("model", own.model), ("usd", own.budget.usd)) if value is not None}
    winner = settings.explain(f"brains.{role}.model").winner if "model" in set_here else LayerName.HOME
    beside = winner not in (LayerName.BUILT_IN, LayerName.HOME)
    return Patch(
        role=role,
        model=used.model or "auto",
        clocks=tuple(getattr(used.clocks, name) or getattr(CLOUD_CLOCKS, name) for name in CLOCKS),
        usd=used.budget.usd,
        own=frozenset(set_here),
        over=str(winner) if beside else "",
    )


def edit_of(role: str, field: str, value: str) -> Edit:
    """Return an edit of a known role and field.

    Raises:
        UsageInvalid: there is no such role or field.
    """
    if role not in ROLES:
        raise UsageInvalid(f"There is no role {role}.", hint=f"Roles: {', '.join(ROLES)}.")
    if field not in FIELDS:
        raise UsageInvalid(f"A role has no {field}.", hint=f"It has {', '.join(FIELDS)}; {INHERITED} inherits again.")
    return Edit(role=role, field=field, value=value.strip())


def _with(entry: dict[str, Value], edit: Edit) -> dict[str, Value]:
    """Return a role's entry after an edit.

    Raises:
        UsageInvalid: the value is no number where one is wanted.
    """
    taken_back = edit.value in ("", INHERITED)
    match edit.field:
        case "model":
            entry["model"] = None if taken_back else edit.value
        case "usd":
            held = entry.get("budget")
            budget: dict[str, Value] = dict(held) if isinstance(held, dict) else {}
            budget["usd"] = None if taken_back else _number(edit.value.lstrip("$"))
            entry["budget"] = _set(budget)
        case _:
            words = re.split(r"[\s·,]+", edit.value) if not taken_back else [INHERITED] * len(CLOCKS)
            if len(words) != len(CLOCKS):
                said = "Four clocks are wanted: connect, first token, idle, total."
                raise UsageInvalid(said, hint=f"For example 10 30 60 900; {INHERITED} inherits one.")
            clocks: dict[str, Value] = {
                name: None if word == INHERITED else _number(word) for name, word in zip(CLOCKS, words, strict=True)
            }
            entry["clocks"] = _set(clocks)
    return _set(entry)


def _set(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return what is set of some values."""
    return {key: value for key, value in values.items() if value not in (None, {})}


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise UsageInvalid(f"{word!r} is no number.", hint="Write seconds or US dollars, such as 30 or 2.50.") from None


# the text of the file


def _role(role: str, roles: Mapping[str, Value], indent: str = "  ") -> str:
    return f"{indent}{role}: {_flow(roles[role])}"


def _flow(value: Value) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(held)}" for key, held in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS else json.dumps(value)
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)


def _indent(lines: Sequence[str], head: int) -> str:
    """Return how far the entries below the key of line `head` are indented."""
    inside = next(line for line in lines[head + 1 :] if line.strip() and not line.lstrip().startswith("#"))
    return inside[: len(inside) - len(inside.lstrip())]


def _block(lines: Sequence[str], at: int) -> Sequence[str]:
    """Return the lines of the entry that begins at line `at`."""
    return lines[at : _end(lines, at)]


def _end(lines: Sequence[str], at: int) -> int:
    """Return the line behind the entry that begins at line `at`; what trails it is no part of it."""
    depth = len(lines[at]) - len(lines[at].lstrip())
    end = at + 1
    for number in range(at + 1, len(lines)):
        line = lines[number]
        if line.strip() and not line.lstrip().startswith("#"):
            if len(line) - len(line.lstrip()) <= depth:
                break
            end = number + 1
    return end


def _replaced(lines: Sequence[str], at: int, entry: Sequence[str]) -> list[str]:
    """Return the lines with the entry at line `at` written anew; its comments are kept, those within it before it."""
    end = _end(lines, at)
    within = [line for line in lines[at + 1 : end] if line.lstrip().startswith("#")]
    comment = re.search(r"\s+#(?:[^\"'{}\[\]]*)$", lines[at]) if end == at + 1 else None
    tail = comment.group() if comment else ""
    return [*lines[:at], *within, *entry[:-1], entry[-1] + tail, *lines[end:]]


def _trimmed(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines without the empty ones at their end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]
