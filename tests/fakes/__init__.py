"""Fakes at the wire: a scripted provider that speaks every dialect, and an external effect.

In the loop of the test::

    async with FakeServer(Scenario(replies=[Reply("Hello."), Reply(fault=Fault.parse("429"))])) as server:
        ...  # point a client at server.openai_url, .anthropic_url, .ollama_url or .openrouter_url
    assert server.log.total.output_tokens == 2

For a process under test, the same on a thread: `with running_server(scenario) as server`.
By hand: `python -m tests.fakes --help`. The external effect: `tests.fakes.counter`.
"""

from tests.fakes.faults import Fault, FaultKind, Moment
from tests.fakes.log import Exchange, Log, Outcome
from tests.fakes.running import closed_port, refused_url, running_server
from tests.fakes.scenario import (
    Asked,
    Call,
    RateLimits,
    Repeat,
    Reply,
    Rule,
    Scenario,
    Stop,
    say,
)
from tests.fakes.server import FakeServer
from tests.fakes.usage import Bill, Usage

__all__ = [
    "Asked",
    "Bill",
    "Call",
    "Exchange",
    "FakeServer",
    "Fault",
    "FaultKind",
    "Log",
    "Moment",
    "Outcome",
    "RateLimits",
    "Repeat",
    "Reply",
    "Rule",
    "Scenario",
    "Stop",
    "Usage",
    "closed_port",
    "refused_url",
    "running_server",
    "say",
]
