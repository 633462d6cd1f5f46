"""The head of a note: `key: value` lines between two `---`, read leniently and changed line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

Value = str | bool | tuple[str, ...]
FENCE: Final = "---"
_KEY: Final = later(r"([A-Za-z_][\w-]*):(?:[ \t]+(.*))?$")
_PLAIN: Final = later(r"[A-Za-z0-9(][^\n:#\[\]{}\"'`]*(?:[:#][^\s:#\[\]{}\"'`][^\n:#\[\]{}\"'`]*)*")
_ITEM: Final = later(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^,]+)\s*(?:,|$)""")
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off"})


@frozen(kw_only=False)
class Front:
    """What a head says, and what in it could not be read; `body` is the text after it."""

    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    problems: tuple[str, ...] = ()
    body: str = ""

    def text(self, key: str) -> str:
        """Return a value as one text."""
        value = self.values.get(key, "")
        return ", ".join(value) if isinstance(value, tuple) else str(value)

    def many(self, key: str) -> tuple[str, ...]:
        """Return a value as several texts."""
        value = self.values.get(key, ())
        return value if isinstance(value, tuple) else tuple(filter(None, (str(value),)))


def read(text: str) -> Front:
    """Return the head and body of `text`; a text without a head is all body."""
    head, body, closed = _split(text)
    if head is None:
        return Front(body=text)
    if not closed:
        return Front(body=text, problems=("line 1: the head is not closed by `---`",))
    values: dict[str, Value] = {}
    problems: list[str] = []
    for number, line, more in _entries(head):
        found = _KEY.fullmatch(line)
        if found is None:
            problems.append(f"line {number}: `{line[:40]}` is not `key: value`")
        elif found[1] in values:
            problems.append(f"line {number}: `{found[1]}` stands twice")
        else:
            values[found[1]] = _value((found[2] or "").strip(), more)
    return Front(values, tuple(problems), body)


def head(values: Mapping[str, Value]) -> str:
    """Return a head with `values`; what follows it is body, whatever it looks like."""
    return "\n".join([FENCE, *(_line(key, value) for key, value in values.items()), FENCE, ""])


def change(text: str, changes: Mapping[str, Value | None]) -> str:
    """Return `text` with some keys of its head set, or taken out where None; every other line stays as it is."""
    head, body, closed = _split(text)
    if head is None or not closed:
        head, body = [], text
    kept: list[str] = []
    left = dict(changes)
    for _, line, more in _entries(head, comments=True):
        found = _KEY.fullmatch(line)
        key = found[1] if found else ""
        if key in changes:
            value = left.pop(key, None)
            kept += [] if value is None else [_line(key, value)]
        else:
            kept += [line, *more]
    kept += [_line(key, value) for key, value in left.items() if value is not None]
    return "\n".join([FENCE, *kept, FENCE, ""]) + body.lstrip("\n")


def _split(text: str) -> tuple[list[str] | None, str, bool]:
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        return None, text, False
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() in (FENCE, "..."):
            return lines[1:number], "\n".join(lines[number + 1 :]), True
    return lines[1:], "", False


def _entries(head: Sequence[str], *, comments: bool = False) -> list[tuple[int, str, list[str]]]:
    """Return each entry of a head with its line's number and the indented or listed lines that belong to it."""
    found: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(head, 2):
        bare = line.strip()
        if found and bare and (line[:1] in " \t" or bare.startswith("- ")):
            found[-1][2].append(line)
        elif comments or (bare and not bare.startswith("#")):
            found.append((number, line.rstrip(), []))
    return found


def _value(text: str, more: Sequence[str]) -> Value:
    if text in (">", ">-", "|", "|-", ">+", "|+"):
        return (" " if text[0] == ">" else "\n").join(line.strip() for line in more)
    if not text and more:
        return tuple(_scalar(line.strip().removeprefix("-").strip()) for line in more)
    if text.startswith("[") and text.endswith("]"):
        return tuple(map(_scalar, _items(text[1:-1])))
    return _scalar(" ".join([text, *(line.strip() for line in more)]))


def _items(text: str) -> list[str]:
    return [found[1].strip() for found in _ITEM.finditer(text) if found[1].strip()]


def _scalar(text: str) -> str:
    if text[:1] == text[-1:] == '"' and len(text) > 1:
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    if text[:1] == text[-1:] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    return text.split(" #", 1)[0].rstrip()


def _line(key: str, value: Value) -> str:
    if isinstance(value, tuple):
        return f"{key}: [{', '.join(_written(item, listed=True) for item in value)}]"
    return f"{key}: {str(value).lower() if isinstance(value, bool) else _written(value)}"


def _written(text: str, *, listed: bool = False) -> str:
    """Return `text` as YAML reads it back: plain where that is safe, else quoted."""
    plain = _PLAIN.fullmatch(text) and text.strip() == text and text.lower() not in _WORDS
    return text if plain and not (listed and "," in text) else json.dumps(text, ensure_ascii=False)
