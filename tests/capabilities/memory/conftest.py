"""An index in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.database import IndexDatabase
from hermes_tui.capabilities.memory.index import MemoryIndex


@pytest.fixture
def index(tmp_path: Path) -> Iterator[MemoryIndex]:
    database = IndexDatabase(tmp_path / "state" / "index.db")
    yield MemoryIndex(database)
    database.close()
