"""`kill -9` at every phase of an eight-step goal: nothing is lost, nothing happens twice."""

from __future__ import annotations

import random
import shutil
import threading
from pathlib import Path
from typing import Final

import pytest

from tests.crash.eight_steps import KILLED, REPORT, Trial
from tests.fakes.counter import running_counter

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing: commands would ask")

SEED: Final = 20261121
LAST_RECORD: Final = 34
POINTS: Final = sorted(random.Random(SEED).sample(range(1, LAST_RECORD), 8))
EVERY: Final = [point for point in range(1, LAST_RECORD) if point not in POINTS]


def test_the_goal_without_a_crash_counts_once_and_has_as_many_records_as_there_are_points(tmp_path: Path) -> None:
    with running_counter() as counter:
        trial = Trial(tmp_path, counter, probed=True)

        trial.finish()

        assert (trial.codes, counter.count, trial.report) == ([4, 0], 1, REPORT)
        assert LAST_RECORD - 5 <= trial.state()[1].seq <= LAST_RECORD + 5


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_repeats_nothing_where_the_other_side_can_be_asked(tmp_path: Path, point: int) -> None:
    with running_counter() as counter:
        trial = Trial(tmp_path, counter, probed=True)

        trial.finish(point)

        assert trial.codes[-1] == 0, trial.codes
        assert (counter.count, trial.report) == (1, REPORT)
        assert not any(asked.startswith("doubt-") for asked in trial.asked)


@pytest.mark.long
@pytest.mark.parametrize("point", EVERY)
def test_a_kill_at_any_other_record_repeats_nothing_either(tmp_path: Path, point: int) -> None:
    with running_counter() as counter:
        trial = Trial(tmp_path, counter, probed=True)

        trial.finish(point)

        assert (trial.codes[-1], counter.count, trial.report) == (0, 1, REPORT)


@pytest.mark.long
@pytest.mark.parametrize("point", range(1, LAST_RECORD))
def test_without_a_probe_the_effect_happens_at_most_once_before_the_operator_decides(
    tmp_path: Path, point: int
) -> None:
    with running_counter(honours_keys=False) as counter:
        trial = Trial(tmp_path, counter, probed=False)

        trial.finish(point)

        assert (trial.codes[-1], counter.count, trial.report) == (0, 1, REPORT)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("probed", [True, False])
def test_a_kill_while_the_effect_happens_is_found_out_or_asked_about(
    tmp_path: Path, moment: str, *, probed: bool
) -> None:
    living: list[Trial] = []
    counted = threading.Event()

    def kill(_: str | None) -> None:
        if len(living) == 1:
            trial = living.pop()
            trial.victim.kill()
            trial.victim.wait()

    def count(key: str | None) -> None:
        if moment == "after":
            kill(key)
        counted.set()

    with running_counter(honours_keys=False, before=kill if moment == "before" else None, after=count) as counter:
        trial = Trial(tmp_path, counter, probed=probed)
        assert trial.run() == 4
        trial.answer()
        living.append(trial)
        assert trial.run() == KILLED
        assert counted.wait(30)
        trial.finish()

        assert (trial.codes[-1], trial.report, counter.count) == (0, REPORT, 1)
        assert any(asked.startswith("doubt-") for asked in trial.asked) is not probed
