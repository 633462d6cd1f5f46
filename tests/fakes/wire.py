"""HTTP/1.1 by hand: reading requests, spelling response heads and chunks."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from tests.fakes.scenario import JsonObject

HEAD_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower case, the path has no query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> JsonObject | None:
        """Return the body if it is a JSON object."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return cast("JsonObject", value) if isinstance(value, dict) else None


async def read_request(reader: asyncio.StreamReader, first: bytes) -> Request:
    """Read the rest of a request whose first byte has arrived.

    Raises:
        ValueError: The head makes no sense.
        asyncio.IncompleteReadError: The client left in the middle.
    """
    head = first + await reader.readuntil(b"\r\n\r\n")
    first_line, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first_line.split(" ")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, await _read_body(reader, headers))


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", ""):
        return await _read_chunks(reader)
    return await reader.readexactly(int(headers.get("content-length", "0")))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks: list[bytes] = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(chunks)


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Spell a response head; 529 and the like get the reason `Unknown`."""
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown"
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Spell one chunk of a chunked body (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
