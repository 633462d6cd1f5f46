"""Goal files from outside: what one is known by, and its goal; who reads them is loaded when there is one."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Collection

from hermes_tui.capabilities import registry
from hermes_tui.domain.tasks import Goal


def parse_goal(data: bytes | str, path: str, *, tools: Collection[str] | None = None) -> Goal:
    """Return the goal in the text of a goal file; see `goal_files.parse_goal`.

    Raises:
        UsageInvalid: anything in it is wrong; the message names file, line, what is wrong and what would be right.
    """
    goal: Goal = registry.load_late("services.goal_files").parse_goal(data, path, tools=tools)
    return goal


def file_digest(data: bytes) -> str:
    """Return what a goal file is known by: all of it but its `budget`, so that a run that met a cap can go on."""
    lines = data.split(b"\n")
    head = lines[0].removeprefix(codecs.BOM_UTF8).rstrip() == b"---"
    end = next((n for n, line in enumerate(lines[1:], 1) if head and line.rstrip() in (b"---", b"...")), 0)
    kept: list[bytes] = []
    in_budget = False
    for number, line in enumerate(lines):
        if 0 < number <= end and line.strip() and line[:1] not in b" \t#}":
            in_budget = line.startswith(b"budget:")
        if not in_budget:
            kept.append(line)
    return hashlib.sha256(b"\n".join(kept)).hexdigest()
