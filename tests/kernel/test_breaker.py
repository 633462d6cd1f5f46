"""When a model that failed is asked again."""

from __future__ import annotations

import pytest

from hermes_tui.domain.circuit import OPEN_S, PROBE_S, THRESHOLD
from hermes_tui.domain.errors import FailureReason
from hermes_tui.kernel.breaker import Health, Standing

DOWN = FailureReason.SERVER


def failed(times: int, now: float = 1000.0, reason: FailureReason = DOWN) -> Health:
    health = Health()
    for _ in range(times):
        health = health.failed(now, reason, "down")
    return health


def test_five_failures_in_a_row_open_the_circuit_for_a_minute() -> None:
    four, five = failed(THRESHOLD - 1), failed(THRESHOLD)

    assert four.standing(1001.0) is Standing.RESTING
    assert five.standing(1000.0 + OPEN_S - 0.001) is Standing.OPEN
    assert five.ready_in_s(1000.0) == OPEN_S
    assert five.standing(1000.0 + OPEN_S) is Standing.PROBE


def test_while_one_caller_tries_it_nobody_else_does() -> None:
    health = failed(THRESHOLD).probed(1061.0)

    assert health.standing(1061.0) is Standing.OPEN
    assert health.standing(1061.0 + PROBE_S) is Standing.PROBE


def test_a_reply_closes_the_circuit_and_a_failed_probe_opens_it_again() -> None:
    probed = failed(THRESHOLD).probed(1061.0)

    assert probed.succeeded() == Health()
    assert probed.failed(1062.0, DOWN, "down").ready_in_s(1062.0) == OPEN_S


def test_a_success_in_between_starts_the_count_again() -> None:
    health = failed(THRESHOLD - 1).succeeded().failed(1001.0, DOWN, "down")

    assert (health.failures, health.standing(1001.0)) == (1, Standing.RESTING)


def test_each_failure_rests_twice_as_long_as_the_one_before() -> None:
    assert [failed(times).rests_until - 1000.0 for times in range(1, THRESHOLD)] == [5.0, 10.0, 20.0, 40.0]


@pytest.mark.parametrize(
    "reason", [FailureReason.INVALID_REQUEST, FailureReason.CONTEXT_LENGTH, FailureReason.CONTENT_FILTER]
)
def test_an_answer_that_blames_the_request_never_counts_against_the_model(reason: FailureReason) -> None:
    assert failed(10, reason=reason).standing(1000.0) is Standing.READY


@pytest.mark.parametrize(
    "reason",
    [FailureReason.AUTHENTICATION, FailureReason.QUOTA, FailureReason.PERMISSION, FailureReason.NOT_FOUND],
)
def test_what_asking_again_cannot_change_opens_the_circuit_at_once(reason: FailureReason) -> None:
    assert failed(1, reason=reason).standing(1001.0) is Standing.OPEN


def test_a_rate_limit_is_kept_and_is_no_failure() -> None:
    health = Health().failed(1000.0, FailureReason.RATE_LIMITED, "slow down", 7.0)

    assert health.standing(1006.9) is Standing.LIMITED
    assert health.standing(1007.0) is Standing.READY
    assert health.failures == 0


def test_a_cancelled_probe_leaves_the_next_one_to_another_caller() -> None:
    health = failed(THRESHOLD).probed(1061.0).failed(1062.0, FailureReason.CANCELLED, "")

    assert health.standing(1062.0) is Standing.PROBE


def test_a_clock_that_was_set_back_never_shuts_a_model_out() -> None:
    assert failed(THRESHOLD).standing(500.0) is Standing.READY
