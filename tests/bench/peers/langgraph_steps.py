"""A chain of node steps in LangGraph: `langgraph_steps.py DATABASE FILE STEPS DURABILITY` prints steps per second.

Runs in LangGraph's own environment, never in ours.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, TypedDict


class Progress(TypedDict):
    """How many steps are done; kept small, because the saver stores it whole at every step."""

    done: int


def main(database: str, file: str, steps: int, durability: str) -> float:
    """Return node steps per second."""
    graph_module: Any = import_module("langgraph.graph")
    saver_module: Any = import_module("langgraph.checkpoint.sqlite")

    def read(state: Progress) -> Progress:
        text = Path(file).read_text("utf-8")
        return {"done": state["done"] + (1 if text else 0)}

    def more(state: Progress) -> str:
        return "read" if state["done"] < steps else str(graph_module.END)

    graph = graph_module.StateGraph(Progress)
    graph.add_node("read", read)
    graph.add_edge(graph_module.START, "read")
    graph.add_conditional_edges("read", more)
    with saver_module.SqliteSaver.from_conn_string(database) as saver:
        app = graph.compile(checkpointer=saver)
        config = {"configurable": {"thread_id": "1"}, "recursion_limit": steps + 10}
        began = time.perf_counter()
        ended = app.invoke({"done": 0}, config, durability=durability)
        seconds = time.perf_counter() - began
    assert ended["done"] == steps
    return steps / seconds


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])))
