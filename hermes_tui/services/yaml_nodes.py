"""PyYAML's events as a node of plain values and their places; loaded when a document is really parsed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import yaml

from hermes_tui.domain.errors import Location, UsageInvalid
from hermes_tui.domain.patterns import later
from hermes_tui.services.strict_yaml import Node, Step, Value

MAX_DEPTH: Final = 40
MAX_INT_DIGITS: Final = 18

ParserEvent = Any
"""PyYAML's events and marks; its stubs leave their attributes untyped."""

_INT = later(r"[-+]?[0-9]+")
_FLOAT = later(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SURROGATE = later(r"[\ud800-\udfff]")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("null", "Null", "NULL", "~"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FAST: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, where PyYAML was built with it; it tells places as the other does."""
_TAB_HINT: Final = "Replace the tab by blanks."


def node_of(text: str, path: str, *, first_line: int) -> Node:
    """Return the one document of `text`; see `strict_yaml.parse`.

    Raises:
        UsageInvalid: anything but plain, unambiguous YAML or JSON.
    """
    if text.lstrip()[:1] in ("{", "[") and "\t" in text:
        text = _without_json_tabs(text)
    builder = _Builder(path, first_line - 1)
    with suppress(yaml.YAMLError, ValueError):
        return builder.build(yaml.parse(text, Loader=_FAST))
    # Whatever the machine, a mistake is described in one parser's words.
    builder = _Builder(path, first_line - 1)
    try:
        return builder.build(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = builder.location(mark) if mark else Location(path)
        raise UsageInvalid(f"not YAML: {error.problem or error.context}.", hint=_hint(error, text), at=at) from None
    except (yaml.YAMLError, ValueError) as error:
        raise UsageInvalid(f"not YAML: {error}.", hint="Check the quotes and escapes.", at=Location(path)) from None


def _without_json_tabs(text: str) -> str:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


def _hint(error: yaml.MarkedYAMLError, text: str) -> str:
    problem = error.problem or ""
    if "\\t" in problem:
        return f"Tabs cannot indent. {_TAB_HINT}"
    if "mapping values are not allowed" in problem:
        return "Put quotes around a text that holds `: `, or check the indentation."
    if "expected <block end>" in problem:
        return "Check the indentation: keys of one group start in one column."
    if error.problem_mark and "\t" in text.split("\n")[min(error.problem_mark.line, text.count("\n"))]:
        return _TAB_HINT
    return "Check the quotes, brackets and indentation here."


class _Builder:
    """Builds a node from parser events; depth is bounded, so that no input can exhaust the stack."""

    def __init__(self, path: str, offset: int) -> None:
        self._path = path
        self._offset = offset
        self._values: dict[tuple[Step, ...], Location] = {}
        self._keys: dict[tuple[Step, ...], Location] = {}

    def location(self, mark: ParserEvent) -> Location:
        """Return where a parser's mark points."""
        return Location(self._path, mark.line + 1 + self._offset, mark.column + 1)

    def build(self, events: Iterator[ParserEvent]) -> Node:
        """Return the node of the only document."""
        value: Value = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refused("a second document.", "Keep one document; remove the `---`.", event)
                value = self._value(next(events), events, ())
        if not documents or value is None:
            raise UsageInvalid("nothing in it.", hint="Fill it in.", at=Location(self._path, 1 + self._offset))
        return Node(value, self._path, self._values, self._keys)

    def _refused(self, what: str, hint: str, event: ParserEvent) -> UsageInvalid:
        return UsageInvalid(what, hint=hint, at=self.location(event.start_mark))

    def _value(self, event: ParserEvent, events: Iterator[ParserEvent], steps: tuple[Step, ...]) -> Value:
        self._check(event, steps)
        self._values[steps] = self.location(event.start_mark)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, steps)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, steps)
        return self._scalar(event, steps)

    def _check(self, event: ParserEvent, steps: tuple[Step, ...]) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refused("anchors (&) and aliases (*) are not allowed.", "Write the value out.", event)
        if getattr(event, "tag", None):
            raise self._refused(f"the tag {event.tag!r} is not allowed.", "Remove it.", event)
        if len(steps) > MAX_DEPTH:
            raise self._refused(f"nested deeper than {MAX_DEPTH} levels.", "Flatten it.", event)

    def _mapping(self, events: Iterator[ParserEvent], steps: tuple[Step, ...]) -> Value:
        found: dict[str, Value] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            self._check(event, steps)
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refused("a key must be one word.", "Write `key: value`.", event)
            key = self._text(event)
            if key in found:
                first = self._keys[(*steps, key)].line
                hint = f"It already stands in line {first}; keep one of them."
                raise self._refused(f"the key `{key}` stands twice.", hint, event)
            self._keys[(*steps, key)] = self.location(event.start_mark)
            found[key] = self._item(next(events), events, (*steps, key), event)
        return found

    def _sequence(self, events: Iterator[ParserEvent], steps: tuple[Step, ...]) -> Value:
        found: list[Value] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._item(event, events, (*steps, len(found)), event))
        return found

    def _item(
        self, event: ParserEvent, events: Iterator[ParserEvent], steps: tuple[Step, ...], place: ParserEvent
    ) -> Value:
        empty = isinstance(event, yaml.ScalarEvent) and event.value == "" and not event.style
        if empty and not event.tag and not event.anchor:
            name = f"`{steps[-1]}`" if isinstance(steps[-1], str) else "this item"
            raise self._refused(f"{name} is empty.", "Give it a value, or remove the line.", place)
        return self._value(event, events, steps)

    def _text(self, event: ParserEvent) -> str:
        text = str(event.value)
        if _SURROGATE.search(text):
            try:
                return text.encode("utf-16", "surrogatepass").decode("utf-16")
            except UnicodeDecodeError:
                raise self._refused("half of a surrogate pair.", "Write the character itself.", event) from None
        return text

    def _scalar(self, event: ParserEvent, steps: tuple[Step, ...]) -> Value:
        text = self._text(event)
        if event.style:
            return text
        if not text and not steps:
            return None
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            if len(text) > MAX_INT_DIGITS:
                raise self._refused("a number with too many digits.", "Quote it, if it is a text.", event)
            return int(text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            if math.isinf(number):
                raise self._refused("a number that is too large.", "Quote it, if it is a text.", event)
            return number
        return text
