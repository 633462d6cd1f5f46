"""A table to sit at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interfaces.tui.stand import Table


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    return Table(tmp_path, monkeypatch)
