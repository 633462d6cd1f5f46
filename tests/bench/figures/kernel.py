"""Steps of the whole kernel: schema, policy, act and journal of a `read` task, beside LangGraph's SQLite saver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import Task, TaskKind
from tests.bench.bench import Bench, Measure
from tests.bench.peers import langgraph
from tests.bench.rows import Bar, Row
from tests.bench.stations import Station

STEPS: Final = 400
_numbers = count(1)


def measure(bench: Bench) -> list[Row]:
    """Measure a chain, where each step waits for the one before, and a fan of independent steps."""
    measures: dict[str, Measure] = {"chain": _rate(bench, _chain), "fan": _rate(bench, _fan)}
    python = langgraph.python()
    if python is not None:
        measures["sync"] = _peer(bench, python, "sync")
        measures["async"] = _peer(bench, python, "async")
    taken = dict(zip(measures, bench.alternate(*measures.values()), strict=True))
    absent = "" if python else "LangGraph could not be installed, so there is nothing to compare with"
    bar = Bar(value=20.0, ratio=True, least=True)
    return [
        Row(
            figure="kernel",
            what=f"`read` steps/s, {shape} of {STEPS}",
            unit="/s",
            ours=taken[shape],
            baseline=taken.get(durability),
            against=f"/s LangGraph, durability {durability}",
            bar=bar if durability == "sync" else None,
            note=absent,
        )
        for shape, durability in (("chain", "sync"), ("fan", "sync"), ("chain", "async"))
    ]


def _rate(bench: Bench, plan: Callable[[], list[Task]]) -> Measure:
    station = Station.make(bench.new_folder("kernel"))
    (station.workspace / "note.txt").write_text("one\ntwo\n", encoding="utf-8")
    return lambda: STEPS / asyncio.run(station.pursue(f"k-{next(_numbers)}", plan()))


def _peer(bench: Bench, python: Path, durability: str) -> Measure:
    def steps_per_s() -> float:
        folder = bench.new_folder("langgraph")
        (folder / "note.txt").write_text("one\ntwo\n", encoding="utf-8")
        return langgraph.steps_per_s(python, folder, STEPS, durability)

    return steps_per_s


def _fan() -> list[Task]:
    return [_task(number, ()) for number in range(STEPS)]


def _chain() -> list[Task]:
    return [_task(number, (TaskId(f"t{number - 1}"),) if number else ()) for number in range(STEPS)]


def _task(number: int, needs: tuple[TaskId, ...]) -> Task:
    arguments = json.dumps({"path": "note.txt"})
    return Task(id=TaskId(f"t{number}"), kind=TaskKind.TOOL, title="Read", use="read", args=arguments, needs=needs)
