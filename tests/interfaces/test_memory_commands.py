"""`hermes memory` and `hermes ingest` through the command line, as an operator uses them."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from hermes_tui.capabilities.state.reply_store import ReplyStore
from hermes_tui.cli import main
from hermes_tui.services.clock import SystemClock
from tests.fakes import Scenario, running_server

SECRET = "The vault code is swordfish-nine"


class Shell:
    """Runs `hermes` with a home and a workspace of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.work = folder / "work"
        self.work.mkdir()

    def run(self, *words: str, code: int = 0) -> str:
        """Return what a command printed; its exit code must be `code`."""
        said, complained = StringIO(), StringIO()
        with redirect_stdout(said), redirect_stderr(complained):
            ended = main(["--home", str(self.home), "-C", str(self.work), *words])
        assert ended == code, said.getvalue() + complained.getvalue()
        return said.getvalue() if code == 0 else complained.getvalue()

    def memory(self, *words: str, code: int = 0) -> str:
        return self.run("memory", *words, code=code)

    def json(self, *words: str) -> Any:  # noqa: ANN401 - whatever the command prints
        return json.loads(self.run(*words, "--json"))

    def remember(self, text: str, *options: str) -> str:
        """Remember a text; return the id of its note."""
        found: str = self.json("memory", "remember", text, *options)["note_id"]
        return found

    def git(self, *words: str) -> str:
        argv = ["git", "-C", str(self.home), *words]
        return subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout.decode(errors="replace")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_the_newest_word_is_found_with_its_reasons_and_the_old_one_in_history(shell: Shell) -> None:
    old = shell.remember("Releases happen on Friday")
    new = shell.remember("Releases happen on Monday")

    (hit,) = shell.json("memory", "search", "when do releases happen", "--layer", "note")

    assert hit["id"] == new
    assert sum(share for _, share in hit["features"]) == pytest.approx(hit["score"], abs=0.01)
    assert any(old in warning for warning in hit["warnings"])
    assert "why: " in shell.memory("search", "releases")
    past = shell.json("memory", "search", "releases", "--past", "--layer", "note")
    assert {found["id"] for found in past} == {old, new}
    assert "-valid" not in shell.memory("diff")
    assert "+superseded_by: " + new in shell.memory("diff")


def test_a_hit_shows_its_age_what_took_its_place_and_what_it_conflicts_with(shell: Shell) -> None:
    old = shell.remember("Releases happen on Friday")
    new = shell.remember("Releases happen on Monday")
    place = shell.home / "memory" / "facts" / "pulled.md"
    place.write_text("---\nid: pulled1\ncreated: 2026-01-02T00:00:00+00:00\n---\nReleases happen on Tuesday\n")

    hits = {hit["id"]: hit for hit in shell.json("memory", "search", "releases happen", "--past", "--layer", "note")}
    printed = shell.memory("search", "releases happen", "--past", "--layer", "note")

    day = shell.json("memory", "show", new)["created"][:10]
    marks = {
        old: f"superseded by {new} on {day}",
        new: "conflicts with pulled1 of 2026-01-02: Releases happen on Tuesday",
        "pulled1": f"conflicts with {new} of {day}: Releases happen on Monday",
    }
    for note_id, mark in marks.items():
        assert mark in hits[note_id]["warnings"]
        assert f"  ! {mark}" in printed.splitlines()
        assert hits[note_id]["at"] > 1_700_000_000
    assert f"replaced {old} on {day}: Releases happen on Friday" in hits[new]["warnings"]
    assert any(line.startswith("pulled1  fact  2026-01-02") for line in printed.splitlines())


def test_what_was_said_to_hold_beside_another_is_no_conflict(shell: Shell) -> None:
    shell.remember("Releases happen on Friday")
    beside = shell.remember("Releases happen on Monday", "--beside")

    hits = shell.json("memory", "search", "when do releases happen", "--layer", "note")

    assert [hit["warnings"] for hit in hits] == [[], []]
    assert "beside: [" in (shell.home / shell.json("memory", "show", beside)["path"]).read_text()


def test_an_edit_by_hand_is_found_logged_blamed_and_taken_back(shell: Shell) -> None:
    other = shell.remember("The lamp needs a wick")
    note_id = shell.remember("The kettle stands in the pantry")
    path = shell.json("memory", "show", note_id)["path"]
    place = shell.home / path
    place.write_text(place.read_text() + "It is red.\n")

    assert shell.json("memory", "search", "what is red?")[0]["id"] == note_id
    log = shell.json("memory", "log", note_id)
    assert [entry["subject"] for entry in log] == ["edit outside Hermes", "remember: The kettle stands in the pantry"]
    assert shell.json("memory", "blame", note_id)[-1]["text"] == "It is red."
    assert path in shell.memory("revert", log[0]["commit"], "--note", note_id)
    assert "did not change" in shell.memory("revert", log[0]["commit"], "--note", other, code=2)
    assert "It is red." not in place.read_text()
    assert shell.json("memory", "stats")["history"] == "clean"
    assert "problems             none" in shell.memory("stats")
    assert shell.git("status", "--porcelain", "--", "memory", "MEMORY.md") == ""


def test_a_forgotten_note_is_gone_from_search_and_comes_back(shell: Shell) -> None:
    note_id = shell.remember("The kettle stands in the pantry")
    path = shell.json("memory", "show", note_id)["path"]
    before = (shell.home / path).read_bytes()

    shell.memory("forget", note_id)
    assert shell.json("memory", "search", "kettle") == []
    shell.memory("restore", note_id)

    assert path in (shell.home / "MEMORY.md").read_text()
    assert (shell.home / path).read_bytes() == before
    assert shell.json("memory", "search", "kettle")[0]["id"] == note_id


def test_an_erased_note_is_nowhere(shell: Shell) -> None:
    keep = shell.remember("The kettle stands in the pantry")
    gone = shell.remember(SECRET)
    shell.memory("pin", keep)
    shell.remember("The lamp needs a wick")
    ReplyStore(shell.home / "state", str, SystemClock()).keep("asked", SECRET, 60.0)

    printed = shell.memory("forget", gone, "--erase")

    assert "Erased" in printed
    assert "out of reach" not in printed
    for path in shell.home.rglob("*"):
        if path.is_file():
            assert b"swordfish" not in path.read_bytes(), path
    packed = shell.git("cat-file", "--batch-all-objects", "--batch", "--unordered")
    assert "swordfish" not in packed
    assert "kettle" in packed
    assert shell.git("fsck", "--full") == ""
    assert shell.git("status", "--porcelain", "--", "memory", "MEMORY.md") == ""
    assert "swordfish" not in shell.run("memory", "search", "swordfish", "--json")
    assert shell.json("memory", "search", "kettle")[0]["id"] == keep
    assert json.loads((shell.home / "state" / "erased-commits.json").read_text())


def test_what_erasing_cannot_reach_is_said(shell: Shell) -> None:
    gone = shell.remember(SECRET)
    shell.git("branch", "backup")
    shell.git("remote", "add", "origin", "https://example.org/memory.git")

    printed = shell.memory("forget", gone, "--erase")

    assert "refs/heads/backup" in printed
    assert "origin" in printed


def test_a_reindex_changes_neither_ids_nor_ranking(shell: Shell) -> None:
    for number, place in enumerate(("pantry", "attic", "cellar", "harbour")):
        shell.remember(f"Box {number} full of lanterns is stored in the {place}")

    def ranking() -> list[tuple[str, float]]:
        hits = shell.json("memory", "search", "lanterns stored in the cellar box")
        return [(hit["id"], round(hit["score"], 3)) for hit in hits]

    before = ranking()

    shell.memory("reindex")

    assert len(before) == 4
    assert ranking() == before


def test_a_damaged_index_is_mended_from_the_files(shell: Shell) -> None:
    note_id = shell.remember("The kettle stands in the pantry")
    index = shell.home / "state" / "index.db"
    index.write_bytes(b"\xa5" * 50_000)

    assert [hit["id"] for hit in shell.json("memory", "search", "kettle")] == [note_id]


def test_secrets_and_mistakes_end_with_a_sentence_and_a_code(shell: Shell) -> None:
    assert "secret" in shell.memory("remember", "token " + "ghp_" + "a1" * 12, code=1)
    assert "There is no note nowhere" in shell.memory("show", "nowhere", code=2)
    assert "no commit" in shell.memory("revert", "0000000", code=1)
    shell.remember("The kettle is red")
    assert "may contradict" in shell.memory("remember", "The kettle is dented", code=1)
    assert "Kept" in shell.memory("remember", "The kettle is dented", "--beside")


def test_another_agents_memory_is_shown_first_and_then_taken_over_once(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "MEMORY.md").write_text("The build uses make\n§\nThe staging host is called birch\n")
    (folder / "human.md").write_text("---\ndescription: Who the operator is\nlimit: 2000\n---\nOlga, who likes tea.\n")
    (folder / "CLAUDE.md").write_text("# Rules\n\n- Always run the tests before a commit\n- Never push on Friday\n")

    assert "nothing was written" in shell.memory("import", str(folder))
    assert shell.json("memory", "list") == []
    first = shell.json("memory", "import", str(folder), "--apply")
    again = shell.json("memory", "import", str(folder), "--apply")

    assert len(first) == 5
    assert all(each["outcome"].startswith("kept as") for each in first)
    assert {each["outcome"] for each in again} == {"known already"}
    kinds = {row["title"]: row["kind"] for row in shell.json("memory", "list")}
    assert kinds["Who the operator is"] == "person"
    assert shell.json("memory", "search", "what is the staging host called?")[0]["text"].endswith("birch")


def test_documents_are_found_with_their_place_and_read_again_only_when_they_change(
    shell: Shell, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "tides.md").write_text("# Tides\n\nThe moon pulls the sea.\n\n## Neap\n\nNeap tides are the weak ones.\n")
    (folder / "page.html").write_text("<html><script>lure()</script><h1>Locks</h1><p>A lock lifts barges.</p></html>")
    (folder / "code.py").write_text("def buoyancy(volume):\n    return volume * 9.81\n")
    (folder / "noise.txt").write_bytes(b"\0\1\2")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (folder / ".hidden.md").write_text("hidden kraken")

    first = shell.json("ingest", str(folder))
    again = shell.json("ingest", str(folder))

    assert (first["new"], again["new"], again["same"]) == (5, 0, 5)
    assert {Path(each["path"]).name for each in first["problems"]} == {"noise.txt", "broken.pdf"}
    (hit, *_) = shell.json("memory", "search", "which tides are weak?", "--layer", "document")
    assert hit["source"].endswith("tides.md#L5")
    assert shell.json("memory", "search", "barges", "--layer", "document")[0]["source"].endswith("page.html#L1")
    assert "kraken" not in shell.run("memory", "search", "lure kraken", "--layer", "document", "--json")
    (folder / "tides.md").unlink()
    assert shell.json("ingest", str(folder))["gone"] == 1
    shell.memory("reindex")
    assert shell.json("memory", "search", "buoyancy")[0]["layer"] == "document"
    assert "4 files" in shell.run("ingest", str(folder), "--forget")
    assert shell.json("memory", "search", "buoyancy") == []


def test_notes_of_another_workspace_stay_there(shell: Shell, tmp_path: Path) -> None:
    note_id = shell.remember("Tests here need the fake clock", "--here")
    assert [hit["id"] for hit in shell.json("memory", "search", "fake clock")] == [note_id]

    shell.work = tmp_path / "elsewhere"
    shell.work.mkdir()

    assert shell.json("memory", "search", "fake clock") == []


@pytest.mark.parametrize("wire", ["ollama", "openai"])
def test_with_an_embedder_every_text_gets_a_vector_and_a_search_counts_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, wire: str
) -> None:
    shell.home.mkdir()
    config = f"version: 1\nbrains:\n  hippocampus.embedding: {{model: '{wire}:embedder'}}\n"
    (shell.home / "config.yaml").write_text(config)
    monkeypatch.setenv("OPENAI_API_KEY", "k-test")

    with running_server(Scenario(replies=[])) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.ollama_url)
        monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
        shell.remember("The kettle stands in the pantry")
        stats = shell.json("memory", "stats")
        (hit, *_) = shell.json("memory", "search", "The kettle stands in the pantry")

    assert (stats["embedder"], stats["waiting_for_vectors"]) == (f"{wire}:embedder", 0)
    assert dict(hit["features"])["vector"] == pytest.approx(12.0, abs=0.01)


def test_without_its_embedder_a_search_goes_by_words_and_says_what_waits(shell: Shell) -> None:
    shell.home.mkdir()
    config = "version: 1\nproviders:\n  ollama: {base_url: 'http://127.0.0.1:9'}\n"
    config += "brains:\n  hippocampus.embedding: {model: 'ollama:embedder'}\n"
    (shell.home / "config.yaml").write_text(config)

    note_id = shell.remember("The kettle stands in the pantry")

    assert shell.json("memory", "search", "kettle")[0]["id"] == note_id
    assert shell.json("memory", "stats")["waiting_for_vectors"] == 1


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        (
            {
                "memories/MEMORY.md": "The build uses make\n§\nThe staging host is called birch\n",
                "memories/USER.md": "Olga likes short answers\n",
            },
            {"fact": 2, "person": 1},
        ),
        (
            {
                "MEMORY.md": "# Memory\n\n- [Testing](feedback_testing.md) — no mocks of the database\n",
                "feedback_testing.md": "---\nname: Testing\ndescription: no mocks of the database\n"
                "metadata:\n  type: feedback\n---\nTests talk to a real database.\n",
                "user_role.md": "---\nname: Role\ndescription: her work\ntype: user\n---\nOlga runs the harbour.\n",
            },
            {"preference": 1, "person": 1},
        ),
        (
            {
                "system/human.md": "---\ndescription: Who the operator is\nlimit: 2000\n---\nOlga, who likes tea.\n",
                "system/persona.md": "---\ndescription: How to talk\nlimit: 2000\n---\nDry and brief.\n",
                "reference/deploys.md": "---\ndescription: How deploys go\n---\nPush the tag, then wait.\n",
            },
            {"person": 1, "style": 1, "fact": 1},
        ),
    ],
    ids=["hermes-agent", "claude-code", "letta"],
)
def test_each_format_gives_its_notes_with_their_kinds_and_no_line_of_an_index(
    shell: Shell, tmp_path: Path, files: dict[str, str], kinds: dict[str, int]
) -> None:
    for name, text in files.items():
        (tmp_path / "other" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "other" / name).write_text(text)

    taken = shell.json("memory", "import", str(tmp_path / "other"), "--apply")

    assert all(each["outcome"].startswith("kept as") for each in taken), taken
    assert Counter(row["kind"] for row in shell.json("memory", "list")) == kinds
