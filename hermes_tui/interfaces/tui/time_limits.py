"""How long a tool call may take: as it was asked for, as its tool takes it to be, or as the tool may take at most."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hermes_tui.domain.ports import Tool

LimitOf = Callable[[str, str], float]
"""From a tool's name and the arguments of a call to seconds, 0 where nobody knows."""


def unknown(tool: str, arguments: str) -> float:
    """Return 0, for calls whose tools are not at hand."""
    del tool, arguments
    return 0.0


def limits_of(tools: Callable[[], Mapping[str, Tool]]) -> LimitOf:
    """Return how long calls of these tools may take; which tools there are is asked when there is a call."""

    def limit(name: str, arguments: str) -> float:
        tool = tools().get(name)
        if tool is None:
            return 0.0
        asked, usual = _number(arguments), _number(tool.spec.schema.parameters, "properties", "timeout_s", "default")
        return min(asked or usual or tool.spec.timeout_s, tool.spec.timeout_s)

    return limit


def _number(text: str, *path: str) -> float:
    """Return the number at a path of a JSON object, `timeout_s` by default; 0 where there is none."""
    try:
        found: Any = json.loads(text)
        for step in path or ("timeout_s",):
            found = found[step]
        return float(found)
    except (ValueError, KeyError, TypeError):
        return 0.0
