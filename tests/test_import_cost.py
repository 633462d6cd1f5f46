"""What a fresh `hermes` process loads before it knows what to do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pytest

import hermes_tui.domain
from hermes_tui.services.layers import layers_of
from hermes_tui.services.premises import Premises, RunOptions, home_of
from tests.fakes import Reply, Scenario, running_server

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
UNUSED: Final = {
    *(
        "argparse",
        "gettext",
        "difflib",
        "shutil",
        "tempfile",
        "random",
        "secrets",
        "pkgutil",
        "platformdirs",
        "graphlib",
    ),
    *("bz2", "lzma", "unicodedata", "concurrent.futures.thread"),
    "hermes_tui.arguments",
    *(f"hermes_tui.capabilities.{one}" for one in ("memory.notes", "state.images", "state.survey", "tools._git_env")),
    *(
        f"hermes_tui.kernel.{one}"
        for one in ("approval", "board", "compaction", "lookback", "notes", "review", "two_keys")
    ),
    *(f"hermes_tui.kernel.agents.{one}" for one in ("assignment", "home", "subagent")),
    *(f"hermes_tui.kernel.tasks.{one}" for one in ("planning", "recover", "reflect", "replan")),
    *(f"hermes_tui.services.{one}" for one in ("answering", "contexts", "criteria", "edits", "goal_files", "pictures")),
    *(f"hermes_tui.services.{one}" for one in ("places", "plans", "reflexes", "reply_cache", "subagents")),
}
"""What a run that says one sentence and ends has no use for, and does not load."""
MOST_MODULES: Final = 430
"""Modules after the import of the headless door, Python's own included; each is a fraction of a millisecond."""
MOST_FOR_A_PROMPT: Final = 470
"""Modules before there is a prompt, Textual's 150 and Python's own included."""
FIRST: Final = {
    *("_opening", "_options", "_completion", "_contrast", "_fuzzy", "_orders", "_swatch", "tui"),
    *(
        "tui.app",
        "tui.aside",
        "tui.asks",
        "tui.beacon",
        "tui.door",
        "tui.early_keys",
        "tui.host",
        "tui.layout",
        "tui.offers",
    ),
    *("tui.prompt", "tui.rules", "tui.screens", "tui.screens._held", "tui.screens.threshold", "tui.terminal"),
    *("tui.drawing", "tui.drawing.cells", "tui.drawing.glyphs", "tui.drawing.look", "tui.themes"),
    "tui.window_title",
}
"""Of the interfaces: what a prompt and a status line need."""
OF_CONFIG: Final = {
    *(f"hermes_tui.services.{one}" for one in ("config", "explain", "layers", "sections", "trust")),
    "hashlib",
}
"""What reads the config, and what only that needs."""
MOST_FOR_A_FRAME: Final = 32
"""Modules beyond those of the interpreter before the first frame is drawn."""
DOMAIN: Final = Path(hermes_tui.domain.__file__).parent
VARIABLES: Final = {"anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL", "ollama": "OLLAMA_HOST"}
KEYS: Final = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
PROGRAM: Final = """
import contextlib, io, json, sys
from hermes_tui.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print(json.dumps(sorted(sys.modules)))
"""


def modules_of(*args: str, env: Mapping[str, str] | None = None) -> list[str]:
    """Return the modules that a fresh `hermes` with `args` has loaded when it ends."""
    command = [sys.executable, "-c", PROGRAM, *args]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=env)
    return list(json.loads(done.stdout))


def packages(modules: Iterable[str]) -> set[str]:
    """Return the top-level packages of some modules."""
    return {name.partition(".")[0] for name in modules}


def after(statement: str) -> list[str]:
    """Return the modules that a fresh process has loaded after one statement."""
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("flag", ["--version", "-V", "--help"])
def test_a_question_about_hermes_itself_loads_nothing_heavy(flag: str) -> None:
    assert packages(modules_of(flag)) & HEAVY == set()


def test_the_version_needs_no_argument_parser() -> None:
    assert "argparse" not in modules_of("--version")


def test_the_headless_door_loads_what_every_run_needs_and_no_more() -> None:
    modules = after("from hermes_tui.interfaces import headless")

    assert packages(modules) & LATER == set()
    assert len(modules) <= MOST_MODULES


@pytest.mark.parametrize(
    ("vendor", "used"), [("anthropic", {"anthropic"}), ("openai", {"openai"}), ("ollama", {"ollama", "lmstudio"})]
)
def test_a_whole_run_loads_the_provider_it_asks_and_neither_a_vendors_package_nor_an_http_library(
    vendor: str, used: set[str], tmp_path: Path
) -> None:
    """Of local servers both are asked what they have: work in the background goes to either."""
    (tmp_path / "ws").mkdir()
    options = RunOptions(workspace=tmp_path / "ws", home=tmp_path / "h")
    layers_of(options, home_of(options))  # the config is known, as after the first run
    with running_server(Scenario(replies=[Reply("Hello.")], models=("small",))) as server:
        urls = {"anthropic": server.anthropic_url, "openai": server.openai_url, "ollama": server.ollama_url}
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HERMES_TUI_HOME": str(tmp_path / "h"),
        }
        env |= {VARIABLES[vendor]: urls[vendor], KEYS.get(vendor, "UNUSED"): "k-test"}
        model = f"{vendor}:small"
        modules = modules_of("-p", "Say hello.", "--mode", "plan", "-C", str(tmp_path / "ws"), "-m", model, env=env)
        asked = len(server.log.replies)

    shelf = "hermes_tui.capabilities.providers."
    providers = {name.removeprefix(shelf) for name in modules if name.startswith(shelf)}
    assert asked == 1
    assert UNUSED & set(modules) == set()
    assert {name for name in providers if not name.startswith("_")} == used
    assert not {name for name in providers if name.startswith(("_sdk", "_trust"))}
    assert packages(modules) & LATER == set()


@pytest.mark.parametrize("path", sorted(DOMAIN.rglob("*.py")), ids=lambda path: path.relative_to(DOMAIN).as_posix())
def test_a_module_of_the_lowest_floor_defines_its_values_cheaply(path: Path) -> None:
    assert not re.search(r"^@dataclass\b", path.read_text(encoding="utf-8"), re.MULTILINE), (
        "use `frozen` or `mutable` of domain/values.py"
    )


def test_the_workstation_loads_nothing_that_colours_code_before_there_is_code() -> None:
    assert (
        packages(after("import hermes_tui.interfaces.tui.door")) & {"pygments", "markdown_it", "prompt_toolkit"}
        == set()
    )


def test_there_is_a_prompt_before_the_kernel_its_services_and_the_panes_are_loaded() -> None:
    modules = after("import hermes_tui.interfaces.tui.door")

    floors = {name.split(".")[1] for name in modules if name.startswith("hermes_tui.")}
    shelf = "hermes_tui.interfaces."
    shown = {name.removeprefix(shelf) for name in modules if name.startswith(shelf)}
    assert "kernel" not in floors
    assert {name for name in modules if name.startswith("hermes_tui.capabilities.")} == {
        "hermes_tui.capabilities.new_file",
        "hermes_tui.capabilities.registry",
    }
    assert {f"hermes_tui.domain.{one}" for one in ("state", "events", "tasks", "messages")} & set(modules) == set()
    assert shown == FIRST
    assert {"sqlite3", *OF_CONFIG} & set(modules) == set()
    assert len(modules) <= MOST_FOR_A_PROMPT


def test_a_start_that_knows_its_outlook_reads_no_config_before_the_prompt(tmp_path: Path) -> None:
    options = RunOptions(workspace=tmp_path, home=tmp_path / "h")
    assert Premises(options).outlook.theme

    statement = (
        "from pathlib import Path\n"
        "from hermes_tui.services.desk import Desk\n"
        "from hermes_tui.services.premises import RunOptions\n"
        f"desk = Desk(RunOptions(workspace=Path({str(tmp_path)!r}), home=Path({str(tmp_path / 'h')!r})))\n"
        "desk.outlook, desk.drawer.layout()"
    )
    assert OF_CONFIG & set(after(statement)) == set()


def test_the_first_frame_is_drawn_before_anything_but_a_few_small_modules_is_loaded() -> None:
    modules = after("import hermes_tui.cli, hermes_tui.interfaces.early")

    assert {"typing", "pathlib", "argparse", "dataclasses", "asyncio"} & set(modules) == set()
    assert len(set(modules) - set(after("pass"))) <= MOST_FOR_A_FRAME
