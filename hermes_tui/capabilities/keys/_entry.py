"""What a store holds of one provider: its key, and where that key may go."""

from __future__ import annotations

from urllib.parse import urlsplit

from hermes_tui.domain.values import frozen

_PORTS = {"http": 80, "https": 443}


@frozen(kw_only=False)
class Entry:
    """A key and the origin it is bound to; the key is never shown."""

    origin: str
    key: str

    def __repr__(self) -> str:
        return f"Entry(origin={self.origin!r})"


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address: what a key is bound to (RFC 6454)."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
