"""Node steps in LangGraph: `langgraph_steps.py DATABASE FILE STEPS DURABILITY SHAPE` prints steps per second.

The shape is `chain` or `fan`. Runs in LangGraph's own environment, never in ours.
"""

import json
import operator
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypedDict


class Progress(TypedDict):
    """How many steps are done; kept small, because the saver stores it whole at every step."""

    done: Annotated[int, operator.add]


def build(file: str, steps: int, shape: str) -> Any:  # noqa: ANN401 - LangGraph is not there when types are checked
    """Return the graph: each step reads the file, all in a row or all at once."""
    graph_module: Any = import_module("langgraph.graph")
    send: Any = import_module("langgraph.types").Send

    def read(state: Progress) -> Progress:
        text = Path(file).read_text("utf-8")
        return {"done": int(bool(text) and state["done"] >= 0)}

    def more(state: Progress) -> str:
        return "read" if state["done"] < steps else str(graph_module.END)

    def all_at_once(state: Progress) -> list[Any]:
        return [send("read", state)] * steps

    graph = graph_module.StateGraph(Progress)
    graph.add_node("read", read)
    if shape == "fan":
        graph.add_conditional_edges(graph_module.START, all_at_once, ["read"])
    else:
        graph.add_edge(graph_module.START, "read")
        graph.add_conditional_edges("read", more)
    return graph


def main(database: str, file: str, steps: int, durability: str, shape: str) -> float:
    """Return node steps per second."""
    saver_module: Any = import_module("langgraph.checkpoint.sqlite")
    graph = build(file, steps, shape)
    with saver_module.SqliteSaver.from_conn_string(database) as saver:
        app = graph.compile(checkpointer=saver)
        config = {"configurable": {"thread_id": "1"}, "recursion_limit": steps + 10}
        began = time.perf_counter()
        ended = app.invoke({"done": 0}, config, durability=durability)
        seconds = time.perf_counter() - began
    assert ended["done"] == steps
    return steps / seconds


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])))
