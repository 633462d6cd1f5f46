"""YAML as Hermes reads it: small, plain, every value with its line, every mistake with its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.capabilities import registry
from hermes_tui.domain.errors import Location, UsageInvalid
from hermes_tui.domain.late import late
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    import difflib
else:
    difflib = late("difflib")

MAX_BYTES: Final = 1_000_000

Step = str | int
Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

_CONTROL = later(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


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
    return f"Did you mean `{found[0]}`?" if found else f"Known: {', '.join(sorted(set(known)))}."


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
    # PyYAML takes 25 ms to load, and many runs read nothing but a config that is known already.
    found: Node = registry.load_late("services.yaml_nodes").node_of(decode(data, path), path, first_line=first_line)
    return found


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
