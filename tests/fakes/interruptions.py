"""Interruptions: how an answer stops short, before its headers or within its body."""

from collections.abc import Mapping

from tests.fakes import wire
from tests.fakes.faults import Fault, FaultKind
from tests.fakes.sender import Framing, Sender

CUT_CHUNK = wire.chunk(b"data: cut off in the middle of a chunk").partition(b"data")[0]
"""A chunk that is announced and never comes; half of it would be glued to a line that was cut before its end."""


async def strike_first(fault: Fault, headers: Mapping[str, str], sender: Sender) -> bool:
    """Strike before the first byte; say whether the answer follows after all."""
    match fault.kind:
        case FaultKind.STALL:
            await sender.stall(fault.stall_s)
            return True
        case FaultKind.RESET:
            sender.reset()
        case FaultKind.CUT_CHUNK:
            spelled = sender.spell_head(200, headers, Framing.CHUNKED)
            await sender.raw(spelled[: len(spelled) // 2])
            sender.hang_up()
        case FaultKind.END_CLEAN:
            await sender.head(200, headers, Framing.CHUNKED)
            await sender.finish()
        case _:
            sender.hang_up()
    return False


async def strike(fault: Fault, sender: Sender) -> bool:
    """Strike within the body; say whether the rest of the answer follows."""
    match fault.kind:
        case FaultKind.STALL:
            await sender.stall(fault.stall_s)
            return True
        case FaultKind.RESET:
            sender.reset()
        case FaultKind.CUT_CHUNK:
            await sender.raw(CUT_CHUNK)
            sender.hang_up()
        case _:
            await sender.finish()
    return False
