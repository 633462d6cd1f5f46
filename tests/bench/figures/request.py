"""How large the first request of a run is: system text and tool schemas, in a new home and an empty workspace."""

from __future__ import annotations

import json
from typing import Final

from tests.bench.bench import Bench
from tests.bench.programs import environment, hermes, run
from tests.bench.rows import Bar, Row, Samples
from tests.fakes.running import running_server
from tests.fakes.scenario import JsonObject, Reply, Scenario

MODEL: Final = "fake-large"
KIB: Final = 1024


def measure(bench: Bench) -> list[Row]:
    """Send one goal to the fake provider and weigh what it received."""
    workspace, home = bench.new_folder("request-workspace"), bench.new_folder("request-home")
    with running_server(Scenario(respond=lambda _: Reply("Done."), models=(MODEL,))) as server:
        env = environment(OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="fake")
        run(hermes("-m", f"openai:{MODEL}", "--home", str(home), "-p", "Say hello."), env=env, cwd=workspace)
        body = server.log.replies[0].body or {}
    system, tools = system_bytes(body), tool_bytes(body)
    return [
        Row(
            figure="request",
            what="system text and tool schemas of a first request",
            unit="KB",
            ours=Samples(((system + tools) / KIB,)),
            bar=Bar(value=12.0),
            note=f"{system:,} bytes of system text, {tools:,} bytes of tool schemas",
        )
    ]


def system_bytes(body: JsonObject) -> int:
    """Return the size of the system messages of a chat completions request."""
    return sum(len(one["content"].encode()) for one in body.get("messages", ()) if one["role"] == "system")


def tool_bytes(body: JsonObject) -> int:
    """Return the size of the tools of a chat completions request, as the shortest JSON that says the same."""
    tools = body.get("tools")
    return len(json.dumps(tools, separators=(",", ":"), ensure_ascii=False).encode()) if tools else 0
