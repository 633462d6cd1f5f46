"""What a run takes of chance."""

from __future__ import annotations

import pytest

from hermes_tui.kernel.chance import token, up_to


def test_a_token_is_hexadecimal_and_no_two_are_alike() -> None:
    drawn = {token(8) for _ in range(1_000)}

    assert len(drawn) == 1_000
    assert {len(bytes.fromhex(one)) for one in drawn} == {8}


def test_numbers_are_spread_evenly_from_nothing_to_below_the_most() -> None:
    drawn = [up_to(4.0) for _ in range(4_000)]

    assert all(0.0 <= one < 4.0 for one in drawn)
    assert all(sum(low <= one < low + 1.0 for one in drawn) > 700 for low in (0.0, 1.0, 2.0, 3.0))


def test_up_to_nothing_is_nothing() -> None:
    assert up_to(0.0) == pytest.approx(0.0)
