"""The demo: a small project with one wrong line, in folders that are gone afterwards; only the model is scripted."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hermes_tui.domain.values import frozen

MODEL: Final = "scripted:demo"
GOAL: Final = "Demo, with a scripted brain: find out why the test of ledger.py fails, and mend what is wrong."
CONFIG: Final = """version: 1
providers: {scripted: {kind: scripted, models: [demo]}}
routing: {order: [scripted]}
strategy: fixed
policy: {rules: ["shell(python3 -m unittest *)"]}
"""
FILES: Final = {
    "ledger.py": '''"""Amounts of money."""

from decimal import ROUND_HALF_UP, Decimal


def half_up(amount: float) -> int:
    """Return whole units; a half goes up."""
    return round(amount)
''',
    "test_ledger.py": """import unittest

from ledger import half_up


class Rounding(unittest.TestCase):
    def test_a_half_goes_up(self) -> None:
        self.assertEqual([half_up(1.5), half_up(2.5)], [2, 3])
""",
}


@frozen(kw_only=False)
class Demo:
    """Where the demo happens."""

    workspace: Path
    home: Path


@contextmanager
def demo_folders() -> Generator[Demo]:
    """Make the project and a home beside it; both are gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="hermes-demo-", ignore_cleanup_errors=True) as folder:
        made = Demo(Path(folder) / "ledger", Path(folder) / "home")
        made.workspace.mkdir()
        made.home.mkdir()
        (made.home / "config.yaml").write_text(CONFIG, encoding="utf-8")
        for name, text in FILES.items():
            (made.workspace / name).write_text(text, encoding="utf-8")
        yield made
