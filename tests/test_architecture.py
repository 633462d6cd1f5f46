"""The shape of the code: sizes, captions, names, one owner of event loops, and contracts that really break."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

from tests.tools.make_map import TARGET, caption, page

ROOT: Final = Path(__file__).resolve().parents[1]
FILE_LINES, FUNCTION_LINES, CAPTION_LENGTH, NESTING = 400, 50, 120, 3

VAGUE: Final = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "handler", "handlers"}
LOOP_CALLS: Final = {
    *("asyncio.run", "asyncio.Runner", "asyncio.new_event_loop", "asyncio.set_event_loop", "asyncio.get_event_loop"),
}
LOOP_OWNERS: Final = (
    *("hermes_tui/kernel/worker.py", "hermes_tui/services/desk.py"),
    *(
        "hermes_tui/cli.py",
        "hermes_tui/interfaces/headless/",
        "hermes_tui/interfaces/plain/",
        "hermes_tui/interfaces/serve/",
    ),
)
LAZY_LOADERS: Final = (
    "hermes_tui/cli.py",
    "hermes_tui/services/wiring.py",
    "hermes_tui/capabilities/registry.py",
    "hermes_tui/domain/late.py",
    "hermes_tui/services/desk.py",
    "hermes_tui/interfaces/tui/app.py",
)
"""The start, what is chosen by name, and the two that stand before the rest is loaded: a desk and a prompt."""

# What breaks a rule today. A line that no longer does fails its test: delete it.
LOOP_DEBTS: Final[set[str]] = set()
LAZY_DEBTS: Final[set[str]] = set()
NESTING_DEBTS: Final[set[str]] = set()

PLANTS: Final = {
    "Floors import downward": ("domain/planted.py", "import hermes_tui.kernel.turn"),
    "Capabilities do not know each other": (
        "capabilities/governance/planted.py",
        "import hermes_tui.capabilities.sandbox",
    ),
    "Providers stand alone": ("capabilities/providers/planted.py", "import hermes_tui.capabilities.providers.other"),
    "Tools stand alone": ("capabilities/tools/planted.py", "import hermes_tui.capabilities.tools.shell"),
    "Interfaces do not know each other": ("interfaces/planted.py", "import hermes_tui.interfaces.headless"),
    "The two lowest floors are pure Python": ("kernel/planted.py", "import pydantic"),
    "Rendering stays in the interfaces": ("services/planted.py", "import rich"),
    "Only the vendors' packages speak httpx2": ("services/planted_http.py", "import httpx2"),
    "Only state/, the JSON of wires and the bases of data classes know msgspec": (
        "services/planted_codec.py",
        "import msgspec",
    ),
    "Only state/ and memory/database.py open SQLite": ("capabilities/planted.py", "import sqlite3"),
    "Each vendor's package has one file": ("services/planted_vendor.py", "import openai"),
    "Only plain/reader.py reads lines with prompt-toolkit": ("interfaces/planted_lines.py", "import prompt_toolkit"),
    "Only serve/door.py and serve/tab.py serve a browser": ("interfaces/planted_server.py", "import aiohttp"),
    "Models, matrices, pages and extensions have one file each": ("services/planted_matrix.py", "import numpy"),
    "Only keys/ opens keyrings and encrypts": ("services/planted_keys.py", "import keyring"),
    "Only tools/_regex.py uses the engine in pydantic-core, and nothing pydantic": (
        "services/planted_pydantic.py",
        "import pydantic",
    ),
    "Only yaml_nodes and the scripted provider read YAML": ("interfaces/planted_yaml.py", "import yaml"),
}


def sources(*folders: str) -> list[Path]:
    """Return every Python file of some top-level folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a path as the rules write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """Parse one file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def long_functions(path: Path) -> Iterator[str]:
    """Yield each function that passes the limit, with its length."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{name_of(path)}:{node.lineno} {node.name} has {length} lines"


def calls(path: Path) -> set[str]:
    """Return every function a file calls or imports, dotted as far as plain names reach."""
    tree = tree_of(path)
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return called | {f"{node.module}.{alias.name}" for node in imported for alias in node.names}


def owns_a_loop(path: Path) -> bool:
    """Say whether a file makes, sets or runs an event loop."""
    found = calls(path)
    return bool(found & LOOP_CALLS) or any(call.endswith(".run_until_complete") for call in found)


def loads_lazily(path: Path) -> bool:
    """Say whether a file imports modules by name at run time."""
    return bool(calls(path) & {"importlib.import_module", "import_module", "__import__"})


def imports() -> dict[str, set[str]]:
    """Return the modules of the package that each module imports, at run time or for its types alone."""
    dotted = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sources("hermes_tui")}
    modules = {name.removesuffix(".__init__"): path for name, path in dotted.items()}
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        nodes = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ImportFrom) and node.module]
        named = {(node.module or "", alias.name) for node in nodes for alias in node.names}
        wanted = {f"{module}.{one}" if f"{module}.{one}" in modules else module for module, one in named}
        found[name] = (wanted & modules.keys()) - {name}
    return found


def test_files_and_functions_stay_short() -> None:
    files = sources("hermes_tui", "tests")
    long_files = [name_of(path) for path in files if len(path.read_text("utf-8").splitlines()) > FILE_LINES]

    assert long_files == []
    assert [found for path in files for found in long_functions(path)] == []


def test_every_module_opens_with_a_one_line_caption() -> None:
    wrong = [name_of(path) for path in sources("hermes_tui", "tests") if not 0 < len(caption(path)) <= CAPTION_LENGTH]

    assert wrong == []


def test_the_map_lists_every_module() -> None:
    assert TARGET.read_text("utf-8") == page(), "docs/map.md is old: run `make docs`"


def test_names_say_a_job() -> None:
    modules = sources("hermes_tui", "tests")
    parts = {part for path in modules for part in path.relative_to(ROOT).with_suffix("").parts}
    words = {part: set(part.strip("_").split("_")) for part in parts}
    classes = [node.name for path in modules for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]

    assert [part for part, found in words.items() if found & VAGUE] == []
    assert [name for name in classes if re.search(r"(Manager|Helper|Utils?)$", name)] == []


def test_only_the_worker_and_the_headless_door_own_event_loops() -> None:
    owners = {name_of(path) for path in sources("hermes_tui") if owns_a_loop(path)}

    assert {name for name in owners if not name.startswith(LOOP_OWNERS)} == LOOP_DEBTS


def test_only_five_files_import_by_name_at_run_time() -> None:
    lazy = {name_of(path) for path in sources("hermes_tui") if loads_lazily(path)}

    assert lazy - set(LAZY_LOADERS) == LAZY_DEBTS


def test_no_module_imports_itself_through_others_not_even_for_its_types() -> None:
    found = imports()

    try:
        order = list(TopologicalSorter(found).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")

    assert order.index("hermes_tui.domain.events") < order.index("hermes_tui.kernel.kit")


def test_blocks_nest_at_most_three_deep() -> None:
    limit = f"lint.pylint.max-nested-blocks={NESTING}"
    argv = [sys.executable, "-m", "ruff", "check", "--preview", "--select", "PLR1702", "--config", limit]
    done = subprocess.run(
        [*argv, "--output-format", "json", "--no-cache", "."], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    deep = {name_of(Path(found["filename"])) for found in json.loads(done.stdout)}

    assert deep == NESTING_DEBTS


def test_every_import_contract_breaks_when_it_is_broken(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = {contract["name"] for contract in project["tool"]["importlinter"]["contracts"]}
    shutil.copytree(ROOT / "hermes_tui", tmp_path / "hermes_tui", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "hermes_tui" / "capabilities" / "providers" / "other.py").touch()
    for place, line in PLANTS.values():
        (tmp_path / "hermes_tui" / place).write_text(f"{line}\n", encoding="utf-8")

    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()"
    argv = [sys.executable, "-c", program, "--no-cache"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=120)
    broken = set(re.findall(r"^(.+?) BROKEN", done.stdout, re.MULTILINE))

    assert set(PLANTS) == contracts, "plant a violation for each contract of pyproject.toml"
    assert broken == contracts, done.stdout + done.stderr


@pytest.mark.parametrize(("text", "owns"), [("asyncio.run(go())", True), ("asyncio.timeout(3)", False)])
def test_the_loop_rule_sees_a_loop(tmp_path: Path, text: str, owns: bool) -> None:
    place = tmp_path / "planted.py"
    place.write_text(f"import asyncio\n{text}\n", encoding="utf-8")

    assert owns_a_loop(place) is owns
