"""What was trusted of tool servers, and what went wrong with each last; a file of the home's state."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from hermes_tui.capabilities.mcp.catalog import Listing
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen

STORE: Final = "mcp.json"
_PINS: Final = "pins"
_TROUBLES: Final = "troubles"


@frozen
class Pin:
    """A server as it was trusted: the digest of how it is started, and its tools with their texts."""

    launch: str
    tools: tuple[Listing, ...]


class PinBook:
    """The file; read whole each time, replaced whole at each change."""

    def __init__(self, state: Path) -> None:
        self._path = state / STORE

    def pin(self, key: str) -> Pin | None:
        """Return what was trusted of a server, None if nothing was.

        Raises:
            UsageInvalid: the file cannot be read.
        """
        found = self._read()[_PINS].get(key)
        if found is None:
            return None
        return Pin(launch=found["launch"], tools=tuple(Listing(**each) for each in found["tools"]))

    def keep(self, key: str, pin: Pin | None) -> None:
        """Keep a pin, or drop it."""
        kept = self._read()
        kept[_PINS].pop(key, None)
        if pin is not None:
            kept[_PINS][key] = {"launch": pin.launch, "tools": [_fields(listing) for listing in pin.tools]}
        self._write(kept)

    def trouble(self, key: str) -> str:
        """Return what went wrong with a server last; empty once it worked again."""
        return str(self._read()[_TROUBLES].get(key, ""))

    def note(self, key: str, trouble: str) -> None:
        """Note what went wrong with a server, or that it works."""
        kept = self._read()
        if kept[_TROUBLES].get(key, "") == trouble:
            return
        kept[_TROUBLES].pop(key, None)
        if trouble:
            kept[_TROUBLES][key] = trouble[:500]
        self._write(kept)

    def _read(self) -> dict[str, dict[str, Any]]:
        empty: dict[str, dict[str, Any]] = {_PINS: {}, _TROUBLES: {}}
        try:
            return {**empty, **cast("dict[str, dict[str, Any]]", json.loads(self._path.read_bytes()))}
        except FileNotFoundError:
            return empty
        except (OSError, ValueError) as error:
            hint = "Remove it; tool servers then ask for trust again."
            raise UsageInvalid(f"{self._path} cannot be read: {error}.", hint=hint) from error

    def _write(self, kept: Mapping[str, object]) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{STORE}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(kept, stream, indent=1, ensure_ascii=False)
        Path(name).replace(self._path)


def _fields(listing: Listing) -> dict[str, str]:
    return {
        "name": listing.name,
        "called": listing.called,
        "description": listing.description,
        "schema": listing.schema,
        "digest": listing.digest,
    }
