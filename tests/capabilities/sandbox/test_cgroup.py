"""Control groups of calls: lent one by one, joined without moving Hermes, removed in the end."""

from __future__ import annotations

import gc
import subprocess
from pathlib import Path

import pytest

from hermes_tui.capabilities.sandbox.cgroup import OWN, ROOT, Group, Groups

LIMITS = (64, 2**30)


@pytest.fixture
def groups() -> Groups:
    made = Groups(*LIMITS)
    with made.one() as group:
        if not group.folders:
            pytest.skip("no control group can be made here")
    return made


def started_in(group: Group) -> set[str]:
    """Return the groups that a program started for `group` is in."""
    with group.joined(("/bin/cat", "/proc/self/cgroup")) as argv:
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return {line.rpartition("/")[2] for line in done.stdout.splitlines()}


def test_a_group_is_lent_again_once_its_call_ended(groups: Groups) -> None:
    with groups.one() as first:
        pass

    with groups.one() as second:
        assert second.folders == first.folders


def test_two_calls_at_once_never_share_a_group(groups: Groups) -> None:
    with groups.one() as first, groups.one() as second:
        assert not set(first.folders) & set(second.folders)


def test_a_group_in_which_something_still_runs_is_not_lent_again(groups: Groups) -> None:
    with groups.one() as first, first.joined(("/bin/sleep", "60")) as argv:
        left = subprocess.Popen(argv)
    try:
        with groups.one() as second:
            lent = second.folders
    finally:
        left.kill()
        left.wait()

    assert lent != first.folders


def test_a_program_starts_in_its_group_and_hermes_stays_where_it_was(groups: Groups) -> None:
    before = OWN.read_text()

    with groups.one() as group:
        inside = started_in(group)
        still = group.members()

    assert group.folders[0].name in inside
    assert (OWN.read_text(), still) == (before, set[int]())


def test_a_shell_joins_where_threads_do_not_move_alone(groups: Groups) -> None:
    with groups.one() as group:
        inside = started_in(Group(group.folders))

    assert group.folders[0].name in inside


def test_groups_go_with_their_owner(groups: Groups) -> None:
    own = Groups(*LIMITS)
    with own.one() as group:
        pass

    del own
    gc.collect()

    assert not any(folder.exists() for folder in group.folders)


def test_what_a_killed_hermes_left_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    (own := tmp_path / "own").write_text("3:pids:/\n")
    dead, alive = tmp_path / "pids" / "hermes-call-4194399-0", tmp_path / "pids" / "hermes-call-1-0"
    dead.mkdir()
    alive.mkdir()

    with Groups(*LIMITS, root=tmp_path, own=own).one() as group:
        assert group.folders == ()

    assert (dead.exists(), alive.exists()) == (False, True)


def test_without_groups_a_program_starts_as_it_is() -> None:
    with Groups(*LIMITS, root=ROOT / "none").one() as group, group.joined(("true", "x")) as argv:
        assert (argv, group.members()) == (("true", "x"), set[int]())
