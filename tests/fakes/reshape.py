"""Faults of content: the reply itself is made absurd, then sent faultlessly."""

from dataclasses import replace

from tests.fakes.faults import Fault, FaultKind
from tests.fakes.scenario import Call, Reply, Stop

UNKNOWN_TOOL = "no_such_tool"
_STAND_IN = Call("shell", {"command": "echo fake"})


def reshape(reply: Reply) -> Reply:
    """Apply a content fault; a call is added where the fault needs one."""
    match reply.fault:
        case Fault(kind=FaultKind.HUGE_DELTA) as fault:
            return replace(reply, deltas=("x" * fault.extent,))
        case Fault(kind=FaultKind.MANY_DELTAS) as fault:
            return replace(reply, deltas=("x",) * fault.extent)
        case Fault(kind=FaultKind.HALF_ARGUMENTS):
            return _with_calls(reply, [_halved(call) for call in _calls(reply)])
        case Fault(kind=FaultKind.UNKNOWN_TOOL):
            return _with_calls(reply, [replace(call, name=UNKNOWN_TOOL) for call in _calls(reply)])
        case Fault(kind=FaultKind.DUPLICATE_IDS):
            calls = _calls(reply)
            twice = calls if len(calls) > 1 else calls * 2
            return _with_calls(reply, [replace(call, id="call_same") for call in twice])
        case _:
            return reply


def _calls(reply: Reply) -> list[Call]:
    return list(reply.tool_calls) or [_STAND_IN]


def _with_calls(reply: Reply, calls: list[Call]) -> Reply:
    return replace(reply, tool_calls=calls, stop=reply.stop or Stop.TOOL_USE)


def _halved(call: Call) -> Call:
    text = call.encoded
    return replace(call, arguments=text[: max(1, len(text) // 2)])
