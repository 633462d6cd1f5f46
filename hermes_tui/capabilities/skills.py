"""Skills read from their folders: `<name>/SKILL.md`, a head with name and description, then the steps."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.patterns import later
from hermes_tui.domain.skills import Skill
from hermes_tui.domain.text import printable
from hermes_tui.domain.values import frozen

FILE: Final = "SKILL.md"
MOST: Final = 200
"""How many entries of a folder are looked at."""
SIZE_LIMIT: Final = 100_000
DESCRIPTION_LIMIT: Final = 1_024
NAME: Final = later(r"[a-z0-9]+(?:-[a-z0-9]+)*")
NAME_LIMIT: Final = 64
_HEAD: Final = later(r"---[ \t]*\n(?P<head>.*?)\n---[ \t]*\n(?P<body>.*)", re.DOTALL)
_KEY: Final = later(r"(?P<key>[a-z][a-z-]*):[ \t]*(?P<value>.*)")
_FOLDED: Final = frozenset({"", ">", "|", ">-", "|-"})


@frozen
class Shelf:
    """A folder of skills and whose it is. With `pinned`, only files with these sha256 are read, by name."""

    origin: str
    folder: Path
    pinned: Mapping[str, str] | None = None


class _Unfit(Exception):
    """A skill that cannot be used, and why."""


class FolderSkills:
    """The skills of several shelves; where two have a name, the first one's counts. Implements `skills.Skills`."""

    def __init__(self, shelves: Sequence[Shelf]) -> None:
        self.troubles: list[str] = []
        """Why a folder is no skill, a line each."""
        self._places: dict[str, tuple[Shelf, Path]] = {}
        self._listed: dict[str, Skill] = {}
        for shelf in shelves:
            self._look(shelf)

    @property
    def listed(self) -> Mapping[str, Skill]:
        return dict(sorted(self._listed.items()))

    def text(self, name: str) -> str:
        if name not in self._places:
            known = ", ".join(self.listed) or "none"
            raise ToolError(f"There is no skill {printable(name)[:NAME_LIMIT]!r}.", hint=f"Skills: {known}.")
        shelf, path = self._places[name]
        try:
            return _parsed(name, _read(shelf, path))[1]
        except _Unfit as unfit:
            raise ToolError(f"The skill {name} cannot be read now: {unfit}.", kind="skill") from unfit

    def _look(self, shelf: Shelf) -> None:
        for name in _folders(shelf.folder):
            if name in self._listed:
                self.troubles.append(f"{shelf.origin}: {name} is passed over: there is one of that name before it.")
                continue
            path = shelf.folder / name / FILE
            try:
                description, _ = _parsed(name, _read(shelf, path))
            except _Unfit as unfit:
                self.troubles.append(f"{shelf.origin}: {printable(name)[:NAME_LIMIT]} is no skill: {unfit}.")
                continue
            self._places[name] = (shelf, path)
            self._listed[name] = Skill(name=name, description=description, origin=shelf.origin)


def _folders(place: Path) -> list[str]:
    """Return the names of what looks like skills in a folder."""
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)[:MOST]
    except OSError:
        return []
    return [entry.name for entry in entries if entry.name[:1] != "." and entry.is_dir()]


def _read(shelf: Shelf, path: Path) -> str:
    """Return the text of a skill's file, if it really lies in its shelf and is the one that was trusted."""
    name = path.parent.name
    if not NAME.fullmatch(name) or len(name) > NAME_LIMIT:
        raise _Unfit("its name is not of small letters, digits and single hyphens")
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(shelf.folder.resolve()):
            raise _Unfit("it leads out of its folder")
        if not real.is_file() or real.stat().st_size > SIZE_LIMIT:
            raise _Unfit(f"{FILE} is no file of at most {SIZE_LIMIT:,} bytes")
        data = real.read_bytes()
    except OSError as error:
        raise _Unfit(f"{FILE}: {error.strerror}") from error
    if shelf.pinned is not None and shelf.pinned.get(name) != hashlib.sha256(data).hexdigest():
        raise _Unfit("it has changed since it was trusted")
    return data.decode("utf-8", errors="replace").replace("\r\n", "\n")


def _parsed(name: str, text: str) -> tuple[str, str]:
    """Return the description and the steps of a skill."""
    found = _HEAD.fullmatch(text)
    if found is None:
        raise _Unfit("it does not begin with a head between two lines of ---")
    head = _fields(found["head"])
    if head.get("name") != name:
        raise _Unfit("its head names another skill than its folder")
    description, body = printable(head.get("description", ""))[:DESCRIPTION_LIMIT], found["body"].strip()
    if not description or not body:
        raise _Unfit("it has no description, or no steps")
    return description, body


def _fields(head: str) -> dict[str, str]:
    """Return the keys of a head; lines that are indented belong to the key before."""
    fields: dict[str, str] = {}
    key = ""
    for line in head.split("\n"):
        if found := _KEY.fullmatch(line):
            key = found["key"]
            value = found["value"].strip()
            fields[key] = "" if value in _FOLDED else _unquoted(value)
        elif key and line[:1] in (" ", "\t"):
            fields[key] = f"{fields[key]} {line.strip()}".strip()
    return fields


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
