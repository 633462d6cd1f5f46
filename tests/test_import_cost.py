"""What a fresh `hermes` process loads before it knows what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

import pytest

HEAVY: Final = {
    *("textual", "rich", "prompt_toolkit", "asyncio", "sqlite3", "httpx", "httpx2", "pydantic", "pydantic_core"),
    *("anthropic", "openai", "ollama", "genai_prices", "jsonschema", "msgspec", "platformdirs", "yaml"),
}
PROGRAM: Final = """
import contextlib, io, json, sys
from hermes_tui.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded(*args: str) -> set[str]:
    """Return the top-level packages that a fresh `hermes` with `args` has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *args], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("flag", ["--version", "-V", "--help"])
def test_a_question_about_hermes_itself_loads_nothing_heavy(flag: str) -> None:
    assert loaded(flag) & HEAVY == set()


def test_the_version_needs_no_argument_parser() -> None:
    assert "argparse" not in loaded("--version")
