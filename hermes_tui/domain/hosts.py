"""Names and addresses on a network: which a grant covers, and which are not public."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from hermes_tui.domain.patterns import later

_LABELS: Final = later(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_USUAL_PORTS: Final = (80, 443)
_NUMERIC: Final = later(r"[0-9.]+|0x[0-9a-f.x]+")


def plain_host(text: str) -> str | None:
    """Return a host name or address in its one plain form, None where it has none.

    The grammar is strict, so that what is matched is what is resolved: no NUL, no spaces, no forms such as `0x7f.1`.
    """
    name = text.casefold().removesuffix(".")
    bare = name.removeprefix("[").removesuffix("]") if name.startswith("[") and name.endswith("]") else name
    try:
        return str(ipaddress.ip_address(bare)) if "%" not in bare else None
    except ValueError:
        pass
    if len(name) > 253 or not _LABELS.fullmatch(name) or _NUMERIC.fullmatch(name):
        return None
    return name


def covers(grants: Iterable[str], host: str, port: int) -> bool:
    """Whether a grant names this host: itself, with its port, or by a leading `*.` any name below."""
    return any(_covers(grant.casefold(), host, port) for grant in grants)


def covers_private(grants: Iterable[str], host: str, port: int) -> bool:
    """Whether a grant names an address itself, or this machine; a name that leads to a private address is not enough.

    Else whoever answers for a name could have it lead into the operator's own network.
    """
    return (host == "localhost" or _is_address(host)) and covers(grants, host, port)


def is_public(place: str) -> bool:
    """Whether an address is one of the internet's, also where it is wrapped into another kind."""
    address = ipaddress.ip_address(place.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None and not is_public(str(inner)):
            return False
        if address in ipaddress.IPv6Network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
    return address.is_global and not address.is_multicast


def _covers(grant: str, host: str, port: int) -> bool:
    name, mark, number = grant.rpartition(":")
    if mark and number.isdigit() and not name.endswith(":") and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        grant = name
    elif port not in _USUAL_PORTS and not _is_address(host) and host != "localhost":
        return False
    if grant.startswith("*."):
        return host.endswith(grant[1:]) and not _is_address(host)
    return plain_host(grant) == host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
