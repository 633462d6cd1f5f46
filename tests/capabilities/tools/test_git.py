"""The git broker: nothing a repository says is executed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hermes_tui.capabilities.tools.git import git
from hermes_tui.domain.errors import ArgumentsInvalid, PathRefused, ToolError
from tests.capabilities.tools.conftest import Bench


def shell_git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@t")
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


async def test_a_hostile_config_runs_nothing(bench: Bench) -> None:
    root, mark = bench.root, bench.root.parent / "pwned"
    shell_git(root, "init", "-q")
    (root / "a.txt").write_text("one\n")
    (root / ".gitattributes").write_text("*.txt filter=ev=il diff=evil\n")
    shell_git(root, "add", ".")
    shell_git(root, "commit", "-qm", "first")
    run = f"touch {mark}; cat"
    for key in ("core.fsmonitor", "diff.external", "diff.evil.textconv", "diff.evil.command", "core.pager"):
        shell_git(root, "config", key, run)
    for key in ("filter.ev=il.clean", "filter.ev=il.smudge", "filter.ev=il.process", "alias.status", "gpg.program"):
        shell_git(root, "config", key, f"!{run}" if key.startswith("alias") else run)
    shell_git(root, "config", "commit.gpgSign", "true")
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    mark.unlink(missing_ok=True)
    (root / "a.txt").write_text("two\n")

    for words in (["status", "-s"], ["diff"], ["log", "-p"], ["show"], ["blame", "a.txt"], ["shortlog"]):
        assert (await bench.call(git, args=words)).ok, words
    await bench.call(git, args=["log", "--format=%G?"])
    added = await bench.call(git, args=["add", "a.txt"])
    committed = await bench.call(git, args=["commit", "-m", "second"])

    assert (added.ok, committed.ok, mark.exists()) == (True, True, False), committed.output


@pytest.mark.parametrize(
    "words",
    [
        ["config", "-l"],
        ["-c", "x=y", "log"],
        ["diff", "--output=x"],
        ["diff", "--no-index", "a", "b"],
        ["diff", "--ext-diff"],
        ["log", "--exec=x"],
        ["commit"],
        ["blame", "--contents=/etc/passwd", "a"],
        ["diff", "/etc/passwd", "/dev/null"],
        ["diff", "--", "../x", "a"],
        ["diff", "link/passwd", "a"],
    ],
)
async def test_what_is_not_offered_is_refused(bench: Bench, words: list[str]) -> None:
    (bench.root / "link").symlink_to("/etc")

    with pytest.raises((ArgumentsInvalid, PathRefused)):
        await bench.call(git, args=words)


async def test_a_git_file_must_belong_to_the_work_tree(bench: Bench, tmp_path: Path) -> None:
    main = tmp_path / "main"
    main.mkdir()
    shell_git(main, "init", "-q")
    shell_git(main, "commit", "-q", "--allow-empty", "-m", "x")
    shell_git(main, "worktree", "add", "-q", str(tmp_path / "tree"))
    (bench.root / ".git").write_text((tmp_path / "tree" / ".git").read_text())

    with pytest.raises(PathRefused, match="another work tree"):
        await bench.call(git, args=["status"])
    (bench.root / ".git").unlink()
    with pytest.raises(ToolError, match="not the top"):
        await bench.call(git, args=["status"])
