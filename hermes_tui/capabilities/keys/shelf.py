"""Which provider's key lies in which store: a small file without secrets, so that no store is opened for nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

from hermes_tui.capabilities.new_file import new_file
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen

NAME: Final = "keys.json"


@frozen
class Place:
    """Where a key lies and where it may go; `variable` is what it stands in for."""

    store: str
    variable: str
    origin: str
    set_at: float


def read(folder: Path) -> dict[str, Place]:
    """Return the places by provider, none if nothing was ever stored.

    Raises:
        UsageInvalid: the file is damaged.
    """
    path = folder / NAME
    try:
        found = cast("dict[str, dict[str, object]]", json.loads(path.read_bytes()))
        return {provider: _place(fields) for provider, fields in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageInvalid(f"{path} cannot be read: {error}.", hint="Remove it and set the keys again.") from error


def _place(fields: Mapping[str, object]) -> Place:
    return Place(
        store=str(fields["store"]),
        variable=str(fields["variable"]),
        origin=str(fields["origin"]),
        set_at=float(str(fields["set_at"])),
    )


def write(folder: Path, places: Mapping[str, Place]) -> None:
    """Put the file in place whole."""
    text = json.dumps({provider: asdict(place) for provider, place in places.items()}, indent=2)
    descriptor, made = new_file(folder, f".{NAME}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(f"{text}\n")
    made.replace(folder / NAME)
