"""Writes the table of keys into `docs/workstation.md`. Run: `python -m tests.tools.make_keys`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hermes_tui.interfaces.tui.keymap import bindings_of, key_name
from hermes_tui.interfaces.tui.staff import DECLARING

TARGET: Final = Path(__file__).resolve().parents[2] / "docs" / "workstation.md"
HEAD: Final = "| id | key | does |\n|---|---|---|\n"


def table() -> str:
    """Return a row for each action."""
    rows = [
        f"| `{key.name}` | {' '.join(f'`{key_name(one)}`' for one in key.keys)} | {key.does} |"
        for key in bindings_of(DECLARING)
    ]
    return HEAD + "\n".join(rows) + "\n"


def with_table(page: str) -> str:
    """Return the page with the table as it is now."""
    before, _, rest = page.partition(HEAD)
    _, _, after = rest.partition("\n\n")
    return f"{before}{table()}\n{after}"


if __name__ == "__main__":
    TARGET.write_text(with_table(TARGET.read_text("utf-8")), encoding="utf-8")
