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


def _held(module: ModuleType) -> list[re.Pattern[str]]:
    """Return what the module's own names stand for, and what their tables and detectors hold."""
    held = [value for name, value in vars(module).items() if name.startswith("_") and not name.startswith("__")]
    tables = [cast("tuple[object, ...]", value) for value in held if isinstance(value, tuple)]
    held += [part for table in tables for item in table for part in _parts(item)]
    return [value for value in held if hasattr(value, "fullmatch")]


def _parts(item: object) -> list[object]:
    """Return an entry of a table, and what stands in it: a pair, or something with a pattern."""
    inner = cast("tuple[object, ...]", item) if isinstance(item, tuple) else (getattr(item, "pattern", None),)
    return [item, *inner]
