"""Files below a folder, without recursion, links or what `.gitignore` names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from hermes_tui.capabilities.regular import read_real
from hermes_tui.domain.values import frozen

IGNORE_FILE_LIMIT_BYTES = 64_000
RULES_LIMIT = 400
"""Most rules that hold at one place; each is tried on each name, and anyone may write them."""
ENTRIES_LIMIT = 200_000
"""Most names that are looked at, ignored ones too."""
_SKIPPED = frozenset({".git", "__pycache__", "node_modules", ".venv"})


@frozen(kw_only=False)
class Found:
    """A file or folder below the start; `name` is relative to it. `depth` counts from 1."""

    name: str
    path: Path
    depth: int
    is_folder: bool
    is_link: bool
    size_bytes: int


@frozen(kw_only=False)
class _Rule:
    """A line of a `.gitignore`; simple: `*` also crosses folders, and `**` is the same as `*`."""

    base: str
    pattern: str
    keeps: bool
    folders_only: bool

    def matches(self, name: str, *, is_folder: bool) -> bool:
        if self.folders_only and not is_folder:
            return False
        below = name[len(self.base) :]
        if "/" in self.pattern:
            return fnmatchcase(below, self.pattern.lstrip("/"))
        return fnmatchcase(below.rpartition("/")[2], self.pattern)


def walk(start: Path, depth: int) -> Iterator[Found]:
    """Yield what is below `start`, each folder before its content, in the order of names; at most `depth` deep."""
    stack: list[tuple[Iterator[Found], tuple[_Rule, ...]]] = [_open(start, "", 1, ())]
    left = ENTRIES_LIMIT
    while stack and left:
        left -= 1
        entries, rules = stack[-1]
        found = next(entries, None)
        if found is None:
            stack.pop()
            continue
        if _is_ignored(found, rules):
            continue
        yield found
        if found.is_folder and found.depth < depth:
            stack.append(_open(found.path, found.name + "/", found.depth + 1, rules))


def _open(folder: Path, prefix: str, depth: int, rules: tuple[_Rule, ...]) -> tuple[Iterator[Found], tuple[_Rule, ...]]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted((_found(entry, prefix, depth) for entry in scan), key=lambda found: found.name)
    except OSError:
        entries = []
    return iter(entries), (*rules, *_rules(folder / ".gitignore", prefix))[:RULES_LIMIT]


def _found(entry: os.DirEntry[str], prefix: str, depth: int) -> Found:
    try:
        size = entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else -1
    except OSError:
        size = -1
    name = prefix + entry.name
    folder = entry.is_dir(follow_symlinks=False)
    return Found(name, Path(entry.path), depth, folder, entry.is_symlink(), size)


def _is_ignored(found: Found, rules: tuple[_Rule, ...]) -> bool:
    if found.path.name in _SKIPPED:
        return True
    for rule in reversed(rules):
        if rule.matches(found.name, is_folder=found.is_folder):
            return not rule.keeps
    return False


def _rules(file: Path, prefix: str) -> tuple[_Rule, ...]:
    try:
        text = read_real(str(file), IGNORE_FILE_LIMIT_BYTES).decode(errors="replace")
    except OSError:
        return ()
    lines = (line.strip() for line in text.splitlines())
    return tuple(_rule(line, prefix) for line in lines if line and not line.startswith("#"))


def _rule(line: str, prefix: str) -> _Rule:
    keeps = line.startswith("!")
    pattern = line.removeprefix("!")
    folders_only = pattern.endswith("/")
    pattern = pattern.rstrip("/").removesuffix("/**").removeprefix("**/").replace("**", "*")
    return _Rule(prefix, pattern, keeps, folders_only)
