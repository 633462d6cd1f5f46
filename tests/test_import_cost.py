"""What a fresh `hermes` process loads before it knows what to do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import hermes_tui.domain
from hermes_tui.services.wiring import RunOptions, home_of, layers_of
from tests.fakes.running import running_server
from tests.fakes.scenario import Reply, Scenario

HEAVY: Final = {
    *("textual", "rich", "prompt_toolkit", "asyncio", "sqlite3", "httpx", "httpx2", "pydantic", "pydantic_core"),
    *("anthropic", "openai", "ollama", "genai_prices", "jsonschema", "msgspec", "platformdirs", "yaml"),
}
LATER: Final = {
    *("textual", "rich", "prompt_toolkit", "httpx", "httpx2", "httpcore2", "anyio", "h11", "jsonschema"),
    *("anthropic", "openai", "ollama", "genai_prices", "cryptography", "keyring"),
    *("pydantic", "pydantic_core", "annotated_types", "yaml"),
}
"""What a run loads when it first needs it, if ever: an HTTP client at its first request, a toolkit never."""
MOST_MODULES: Final = 530
"""Modules after the import of the headless door, Python's own included; each is a fraction of a millisecond."""
DOMAIN: Final = Path(hermes_tui.domain.__file__).parent
PROGRAM: Final = """
import contextlib, io, json, sys
from hermes_tui.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded(*args: str, **env: str) -> set[str]:
    """Return the top-level packages that a fresh `hermes` with `args` has loaded when it ends."""
    argv = [sys.executable, "-c", PROGRAM, *args]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, **env})
    return set(json.loads(done.stdout))


def after(statement: str) -> list[str]:
    """Return the modules that a fresh process has loaded after one statement."""
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("flag", ["--version", "-V", "--help"])
def test_a_question_about_hermes_itself_loads_nothing_heavy(flag: str) -> None:
    assert loaded(flag) & HEAVY == set()


def test_the_version_needs_no_argument_parser() -> None:
    assert "argparse" not in loaded("--version")


def test_the_headless_door_loads_what_every_run_needs_and_no_more() -> None:
    modules = after("from hermes_tui.interfaces import headless")

    assert {name.partition(".")[0] for name in modules} & LATER == set()
    assert len(modules) <= MOST_MODULES


def test_a_run_loads_no_parser_no_regex_engine_and_nothing_pydantic(tmp_path: Path) -> None:
    options = RunOptions(workspace=tmp_path, home=tmp_path / "home")
    layers_of(options, home_of(options))  # the config is known, as after the first run

    with running_server(Scenario(replies=[Reply("Done.")], models=("fake",))) as server:
        args = ("-m", "openai:fake", "--home", str(tmp_path / "home"), "-C", str(tmp_path), "-p", "Do it.")
        found = loaded(*args, OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="fake")
        asked = len(server.log)

    assert asked > 0
    assert found & {"pydantic", "pydantic_core", "annotated_types", "yaml", "jsonschema", "rich", "textual"} == set()


@pytest.mark.parametrize("path", sorted(DOMAIN.rglob("*.py")), ids=lambda path: path.relative_to(DOMAIN).as_posix())
def test_a_module_of_the_lowest_floor_defines_its_values_cheaply(path: Path) -> None:
    assert not re.search(r"^@dataclass\b", path.read_text(encoding="utf-8"), re.MULTILINE), (
        "use `frozen` or `mutable` of domain/values.py"
    )
