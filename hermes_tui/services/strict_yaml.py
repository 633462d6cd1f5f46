"""YAML as Hermes reads it: small, plain, every value with its line, every mistake with its remedy."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Any, Final

import yaml

from hermes_tui.domain.errors import Location, UsageInvalid
from hermes_tui.domain.values import frozen

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 40
MAX_INT_DIGITS: Final = 18

ParserEvent = Any
"""PyYAML's events and marks; its stubs leave their attributes untyped."""

Step = str | int
Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("null", "Null", "NULL", "~"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FAST: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, where PyYAML was built with it; it tells places as the other does."""
_TAB_HINT: Final = "Replace the tab by blanks."


@frozen(kw_only=False)
class Node:
    """A parsed document: plain values, and where each key and value stands."""

    value: Value
    path: str
    values: Mapping[tuple[Step, ...], Location] = field(default_factory=dict[tuple[Step, ...], Location])
    keys: Mapping[tuple[Step, ...], Location] = field(default_factory=dict[tuple[Step, ...], Location])

    def at(self, *steps: Step) -> Location:
        """Return where the value at `steps` stands, or the nearest place around it."""
        return self._nearest(self.values, steps)

    def key_at(self, *steps: Step) -> Location:
        """Return where the key of the value at `steps` stands, or the nearest place around it."""
        return self.keys.get(steps) or self._nearest(self.values, steps)

    def _nearest(self, places: Mapping[tuple[Step, ...], Location], steps: tuple[Step, ...]) -> Location:
        for end in range(len(steps), -1, -1):
            if steps[:end] in places:
                return places[steps[:end]]
        return Location(self.path, 1)


def closest(word: str, known: list[str]) -> str:
    """Return a hint that names the nearest known word, else all of them."""
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean `{found[0]}`?" if found else f"Known: {', '.join(sorted(known))}."


def read(path: Path) -> bytes:
    """Return the bytes of a file of at most 1 MB.

    Raises:
        UsageInvalid: it is missing, no regular file, unreadable or too large.
    """
    at = Location(str(path))
    try:
        if not path.is_file():
            what = "is a folder or device, not a file." if path.exists() else "does not exist."
            raise UsageInvalid(f"the file {what}", hint="Check the path.", at=at)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageInvalid(
            f"the file cannot be read: {error.strerror}.", hint="Check its permissions.", at=at
        ) from None
    _check_size(data, str(path))
    return data


def decode(data: bytes | str, path: str) -> str:
    """Return the text of `data` without byte order mark, lines ended by a newline only.

    Raises:
        UsageInvalid: it is too large, binary or not UTF-8; the message names the byte and the line.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    _check_size(raw, path)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UsageInvalid("the file is UTF-16, not UTF-8.", hint="Save it as UTF-8.", at=Location(path, 1, 1))
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise UsageInvalid(
            f"the file is binary: byte {raw.index(bytes(1))} is NUL.", hint="Give a text file.", at=Location(path, line)
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise UsageInvalid(
            f"byte {error.start} (0x{raw[error.start]:02x}) is not UTF-8.",
            hint="Save the file as UTF-8.",
            at=Location(path, line, column),
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _CONTROL.search(text):
        before = text[: found.start()]
        at = Location(path, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise UsageInvalid(f"control character {found.group()!r} in the text.", hint="Remove it.", at=at)
    return text


def parse(data: bytes | str, path: str, *, first_line: int = 1) -> Node:
    """Return the one document of `data`; `first_line` is the line of the file at which it begins.

    Raises:
        UsageInvalid: anything but plain, unambiguous YAML or JSON.
    """
    text = decode(data, path)
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


def describe(value: object) -> str:
    """Return what kind of value this is, in an operator's words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"{str(value).lower()} (yes or no)"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value[:60]!r}"
        case []:
            return "an empty list"
        case list():
            return "a list"
        case _:
            return "a group of keys"


def _check_size(data: bytes, path: str) -> None:
    if len(data) > MAX_BYTES:
        raise UsageInvalid("the file is larger than 1 MB.", hint="Shorten it.", at=Location(path))


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
