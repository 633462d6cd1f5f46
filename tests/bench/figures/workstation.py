"""The workstation in a real terminal, beside its peers: start, rest, a turn, long sessions, a frame."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from hermes_tui.interfaces.tui.drawing.row_window import RowWindow
from hermes_tui.interfaces.tui.rows import Origin, Reply
from tests.bench.bench import Bench, say
from tests.bench.programs import ProgramFailed
from tests.bench.rows import Bar, Row, Samples
from tests.bench.windows import long, rest, start, turn
from tests.fakes.running import running_server
from tests.fakes.scenario import Scenario

ROWS: Final = 36
MESSAGES: Final = 5000
TEXT: Final = "# Heading\n\nSome **words** and `code`.\n\n```python\nfor x in range(10):\n    print(x)\n```\n"


def measure(bench: Bench) -> list[Row]:
    """Open windows, one after the other, so that nothing of ours runs beside what is measured."""
    with running_server(Scenario(respond=turn.answer, models=(turn.MODEL,))) as server:
        parts: dict[str, Callable[[], list[Row]]] = {
            "start": lambda: start.measure(bench, server.openai_url),
            "rest": lambda: rest.measure(bench),
            "turn": lambda: turn.measure(bench),
            "typing": lambda: long.typing(bench),
            "resumed": lambda: long.resumed(bench),
            "soak": lambda: long.soak(bench),
        }
        rows = [row for name, part in parts.items() for row in _taken(name, part)]
    frames = Samples(tuple(_frame_ms() for _ in range(max(bench.runs, 3))))
    what = f"a frame among {MESSAGES:,} messages"
    return [*rows, Row(figure="workstation", what=what, unit="ms", ours=frames, bar=Bar(value=33))]


def _taken(name: str, part: Callable[[], list[Row]]) -> list[Row]:
    """Return the rows of one part; one that cannot be taken leaves the others."""
    say(f"workstation: {name} …")
    try:
        return part()
    except ProgramFailed as error:
        note = str(error).replace("\n", " ")[-400:]
        return [Row(figure="workstation", what=f"{name}: could not be measured", unit="", note=note, broken=True)]


def _frame_ms() -> float:
    """Return how long a frame takes after a message came, in a transcript of thousands."""
    window = RowWindow(clock=time.time, width=84, height=ROWS)
    window.extend([Reply(origin=Origin(key=number), text=f"{TEXT}{number}") for number in range(MESSAGES)])
    window.layout()
    began = time.perf_counter()
    window.extend([Reply(origin=Origin(key="new"), text=TEXT)])
    for index, at in window.layout():
        _ = window.lines_of(index)[at]
    return 1000 * (time.perf_counter() - began)
