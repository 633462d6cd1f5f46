"""Codex CLI as a peer: found on the path or named by `$HERMES_BENCH_CODEX`, pointed at the fake provider."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.bench.programs import environment

CONFIG = """
model = "{model}"
model_provider = "fake"
[model_providers.fake]
name = "fake"
base_url = "{url}"
wire_api = "responses"
env_key = "FAKE_KEY"
request_max_retries = 0
stream_max_retries = 0
"""
ABSENT = "not installed: `npm install @openai/codex`, then put it on PATH or name it in $HERMES_BENCH_CODEX"


@dataclass(frozen=True, slots=True)
class Codex:
    """Codex with a home of its own; `binary` is its native program, so that no Node start counts against it."""

    binary: str
    home: Path
    workspace: Path

    def prepare(self, url: str, model: str) -> None:
        """Point it at the Responses API at `url`."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "config.toml").write_text(CONFIG.format(url=url, model=model), encoding="utf-8")

    def trust(self) -> None:
        """Answer what its screen would ask first about a folder."""
        config = self.home / "config.toml"
        text = config.read_text(encoding="utf-8")
        config.write_text(f'{text}[projects."{self.workspace}"]\ntrust_level = "trusted"\n', encoding="utf-8")

    def argv(self, goal: str) -> list[str]:
        """Return the command line of one headless run that may write its workspace."""
        options = ["exec", "--skip-git-repo-check", "-s", "workspace-write", "-C", str(self.workspace)]
        return [self.binary, *options, goal]

    def env(self) -> dict[str, str]:
        """Return its environment."""
        return environment(CODEX_HOME=str(self.home), FAKE_KEY="fake")


def find() -> str | None:
    """Return the native program, else the script that starts it, None if there is neither."""
    named = os.environ.get("HERMES_BENCH_CODEX") or shutil.which("codex")
    if named is None:
        return None
    package = Path(os.path.realpath(named)).parents[1]
    native = sorted(package.parent.glob("codex-*/vendor/*/bin/codex"))
    native += sorted(package.glob("node_modules/@openai/codex-*/vendor/*/bin/codex"))
    return str(native[0]) if native else named
