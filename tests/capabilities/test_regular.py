"""What Hermes itself reads of a workspace: files that are where they are named, and no others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_tui.capabilities.regular import read_real, read_within


@pytest.mark.parametrize("exchanged", ["pipe", "link", "folder above"])
def test_what_was_exchanged_since_it_was_seen_is_not_read(tmp_path: Path, exchanged: str) -> None:
    base = tmp_path.resolve()
    outside, work = base / "outside", base / "work" / "a"
    for folder in (outside, work):
        folder.mkdir(parents=True)
    (outside / "file").write_text("the operator's")
    match exchanged:
        case "pipe":
            os.mkfifo(work / "file")
        case "link":
            (work / "file").symlink_to(outside / "file")
        case _:
            work.rmdir()
            work.symlink_to(outside)

    with pytest.raises(OSError, match=r"leads elsewhere|symbolic links"):
        read_real(str(work / "file"))


def test_a_link_is_followed_within_the_folder_and_not_out_of_it(tmp_path: Path) -> None:
    root = tmp_path / "work"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "real").write_text("the project's own")
    (tmp_path / "secret").write_text("the operator's")
    (root / "inside").symlink_to("docs/real")
    (root / "outside").symlink_to("../secret")

    assert read_within(root / "inside", root, 11) == b"the project"
    with pytest.raises(OSError, match="leads out"):
        read_within(root / "outside", root, 11)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")
def test_a_link_to_the_own_environment_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").symlink_to("/proc/self/environ")

    with pytest.raises(OSError, match="leads out"):
        read_within(tmp_path / "AGENTS.md", tmp_path, 100)
