"""Answers in one piece: JSON pages, HTTP errors, and what stands in for an answer."""

from collections.abc import Mapping

from tests.fakes import interruptions
from tests.fakes.dialect import Dialect
from tests.fakes.faults import REFUSALS, REPLACEMENTS, Fault, FaultKind
from tests.fakes.frames import encode
from tests.fakes.scenario import JsonObject
from tests.fakes.sender import Framing, Sender

JSON = "application/json"
HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>\n"
REFUSAL_STATUS = {FaultKind.CONTEXT_LENGTH: 400, FaultKind.QUOTA: 429}
REQUEST_ID = {"request-id": "req_fake", "x-request-id": "req_fake"}


async def send(
    sender: Sender, status: int, content_type: str, data: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """Send a body of known length."""
    known = {"content-type": content_type, "content-length": str(len(data))}
    await sender.head(status, known | dict(headers or {}), Framing.LENGTH)
    await sender.body(data)


async def send_json(sender: Sender, status: int, body: JsonObject, headers: Mapping[str, str] | None = None) -> None:
    """Send a JSON body."""
    await send(sender, status, JSON, encode(body), headers)


async def refuse(dialect: Dialect, fault: Fault, sender: Sender) -> int:
    """Answer with an HTTP error in the dialect's words; return its status."""
    status = REFUSAL_STATUS.get(fault.kind, fault.status)
    headers = dict(REQUEST_ID)
    if fault.retry_after_s is not None:
        headers["retry-after"] = f"{fault.retry_after_s:g}"
    await send_json(sender, status, dialect.error(status, fault), headers)
    return status


async def stand_in(dialect: Dialect, fault: Fault, sender: Sender) -> int:
    """Send what replaces the whole answer; return its status."""
    if fault.kind in REFUSALS:
        return await refuse(dialect, fault, sender)
    content_type, data = (JSON, b"") if fault.kind is FaultKind.EMPTY_BODY else ("text/html", HTML)
    await send(sender, 200, content_type, data)
    return 200


async def fail(dialect: Dialect, fault: Fault, sender: Sender) -> int | None:
    """Strike a request that is not for a reply.

    Interruptions strike before the first byte, whatever their moment.

    Returns:
        The status sent; `None` without one: a stall that is over, or a closed connection.
    """
    if fault.kind in REPLACEMENTS:
        return await stand_in(dialect, fault, sender)
    await interruptions.strike_first(fault, {"content-type": JSON}, sender)
    return 200 if fault.kind is FaultKind.END_CLEAN else None
