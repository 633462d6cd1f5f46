"""An index, and a whole vault, in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.database import IndexDatabase
from hermes_tui.capabilities.memory.index import MemoryIndex
from tests.capabilities.memory.vaults import TestVault, open_vault


@pytest.fixture
def index(tmp_path: Path) -> Iterator[MemoryIndex]:
    database = IndexDatabase(tmp_path / "state" / "index.db")
    yield MemoryIndex(database)
    database.close()


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[TestVault]:
    opened = open_vault(tmp_path / "home")
    yield opened
    opened.close()
