"""`python -m tests.fakes`, in a process of its own."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.test_fakes.clients import NO_TLS

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.fakes"]


def read_exports(lines: list[str]) -> dict[str, str]:
    words = [word for line in lines for word in line.removeprefix("export ").split()]
    return dict(word.split("=", 1) for word in words)


def test_help_names_faults_and_moments() -> None:
    told = subprocess.run([*COMMAND, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "error_event" in told
    assert "mid_arguments" in told


def test_an_unknown_fault_is_a_usage_error() -> None:
    ended = subprocess.run([*COMMAND, "--fault", "flood"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "'flood' is not a valid FaultKind" in ended.stderr


def test_it_serves_reports_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    options = ["--text", "Moin.", "--log", str(log)]
    with subprocess.Popen([*COMMAND, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        exports = read_exports([process.stdout.readline() for _ in range(5)])
        process.stdout.readline()
        with httpx2.Client(trust_env=False, verify=NO_TLS) as client:
            answer = client.post(exports["OPENAI_BASE_URL"] + "/chat/completions", json={"model": "m", "messages": []})
        reported = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        summary = process.stdout.read()

    assert answer.json()["choices"][0]["message"]["content"] == "Moin."
    assert reported.startswith("POST /v1/chat/completions 200  openai_chat")
    assert summary.startswith("1 requests, ")
    assert process.returncode == 0
    assert json.loads(log.read_text())["path"] == "/v1/chat/completions"
