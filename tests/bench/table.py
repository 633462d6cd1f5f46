"""Rows as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.bench.rows import Row, Samples, Verdict

HEAD = ("figure", "ours", "baseline", "ratio", "bar", "verdict", "runs: min–max (baseline)")


def render(rows: Iterable[Row]) -> str:
    """Return the table; notes stand below the line they belong to."""
    cells = [(cells_of(row), row.note) for row in rows]
    widths = [max(len(line[at]) for line in (HEAD, *(cell for cell, _ in cells))) for at in range(len(HEAD))]
    lines = [_line(HEAD, widths), _line(["─" * width for width in widths], widths)]
    for line, note in cells:
        lines.append(_line(line, widths))
        if note:
            lines.append(f"    {note}")
    return "\n".join(lines)


def summary(rows: Sequence[Row]) -> str:
    """Return how many bars were met, and which were not."""
    judged = [row for row in rows if row.verdict in (Verdict.PASS, Verdict.FAIL)]
    passed = sum(row.verdict is Verdict.PASS for row in judged)
    named = [
        f"  {word:7} {row.figure}: {row.what}"
        for verdict, word in ((Verdict.FAIL, "missed"), (Verdict.NOT_RUN, "not run"), (Verdict.BROKEN, "broken"))
        for row in rows
        if row.verdict is verdict
    ]
    return "\n".join([f"{passed} of {len(judged)} bars met", *named])


def cells_of(row: Row) -> tuple[str, ...]:
    """Return the texts of one line."""
    baseline = f"{_number(row.baseline.median)} {row.against}" if row.baseline else row.against or "-"
    return (
        f"{row.figure}: {row.what}",
        f"{_number(row.ours.median)} {row.unit}" if row.ours else "-",
        baseline,
        f"{row.ratio:.2f} ×" if row.ratio is not None else "-",
        str(row.bar) if row.bar else "-",
        str(row.verdict),
        _spread(row.ours, row.baseline),
    )


def _spread(ours: Samples | None, baseline: Samples | None) -> str:
    if ours is None:
        return "-"
    said = f"{len(ours.values)}: {_number(ours.low)}–{_number(ours.high)}"
    return f"{said} ({_number(baseline.low)}–{_number(baseline.high)})" if baseline else said


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
