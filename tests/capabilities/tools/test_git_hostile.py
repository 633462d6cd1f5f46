"""Hostile repositories: each runs its program under plain git, and none does under the broker."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from hermes_tui.capabilities.tools.git import git
from hermes_tui.domain.errors import PathRefused, ToolError
from tests.capabilities.tools.conftest import Bench

WORDS = (
    *(["status"], ["status", "-s", "-uall"], ["diff"], ["diff", "--cached"], ["diff", "--stat"], ["log", "-p", "-n3"]),
    *(["log", "--format=%h %G? %GS %(trailers)"], ["show"], ["show", "--stat"], ["blame", "a.txt"], ["shortlog"]),
    *(["branch", "-vv"], ["ls-files", "-m"], ["rev-parse", "HEAD"], ["add", "-A"], ["add", "-u"], ["add", "a.txt"]),
    *(["commit", "-m", "one"], ["commit", "-am", "two", "--allow-empty"], ["commit", "--amend", "--no-edit"]),
    *(["status"], ["diff"], ["log", "-p", "--all"]),
)
"""Everything the broker offers, in an order in which all of it has something to do."""


@dataclass(frozen=True)
class Trap:
    """A planted program: `plant` is a shell script in the repository (`$RUN` runs it), `springs` it in plain git."""

    name: str
    plant: str
    springs: str


SCRIPT = "printf '#!/bin/sh\\n%s\\n' \"$RUN\""
HOOK = f"mkdir -p .git/hooks; for h in {{}}; do {SCRIPT} >.git/hooks/$h; done; chmod +x .git/hooks/*"
CONFIG = 'printf \'[core]\\n\\tfsmonitor = "%s; false"\\n\' "$RUN"'
SUBMODULE = "git init -q sub && git -C sub commit -q --allow-empty -m x && git add sub && git commit -qm sub"
CLEAN = 'git config filter.x.clean "$RUN; cat"'
EVERY_TEXT = "echo '*.txt {}=x' >.gitattributes; "
EXT = "git config protocol.ext.allow always; git remote add origin \"ext::sh -c $(echo $RUN | sed 's/ /% /g')\"; "
PROMISED = "git config remote.origin.promisor true; git config extensions.partialClone origin; "
TRAPS = (
    Trap("fsmonitor", 'git config core.fsmonitor "$RUN; false"', "git status"),
    Trap("a clean filter", EVERY_TEXT.format("filter") + CLEAN, "git add -A"),
    Trap(
        "a smudge filter",
        EVERY_TEXT.format("filter") + 'git config filter.x.smudge "$RUN; cat"; rm a.txt',
        "git checkout a.txt",
    ),
    Trap("a filter process", EVERY_TEXT.format("filter") + 'git config filter.x.process "$RUN"', "git add -A"),
    Trap(
        "a filter with a strange name",
        "echo '*.txt filter=a.b=c' >.gitattributes; git config filter.a.b=c.clean \"$RUN; cat\"",
        "git add -A",
    ),
    Trap(
        "a filter in the repository's attributes",
        f"mkdir -p .git/info; echo '* filter=x' >.git/info/attributes; {CLEAN}",
        "git add -A",
    ),
    Trap(
        "a filter in attributes named by config",
        f"echo '* filter=x' >.git/at; git config core.attributesFile \"$PWD/.git/at\"; {CLEAN}",
        "git add -A",
    ),
    Trap("a text conversion", EVERY_TEXT.format("diff") + 'git config diff.x.textconv "$RUN; cat"', "git diff"),
    Trap("an external diff", 'git config diff.external "$RUN"', "git diff"),
    Trap("a diff driver", EVERY_TEXT.format("diff") + 'git config diff.x.command "$RUN"', "git diff"),
    Trap(
        "hooks of a commit",
        HOOK.format("pre-commit commit-msg prepare-commit-msg post-commit"),
        "git commit -am x",
    ),
    Trap("a hook of the index", HOOK.format("post-index-change"), "git add -A"),
    Trap("a hook of references", HOOK.format("reference-transaction"), "git commit -am x"),
    Trap("a hook of rewriting", HOOK.format("post-rewrite"), "git commit --amend --no-edit"),
    Trap(
        "a folder of hooks elsewhere",
        f"{HOOK.format('pre-commit')}; mv .git/hooks h; git config core.hooksPath h",
        "git commit -am x",
    ),
    Trap("an included config", f"{CONFIG} >.git/more; git config include.path more", "git status"),
    Trap(
        "a config included on a condition",
        f"{CONFIG} >.git/more; git config includeIf.gitdir:/.path more",
        "git status",
    ),
    Trap(
        "the config of the work tree",
        f"git config extensions.worktreeConfig true; {CONFIG} >.git/config.worktree",
        "git status",
    ),
    Trap("a submodule's config", f"{SUBMODULE}; {CONFIG} >>sub/.git/config; touch sub/x", "git status"),
    Trap(
        "a submodule's filter",
        f"{SUBMODULE}; cd sub; echo '* filter=x' >.gitattributes; echo 1 >y; git add -A; git commit -qm y; "
        f"{CLEAN}; echo 2 >y",
        "git status",
    ),
    Trap(
        "a submodule's summary",
        f"{SUBMODULE}; git config status.submoduleSummary true; git config diff.submodule log; "
        f"git -C sub commit -q --allow-empty -m y; {CONFIG} >>sub/.git/config",
        "git status",
    ),
    Trap(
        "a repository beside the files",
        f"git init -q inner; touch inner/f; {CONFIG} >>inner/.git/config",
        "git -C inner status",
    ),
    Trap(
        "a program for signatures",
        f"{SCRIPT} >.git/g; chmod +x .git/g; git config gpg.program $PWD/.git/g; git config commit.gpgSign true",
        "git commit -am x",
    ),
    Trap(
        "a program for keys of ssh",
        "git config gpg.format ssh; git config gpg.ssh.defaultKeyCommand \"sh -c '$RUN'\"; "
        "git config commit.gpgSign true",
        "git commit -am x",
    ),
    Trap("an editor", 'git config core.editor "$RUN; true"', "git commit -a"),
    Trap("an alias", 'git config alias.st "!$RUN"', "git st"),
    Trap("a remote that is a program", EXT, "git fetch origin"),
    Trap(
        "objects that are fetched when they are needed",
        f"{EXT}git config core.repositoryformatversion 1; {PROMISED}rm -f $(find .git/objects -type f | head -n 2)",
        "git show HEAD:a.txt",
    ),
)
each_trap = pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name.replace(" ", "-"))


def operator(root: Path, script: str, run: str = "") -> None:
    """Run a script as the operator, with plain git."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "RUN": run, "GIT_CONFIG_NOSYSTEM": "1"}
    environment |= {
        f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    subprocess.run(["sh", "-c", script], cwd=root, env=environment, capture_output=True, timeout=60)


def planted(trap: Trap, root: Path) -> Path:
    """Make a repository with the trap in it and something to commit; return the mark that its program leaves."""
    mark = root.parent / "ran"
    operator(root, "git init -q; echo one >a.txt; git add -A; git commit -qm first; echo two >a.txt")
    operator(root, trap.plant, f"touch {mark}")
    mark.unlink(missing_ok=True)
    return mark


@each_trap
def test_plain_git_springs_the_trap(trap: Trap, bench: Bench) -> None:
    mark = planted(trap, bench.root)

    operator(bench.root, trap.springs)

    assert mark.exists()


@each_trap
async def test_the_broker_does_not(trap: Trap, bench: Bench) -> None:
    mark = planted(trap, bench.root)

    for words in WORDS:
        await bench.call(git, args=words)

    assert not mark.exists()


async def test_a_work_tree_that_the_config_moves_is_not_followed(bench: Bench) -> None:
    operator(bench.root, "git init -q; git commit -q --allow-empty -m x; git config core.worktree ..")
    (bench.root.parent / "outside.txt").write_text("secret")

    outcome = await bench.call(git, args=["status", "-s", "-uall"])

    assert "outside" not in outcome.output


async def test_commits_are_in_hermes_name_whatever_the_config_says(bench: Bench) -> None:
    operator(
        bench.root, "git init -q; echo one >a.txt; git config user.name Operator; git config user.email o@example.org"
    )

    await bench.call(git, args=["add", "a.txt"])
    await bench.call(git, args=["commit", "-m", "first"])

    log = await bench.call(git, args=["log", "--format=%an %cn"])
    assert log.output.strip() == "Hermes Hermes"


async def test_beside_a_submodule_everything_else_is_staged_and_committed(bench: Bench) -> None:
    operator(bench.root, f"git init -q; echo one >a.txt; git add -A; git commit -qm first; {SUBMODULE}")
    operator(bench.root, "echo two >a.txt; echo new >b.txt; git -C sub commit -q --allow-empty -m y")

    await bench.call(git, args=["commit", "-a", "-m", "-a"])
    await bench.call(git, args=["add", "-A"])

    log = await bench.call(git, args=["log", "-n1", "--format=%s", "--name-only"])
    staged = await bench.call(git, args=["diff", "--cached", "--name-only"])
    assert (log.output.split(), staged.output.split()) == (["-a", "a.txt"], ["b.txt"])


def naming(bench: Bench, setting: str, lines: str) -> None:
    """Make a repository whose config names a file outside that holds `lines`."""
    (bench.root.parent / "secret").write_text(lines)
    operator(bench.root, "git init -q; echo one >a.txt; git add -A; git commit -qm first")
    operator(bench.root, f"git config {setting} ../secret")


async def test_a_list_of_authors_outside_is_not_read(bench: Bench) -> None:
    naming(bench, "mailmap.file", "The-secret <t@example.org>\n")
    operator(bench.root, "git log --format=%aN >../plain 2>&1")

    outcome = await bench.call(git, args=["log", "--format=%aN"])

    assert "The-secret" in (bench.root.parent / "plain").read_text()
    assert outcome.output.strip() == "t@example.org"


async def test_a_list_of_revisions_outside_is_not_read(bench: Bench) -> None:
    naming(bench, "blame.ignoreRevsFile", "The-secret\n")
    operator(bench.root, "git blame a.txt >../plain 2>&1")

    with pytest.raises(PathRefused, match="leads out"):
        await bench.call(git, args=["blame", "a.txt"])

    assert "The-secret" in (bench.root.parent / "plain").read_text()


async def test_a_list_of_revisions_of_the_project_is_kept_to(bench: Bench) -> None:
    naming(bench, "blame.ignoreRevsFile", "")
    operator(bench.root, "git rev-parse HEAD >revisions; git config blame.ignoreRevsFile revisions")

    assert (await bench.call(git, args=["blame", "a.txt"])).ok


async def test_a_repository_that_is_a_pipe_is_not_waited_for(bench: Bench) -> None:
    os.mkfifo(bench.root / ".git")

    with pytest.raises(ToolError, match="not the top of a git work tree"):
        await bench.call(git, args=["status"])
