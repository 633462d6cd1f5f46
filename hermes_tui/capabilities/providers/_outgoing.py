"""Which headers leave: our own and a few plain ones, whatever a vendor's package found in its surroundings."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Final

_PLAIN: Final = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}


def keep_own(headers: MutableMapping[str, str], own: Mapping[str, str]) -> None:
    """Take out of `headers` all that is neither plain nor in `own`.

    The packages read keys, organisations and whole headers from the environment, and would send them to any host.
    """
    for name in [name for name in headers if name.lower() not in _PLAIN]:
        del headers[name]
    headers.update(own)
