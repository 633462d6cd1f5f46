"""`kill -9` of a process whose subagents work on threads of their own: nobody starts over, nothing is written twice."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.events import AgentEnded, AgentSpawned, ModelFinished, ToolFinished
from hermes_tui.domain.records import Record
from tests.fakes import Call, Reply, Scenario, running_server
from tests.fakes.scenario import Asked

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing: commands would ask")

ROOT: Final = Path(__file__).resolve().parents[2]
KILLED: Final = -9
NAMES: Final = ("a", "b", "c")
LAST_RECORD: Final = 80
POINTS: Final = sorted(random.Random(20261121).sample(range(4, LAST_RECORD), 4))
EVERY: Final = [point for point in range(4, LAST_RECORD) if point not in POINTS]
GOAL: Final = """\
---
mode: auto
write: [.]
success:
  - file: log-c.txt
---
Sum up three documents.
"""


def respond(asked: Asked) -> Reply:
    """Answer the parent and its children by what stands in their conversation, so that any order and crash is met."""
    messages: list[dict[str, Any]] = [one for one in asked.body["messages"] if one["role"] != "system"]
    first, step = str(messages[0]["content"]), sum(one["role"] == "assistant" for one in messages)
    if first.startswith("Sum up"):
        reports = sum("[subagent c" in str(one["content"]) for one in messages if one["role"] == "user")
        if step == 0:
            return Reply(tool_calls=[Call("delegate", {"task": f"read {n}", "write": [f"log-{n}.txt"]}) for n in NAMES])
        return Reply("All three are summed up." if reports == len(NAMES) else "Waiting.")
    name = first.rsplit(maxsplit=1)[-1]
    steps = [
        Reply(tool_calls=[Call("shell", {"command": f"echo {name} >> log-{name}.txt"})]),
        Reply(tool_calls=[Call("read", {"path": f"log-{name}.txt"})]),
    ]
    return steps[step] if step < len(steps) else Reply(f"Sum of {name}.")


class Family:
    """One goal with three children, in its own home, taken up after every crash."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.work = folder / "ws"
        self.work.mkdir()
        self.goal = folder / "goal.md"
        self.goal.write_text(GOAL, encoding="utf-8")
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        own = {"HERMES_TUI_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
        self.environ = {**kept, **own, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "k-test"}

    def run(self, die_at: int) -> int:
        """Run the goal once; return its exit code."""
        argv = [sys.executable, "-m", "tests.crash.victim", str(self.goal), str(self.work), str(die_at), "0"]
        done = subprocess.run(argv, env=self.environ, capture_output=True, text=True, timeout=120)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode

    def records(self) -> list[Record]:
        """Return the journal as it is on disk."""
        (path,) = (self.folder / "home" / "state" / "sessions").glob("*.db")
        return read_session(path)


def check(folder: Path, point: int) -> list[int]:
    """Kill the process at a record, let it go on, and check that the end is as if nothing had happened."""
    with running_server(Scenario(respond=respond)) as server:
        family = Family(folder, server.openai_url)
        codes = [family.run(point)]
        if codes[0] == KILLED:
            codes.append(family.run(0))
        records = family.records()

    agents = [record.place.agent for record in records if isinstance(record.body, AgentSpawned)]
    ends = {record.place.agent: record.body.status for record in records if isinstance(record.body, AgentEnded)}
    steps = Counter(record.place.agent for record in records if isinstance(record.body, ModelFinished))
    calls = Counter(record.body.call_id for record in records if isinstance(record.body, ToolFinished))
    assert codes[-1] == 0
    assert sorted(agents) == ["c1", "c2", "c3"]
    assert ends == {"c1": "done", "c2": "done", "c3": "done"}
    assert [steps[agent] for agent in agents] == [3, 3, 3]
    assert set(calls.values()) == {1}
    assert [(family.work / f"log-{name}.txt").read_text("utf-8") for name in NAMES] == ["a\n", "b\n", "c\n"]
    return codes


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_repeats_no_step_of_parent_or_child(tmp_path: Path, point: int) -> None:
    assert check(tmp_path, point)[0] == KILLED


@pytest.mark.long
@pytest.mark.parametrize("point", EVERY)
def test_a_kill_at_any_other_record_repeats_nothing_either(tmp_path: Path, point: int) -> None:
    check(tmp_path, point)
