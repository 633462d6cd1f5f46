"""History: durable at once, committed soon, by whoever wrote it, whatever the repository is like."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.history import History, HistoryWriter
from hermes_tui.capabilities.memory.ingress import Edit, Reason
from hermes_tui.capabilities.memory.past import Past, RevertConflict
from hermes_tui.capabilities.memory.repository import HistoryUnavailable, Repository
from hermes_tui.domain.memory import FileChange, NoteAuthor
from tests.capabilities.memory.vaults import TestVault, note, open_vault


def history_of(vault: TestVault) -> History:
    return History(Repository(vault.home), vault.outbox, vault.home / "state")


def past_of(vault: TestVault) -> Past:
    return Past(Repository(vault.home))


def git(home: Path, *arguments: str) -> str:
    """Run plain git as an operator would."""
    argv = ["git", "-C", str(home), "-c", "user.name=Op", "-c", "user.email=op@example.org", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout


def by(author: NoteAuthor, subject: str, **trailers: str) -> Reason:
    return Reason(
        author=author,
        subject=subject,
        trailers=tuple((f"Hermes-{name.title()}", value) for name, value in trailers.items()),
    )


def write(vault: TestVault, path: str, text: str, reason: Reason) -> None:
    vault.ingress.change([Edit(path, lambda _: text.encode())], reason)


def appending(line: str) -> Callable[[bytes | None], bytes]:
    return lambda now: (now or b"") + line.encode()


AGENT_RUN = by(NoteAuthor.AGENT, "remember: kettle", run="r1", session="s1")


def test_a_change_becomes_a_commit_with_its_author_and_trailers(vault: TestVault) -> None:
    write(vault, "memory/a.md", note("The kettle is red."), AGENT_RUN)

    assert history_of(vault).flush() == 1

    (entry,) = past_of(vault).log()
    assert (entry.author, entry.subject, entry.paths) == ("Hermes agent", "remember: kettle", ("memory/a.md",))
    assert entry.trailers == (("Hermes-Run", "r1"), ("Hermes-Session", "s1"))
    assert git(vault.home, "status", "--porcelain", "--", "MEMORY.md", "memory") == ""
    assert git(vault.home, "log", "-1", "--format=%cn <%ce>").strip() == "Hermes <hermes@localhost>"
    assert git(vault.home, "fsck", "--strict") == ""
    assert vault.outbox.pending() == []


def test_changes_of_one_run_are_one_commit_and_of_another_author_another(vault: TestVault) -> None:
    dream = by(NoteAuthor.DREAM, "merge notes", run="d1")
    for number in range(100):
        write(vault, f"memory/n{number}.md", note(f"Note {number}"), dream)
    vault.put("memory/hand.md", note("By hand"))
    vault.ingress.sync()
    write(vault, "memory/a.md", note("Agent's"), AGENT_RUN)

    assert history_of(vault).flush() == 3

    log = past_of(vault).log()
    assert [(entry.author, len(entry.paths)) for entry in log] == [
        *(("Hermes agent", 1), ("Operator", 1), ("Hermes dream", 100)),
    ]


def test_a_note_that_changes_twice_keeps_both_states(vault: TestVault) -> None:
    for colour in ("red", "blue"):
        write(vault, "memory/a.md", note(f"The kettle is {colour}."), AGENT_RUN)

    assert history_of(vault).flush() == 2
    assert "-The kettle is red.\n+The kettle is blue." in past_of(vault).diff("HEAD")


def test_what_git_itself_brought_is_not_committed_again(vault: TestVault) -> None:
    write(vault, "memory/a.md", note("The kettle is red."), AGENT_RUN)
    history_of(vault).flush()
    vault.put("memory/a.md", note("The kettle is blue."))
    git(vault.home, "commit", "-qam", "by hand")
    vault.ingress.sync()

    assert history_of(vault).flush() == 0
    assert [entry.subject for entry in past_of(vault).log()] == ["by hand", "remember: kettle"]


def test_an_operators_staged_work_elsewhere_is_left_alone(vault: TestVault) -> None:
    write(vault, "memory/a.md", note("The kettle is red."), AGENT_RUN)
    history_of(vault).flush()
    vault.put("config.yaml", "version: 1\n")
    git(vault.home, "add", "config.yaml")

    write(vault, "memory/b.md", note("A lamp"), AGENT_RUN)
    history_of(vault).flush()

    assert git(vault.home, "status", "--porcelain", "--untracked-files=no").strip() == "A  config.yaml"


def test_a_hostile_repository_starts_nothing(vault: TestVault, tmp_path: Path) -> None:
    git(vault.home, "init", "-q")
    trap, sprung = tmp_path / "trap", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\ncat\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.editor", "diff.external", "gpg.program", "filter.x.clean"):
        git(vault.home, "config", key, str(trap))
    for key, value in (("filter.x.smudge", str(trap)), ("diff.x.textconv", str(trap)), ("commit.gpgsign", "true")):
        git(vault.home, "config", key, value)
    git(vault.home, "config", "log.showSignature", "true")
    (vault.home / ".gitattributes").write_text("* filter=x diff=x\n")
    hooks = vault.home / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "post-commit", "reference-transaction", "post-index-change"):
        (hooks / name).write_bytes(trap.read_bytes())
        (hooks / name).chmod(0o755)

    write(vault, "memory/a.md", note("The kettle is red."), AGENT_RUN)
    history_of(vault).flush()
    past = past_of(vault)
    past.diff("HEAD")
    past.blame("memory/a.md")
    past.log("memory/a.md")

    assert not sprung.exists()
    assert past.last_content("memory/a.md") == note("The kettle is red.").encode()


def test_a_merge_under_way_is_not_disturbed(vault: TestVault) -> None:
    write(vault, "memory/a.md", note("The kettle is red."), AGENT_RUN)
    history_of(vault).flush()
    (vault.home / ".git" / "MERGE_HEAD").write_text(git(vault.home, "rev-parse", "HEAD"))
    write(vault, "memory/b.md", note("A lamp"), AGENT_RUN)

    with pytest.raises(HistoryUnavailable, match="MERGE_HEAD"):
        history_of(vault).flush()

    (vault.home / ".git" / "MERGE_HEAD").unlink()
    assert history_of(vault).flush() == 1


def test_a_home_that_is_no_folder_of_git_keeps_its_notes(vault: TestVault) -> None:
    (vault.home / ".git").write_text("gitdir: /elsewhere\n")
    write(vault, "memory/a.md", note("The kettle is red.", id="m-one"), AGENT_RUN)

    with pytest.raises(HistoryUnavailable):
        history_of(vault).flush()

    assert vault.found("kettle") == ["m-one"]
    assert history_of(vault).waiting() == 1


def test_a_detached_head_and_odd_names_are_no_obstacle(vault: TestVault) -> None:
    write(vault, "memory/a.md", note("The kettle is red."), AGENT_RUN)
    history_of(vault).flush()
    git(vault.home, "checkout", "-q", "--detach")
    odd = 'memory/a "quoted" näme\\with\ttabs.md'

    write(vault, odd, note("Odd"), AGENT_RUN)
    history_of(vault).flush()

    assert past_of(vault).last_content(odd) == note("Odd").encode()
    assert git(vault.home, "status", "--porcelain", "--", "memory") == ""


class _DyingOutbox:
    """An outbox whose process dies after the commit, before it can say so."""

    def __init__(self, vault: TestVault) -> None:
        self._outbox = vault.outbox

    def pending(self) -> list[FileChange]:
        return self._outbox.pending()

    def mark(self, keys: list[str], commit: str) -> None:
        self._outbox.mark(keys, commit)

    def done(self, keys: list[str]) -> None:
        if keys:
            raise KeyboardInterrupt

    def __getattr__(self, name: str) -> object:
        return getattr(self._outbox, name)


def test_a_process_killed_after_the_commit_makes_no_second_one(vault: TestVault) -> None:
    write(vault, "memory/a.md", note("one"), AGENT_RUN)
    write(vault, "memory/a.md", note("two"), AGENT_RUN)
    dying = History(Repository(vault.home), _DyingOutbox(vault), vault.home / "state")  # type: ignore[arg-type] # it dies
    with pytest.raises(KeyboardInterrupt):
        dying.flush()

    assert history_of(vault).flush() == 0

    assert len(past_of(vault).log()) == 2
    assert vault.outbox.pending() == []


def test_two_writers_on_one_home_lose_nothing(vault: TestVault) -> None:
    def work(name: str) -> None:
        mine = open_vault(vault.home)
        for number in range(30):
            write(mine, f"memory/{name}{number}.md", note(f"{name} {number}", id=f"m-{name}{number}"), AGENT_RUN)
            mine.ingress.change([Edit("MEMORY.md", appending(f"- {name} {number}\n"))], AGENT_RUN)
            if number % 10 == 9:
                history_of(mine).flush()
        mine.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history_of(vault).flush()

    names = [f"{name}{number}" for name in ("ann", "bob") for number in range(30)]
    assert set(git(vault.home, "ls-tree", "-r", "--name-only", "HEAD").split()) == {
        *(f"memory/{name}.md" for name in names),
        "MEMORY.md",
    }
    assert len((vault.home / "MEMORY.md").read_text().splitlines()) == 60
    assert git(vault.home, "show", "HEAD:MEMORY.md") == (vault.home / "MEMORY.md").read_text()
    assert len(vault.index.get([f"m-{name}" for name in names])) == 60
    assert git(vault.home, "status", "--porcelain", "--", "memory", "MEMORY.md") == ""


def test_the_background_writer_commits_soon_and_at_the_end(vault: TestVault) -> None:
    failed: list[HistoryUnavailable] = []
    writer = HistoryWriter(history_of(vault), failed.append, delay_s=0.01)
    write(vault, "memory/a.md", note("The kettle is red."), AGENT_RUN)
    writer.wake()
    write(vault, "memory/b.md", note("A lamp"), AGENT_RUN)
    writer.close()

    assert {path for entry in past_of(vault).log() for path in entry.paths} == {"memory/a.md", "memory/b.md"}
    assert failed == []


def test_blame_names_who_wrote_each_line(vault: TestVault) -> None:
    write(vault, "memory/a.md", "first\nsecond\n", AGENT_RUN)
    history_of(vault).flush()
    vault.put("memory/a.md", "first\nsecond, by hand\n")
    vault.ingress.sync()
    history_of(vault).flush()

    assert [(line.author, line.text) for line in past_of(vault).blame("memory/a.md")] == [
        *(("Hermes agent", "first"), ("Operator", "second, by hand")),
    ]


def test_a_commit_can_be_undone_while_later_edits_elsewhere_stay(vault: TestVault) -> None:
    lines = [f"line {number}\n" for number in range(12)]
    write(vault, "memory/a.md", "".join(lines), AGENT_RUN)
    write(vault, "memory/a.md", "".join(["changed\n", *lines[1:]]), AGENT_RUN)
    history_of(vault).flush()
    later = "".join(["changed\n", *lines[1:], "later\n"]).encode()

    assert past_of(vault).undone("HEAD", {"memory/a.md": later}) == {
        "memory/a.md": "".join([*lines, "later\n"]).encode()
    }
    with pytest.raises(RevertConflict):
        past_of(vault).undone("HEAD", {"memory/a.md": b"quite another text\n"})


def test_a_truncated_note_comes_back_from_history(vault: TestVault) -> None:
    text = note("The kettle is red.")
    write(vault, "memory/a.md", text, AGENT_RUN)
    vault.put("memory/a.md", "")
    vault.ingress.sync()
    history_of(vault).flush()

    assert past_of(vault).last_content("memory/a.md") == text.encode()
    assert past_of(vault).last_content("memory/a.md", "HEAD") == b""
    with pytest.raises(HistoryUnavailable, match="no commit nowhere"):
        past_of(vault).last_content("memory/a.md", "nowhere")


def test_a_note_that_looks_like_another_has_a_history_of_its_own_and_a_rename_keeps_it(vault: TestVault) -> None:
    head = {"id": "m-one", "kind": "fact", "author": "agent", "created": "2026-01-01", "source": "a session of today"}
    write(vault, "memory/a.md", note("The kettle is red.", **head), AGENT_RUN)
    history_of(vault).flush()
    write(vault, "memory/b.md", note("The kettle is blue.", **{**head, "id": "m-two"}), AGENT_RUN)
    history_of(vault).flush()
    (vault.home / "memory/b.md").rename(vault.home / "memory/c.md")
    vault.ingress.sync()
    history_of(vault).flush()

    past = past_of(vault)

    assert past.names_of("memory/c.md") == ["memory/c.md", "memory/b.md"]
    assert past.names_of("memory/b.md") == ["memory/b.md"]
    assert len(past.log("memory/c.md")) == 2
    assert len(past.log("memory/a.md")) == 1
