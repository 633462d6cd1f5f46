"""The constitution and what keeps it: pinned, and nothing starts where a byte of it differs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hermes_tui.domain.errors import GuardrailsChanged
from hermes_tui.domain.guardrails import PINNED, guardrails
from hermes_tui.domain.pins import PINS
from hermes_tui.services import constitution
from tests.tools import make_pins


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A package with only what is pinned, and its constitution beside it."""
    package = constitution.package_folder()
    for name in PINNED:
        (tmp_path / "hermes_tui" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(package / name, tmp_path / "hermes_tui" / name)
    (tmp_path / "docs").mkdir()
    shutil.copy(package.parent / "docs" / "constitution.md", tmp_path / "docs")
    return tmp_path / "hermes_tui"


def test_the_pins_are_those_of_the_files() -> None:
    written = (make_pins.PACKAGE / "domain" / "pins.py").read_text(encoding="utf-8")

    assert written == make_pins.pins(make_pins.PACKAGE), "run `make docs`, or python -m tests.tools.make_pins"


def test_an_untouched_copy_starts(copy: Path) -> None:
    constitution.check(copy)


@pytest.mark.parametrize("name", [*PINNED, "../docs/constitution.md"])
def test_one_byte_more_anywhere_stops_the_start_and_is_named(copy: Path, name: str) -> None:
    with (copy / name).open("ab") as file:
        file.write(b" ")

    with pytest.raises(GuardrailsChanged, match=Path(name).name):
        constitution.check(copy)


def test_a_missing_guardrail_or_pin_stops_the_start(copy: Path) -> None:
    (copy / PINNED[0]).unlink()

    with pytest.raises(GuardrailsChanged, match=r"guardrails\.py is not as pinned"):
        constitution.check(copy)
    with pytest.raises(GuardrailsChanged, match=r"hosts\.py"):
        constitution.check(copy, {name: digest for name, digest in PINS.items() if name != "domain/hosts.py"})


def test_what_is_pinned_no_agent_may_write() -> None:
    package = constitution.package_folder()
    kept = guardrails(package)

    pinned = [package / name for name in PINNED] + [package.parent / "docs" / "constitution.md"]
    pinned.append(package / "domain" / "pins.py")
    assert [path for path in pinned if not any(path.is_relative_to(place) for place in kept)] == []
