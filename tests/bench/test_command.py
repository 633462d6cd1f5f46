"""`python -m tests.bench`: exit codes and the document it writes, with figures that cost nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import names, report
from tests.bench.rows import Bar, Row, Samples

MISSED = Row(figure="f", what="slow", unit="s", ours=Samples((2.0, 3.0, 4.0)), bar=Bar(value=1.0))
BROKEN = Row(figure="g", what="could not be measured", unit="", note="it fell over", broken=True)


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [([MISSED], 0, "missed  f: slow"), ([MISSED, BROKEN], 1, "broken  g: could not be measured")],
)
def test_only_a_broken_figure_fails_the_bench_and_a_missed_bar_is_said(
    rows: list[Row], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(rows, "a machine", 3, tmp_path / "bench.json") == code
    assert said in capsys.readouterr().out


def test_the_document_holds_every_sample_with_ratio_and_verdict(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    report([MISSED], "a machine", 3, path)

    document = json.loads(path.read_text("utf-8"))

    assert (document["machine"], document["runs"]) == ("a machine", 3)
    assert document["rows"][0]["ours"]["values"] == [2.0, 3.0, 4.0]
    assert document["rows"][0]["verdict"] == "FAIL"


def test_every_group_of_figures_can_be_asked_for_by_name() -> None:
    early = ["fleet", "growth", "headless", "journal", "kernel", "plans"]
    assert names() == [*early, "providers", "request", "safety", "startup", "workstation"]
