"""The hash of a workspace: whatever a command could read or start there counts, and nothing of Hermes itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_tui.capabilities.keys import _tree
from hermes_tui.capabilities.keys._notary import HomeNotary
from hermes_tui.capabilities.keys._tree import TooLarge, TreeDigest
from tests.capabilities.keys.test_notary import Burned


def linked(path: Path) -> None:
    """Put a link in the place of `path`."""
    path.unlink()
    path.symlink_to("lib/b.sh")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a script that another reads": lambda root: (root / "lib" / "b.sh").write_text("evil\n"),
    "a new file": lambda root: (root / "lib" / "c.sh").touch(),
    "a file that is gone": lambda root: (root / "a.sh").unlink(),
    "a name": lambda root: (root / "a.sh").rename(root / "d.sh"),
    "rights": lambda root: (root / "a.sh").chmod(0o755),
    "an installed package": lambda root: (root / ".venv" / "m.py").write_text("evil = 1\n"),
    "where a link leads": lambda root: linked(root / "link"),
    "a link in place of a file": lambda root: linked(root / "a.sh"),
    "an empty folder": lambda root: (root / "empty").mkdir(),
    "the commit that is checked out": lambda root: (root / ".git" / "HEAD").write_text("ref: refs/heads/other\n"),
    "a branch": lambda root: (root / ".git" / "refs" / "heads" / "main").write_text("1" * 40),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "ws"
    for folder in ("lib", ".venv", ".git/refs/heads", ".git/objects/aa", "home/state"):
        (root / folder).mkdir(parents=True)
    (root / "a.sh").write_text(". lib/b.sh\n")
    (root / "lib" / "b.sh").write_text("echo fine\n")
    (root / ".venv" / "m.py").write_text("fine = 1\n")
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (root / "link").symlink_to("a.sh")
    return root


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_counts(root: Path, change: Callable[[Path], object]) -> None:
    before = TreeDigest().of(root)

    change(root)

    assert TreeDigest().of(root) != before


def test_what_hermes_writes_and_what_git_adds_does_not_count(root: Path) -> None:
    before = TreeDigest([root / "home" / "state"]).of(root)

    (root / "home" / "state" / "ledger.db").touch()
    (root / ".git" / "objects" / "aa" / "bb").touch()
    os.utime(root / "a.sh", (0, 0))

    assert TreeDigest([root / "home" / "state"]).of(root) == before


async def test_a_workspace_that_is_too_large_has_no_hash(root: Path, tmp_path: Path) -> None:
    huge = root / "huge"
    os.truncate(os.open(huge, os.O_CREAT | os.O_WRONLY), _tree.MOST_BYTES + 1)
    notary = HomeNotary(folder=tmp_path / "agents", operators=(), life_s=60.0, nonces=Burned())

    whole = await notary.tree(root)
    huge.unlink()

    assert (whole, len(await notary.tree(root))) == ("", 64)


def test_a_file_deeper_than_any_path_is_not_passed_over(root: Path) -> None:
    folder = os.open(root, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=folder)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)

    with pytest.raises(TooLarge):
        TreeDigest().of(root)
