"""The workstation at rest with every pane on screen: memory, processor time, bytes to the terminal."""

from __future__ import annotations

from tests.bench.bench import Bench
from tests.bench.programs import hermes
from tests.bench.rows import Bar, Row, Samples
from tests.bench.windows.start import READY, ours_env
from tests.bench.windows.window import WIDE, window

LOADED_S = 3.0
IDLE_S = 5.0


def measure(bench: Bench) -> list[Row]:
    """Open it, wait three seconds, weigh it; then leave it alone."""
    taken = [_rest(bench) for _ in range(max(bench.runs, 3))]
    pss, rss, busy, sent = (Samples(column) for column in zip(*taken, strict=True))
    return [
        Row(figure="workstation", what="memory at 3 s, all panes (PSS)", unit="MiB", ours=pss, bar=Bar(value=60)),
        Row(figure="workstation", what="the same, shared pages in full (RSS)", unit="MiB", ours=rss),
        Row(figure="workstation", what="CPU while idle", unit="%", ours=busy, bar=Bar(value=0.3)),
        Row(figure="workstation", what="bytes to an idle terminal", unit="B/s", ours=sent, bar=Bar(value=0)),
    ]


def _rest(bench: Bench) -> tuple[float, float, float, float]:
    with window(hermes(), ours_env(bench), bench.new_folder("rest"), WIDE) as opened:
        opened.until_said(READY)
        opened.read_for(LOADED_S)
        pss, rss = opened.pss_mib(), opened.rss_mib()
        opened.settle()
        before = opened.cpu_s()
        sent = opened.read_for(IDLE_S)
        return pss, rss, 100 * (opened.cpu_s() - before) / IDLE_S, sent / IDLE_S
