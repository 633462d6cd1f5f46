"""`Retry-After`: a number of seconds or one of the three forms of a date; anything else is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hermes_tui.capabilities.providers._errors import retry_after_s

FORMS = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
HOUR_S = 3600.0


@pytest.mark.parametrize("form", FORMS)
def test_a_date_is_told_as_the_seconds_until_then(form: str) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)

    found = retry_after_s(later.strftime(form))

    assert found is not None
    assert HOUR_S < found <= 2 * HOUR_S


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("", None)],
)
def test_a_number_counts_what_has_passed_is_now_and_the_rest_is_nothing(value: str, seconds: float | None) -> None:
    assert retry_after_s(value) == seconds
