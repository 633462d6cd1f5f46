"""A call that cost more than its bound is told by how much, on every interface."""

from __future__ import annotations

import pytest

from hermes_tui.domain.events import BoundPassed
from hermes_tui.domain.ids import RequestId, Seq
from hermes_tui.domain.records import Record
from hermes_tui.domain.usage import Bound
from hermes_tui.interfaces._progress import Progress
from hermes_tui.interfaces.tui import notices
from tests.kernel.bench import PLACE


def passed(bound: Bound, tokens: int, usd: float | None) -> BoundPassed:
    return BoundPassed(request_id=RequestId("r"), model="fake:m", bound=bound, tokens=tokens, usd=usd)


@pytest.mark.parametrize(
    ("body", "line", "notice"),
    [
        (
            passed(Bound(tokens=100, usd=0.01), 900, 0.25),
            "! bound    fake:m: a call cost $0.2500, its bound was $0.0100; its next bounds are the higher for it",
            "$0.25 instead of at most $0.01",
        ),
        (
            passed(Bound(tokens=100, usd=None), 900, None),
            "! bound    fake:m: a call took 900 tokens, its bound was 100; its next bounds are the higher for it",
            "900 tokens instead of at most 100",
        ),
    ],
)
def test_a_passed_bound_is_told_with_both_figures(body: BoundPassed, line: str, notice: str) -> None:
    record = Record(seq=Seq(1), at=0.0, place=PLACE, body=body)

    said = notices.budget(record, body)

    assert Progress().line(record)[9:] == line
    assert notice in "".join(text for text, _ in said.spans)
