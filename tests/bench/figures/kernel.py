"""Steps of the whole kernel: schema, policy, act and journal of a `read` task, beside LangGraph's SQLite savers.

A step reads a file of 256 bytes and keeps what it read. Ours are tool tasks of a declared plan, two records a step;
LangGraph's are nodes whose state is a counter and the last result, with durability `sync`. 1,000 agents at once are as
many chains in one plan with room for all of them, and as many threads of one graph. The bars are those of the saver
that serves many agents on one loop, AsyncSqliteSaver; the plain one, which is faster for a single agent, stands beside.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.domain.approval import Decision, Grant, ResolvedCall, Ruling
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.ports import ToolContext
from hermes_tui.domain.tasks import Effect, Mode, Reach, Task, TaskKind
from hermes_tui.kernel.kit import Kit
from tests.bench.bench import Bench, Measure
from tests.bench.peers import langgraph
from tests.bench.rows import Bar, Row
from tests.bench.stations import Station

STEPS: Final = 400
WIDE: Final = 1_000
AGENTS: Final = 1_000
AGENT_STEPS: Final = 3
NOTE: Final = ("x" * 63 + "\n") * 4
EFFECT_EVERY: Final = 10
_numbers = count(1)


def measure(bench: Bench) -> list[Row]:
    """Measure 1,000 chains at once, one chain, a fan of independent steps, and a chain that acts."""
    measures: dict[str, Measure] = {
        "agents": _rate(bench, _agents, AGENTS * AGENT_STEPS),
        "chain": _rate(bench, _chain),
        "fan": _rate(bench, _fan, WIDE),
        "effects": _rate(bench, _acting),
    }
    python = langgraph.python()
    if python is not None:
        measures["peer agents"] = _peer(bench, python, (AGENTS, AGENT_STEPS), "chain")
        measures["peer chain"] = _peer(bench, python, (1, STEPS), "chain")
        measures["peer fan"] = _peer(bench, python, (1, WIDE), "fan")
        measures["peer plain"] = _peer(bench, python, (1, STEPS), "chain", "plain")
    taken = dict(zip(measures, bench.alternate(*measures.values()), strict=True))
    absent = "" if python else "LangGraph could not be installed, so there is nothing to compare with"
    chain, acting = f"`read` steps/s, chain of {STEPS}", f"steps/s, chain of {STEPS}, 1 in {EFFECT_EVERY} acts outside"
    rows = (
        ("agents", "agents", f"`read` steps/s, {AGENTS:,} agents at once", "as many threads at once", 20.0),
        ("chain", "chain", chain, "its chain", 20.0),
        ("fan", "fan", f"`read` steps/s, fan of {WIDE:,}", "its fan", 20.0),
        ("effects", "chain", acting, "its chain", 10.0),
        ("chain", "plain", chain, "its chain, the plain saver", None),
        ("effects", "plain", acting, "its chain, the plain saver", None),
    )
    return [
        Row(
            figure="kernel",
            what=what,
            unit="/s",
            ours=taken[shape],
            baseline=taken.get(f"peer {peer}"),
            against=f"/s LangGraph, {against}",
            bar=None if least is None else Bar(value=least, ratio=True, least=True),
            note=absent,
        )
        for shape, peer, what, against, least in rows
    ]


def _rate(bench: Bench, plan: Callable[[], list[Task]], steps: int = STEPS) -> Measure:
    station = Station.make(bench.new_folder("kernel"))
    (station.workspace / "note.txt").write_text(NOTE, encoding="utf-8")
    return lambda: steps / asyncio.run(station.pursue(f"k-{next(_numbers)}", plan(), _outfit))


def _peer(bench: Bench, python: Path, counts: tuple[int, int], shape: str, saver: str = "aio") -> Measure:
    def steps_per_s() -> float:
        folder = bench.new_folder("langgraph")
        (folder / "note.txt").write_text(NOTE, encoding="utf-8")
        return langgraph.steps_per_s(python, folder, counts, shape, saver)

    return steps_per_s


@tool(effect=Effect.EXTERNAL, reach=Reach.NETWORK)
async def post(context: ToolContext) -> str:
    """Count one more on the other side."""
    with (context.workspace.root / "counter").open("a", encoding="utf-8") as other_side:
        other_side.write(".")
    return context.key


class _Allowing:
    """An operator who allows everything, so that no step waits for an answer."""

    def decide(self, call: ResolvedCall, mode: Mode, grants: Sequence[Grant]) -> Ruling:
        """Return the decision; see `ports.Policy`."""
        assert call.tool in ("read", "post"), (mode, grants)
        return Ruling(decision=Decision.ALLOW, rule="bench")


def _outfit(kit: Kit) -> None:
    """Give the plan that acts its tool and its operator, and agents room for all of them; all else is as it ships."""
    tasks = kit.session.state.graph.tasks
    if any(task.use == "post" for task in tasks.values()):
        kit.tools, kit.policy = {**kit.tools, "post": post}, _Allowing()
    if len(tasks) == AGENTS * AGENT_STEPS:
        kit.width = AGENTS


def _agents() -> list[Task]:
    """Return a chain for each agent; what each does first comes first."""
    return [
        _task(step * AGENTS + agent, (TaskId(f"t{(step - 1) * AGENTS + agent}"),) if step else ())
        for step in range(AGENT_STEPS)
        for agent in range(AGENTS)
    ]


def _fan() -> list[Task]:
    return [_task(number, ()) for number in range(WIDE)]


def _chain() -> list[Task]:
    return [_task(number, (TaskId(f"t{number - 1}"),) if number else ()) for number in range(STEPS)]


def _acting() -> list[Task]:
    """Return the chain in which every tenth step acts outside: its intent is on disk first."""
    chain = _chain()
    return [_task(at, one.needs, "post") if at % EFFECT_EVERY == 0 else one for at, one in enumerate(chain)]


def _task(number: int, needs: tuple[TaskId, ...], use: str = "read") -> Task:
    arguments = json.dumps({"path": "note.txt"} if use == "read" else {})
    return Task(id=TaskId(f"t{number}"), kind=TaskKind.TOOL, title=use, use=use, args=arguments, needs=needs)
