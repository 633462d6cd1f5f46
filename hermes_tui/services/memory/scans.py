"""Which way vectors are compared on this machine: numpy, else sqlite-vec where it loads, else plain Python."""

from __future__ import annotations

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.memory.database import IndexDatabase
from hermes_tui.capabilities.memory.scan import Scan, SignScan


def best_scan(database: IndexDatabase) -> Scan:
    """Return the fastest way to compare vectors that is installed here; each finds the same."""
    try:
        fastest: Scan = registry.load_private("memory", "matrix").MatrixScan()
    except ImportError:
        return _without_numpy(database)
    return fastest


def _without_numpy(database: IndexDatabase) -> Scan:
    try:
        extension = registry.load_private("memory", "extension")
    except ImportError:
        return SignScan()
    with database.reading() as connection:
        if not extension.loads(connection):
            return SignScan()
    loaded: Scan = extension.ExtensionScan()
    return loaded
