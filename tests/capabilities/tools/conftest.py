"""A workspace in a temporary folder and calls on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from hermes_tui.domain.ports import Sandbox, Tool, ToolContext, ToolOutcome, Workspace


class Bench:
    """Calls tools as the dispatcher does: resolve, then run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.context = ToolContext(
            workspace=Workspace(root=root, write=(root / "src",)),
            sandbox=cast("Sandbox", None),
            key="key-1",
            timeout_s=10.0,
            seen={},
        )

    async def call(self, tool: Tool, **arguments: object) -> ToolOutcome:
        text = json.dumps(arguments)
        tool.resolve(text, self.context)
        return await tool.run(text, self.context)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    root = (tmp_path / "work").resolve()
    (root / "src").mkdir(parents=True)
    return Bench(root)
