"""`hermes --batch` as its user runs it: a process, its output, its exit code."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
REPO_MAP = ROOT / "docs" / "examples" / "repo-map.md"


def environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return {**kept, "HERMES_TUI_HOME": str(home), "PYTHONPATH": str(ROOT)}


def hermes(*args: str, home: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hermes_tui", *args]
    return subprocess.run(
        command, env=environment(home), input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "main.py").write_text("def main() -> None:\n    print('hello')\n", encoding="utf-8")
    (root / "tests").mkdir()
    (root / "tests" / "test_main.py").write_text("def test_it() -> None:\n    assert True\n", encoding="utf-8")
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    return root


needs_sandbox = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing: commands would ask")


@needs_sandbox
def test_a_repository_is_mapped_without_a_model_and_the_result_validates(home: Path, workspace: Path) -> None:
    ran = hermes("--batch", str(REPO_MAP), "-C", str(workspace), "--output-format", "json", home=home)

    result = json.loads(ran.stdout)
    schema = json.loads((ROOT / "docs" / "schemas" / "hermes.result.1.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(result)  # pyright: ignore[reportUnknownMemberType] # its stubs
    report = (workspace / "artifacts" / "repo-map.md").read_text(encoding="utf-8")
    assert (ran.returncode, result["status"], result["verified"]) == (0, "done", True)
    assert "Python: 2 files" in report
    assert result["usage"]["calls"] == 0
    assert result["answer"].startswith("artifacts/repo-map.md: ")
    assert [made["path"] for made in result["artifacts"]] == ["artifacts/repo-map.md"]


@needs_sandbox
def test_a_folder_without_history_is_mapped_too(home: Path, workspace: Path) -> None:
    ran = hermes("--batch", str(REPO_MAP), "-C", str(workspace / "pkg"), "--output-format", "json", home=home)

    report = (workspace / "pkg" / "artifacts" / "repo-map.md").read_text(encoding="utf-8")
    assert (ran.returncode, json.loads(ran.stdout)["verified"]) == (0, True), ran.stderr
    assert "Python: 1 files" in report
    assert "## Churn\n\nNone found." in report


def test_a_picture_that_nobody_is_there_to_look_at_ends_5_with_a_line_for_each_provider(
    home: Path, workspace: Path
) -> None:
    (workspace / "a.png").write_bytes(base64.b64decode(PICTURE))

    ran = hermes("-p", "What is on @a.png?", "-C", str(workspace), "--output-format", "json", home=home)

    assert (ran.returncode, json.loads(ran.stdout)["status"]) == (5, "no_provider")
    assert any(line.strip().startswith("ollama: ") for line in ran.stderr.splitlines())


def test_more_than_any_model_reads_is_not_taken_from_a_pipe(home: Path, workspace: Path) -> None:
    ran = hermes("-p", "Say why.", "-C", str(workspace), home=home, stdin="x" * 10_000_001)

    assert (ran.returncode, "piped" in ran.stderr) == (2, True), ran.stderr


def test_without_words_what_is_piped_is_the_goal(home: Path, workspace: Path) -> None:
    ran = hermes("-p", "-C", str(workspace), "--output-format", "json", home=home, stdin="Say hi.\n")
    silent = hermes("-p", "-C", str(workspace), home=home, stdin=" \n")

    assert (ran.returncode, json.loads(ran.stdout)["goal"]) == (5, "Say hi.")
    assert (silent.returncode, "There is no goal." in silent.stderr) == (2, True), silent.stderr


def test_a_brain_that_nobody_knows_is_answered_with_each_known_one_once(home: Path, workspace: Path) -> None:
    ran = hermes("-p", "Say hi.", "-m", "zzz", "-C", str(workspace), home=home)

    known = ran.stderr.partition("Known: ")[2].strip().rstrip(".").split(", ")
    assert (ran.returncode, "cortex" in known, len(known)) == (2, True, len(set(known))), ran.stderr


def test_a_goal_in_words_without_a_provider_ends_5_and_says_what_was_looked_for(home: Path, workspace: Path) -> None:
    ran = hermes("-p", "Say hi.", "-C", str(workspace), "--output-format", "json", home=home)

    result = json.loads(ran.stdout)
    assert (ran.returncode, result["status"]) == (5, "no_provider")
    assert "anthropic" in result["reason"]
    assert "ollama" in result["reason"]
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "goal.md"),
        ("---\nbudget: {usd: 1\n---\nx\n", "goal.md:2"),
        ("---\nmodel: a\nmodel: b\n---\nx\n", "goal.md:3"),
    ],
)
def test_a_broken_goal_ends_2_with_its_place(tmp_path: Path, home: Path, text: str, said: str) -> None:
    goal = tmp_path / "goal.md"
    goal.write_text(text, encoding="utf-8")

    ran = hermes("--batch", str(goal), "-C", str(tmp_path), home=home)

    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def steps(count: int, pause_s: float) -> str:
    tasks = "\n".join(
        f"  - id: s{n}\n    kind: tool\n    title: step {n}\n    use: shell\n"
        f"    args: {{command: 'sleep {pause_s}; echo {n} >> log.txt'}}\n" + (f"    needs: [s{n - 1}]\n" if n else "")
        for n in range(count)
    )
    return (
        "---\nmode: auto\nwrite: [.]\nsuccess:\n  - file: log.txt\n---\nCount.\n\n"
        f"```plan\nschema: hermes.plan/1\ntasks:\n{tasks}```\n"
    )


@needs_sandbox
@pytest.mark.parametrize("after", [1, 3, 5])
def test_a_killed_run_goes_on_and_its_artefact_is_as_if_it_had_not_been(tmp_path: Path, home: Path, after: int) -> None:
    goal, work = tmp_path / "goal.md", tmp_path / "ws"
    work.mkdir()
    goal.write_text(steps(6, 0.05), encoding="utf-8")
    command = [sys.executable, "-m", "hermes_tui", "--batch", str(goal), "-C", str(work)]
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        seen = 0
        while seen < after:
            seen += b"task     s" in process.stderr.readline()
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

    again = hermes("--batch", str(goal), "-C", str(work), home=home)

    assert again.returncode == 0, again.stderr
    assert (work / "log.txt").read_text(encoding="utf-8") == "".join(f"{n}\n" for n in range(6))
    verified = hermes("audit", "verify", home=home)
    assert verified.returncode == 0


def test_what_needs_an_approval_ends_4_and_goes_on_once_it_is_given(tmp_path: Path, home: Path) -> None:
    goal, work = tmp_path / "goal.md", tmp_path / "ws"
    work.mkdir()
    text = steps(1, 0).replace("mode: auto\n", "mode: ask\n")
    goal.write_text(text, encoding="utf-8")

    asked = hermes("--batch", str(goal), "-C", str(work), "--output-format", "json", home=home)
    approval = json.loads(asked.stdout)["approvals"][0]["id"]
    allowed = hermes("approvals", "allow", approval, home=home)
    again = hermes("--batch", str(goal), "-C", str(work), home=home)

    assert (asked.returncode, allowed.returncode, again.returncode) == (4, 0, 0), again.stderr
    assert (work / "log.txt").read_text(encoding="utf-8") == "0\n"


def test_an_interrupted_run_ends_130_and_can_be_resumed(tmp_path: Path, home: Path) -> None:
    goal, work = tmp_path / "goal.md", tmp_path / "ws"
    work.mkdir()
    goal.write_text(steps(2, 5).replace("mode: auto\n", "mode: auto\nallow: ['shell']\n"), encoding="utf-8")
    command = [sys.executable, "-m", "hermes_tui", "--batch", str(goal), "-C", str(work)]
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"task     s0" not in process.stderr.readline():
            time.sleep(0)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=20)

    listed = hermes("runs", "list", home=home)

    assert code == 130
    assert "interrupted" in listed.stdout


@pytest.mark.parametrize(
    "command", [["doctor"], ["runs", "list"], ["approvals", "list"], ["config", "explain", "policy.mode"]]
)
def test_commands_that_look_work_in_an_empty_home(home: Path, command: list[str]) -> None:
    ran = hermes(*command, home=home)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


@needs_sandbox
def test_sandbox_run_hands_on_output_and_exit_code_and_hides_the_home(tmp_path: Path, home: Path) -> None:
    ran = hermes("sandbox", "run", "-C", str(tmp_path), "--", "sh", "-c", "echo $HOME; exit 3", home=home)

    assert (ran.returncode, ran.stdout) == (3, "/home/agent\n")


@needs_sandbox
def test_a_home_inside_the_workspace_neither_disturbs_a_run_nor_can_be_written_by_it(tmp_path: Path) -> None:
    work = tmp_path / "ws"
    home = work / "home"
    work.mkdir()
    goal = tmp_path / "goal.md"
    command = "echo 0 >> log.txt; echo evil >> home/config.yaml; ls -A home/state >> log.txt"
    text = steps(1, 0).replace("sleep 0; echo 0 >> log.txt", command)
    goal.write_text(text, encoding="utf-8")

    ran = hermes("--batch", str(goal), "-C", str(work), home=home)

    assert ran.returncode == 0, ran.stderr
    assert (work / "log.txt").read_text(encoding="utf-8") == "0\n"
    assert "evil" not in (home / "config.yaml").read_text(encoding="utf-8")
