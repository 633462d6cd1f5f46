"""Which key does what: every binding by its id, what the config makes of it, and what is wrong with that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from textual.binding import Binding, BindingType
from textual.keys import format_key

from hermes_tui.domain.values import frozen, replace

AREAS: Final = {
    "app": "everywhere",
    "pane": "panes",
    "chord": "after Ctrl+X",
    "number": "after Ctrl+X b",
    "prompt": "prompt",
    "list": "any list",
    "console": "console",
    "start": "first page",
    "jump": "from any row",
    "graph": "task graph",
    "mind": "mind-log",
    "travel": "time travel",
    "picker": "session picker",
    "budget": "budget",
    "memory": "memory",
    "approval": "approvals",
    "recovery": "a run left open",
    "inbox": "approvals, full screen",
    "patchbay": "patchbay",
    "shells": "output of a shell",
    "agent": "transcript of an agent",
    "changes": "changes of the session",
}
EVERYWHERE: Final = frozenset({"app", "pane"})
_NAMES: Final = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "equals_sign": "=",
    "exclamation_mark": "!",
    "question_mark": "?",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
}


@frozen(kw_only=False)
class Key:
    """One binding: its id such as `pane.graph`, its keys as Textual names them, and what it does."""

    name: str
    keys: tuple[str, ...]
    does: str

    @property
    def area(self) -> str:
        """Where it holds: the part of the id before the dot."""
        return self.name.partition(".")[0]

    @property
    def shown(self) -> str:
        """Its keys as an operator reads them."""
        return " ".join(dict.fromkeys(key_name(key) for key in self.keys[:2]))


def folded(keys: Sequence[Key]) -> list[tuple[str, str]]:
    """Return keys and what they do for a person to read; numbered brothers share a row."""
    rows: list[tuple[str, str]] = []
    for key in keys:
        stem, _, number = key.name.rpartition("_")
        if not number.isdigit():
            rows.append((key.shown, key.does))
        elif number == "1":
            last = [one for one in keys if one.name.startswith(f"{stem}_")][-1]
            rows.append((f"{key.shown} … {last.shown}", key.does))
    return rows


def key_name(key: str) -> str:
    """Return a key as an operator reads it: `ctrl+p` is `Ctrl+P`, `f2` is `F2`."""
    *held, last = key.split("+")
    shown = _NAMES.get(last) or (last.upper() if len(last) > 1 and last[0] == "f" and last[1:].isdigit() else "")
    if not shown:
        shown = format_key(last) if len(last) > 1 else last
    if held and len(shown) == 1:
        shown = shown.upper()
    return "+".join([*(word.capitalize() for word in held), shown])


def bindings_of(sources: Iterable[type[object]]) -> list[Key]:
    """Return every binding with an id that some classes declare themselves, in order."""
    found: dict[str, Key] = {}
    for source in sources:
        for binding in _declared(source.__dict__.get("BINDINGS", ())):
            if binding.id:
                keys = tuple(key.strip() for key in binding.key.split(","))
                found.setdefault(binding.id, Key(binding.id, keys, binding.description))
    return list(found.values())


def _declared(bindings: Sequence[BindingType]) -> Iterable[Binding]:
    return (binding for binding in bindings if isinstance(binding, Binding))


@frozen(kw_only=False)
class Keymap:
    """The keys in force; `wrong` says what could not be taken from the config, in words."""

    keys: tuple[Key, ...]
    changed: Mapping[str, str]
    wrong: tuple[str, ...] = ()

    def of(self, name: str) -> str:
        """Return the first key of an id as an operator reads it; empty if it has none."""
        return next((key_name(key.keys[0]) for key in self.keys if key.name == name), "")

    def actions(self, area: str) -> dict[str, str]:
        """Return the id by key for one area."""
        return {pressed: key.name for key in self.keys if key.area == area for pressed in key.keys}


def keymap_for(known: Sequence[Key], wanted: Mapping[str, str]) -> Keymap:
    """Return the keys with the config's `ui.keys` applied; an unknown id or a clash leaves the default in force."""
    names = {key.name for key in known}
    wrong = [f"ui.keys: {name} is no action; F1 lists them." for name in wanted if name not in names]
    taken = {name: keys for name, keys in wanted.items() if name in names}
    clash = _clashes([_changed(key, taken) for key in known])
    for first, second, pressed in clash:
        loser = second if second in taken else first
        if taken.pop(loser, None) is not None:
            wrong.append(f"ui.keys: {key_name(pressed)} is {first} and {second}; {loser} keeps its own key.")
    return Keymap(tuple(_changed(key, taken) for key in known), taken, tuple(wrong))


def _changed(key: Key, wanted: Mapping[str, str]) -> Key:
    if key.name not in wanted:
        return key
    return replace(key, keys=tuple(one.strip() for one in wanted[key.name].split(",")))


def _clashes(keys: Sequence[Key]) -> list[tuple[str, str, str]]:
    """Return pairs of ids that want the same key in the same place."""
    holders: dict[str, list[Key]] = defaultdict(list)
    found: list[tuple[str, str, str]] = []
    for key in keys:
        for pressed in key.keys:
            rivals = [one for one in holders[pressed] if one.area == key.area or EVERYWHERE & {one.area, key.area}]
            found += [(rival.name, key.name, pressed) for rival in rivals]
            holders[pressed].append(key)
    return found
