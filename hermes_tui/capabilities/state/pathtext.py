"""Paths as text that JSON and SQLite can hold, also those whose bytes are no UTF-8."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.patterns import later

_ODD: Final = later("[\udc80-\udcff]")
"""What stands for a byte that is no UTF-8 (PEP 383)."""
_KEPT: Final = later("\0(..)")
"""No path has a zero byte of its own."""
_FIRST: Final = 0xDC00


def kept(path: str) -> str:
    """Return `path` as such a text; nearly every path is one already."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return _ODD.sub(lambda found: f"\0{ord(found[0]) - _FIRST:02x}", path)
    return path


def path_of(text: str) -> str:
    """Return the path that a text was kept for."""
    return _KEPT.sub(lambda found: chr(_FIRST + int(found[1], 16)), text) if "\0" in text else text
