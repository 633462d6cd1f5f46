"""What a config file said, kept until its text changes: parsing YAML takes longer to load than a run to begin."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import Location
from hermes_tui.services import strict_yaml
from hermes_tui.services.strict_yaml import Node, Step
from hermes_tui.version import VERSION

FORMAT: Final = 1
"""To be raised when `yaml_nodes` comes to read a text in another way."""
MOST_KEPT: Final = 8


class ParsedFiles:
    """Nodes of texts that were parsed before, each in a file named by the digest of its text.

    A file that is missing, damaged or of another version counts as none; what cannot be kept is parsed again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def parse(self, text: str, path: str) -> Node:
        """Return the one document of `text`, which stands in the file `path`.

        Raises:
            UsageInvalid: see `strict_yaml.parse`; a text that is wrong is never kept.
        """
        digest = hashlib.sha256(f"{FORMAT}\0{VERSION}\0{text}".encode()).hexdigest()
        file = self._folder / f"{digest}.json"
        known = _read(file, path)
        if known is None:
            known = strict_yaml.parse(text, path)
            with contextlib.suppress(OSError):
                self._keep(file, known)
        return known

    def _keep(self, file: Path, node: Node) -> None:
        places = [[_rows(node.values), _rows(node.keys)], node.value]
        self._folder.mkdir(mode=0o700, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(places), encoding="utf-8")
        fresh.replace(file)
        oldest_first = sorted(self._folder.iterdir(), key=lambda one: one.stat().st_mtime)
        for old in oldest_first[:-MOST_KEPT]:
            old.unlink(missing_ok=True)


def _rows(places: Mapping[tuple[Step, ...], Location]) -> list[tuple[list[Step], int, int]]:
    return [(list(steps), at.line, at.column) for steps, at in places.items()]


def _read(file: Path, path: str) -> Node | None:
    try:
        (values, keys), value = json.loads(file.read_bytes())
        return Node(value, path, _places(values, path), _places(keys, path))
    except (OSError, ValueError, TypeError):
        return None


def _places(rows: list[tuple[list[Step], int, int]], path: str) -> dict[tuple[Step, ...], Location]:
    return {tuple(steps): Location(path, line, column) for steps, line, column in rows}
