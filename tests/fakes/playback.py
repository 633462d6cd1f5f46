"""Plays one answer, and its fault, into a sender."""

from collections.abc import Mapping

from tests.fakes import interruptions
from tests.fakes.dialect import Answer, Dialect
from tests.fakes.faults import INSERTIONS, INTERRUPTIONS, Fault, FaultKind, Moment
from tests.fakes.frames import Frame, Part, encode, locate
from tests.fakes.plain import JSON, REQUEST_ID
from tests.fakes.scenario import Reply
from tests.fakes.sender import Framing, Pace, Sender

BROKEN_JSON = b'{"broken": '
BROKEN_UTF8 = b'{"broken": "\xff\xfe"}'
FATAL = frozenset({FaultKind.ERROR_EVENT, FaultKind.FAILED_EVENT})
"""Insertions after which nothing follows."""


async def play(dialect: Dialect, answer: Answer, sender: Sender) -> None:
    """Send an answer, streamed or whole, with its fault where the scenario wants it."""
    reply = answer.reply
    sender.pace = _pace(reply)
    if answer.asked.stream:
        frames, content_type = _with_insertion(dialect, answer), dialect.stream_type
    else:
        frames, content_type = _whole(dialect, answer), JSON
    headers = {"content-type": content_type} | _headers(dialect, reply)
    fault = reply.fault
    if fault is not None and fault.kind in INTERRUPTIONS:
        await _interrupted(frames, headers, fault, sender)
        return
    await sender.head(200, headers, Framing.CHUNKED)
    await sender.frames(frames)
    await sender.finish()


def _pace(reply: Reply) -> Pace:
    dripping = reply.fault is not None and reply.fault.kind is FaultKind.DRIP
    every_s = reply.fault.every_s if reply.fault is not None and dripping else None
    return Pace(first_token_s=reply.first_token_s, token_s=reply.token_s, drip_s=every_s)


def _headers(dialect: Dialect, reply: Reply) -> dict[str, str]:
    headers = dict(REQUEST_ID)
    if reply.rate_limits is not None:
        headers |= dialect.rate_headers(reply.rate_limits)
    if reply.fault is not None and reply.fault.kind is FaultKind.GIANT_HEADER:
        headers["x-giant"] = "x" * reply.fault.extent
    return headers | dict(reply.headers)


def _with_insertion(dialect: Dialect, answer: Answer) -> list[Frame]:
    """Encode the stream, with the line that a fault inserts, if any."""
    frames = dialect.frames(answer)
    fault = answer.reply.fault
    if fault is None or fault.kind not in INSERTIONS:
        return frames
    place = locate(frames, fault.strikes_at, fault.after_tokens).frame
    match fault.kind:
        case FaultKind.BAD_JSON:
            line = dialect.line(BROKEN_JSON)
        case FaultKind.BAD_UTF8:
            line = dialect.line(BROKEN_UTF8)
        case _:
            line = dialect.error_event(fault, answer)
    rest = [] if fault.kind in FATAL else frames[place:]
    return [*frames[:place], Frame(Part.BETWEEN, line), *rest]


def _whole(dialect: Dialect, answer: Answer) -> list[Frame]:
    """Encode an answer in one piece, as two frames so that moments have a place."""
    data = encode(dialect.whole(answer))
    half = len(data) // 2
    match answer.reply.fault:
        case Fault(kind=FaultKind.BAD_JSON):
            return [Frame(Part.TEXT, data[:half])]
        case Fault(kind=FaultKind.BAD_UTF8):
            return [Frame(Part.TEXT, data[:half] + b"\xff\xfe" + data[half:])]
        case Fault(kind=FaultKind.ERROR_EVENT | FaultKind.FAILED_EVENT) as fault:
            return [Frame(Part.TEXT, encode(dialect.error(500, fault)))]
        case _:
            return [Frame(Part.TEXT, data[:half]), Frame(Part.END, data[half:])]


async def _interrupted(frames: list[Frame], headers: Mapping[str, str], fault: Fault, sender: Sender) -> None:
    """Send the frames up to the fault, strike, and send the rest if it was only a stall."""
    at_once = fault.strikes_at is Moment.BEFORE_HEADERS
    if at_once and not await interruptions.strike_first(fault, headers, sender):
        return
    eof = fault.kind is FaultKind.END_EOF
    await sender.head(200, headers, Framing.UNTIL_CLOSE if eof else Framing.CHUNKED)
    cut = locate(frames, fault.strikes_at, fault.after_tokens)
    await sender.frames(frames[: cut.frame])
    rest = frames[cut.frame :]
    if cut.offset:
        await sender.body(rest[0].data[: cut.offset])
        rest[0] = Frame(Part.BETWEEN, rest[0].data[cut.offset :])
    if at_once or await interruptions.strike(fault, sender):
        await sender.frames(rest)
        await sender.finish()
