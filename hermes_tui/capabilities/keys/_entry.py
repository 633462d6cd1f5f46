"""What a store holds of one provider: its key, and where that key may go."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and the origin it is bound to; the key is never shown."""

    origin: str
    key: str = field(repr=False)


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address: what a key is bound to (RFC 6454)."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
