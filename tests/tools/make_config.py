"""Writes `docs/config.md`: every key of config.yaml. Run: `python -m tests.tools.make_config`."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Final

from hermes_tui.services.config import HermesConfig
from hermes_tui.services.key_help import Key, keys_of, meaning
from hermes_tui.services.sections import REQUIRED, Section, plain

TARGET: Final = Path(__file__).resolve().parents[2] / "docs" / "config.md"
HEAD: Final = """# config.yaml

Every key, with what fits and what counts where it is left out. Made by `make docs` from what checks the file.
`hermes config explain KEY` says which value is in force on this machine, and which file and line it comes from.

Precedence, highest first: command line, environment, goal, trusted project (`.hermes-tui.yaml`), home, built-in. Where
a key says `NAME`, any name of yours fits. An edit is applied while Hermes runs; one that cannot be used is refused with
its line, and what was in force stays. A project may not set providers, openrouter, sandbox, policy, budgets, egress,
mcp, reflexes, trust or privacy.
"""


def page() -> str:
    """Return the whole page as Markdown."""
    groups = groupby(keys_of(HermesConfig), key=lambda key: key.name.partition(".")[0])
    return HEAD + "".join(_section(name, list(keys)) for name, keys in groups)


def _section(name: str, keys: list[Key]) -> str:
    rows = [f"| `{key.name}` | {_cell(key.fits)} | {_default(key.default)} | {_cell(key.text)} |" for key in keys]
    purpose = "" if keys[0].name == name else f"{meaning(HermesConfig, (name,))}\n\n"
    return f"\n## {name}\n\n{purpose}| key | fits | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _default(value: object) -> str:
    if value is REQUIRED:
        return "required"
    if value is None or value in ((), {}):
        return "–"
    return f"`{json.dumps(plain(value) if isinstance(value, Section) else value)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
