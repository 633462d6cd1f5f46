"""A checked URL, what is sent to it, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from urllib.parse import SplitResult, urlsplit

from hermes_tui.domain.errors import ArgumentsInvalid
from hermes_tui.domain.hosts import plain_host
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

_UNSAFE = later(r"[^\x21-\x5b\x5d-\x7e]")


@frozen
class Address:
    """A checked URL; `name` is the host as rules name it: with the port unless it is the scheme's own."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


@frozen
class Exchange:
    """What to send."""

    method: str
    address: Address
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@frozen
class Reply:
    """What came back; `cut` if the body was longer than the cap. The names of `headers` are in small letters."""

    status: int
    content_type: str
    location: str
    body: bytes
    cut: bool
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def parse_url(url: str) -> Address:
    """Check a URL.

    Raises:
        ArgumentsInvalid: not http or https, no host, or a name and password in it.
    """
    if len(url) > 4096 or _UNSAFE.search(url):
        raise ArgumentsInvalid("fetch: url: spaces, control or non-ASCII characters.", hint="Percent-encode it.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ArgumentsInvalid(f"fetch: url: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ArgumentsInvalid("fetch: url: must be http(s)://host/…, without a password.")
    host = plain_host(parts.hostname)
    if host is None:
        raise ArgumentsInvalid("fetch: url: not a host name.")
    return Address(
        scheme=parts.scheme, host=host, port=port or (443 if parts.scheme == "https" else 80), path=_path(parts)
    )


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
