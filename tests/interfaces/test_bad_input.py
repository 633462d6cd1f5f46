"""Broken files and wrong arguments, given to the command: exit 2, file, line and remedy, and nothing is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.interfaces.processes import Shop, shop, without_traceback
from tests.services.test_broken_files import CONFIGS, GOALS, PLANS

__all__ = ["shop"]

ARGUMENTS = [
    (["--batch", "missing.md"], "missing.md"),
    (["--batch", "."], "folder"),
    (["--batch"], "--batch"),
    (["-p"], "no goal"),
    (["demo"], "hermes --plain"),
    (["why", "is", "it", "slow?"], "hermes -p GOAL"),
    (["--batc", "goal.md"], "--batch"),
    (["rnus"], "runs"),
    (["runs", "show"], "session"),
    (["--budget-usd", "-1", "-p", "x"], "--budget-usd"),
    (["--budget-usd", "nan", "-p", "x"], "--budget-usd"),
    (["--max-steps", "0", "-p", "x"], "--max-steps"),
    (["--max-steps", "many", "-p", "x"], "--max-steps"),
    (["--mode", "yolo", "-p", "x"], "auto-edit"),
    (["--output-format", "xml", "-p", "x"], "stream-json"),
    (["-m", "nobody:model", "-p", "x"], "nobody"),
    (["--time-limit", "soon", "-p", "x"], "15m"),
    (["-C", "no/such/folder", "-p", "x"], "no/such/folder"),
    (["approvals", "allow", "none"], "approvals list"),
    (["-p", "count", "--batch", "goal.md"], "either"),
    (["-p", " "], "There is no goal"),
    (["--batch", "na\udcefve.md"], "UTF-8"),
    (["runs", "resolve", "none", "t", "--done"], "none"),
    (["config", "explain", "brains.cortx"], "brains.cortex"),
]


def test_every_broken_goal_and_plan_of_one_batch_is_named_with_its_line(shop: Shop) -> None:
    files: list[tuple[Path, int, str]] = []
    for number, (_, data, line, remedy) in enumerate(GOALS):
        path = shop.work / f"goal{number}.md"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        files.append((path, line, remedy))
    for number, (_, plan, line, remedy) in enumerate(PLANS):
        path = shop.work / f"plan{number}.md"
        path.write_text(f"Do it.\n\n```plan\n{plan.rstrip()}\n```\n", encoding="utf-8")
        files.append((path, line + 3, remedy.replace("Line 2", "Line 5")))

    ran = shop.run("--batch", *(str(path) for path, _, _ in files), "-C", str(shop.work), "--output-format", "json")

    results = [json.loads(line) for line in ran.stdout.splitlines()]
    assert without_traceback(ran)["code"] == 2
    assert [result["exit_code"] for result in results] == [2] * len(files)
    for (path, line, remedy), result in zip(files, results, strict=True):
        assert (f"{path.name}:{line}" if line else path.name) in result["reason"]
        assert remedy in result["reason"]
    assert not list((shop.home / "state" / "sessions").glob("*.db"))


@pytest.mark.parametrize(("data", "line", "remedy"), [case[1:] for case in CONFIGS], ids=[case[0] for case in CONFIGS])
def test_a_broken_config_stops_the_command_before_anything_runs(shop: Shop, data: str, line: int, remedy: str) -> None:
    shop.home.mkdir()
    (shop.home / "config.yaml").write_text(data, encoding="utf-8")

    ran = shop.run("-p", "Do it.", "-C", str(shop.work))

    assert without_traceback(ran)["code"] == 2
    assert f"config.yaml:{line}" in ran.stderr
    assert remedy in ran.stderr


@pytest.mark.parametrize(("args", "said"), ARGUMENTS, ids=[" ".join(args) for args, _ in ARGUMENTS])
def test_wrong_arguments_are_answered_with_what_to_do(shop: Shop, args: list[str], said: str) -> None:
    ran = shop.run(*args)

    assert without_traceback(ran)["code"] == 2
    assert said in ran.stderr
    assert not ran.stdout.startswith("Traceback")
