"""Guards: whether a task runs, by what another one brought."""

from __future__ import annotations

import json
from typing import cast

from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Guard, Operator


def holds(guard: Guard, graph: GraphState) -> bool:
    """Return whether a guard compares true; a path that is not there holds only for `ne`."""
    found: object = None
    present = True
    try:
        found = json.loads(graph.status[guard.task].result)
        for key in filter(None, guard.path.split(".")):
            found = _inside(found, key)
    except (KeyError, IndexError, ValueError):
        present = False
    return _compares(guard, found, present=present)


def _inside(value: object, key: str) -> object:
    if isinstance(value, dict):
        return cast("dict[str, object]", value)[key]
    if isinstance(value, list):
        return cast("list[object]", value)[int(key)]
    raise KeyError(key)


def _compares(guard: Guard, found: object, *, present: bool) -> bool:
    wanted: object = json.loads(guard.value)
    match guard.op:
        case Operator.EXISTS:
            return present
        case Operator.EQ:
            return present and found == wanted
        case Operator.NE:
            return not present or found != wanted
        case Operator.GT | Operator.LT:
            if not isinstance(found, int | float) or not isinstance(wanted, int | float):
                return False
            return found > wanted if guard.op is Operator.GT else found < wanted
