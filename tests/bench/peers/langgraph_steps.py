"""Node steps in LangGraph: `langgraph_steps.py DATABASE FILE AGENTS STEPS SHAPE SAVER` prints steps per second.

Each step reads the file and keeps what it read as its result, as a step of ours does; durability is `sync`, which loses
nothing. The shape is `chain`, each agent's steps one after another and all agents at once, or `fan`, all steps at once.
The saver is `aio`, AsyncSqliteSaver, or `plain`, SqliteSaver, which serves one agent at a time. Runs in LangGraph's own
environment, never in ours.
"""

import asyncio
import json
import operator
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypedDict


def latest(_: str, new: str) -> str:
    """Keep the newest result; the saver stores the whole state at every step."""
    return new


class Progress(TypedDict):
    """How many steps are done, and what the last one brought."""

    done: Annotated[int, operator.add]
    result: Annotated[str, latest]


def build(file: str, steps: int, shape: str) -> Any:  # noqa: ANN401 - LangGraph is not there when types are checked
    """Return the graph: each step reads the file, all in a row or all at once."""
    graph_module: Any = import_module("langgraph.graph")
    send: Any = import_module("langgraph.types").Send

    def read(state: Progress) -> Progress:
        text = Path(file).read_text("utf-8")
        return {"done": int(bool(text) and state["done"] >= 0), "result": text}

    async def read_in_turn(state: Progress) -> Progress:
        return read(state)

    def more(state: Progress) -> str:
        return "read" if state["done"] < steps else str(graph_module.END)

    def all_at_once(state: Progress) -> list[Any]:
        return [send("read", state)] * steps

    node: Any = import_module("langchain_core.runnables").RunnableLambda(read, afunc=read_in_turn)
    graph = graph_module.StateGraph(Progress)
    graph.add_node("read", node)
    if shape == "fan":
        graph.add_conditional_edges(graph_module.START, all_at_once, ["read"])
    else:
        graph.add_edge(graph_module.START, "read")
        graph.add_conditional_edges("read", more)
    return graph


def asked(agent: int, steps: int) -> tuple[Progress, dict[str, Any]]:
    """Return what an agent begins with, and its settings."""
    config = {"configurable": {"thread_id": str(agent)}, "recursion_limit": steps + 10}
    return {"done": 0, "result": ""}, config


def plain(database: str, graph: Any, steps: int) -> float:  # noqa: ANN401 - as above
    """Return the seconds that one agent takes with the plain saver."""
    saver_module: Any = import_module("langgraph.checkpoint.sqlite")
    with saver_module.SqliteSaver.from_conn_string(database) as saver:
        app = graph.compile(checkpointer=saver)
        began = time.perf_counter()
        ended = app.invoke(*asked(1, steps), durability="sync")
        seconds = time.perf_counter() - began
    assert ended["done"] == steps
    return seconds


async def at_once(database: str, graph: Any, agents: int, steps: int) -> float:  # noqa: ANN401 - as above
    """Return the seconds that all agents take at once."""
    saver_module: Any = import_module("langgraph.checkpoint.sqlite.aio")
    async with saver_module.AsyncSqliteSaver.from_conn_string(database) as saver:
        app = graph.compile(checkpointer=saver)
        began = time.perf_counter()
        ended = await asyncio.gather(*(app.ainvoke(*asked(one, steps), durability="sync") for one in range(agents)))
        seconds = time.perf_counter() - began
    assert all(one["done"] == steps for one in ended)
    return seconds


def main(database: str, file: str, counts: tuple[int, int], shape: str, saver: str) -> float:
    """Return node steps per second."""
    agents, steps = counts
    graph = build(file, steps, shape)
    if saver == "plain":
        return steps / plain(database, graph, steps)
    return agents * steps / asyncio.run(at_once(database, graph, agents, steps))


if __name__ == "__main__":
    number = (int(sys.argv[3]), int(sys.argv[4]))
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], number, *sys.argv[5:])))
