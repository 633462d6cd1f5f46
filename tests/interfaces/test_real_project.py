"""The main job on a real project: tests are written inside the scope, its own suite judges, the bill is right."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from hermes_tui.capabilities.providers import _catalog
from hermes_tui.domain.usage import Usage, cost_usd
from tests.fakes import Scenario, running_server
from tests.interfaces.real_project import (
    ROOT,
    WRITTEN,
    ScriptedModel,
    checked_out,
    lines_of_python,
    result_of,
    run_goal,
)

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing: commands would ask")


def changed(root: Path) -> set[str]:
    argv = ["git", "-C", str(root), "status", "--porcelain", "--untracked-files=all"]
    lines = subprocess.run(argv, capture_output=True, check=True, text=True).stdout.splitlines()
    return {line[3:] for line in lines}


def test_a_model_writes_tests_for_a_real_project_and_only_there(tmp_path: Path) -> None:
    root = checked_out(tmp_path / "project")
    assert lines_of_python(root) >= 5_000
    model = ScriptedModel()
    with running_server(Scenario(respond=model)) as server:
        environ = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test"}

        ran = run_goal(root, tmp_path / "home", environ, "-m", "openai:gpt-5-mini")

        bill = server.log.total
    result = cast("dict[str, Any]", result_of(ran))
    schema = json.loads((ROOT / "docs" / "schemas" / "hermes.result.1.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(result)  # pyright: ignore[reportUnknownMemberType] # its stubs
    assert (ran.returncode, result["status"], result["verified"]) == (0, "done", True), ran.stderr
    assert changed(root) == set(WRITTEN)
    assert "passed" in result["criteria"][0]["evidence"]
    assert {(change["path"], change["change"]) for change in result["changed_files"]} == {
        (path, "created") for path in WRITTEN
    }
    assert "passed" in model.read[4]
    usage = result["usage"]
    assert (usage["input_tokens"], usage["cached_tokens"]) == (bill.input_tokens, bill.cached_tokens)
    assert usage["output_tokens"] == bill.output_tokens
    sent = Usage(input_tokens=bill.input_tokens, output_tokens=bill.output_tokens)
    assert usage["usd"] == pytest.approx(cost_usd(sent, _catalog.known("openai", "gpt-5-mini").price))
