"""What this machine offers, and how to mend what is missing."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path

from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.domain.errors import NoProvider
from hermes_tui.services import wiring
from hermes_tui.services.workstation import Workstation


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: str
    ok: bool
    found: str
    remedy: str = ""


async def examine(station: Workstation) -> list[Check]:
    """Return every check; each found by doing it, not by guessing."""
    return [
        Check("python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.platform()}"),
        Check("sqlite", ok=True, found=f"{sqlite3.sqlite_version}, journal WAL, synchronous FULL"),
        _git(),
        await _sandbox(station),
        await _brain(station),
        _home(station),
        _command(),
    ]


def _git() -> Check:
    where = shutil.which("git")
    return Check("git", where is not None, where or "not on PATH", "" if where else "Install git.")


async def _sandbox(station: Workstation) -> Check:
    level = (await find_sandbox(station.root, level=station.config.sandbox.level)).level
    return Check("sandbox", level.confines, f"{level.name}: {level.why}", level.remedy)


async def _brain(station: Workstation) -> Check:
    try:
        brain = await wiring.brains_of(station.config, "auto").choose("cortex", {})
    except NoProvider as error:
        return Check("brain", ok=False, found=error.message, remedy=error.hint)
    return Check("brain", ok=True, found=f"{brain.name}: {brain.why}")


def _home(station: Workstation) -> Check:
    notice = station.home.notice
    return Check("home", not notice, notice or str(station.home.root))


def _command() -> Check:
    first = shutil.which("hermes")
    ours = Path(sys.executable).parent
    if first is None or Path(first).parent == ours or Path(first).parent.samefile(ours):
        return Check("command", ok=True, found=first or "not on PATH; `python -m hermes_tui` works")
    return Check("command", ok=False, found=f"`hermes` is {first}, not ours", remedy="Use `hermes-tui` instead.")
