"""Write docs/map.md: every module of Hermes with its caption, floor by floor."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "hermes_tui"
TARGET: Final = ROOT / "docs" / "map.md"
FLOORS: Final = ("", "interfaces", "services", "capabilities", "kernel", "domain")
HEAD: Final = "# Map\n\nEvery module with its caption, highest floor first. Made by `make docs`.\n"


def caption(module: Path) -> str:
    """Return the first line of a module's docstring; empty if it has none."""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def page() -> str:
    """Return the whole map as Markdown."""
    folders = sorted({module.parent for module in PACKAGE.rglob("*.py")}, key=_order)
    return HEAD + "".join(_section(folder) for folder in folders)


def _order(folder: Path) -> tuple[int, Path]:
    floor = folder.relative_to(PACKAGE).parts[:1]
    name = floor[0] if floor else ""
    return (FLOORS.index(name) if name in FLOORS else len(FLOORS), folder)


def _section(folder: Path) -> str:
    rows = [
        f"| `{module.stem}` | {_cell(caption(module))} |" for module in sorted(folder.glob("*.py")) if _listed(module)
    ]
    title = f"\n## {folder.relative_to(ROOT).as_posix()}/\n"
    purpose = caption(folder / "__init__.py") if (folder / "__init__.py").is_file() else ""
    table = ["\n| module | caption |", "|---|---|", *rows, ""] if rows else []
    return title + (f"\n{purpose}\n" if purpose else "") + "\n".join(table)


def _listed(module: Path) -> bool:
    return module.stem != "__init__"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
