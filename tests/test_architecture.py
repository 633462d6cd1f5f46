"""The limits that lint rules do not know: length of files and functions, captions, where laziness may live."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "hermes_tui"
MODULES = sorted(PACKAGE.rglob("*.py"))
LAZY = {"cli.py", "services/wiring.py", "services/workstation.py", "capabilities/registry.py"}
VAGUE = {"utils", "helpers", "common", "manager", "handler"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_short_captioned_and_plainly_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)

    caption = ast.get_docstring(tree) or ""
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, Function) and (node.end_lineno or 0) - node.lineno >= 50
    ]

    assert len(text.splitlines()) <= 400
    assert caption
    assert len(caption.splitlines()[0]) <= 120
    assert path.stem not in VAGUE
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_composition_root_imports_lazily_and_only_interfaces_start_loops(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert "import_module" not in text or name_of(path) in LAZY
    assert "asyncio.run(" not in text or name_of(path).startswith("interfaces/")


def test_the_version_is_said_without_loading_anything_else() -> None:
    heavy = "{'asyncio', 'argparse', 'pydantic', 'sqlite3', 'httpx2', 'textual', 'openai', 'anthropic'}"
    code = f"import sys, hermes_tui.cli as c; c.main(['--version']); print(sorted({heavy} & set(sys.modules)))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.splitlines()[-1] == "[]"
