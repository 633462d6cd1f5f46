"""Agents remember and recall: what one run wrote or said, the next one finds."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from hermes_tui.cli import main
from hermes_tui.services.instructions import memory_text
from tests.fakes import Reply, Scenario, running_server

GOAL = """\
---
mode: {mode}
---
Use memory

```plan
schema: hermes.plan/1
tasks:
  - id: one
    kind: tool
    title: Use memory
    use: {tool}
    args: {args}
```
"""


class Desk:
    """Runs declared plans of one tool call in a home of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        (folder / "work").mkdir()
        self.goals = 0

    def call(self, tool: str, mode: str = "auto-edit", **args: object) -> dict[str, Any]:
        """Return the task's row of the result of a run that makes one call."""
        self.goals += 1
        goal = self.folder / f"goal{self.goals}.md"
        goal.write_text(GOAL.format(tool=tool, args=json.dumps(args), mode=mode))
        result: dict[str, Any] = json.loads(self.run("--batch", str(goal), "--output-format", "json"))
        return result

    def run(self, *words: str) -> str:
        said = StringIO()
        with redirect_stdout(said), redirect_stderr(StringIO()):
            main(["--home", str(self.home), "-C", str(self.folder / "work"), *words])
        return said.getvalue()

    def records(self, session: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run("replay", session).splitlines()]

    def output(self, result: dict[str, Any]) -> str:
        """Return what the call gave back."""
        bodies = [record["body"] for record in self.records(result["session_id"]) if record["type"] == "ToolFinished"]
        text: str = bodies[-1]["output"]
        return text


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("mode", ["ask", "auto-edit"])
def test_a_note_of_one_run_is_recalled_in_the_next_and_has_its_run_in_history(desk: Desk, mode: str) -> None:
    kept = desk.call("remember", text="The lighthouse keeper is called Isolde", mode=mode)
    assert kept["status"] == "done", kept

    found = desk.output(desk.call("recall", query="who keeps the lighthouse?"))

    assert "never remember it again" in found
    assert "The lighthouse keeper is called Isolde" in found
    (entry,) = [each for each in json.loads(desk.run("memory", "log", "--json")) if each["author"] == "Hermes agent"]
    assert ["Hermes-Session", kept["session_id"]] in entry["trailers"]
    assert ["Hermes-Run", "r1"] in entry["trailers"]


def test_plan_mode_writes_no_notes(desk: Desk) -> None:
    assert desk.call("remember", text="The lighthouse keeper is called Isolde", mode="plan")["status"] != "done"
    assert json.loads(desk.run("memory", "list", "--json")) == []


def test_what_was_said_in_a_session_is_found_with_what_stands_around_it(desk: Desk) -> None:
    (desk.folder / "work" / "tides.txt").write_text("Spring tides come at new moon\n")
    desk.call("read", path="tides.txt")

    result = desk.call("search_sessions", query="when do spring tides come?")

    found = desk.output(result)
    assert "Spring tides come at new moon" in found
    assert "> tool: read:" in found
    hits = json.loads(desk.run("memory", "search", "spring tides", "--layer", "episode", "--json"))
    assert {hit["kind"] for hit in hits} <= {"tool:read", "goal", "message", "reply"}
    for narrowed, left in (
        (("--tool", "read"), True),
        (("--by", "tool", "--since", "2020-01-02"), True),
        (("--tool", "shell"), False),
        (("--by", "tool", "--until", "2020-01-02"), False),
    ):
        assert ("Spring tides" in desk.run("memory", "search", "spring tides", *narrowed)) is left


def test_what_was_recalled_is_not_learned_again(desk: Desk) -> None:
    desk.call("remember", text="The lighthouse keeper is called Isolde")
    for _ in range(3):
        desk.call("recall", query="lighthouse keeper Isolde")

    hits = json.loads(desk.run("memory", "search", "Isolde", "--json"))

    assert [hit["layer"] for hit in hits if "Isolde" in hit["text"]] == ["note"]


def test_a_secret_an_agent_wants_to_remember_is_refused(desk: Desk) -> None:
    result = desk.call("remember", text="The token is " + "ghp_" + "a1" * 12)

    assert result["exit_code"] == 1
    assert json.loads(desk.run("memory", "list", "--json")) == []


def test_the_context_shows_both_indexes_and_what_is_left(tmp_path: Path) -> None:
    one, other = tmp_path / "MEMORY.md", tmp_path / "workspace.md"
    one.write_text("# Memory\n- [a](memory/a.md)\n")
    other.write_text("- [b](facts/b.md)\n")

    assert memory_text([one, other], 100) == (
        "# Memory (MEMORY.md: 55 of 100 bytes left)\n# Memory\n- [a](memory/a.md)\n- [b](facts/b.md)"
    )
    assert "[cut: 35 of 45 bytes left out]" in memory_text([one, other], 10)
    assert memory_text([tmp_path / "none.md"], 10) == ""


def test_notes_that_bear_on_the_operators_words_come_before_the_turn_once_and_on_record(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run("memory", "remember", "The lighthouse keeper is called Isolde")
    desk.run("memory", "remember", "Releases happen on Friday")
    monkeypatch.setenv("OPENAI_API_KEY", "k-test")

    with running_server(Scenario(replies=[Reply("Isolde does.")])) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        asked = desk.run("-p", "Who keeps the lighthouse?", "-m", "openai:gpt-5-mini", "--output-format", "json")
    result = json.loads(asked)

    told = [each["body"] for each in desk.records(result["session_id"]) if each["type"] == "MessageGiven"]
    assert [body["source"] for body in told] == ["operator", "kernel"]
    assert "Isolde" in told[1]["text"]
    assert "known already" in told[1]["text"]
    assert "Friday" not in told[1]["text"]
    assert not any(
        "known already" in hit["text"] for hit in json.loads(desk.run("memory", "search", "Isolde", "--json"))
    )


def test_erasing_says_which_sessions_hold_what_an_agent_remembered_or_recalled(desk: Desk) -> None:
    wrote = desk.call("remember", text="The vault code is swordfish nine")
    read = desk.call("recall", query="what is the vault code?")
    (desk.folder / "work" / "tides.txt").write_text("Spring tides come at new moon\n")
    other = desk.call("read", path="tides.txt")
    (note,) = json.loads(desk.run("memory", "list", "--json"))

    printed = desk.run("memory", "forget", note["id"], "--erase")

    assert f"session {wrote['session_id']} holds the same words" in printed
    assert f"session {read['session_id']} holds the same words" in printed
    assert other["session_id"] not in printed


def test_a_new_index_ranks_notes_talk_and_documents_as_the_one_that_grew(desk: Desk) -> None:
    papers = desk.folder / "papers"
    papers.mkdir()
    desk.home.mkdir()
    (desk.home / "config.yaml").write_text("version: 1\nbrains:\n  hippocampus.embedding: {model: null}\n")
    (papers / "tides.md").write_text("# Tides\n\nNeap tides are weak.\n\n## Spring\n\nSpring tides are strong.\n")
    (desk.folder / "work" / "log.txt").write_text("The spring tides flooded the quay\n")
    desk.run("memory", "remember", "Spring tides come at new moon")
    desk.run("ingest", str(papers))
    desk.call("read", path="log.txt")

    def ranking() -> list[tuple[str, str, list[tuple[str, float]]]]:
        hits = json.loads(desk.run("memory", "search", "when do spring tides come?", "--json"))
        return [(hit["layer"], hit["id"], [(name, round(share, 3)) for name, share in hit["features"]]) for hit in hits]

    grown = ranking()
    desk.run("memory", "reindex")

    assert {layer for layer, _, _ in grown} == {"note", "episode", "document"}
    assert ranking() == grown
