"""Success is checked by code: each criterion gives a verdict with evidence."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.regular import read_within
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.events import CriterionChecked
from hermes_tui.domain.ports import Sandbox, Workspace
from hermes_tui.domain.processes import ProcessEnd, SandboxCommand
from hermes_tui.domain.tasks import Criterion, CriterionKind

CHECK_TIMEOUT_S: Final = 600.0
EVIDENCE_CHARS: Final = 2_000
MOST_BYTES: Final = 50_000_000
"""How much of a file is looked at: a command may make one that says it is terabytes long."""

Fit = Callable[[str, str], str]
"""(document, JSON Schema), both text, to what is wrong; empty if the document fits."""


async def check(criterion: Criterion, sandbox: Sandbox, workspace: Workspace, fit: Fit) -> CriterionChecked:
    """Check one criterion in `workspace`; a check that cannot be made does not hold."""
    ok, evidence = False, ""
    match criterion.kind:
        case CriterionKind.RUN:
            ok, evidence = await _runs(criterion, sandbox, workspace)
        case CriterionKind.FILE:
            ok, evidence = _exists(workspace.root / criterion.subject)
        case CriterionKind.CONTAINS:
            ok, evidence = _contains(workspace.root, criterion.subject, criterion.expected)
        case CriterionKind.JSON:
            ok, evidence = _fits(workspace.root, criterion.subject, criterion.expected, fit)
    return CriterionChecked(text=criterion.text, ok=ok, evidence=evidence[-EVIDENCE_CHARS:])


async def _runs(criterion: Criterion, sandbox: Sandbox, workspace: Workspace) -> tuple[bool, str]:
    command = SandboxCommand(
        argv=("/bin/sh", "-c", criterion.subject),
        cwd=workspace.root,
        write=workspace.write,
        timeout_s=CHECK_TIMEOUT_S,
    )
    try:
        result = await sandbox.run(command)
    except SandboxUnavailable as error:
        return False, str(error)
    said = (result.stdout + result.stderr).decode(errors="replace").strip()
    ended = f"exit {result.exit_code} after {result.seconds:.1f} s"
    if result.end is not ProcessEnd.EXITED:
        ended = f"stopped: {result.end.value} after {result.seconds:.1f} s"
    return result.exit_code == 0 and result.end is ProcessEnd.EXITED, f"{said}\n{ended}"


def _exists(path: Path) -> tuple[bool, str]:
    try:
        found = path.stat()
    except OSError as error:
        return False, f"{path.name} is not there: {error.strerror}"
    if not stat.S_ISREG(found.st_mode):
        return False, f"{path.name} is no file"
    return found.st_size > 0, f"{found.st_size:,} bytes"


def _read(root: Path, name: str) -> str | None:
    """Return the text of a file of the workspace; what was judged goes on record, so no link leads out of it."""
    try:
        return read_within(root / name, root, MOST_BYTES).decode(errors="replace")
    except OSError:
        return None


def _contains(root: Path, name: str, text: str) -> tuple[bool, str]:
    found = _read(root, name)
    if found is None:
        return False, f"{Path(name).name} is not there"
    at = found.find(text)
    return at >= 0, f"at character {at}" if at >= 0 else f"not in {len(found):,} characters"


def _fits(root: Path, name: str, schema: str, fit: Fit) -> tuple[bool, str]:
    text, schema_text = _read(root, name), _read(root, schema)
    if text is None or schema_text is None:
        return False, f"{Path(name if text is None else schema).name} is not there"
    wrong = fit(text, schema_text)
    return not wrong, wrong or "fits"
