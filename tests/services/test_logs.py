"""The log: redacted JSON lines, rotated, shared by processes, and never in the way of a run."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.domain.events import RunEnded, TaskFailed, ToolFinished
from hermes_tui.domain.ids import CallId, Seq
from hermes_tui.domain.records import Record
from hermes_tui.services import logs
from hermes_tui.services.logs import FILES, JsonLog, append, entry_of
from tests.capabilities.state.samples import EVENTS, PLACE

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
KEYS = {"at", "level", "layer", "component", "action", "status", "metadata"}


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_kind_of_record_becomes_one_line_with_the_seven_fields(tmp_path: Path) -> None:
    log = JsonLog(tmp_path, SecretRedactor())
    for number, event in enumerate(EVENTS, 1):
        log.record(Record(seq=Seq(number), at=float(number), place=PLACE, body=event))
    log.note("info", "services.workstation", "pursue", "stopped", session="s1")
    log.close()

    found = lines(log.path)

    assert [entry["action"] for entry in found] == [*(type(event).__name__ for event in EVENTS), "pursue"]
    assert all(entry.keys() == KEYS for entry in found)
    assert found[-1]["component"] == "workstation"
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_what_models_and_tools_said_is_not_in_the_log_and_secrets_are_masked(tmp_path: Path) -> None:
    log = JsonLog(tmp_path, SecretRedactor(["hunter2-hunter2"]))
    output = ToolFinished(call_id=CallId("c"), tool="shell", ok=False, output="PRIVATE", data='"PRIVATE"', seconds=1.0)
    failed = TaskFailed(kind="x", message="login with hunter2-hunter2 failed", seconds=0.5)
    log.record(Record(seq=Seq(1), at=1.0, place=PLACE, body=output))
    log.record(Record(seq=Seq(2), at=1.0, place=PLACE, body=failed))
    log.close()

    text = log.path.read_text("utf-8")

    assert "PRIVATE" not in text
    assert "hunter2" not in text
    assert "[SECRET:registered:1]" in text


def test_a_failed_end_is_a_warning() -> None:
    ended = RunEnded(status="limited", exit_code=3, answer="", limit="usd")

    entry = entry_of(Record(seq=Seq(1), at=1.0, place=PLACE, body=ended))

    assert (entry["level"], entry["status"], entry["metadata"]["limit"]) == ("warning", "limited", "usd")


def test_the_log_is_rotated_by_size_and_the_oldest_lines_go(tmp_path: Path) -> None:
    path = tmp_path / "hermes.jsonl"

    for number in range(100):
        append(path, json.dumps({"n": number, "pad": "x" * 80}), 1_000)

    files = sorted(file.name for file in tmp_path.glob("hermes.jsonl*"))
    kept = [entry["n"] for number in range(FILES - 1, 0, -1) for entry in lines(tmp_path / f"hermes.jsonl.{number}")]
    kept += [entry["n"] for entry in lines(path)]
    assert files == ["hermes.jsonl", *(f"hermes.jsonl.{number}" for number in range(1, FILES))]
    assert kept == list(range(100 - len(kept), 100))
    assert all(file.stat().st_size <= 1_000 for file in tmp_path.glob("hermes.jsonl*"))


def test_lines_that_come_at_once_fill_file_after_file(tmp_path: Path) -> None:
    path = tmp_path / "hermes.jsonl"
    first, *more = [json.dumps({"n": number, "pad": "é" * 80}, ensure_ascii=False) for number in range(12)]
    append(path, first, 1_000)

    append(path, "\n".join(more), 1_000)

    files = [tmp_path / name for name in ("hermes.jsonl.2", "hermes.jsonl.1", "hermes.jsonl")]
    assert [[entry["n"] for entry in lines(file)] for file in files] == [[*range(5)], [*range(5, 10)], [10, 11]]


def test_two_processes_lose_and_mix_no_line(tmp_path: Path) -> None:
    program = (
        "import sys, json; from pathlib import Path; from hermes_tui.services.logs import append\n"
        "for n in range(300): append(Path(sys.argv[1]), json.dumps({'who': sys.argv[2], 'n': n}), 20_000)"
    )
    path = tmp_path / "hermes.jsonl"
    command = [sys.executable, "-c", program, str(path)]

    writers = [subprocess.Popen([*command, who], cwd=ROOT) for who in "ab"]
    codes = [writer.wait(timeout=60) for writer in writers]

    entries = [entry for file in tmp_path.glob("hermes.jsonl*") for entry in lines(file)]
    assert codes == [0, 0]
    assert sorted((str(entry["who"]), entry["n"]) for entry in entries) == [(w, n) for w in "ab" for n in range(300)]


def test_a_log_whose_writer_is_stuck_takes_records_without_waiting_and_says_how_many_it_lost(tmp_path: Path) -> None:
    stuck, go = threading.Event(), threading.Event()

    class Stuck(SecretRedactor):
        """Holds the writer until told."""

        def redact(self, text: str) -> str:
            stuck.set()
            assert go.wait(30)
            return super().redact(text)

    log = JsonLog(tmp_path, Stuck(), most_waiting=100)
    log.note("info", "a.b", "first", "ok")
    assert stuck.wait(30)
    for _ in range(200):
        log.note("info", "a.b", "more", "ok")
    go.set()
    log.close()

    found = lines(log.path)
    told = [entry for entry in found if entry["status"] == "lost"]
    lost = sum(int(str(json.loads(json.dumps(entry["metadata"]))["entries"])) for entry in told)
    assert lost > 0
    assert len(found) - len(told) + lost == 201


def test_a_log_that_cannot_be_written_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file", encoding="utf-8")
    log = JsonLog(tmp_path / "log", SecretRedactor())

    log.note("info", "a.b", "c", "ok")
    log.close()

    assert (tmp_path / "log").read_text("utf-8") == "a file"


def test_verbose_prints_each_line_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = JsonLog(tmp_path, SecretRedactor(), verbose=True)

    log.note("warning", "kernel.tool", "ToolRefused", "refused", reason="red\x1b[31m")
    log.close()

    assert capsys.readouterr().err == "warning kernel.tool ToolRefused refused reason=red\\x1b[31m\n"
    assert logs.NAME == "hermes.jsonl"
