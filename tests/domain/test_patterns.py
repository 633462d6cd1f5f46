"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import re
from importlib import import_module
from types import ModuleType
from typing import cast

import pytest

from hermes_tui.domain.patterns import later

LATE = (
    "hermes_tui.capabilities.governance.personal",
    "hermes_tui.capabilities.governance.redact",
    "hermes_tui.capabilities.memory.frontmatter",
    "hermes_tui.domain.state.guard",
    "hermes_tui.kernel.confidence",
    "hermes_tui.kernel.critic",
    "hermes_tui.kernel.notes",
    "hermes_tui.kernel.strategies.auto",
)


def test_a_late_pattern_does_what_a_compiled_one_does() -> None:
    pattern = later(r"(\d+)-B", re.IGNORECASE)

    assert [found[1] for found in pattern.finditer("1-b 22-B")] == ["1", "22"]
    assert pattern.sub("x", "1-b 22-B") == "x x"
    assert pattern.fullmatch("1-b") is not None
    assert pattern.pattern == r"(\d+)-B"


def test_a_pattern_that_is_wrong_says_so_when_it_is_used() -> None:
    pattern = later("(")

    with pytest.raises(re.error):
        pattern.search("x")


@pytest.mark.parametrize("name", LATE)
def test_every_late_pattern_of_a_module_compiles(name: str) -> None:
    found = [held for held in _held(import_module(name)) if type(held) is type(later(""))]

    assert found
    assert all(isinstance(pattern.pattern, str) for pattern in found)


def _tuples(held: list[object]) -> list[tuple[object, ...]]:
    return [cast("tuple[object, ...]", value) for value in held if isinstance(value, tuple)]


def _held(module: ModuleType) -> list[re.Pattern[str]]:
    """Return what the module's own names stand for, and what their tuples and detectors hold."""
    held: list[object] = list(vars(module).values())
    for value in _tuples(held):
        for item in value:
            held += [item, *(inner for found in _tuples([item]) for inner in found), getattr(item, "pattern", None)]
    return [cast("re.Pattern[str]", value) for value in held if hasattr(value, "fullmatch")]
