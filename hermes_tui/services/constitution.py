"""The constitution and the modules that keep it, held against what was released."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import hermes_tui
from hermes_tui.domain.errors import GuardrailsChanged
from hermes_tui.domain.guardrails import PINNED, constitutions
from hermes_tui.domain.pins import PINS

CONSTITUTION: Final = "constitution.md"
HINT: Final = (
    "Install Hermes anew. In a checkout, look at `git diff`; if the change is yours: python -m tests.tools.make_pins"
)


def package_folder() -> Path:
    """Return the real folder of the running Hermes."""
    return Path(hermes_tui.__file__).resolve().parent


def digests(package: Path) -> dict[str, str]:
    """Return the sha256 of the constitution and of each pinned module, by name; empty where it cannot be read."""
    text = next((path for path in constitutions(package) if path.is_file()), package / CONSTITUTION)
    return {CONSTITUTION: _digest(text), **{name: _digest(package / name) for name in PINNED}}


def check(package: Path, pins: Mapping[str, str] = PINS) -> None:
    """Return if all is as it was pinned.

    Raises:
        GuardrailsChanged: something is not; the message names it.
    """
    found = digests(package)
    changed = sorted(name for name in {*found, *pins} if not found.get(name) or found.get(name) != pins.get(name))
    if changed:
        what = "is" if len(changed) == 1 else "are"
        raise GuardrailsChanged(f"{', '.join(changed)} {what} not as pinned; Hermes does not start.", hint=HINT)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
