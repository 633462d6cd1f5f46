"""Files that were not there before, for this user alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hermes_tui.capabilities.new_file import demand_writable, new_file


def test_a_new_file_has_a_name_of_its_own_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    made = [new_file(tmp_path, ".new-") for _ in range(3)]

    for descriptor, _ in made:
        os.close(descriptor)
    assert sorted(path for _, path in made) == sorted(tmp_path.glob(".new-*"))
    assert {stat.S_IMODE(path.stat().st_mode) for _, path in made} == {0o600}


def test_a_new_file_is_not_inherited_by_programs_that_are_started(tmp_path: Path) -> None:
    descriptor, _ = new_file(tmp_path, "one-")

    assert not os.get_inheritable(descriptor)
    os.close(descriptor)


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    demand_writable(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")

    with pytest.raises(NotADirectoryError):
        demand_writable(tmp_path / "file")
