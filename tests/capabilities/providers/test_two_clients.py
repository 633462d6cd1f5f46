"""The wire and the vendor's package are one client to whoever reads: same request out, same parts and verdicts in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from hermes_tui.domain.errors import ProviderError
from hermes_tui.domain.parts import Clocks
from tests.capabilities.providers.conversation import RICH
from tests.capabilities.providers.speakers import IMPATIENT, WIRES, Speaker, ask, hear, sent, speakers_of
from tests.fakes import Call, Fault, FaultKind, Moment, Reply, Usage
from tests.fakes.faults import INSERTIONS, INTERRUPTIONS

PAIRS = tuple(zip(WIRES, speakers_of("sdk"), strict=True))
CALLS = (Call("shell", {"command": "ls -la"}), Call("grep", {"pattern": "ü", "deep": {"a": [1, None]}}), Call("now"))
BILL = Usage(input_tokens=50, output_tokens=30, cached_tokens=20, cache_write_tokens=5, reasoning_tokens=7)
REPLIES = {
    "text": Reply("One, two, three.", usage=BILL),
    "thinking and parallel calls": Reply("Grüße.", thinking="First list the files.", tool_calls=CALLS, usage=BILL),
    "interleaved calls": Reply("", tool_calls=CALLS, interleaved=True, usage=BILL),
    "cut short": Reply("Half of", stop="length", usage=BILL),
    "refused": Reply("I cannot.", stop="refusal", usage=BILL),
    "filtered": Reply("I", stop="content_filter", usage=BILL),
    "no usage": Reply("Hi.", usage=Usage(hidden=True, input_tokens=9)),
    "nothing": Reply("", usage=BILL),
}
STRUCK = Reply("one two three four five six", tool_calls=[Call("shell", {"command": "echo 0123456789"})], usage=BILL)
INSIDE = [
    Fault(kind, moment)
    for kind in sorted(INSERTIONS | INTERRUPTIONS)
    for moment in (Moment.BEFORE_TOKEN, Moment.MID_TEXT, Moment.MID_ARGUMENTS, Moment.BEFORE_END, Moment.LAST_BYTE)
]
WHOLE = [
    *(Fault(FaultKind.STATUS, status=status) for status in (400, 401, 402, 403, 404, 413, 429, 500, 502, 503, 529)),
    *(Fault.parse(kind) for kind in ("context_length", "quota", "html_page", "empty_body", "half_arguments")),
    *(Fault.parse(kind) for kind in ("duplicate_ids", "unknown_tool", "huge_delta", "giant_header")),
]

both = pytest.mark.parametrize(("wire", "sdk"), PAIRS, ids=[str(wire) for wire, _ in PAIRS])


def verdict(error: ProviderError | None) -> tuple[type[ProviderError], str] | None:
    """Return the class and the reason of what ended a stream."""
    return None if error is None else (type(error), error.reason)


def clocks_of(fault: Fault) -> Clocks:
    """Return clocks of which only one can run out, and only by the stall itself."""
    if fault.kind is not FaultKind.STALL or fault.moment is Moment.LAST_BYTE:
        return Clocks()  # a whole reply is waited for no longer, whatever the clocks say
    return IMPATIENT if fault.moment is Moment.BEFORE_TOKEN else Clocks(idle_s=0.6)


@both
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
async def test_both_clients_hear_the_same_parts(wire: Speaker, sdk: Speaker, reply: Reply) -> None:
    assert await hear(wire, reply) == await hear(sdk, reply)


@both
@pytest.mark.parametrize("fault", [*INSIDE, *WHOLE], ids=lambda fault: fault.label)
async def test_both_clients_judge_a_fault_alike(wire: Speaker, sdk: Speaker, fault: Fault) -> None:
    reply = replace(STRUCK, fault=fault)
    request = ask(clocks=clocks_of(fault))

    here, there = await asyncio.gather(hear(wire, reply, request), hear(sdk, reply, request))

    assert verdict(here.error) == verdict(there.error)
    assert here.parts == there.parts


@both
async def test_both_clients_send_the_same_request(wire: Speaker, sdk: Speaker) -> None:
    assert await sent(wire, RICH) == await sent(sdk, RICH)


@both
async def test_both_clients_send_the_same_plain_request(wire: Speaker, sdk: Speaker) -> None:
    plain: dict[str, Any] = {"tools": (), "system": "", "max_tokens": 10, "temperature": 0.5, "window_tokens": 8192}

    said = await sent(sdk, ask(**plain))
    assert await sent(wire, ask(**plain)) == {key: value for key, value in said.items() if value != []}
