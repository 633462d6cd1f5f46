"""Claude Code as a peer: found on the path or named by `$HERMES_BENCH_CLAUDE`, pointed at the fake provider."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bench.programs import environment

ABSENT = (
    "not installed: `npm install @anthropic-ai/claude-code`, then put it on PATH or name it in $HERMES_BENCH_CLAUDE"
)
KEY = "fake-key-of-the-bench-0123456789"


@dataclass(frozen=True, slots=True)
class Claude:
    """Claude Code with a home of its own, past its first questions, with nothing to fetch from anywhere."""

    binary: str
    home: Path
    workspace: Path

    def prepare(self) -> None:
        """Answer what it would ask at its first start."""
        self.home.mkdir(parents=True, exist_ok=True)
        known = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
            "projects": {str(self.workspace): {"hasTrustDialogAccepted": True}},
        }
        (self.home / ".claude.json").write_text(json.dumps(known), encoding="utf-8")

    def env(self, url: str) -> dict[str, str]:
        """Return its environment, with the messages API at `url`."""
        return environment(
            CLAUDE_CONFIG_DIR=str(self.home),
            HOME=str(self.home),
            ANTHROPIC_API_KEY=KEY,
            ANTHROPIC_BASE_URL=url,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
            DISABLE_AUTOUPDATER="1",
        )


def find() -> str | None:
    """Return the program, None if there is none."""
    named = os.environ.get("HERMES_BENCH_CLAUDE") or shutil.which("claude")
    return os.path.realpath(named) if named else None
