"""`kill -9` of a run with it all: a plan, a child whose window is condensed, a question, effects, an undoing."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.events import AgentEnded, ContextCompacted, ModelFinished, RunAbandoned, ToolFinished
from hermes_tui.domain.ids import AgentId
from tests.crash.eight_steps import KILLED, Trial
from tests.fakes import Call, Reply, Scenario, running_server
from tests.fakes.counter import running_counter
from tests.fakes.scenario import Asked

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing: commands would ask")

PLAN: Final = """\
---
mode: auto
write: [.]
egress: ["{host}"]
model: openai:gpt-3.5-turbo
---
Dig, count once, and take it all back where it fails.

```plan
schema: hermes.plan/1
tasks:
  - {{id: dig, kind: agent, title: dig, args: {{goal: "Dig it up."}}}}
  - {{id: note, kind: tool, title: note, use: shell, args: {{command: "echo noted >> log.txt"}}, needs: [dig],
     compensate: unnote}}
  - {{id: unnote, kind: tool, title: unnote, use: shell, args: {{command: "echo unnoted >> log.txt"}}}}
  - {{id: count, kind: tool, title: count, use: fetch, needs: [note], compensate: uncount,
     args: {{url: "{url}/count", method: POST{probe}}}}}
  - {{id: uncount, kind: tool, title: uncount, use: shell, args: {{command: "echo uncounted >> log.txt"}}}}
  - {{id: fail, kind: tool, title: fail, use: shell, args: {{command: "exit 3"}}, needs: [count]}}
```
"""
LOG: Final = "dug\nnoted\nuncounted\nunnoted\n"
STEPS: Final = 3
LAST_RECORD: Final = 53
POINTS: Final = sorted([1, *random.Random(20261121).sample(range(4, LAST_RECORD), 8)])
RUNS: Final = 25
KILLS: Final = 8
EVERY: Final = [point for point in range(1, LAST_RECORD) if point not in POINTS]


def dig(asked: Asked) -> Reply:
    """Play the child: it talks so much that its window must be condensed, and acts once."""
    messages: list[dict[str, Any]] = asked.body["messages"]
    if not any(str(one["content"]).startswith("Dig it up") for one in messages) or not asked.body.get("tools"):
        return Reply("No notes.")
    done = sum("echo dug" in str(one) for one in messages if one["role"] == "assistant")
    talk = f"Step {len(messages)}. " + " ".join(f"layer{n}" for n in range(2_000))
    if "the plan: done" in str(messages) or "Summary" in str(messages):
        return Reply("It is dug.")
    if not done:
        return Reply(talk, tool_calls=[Call("shell", {"command": "echo dug >> log.txt"})])
    return Reply(talk, tool_calls=[Call("list", {"path": "."})])


@pytest.fixture
def url() -> Iterator[str]:
    with running_server(Scenario(respond=dig)) as server:
        yield server.openai_url


def check(folder: Path, url: str, finish: Callable[[Trial], None]) -> list[int]:
    """Let a run that is killed go on until it ends, and check that all is as without it."""
    with running_counter() as counter:
        extra = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "k-test"}
        trial = Trial(folder, counter, probed=True, plan=PLAN, extra=extra)
        finish(trial)
        counted = counter.count
    (path,) = (folder / "home" / "state" / "sessions").glob("*.db")
    records = read_session(path)
    steps = Counter(record.place.agent for record in records if isinstance(record.body, ModelFinished))
    calls = Counter(record.body.call_id for record in records if isinstance(record.body, ToolFinished))
    assert (trial.codes[-1], counted) == (1, 1), trial.codes
    assert (trial.workspace / "log.txt").read_text("utf-8") == LOG
    assert set(calls.values()) == {1}
    assert [record.body.status for record in records if isinstance(record.body, AgentEnded)] == ["done"]
    assert len([record for record in records if isinstance(record.body, RunAbandoned)]) == 1
    assert [record.place.agent for record in records if isinstance(record.body, ContextCompacted)]
    assert steps[AgentId("dig")] == STEPS
    return trial.codes


def test_without_a_crash_everything_is_in_it(tmp_path: Path, url: str) -> None:
    assert check(tmp_path, url, Trial.finish) == [4, 1]


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_repeats_nothing_and_takes_everything_back_once(tmp_path: Path, url: str, point: int) -> None:
    assert KILLED in check(tmp_path, url, lambda trial: trial.finish(point))


@pytest.mark.long
@pytest.mark.parametrize("point", EVERY)
def test_nor_does_a_kill_at_any_other_record(tmp_path: Path, url: str, point: int) -> None:
    check(tmp_path, url, lambda trial: trial.finish(point))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(RUNS))
def test_two_hundred_kills_at_random_moments_repeat_nothing(tmp_path: Path, url: str, seed: int) -> None:
    codes = check(tmp_path, url, lambda trial: trial.finish_in_spite_of(KILLS, seed))

    assert codes.count(KILLED) >= KILLS - 1
