"""Schemas, their size, and arguments that do not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_tui.capabilities.tools import ask, edit, fetch, files, git, search
from hermes_tui.capabilities.tools._tool import tool, tools_of
from hermes_tui.domain.errors import ArgumentsInvalid
from hermes_tui.domain.ports import Sandbox, ToolContext, Workspace

TOOLS = tuple(each for module in (files, search, edit, git, fetch, ask) for each in tools_of(module))
CONTEXT = ToolContext(
    workspace=Workspace(root=Path("/nowhere"), write=()), sandbox=cast("Sandbox", None), key="k", timeout_s=1.0, seen={}
)
RAN: list[object] = []


@tool()
async def strict(name: str, count: int, context: ToolContext, exact: bool = False) -> str:  # noqa: D417 - a dummy
    """Do nothing.

    Args:
        name: A name.
        count: A number.
        exact: Whether.
    """
    RAN.append(name)
    return name


def test_the_tools_are_small_and_closed() -> None:
    names = [each.spec.schema.name for each in TOOLS]
    size = sum(len(t.spec.schema.description.encode()) + len(t.spec.schema.parameters.encode()) for t in TOOLS)

    assert names == ["read", "list", "search", "edit", "write", "git", "fetch", "ask"]
    assert size <= 5_000
    assert all(json.loads(each.spec.schema.parameters)["additionalProperties"] is False for each in TOOLS)
    assert not any('"title"' in each.spec.schema.parameters for each in TOOLS)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ('{"name": 1, "count": 1}', "name"),
        ('{"name": "a", "count": "1"}', "count"),
        ('{"name": "a", "count": true}', "count"),
        ('{"name": "a"}', "count"),
        ('{"name": "a", "count": 1, "more": 2}', "more"),
        ('{"name": "a", "count": 1, "exact": "yes"}', "exact"),
    ],
)
def test_a_wrong_type_is_refused_by_name(arguments: str, field: str) -> None:
    with pytest.raises(ArgumentsInvalid, match=field):
        strict.resolve(arguments, CONTEXT)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


def _mistyped(value: object) -> str:
    return json.dumps({"name": value, "count": "x"})


@settings(max_examples=1000, deadline=None)
@given(st.text(max_size=40) | JSON.map(json.dumps) | JSON.map(_mistyped))
def test_malformed_arguments_never_run(arguments: str) -> None:
    for each in (strict, *TOOLS):
        if each.spec.schema.name != "list":
            with pytest.raises(ArgumentsInvalid):
                each.run(arguments, CONTEXT).send(None)
    assert RAN == []
