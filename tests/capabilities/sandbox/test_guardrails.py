"""An agent that works on the very Hermes that runs it cannot write what guards the operator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

import hermes_tui
from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.capabilities.tools.edit import write
from hermes_tui.domain.errors import PathRefused, SandboxUnavailable
from hermes_tui.domain.guardrails import NAMES, guardrails
from hermes_tui.domain.ports import Sandbox, ToolContext, Workspace
from hermes_tui.domain.processes import SandboxCommand

PACKAGE = Path(hermes_tui.__file__).resolve().parent


def test_every_guardrail_is_there() -> None:
    missing = [path.name for path in guardrails(PACKAGE) if not path.exists()]

    assert missing == ["constitution.md"], "it lies in one of two places"


@pytest.mark.parametrize("level", ["bubblewrap", "landlock"])
async def test_no_command_writes_a_guardrail(level: str) -> None:
    try:
        sandbox = await find_sandbox(PACKAGE.parent, level=level)
    except SandboxUnavailable as error:
        pytest.skip(error.message)
    files = [path if path.is_file() else path / "__init__.py" for path in guardrails(PACKAGE)]
    script = 'for f in "$@"; do (: >>"$f") 2>/dev/null && echo "$f"; done; true'
    argv = ("/bin/sh", "-c", script, "sh", *map(str, files))

    result = await sandbox.run(SandboxCommand(argv=argv, cwd=PACKAGE.parent, write=(PACKAGE,)))

    assert (result.exit_code, result.stdout) == (0, b"")


@pytest.mark.parametrize("name", NAMES)
def test_no_tool_writes_a_guardrail(name: str) -> None:
    place = PACKAGE / name
    path = (place if place.is_file() else place / "new.py").relative_to(PACKAGE.parent)
    workspace = Workspace(root=PACKAGE.parent, write=(PACKAGE.parent,))
    context = ToolContext(workspace=workspace, sandbox=cast("Sandbox", None), key="k", timeout_s=5, seen={})

    with pytest.raises(PathRefused, match="never be written"):
        write.resolve(json.dumps({"path": str(path), "content": "x"}), context)
