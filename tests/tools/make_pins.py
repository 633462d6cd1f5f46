"""Write `hermes_tui/domain/pins.py`: the sha256 of the constitution and of the modules that keep it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hermes_tui.services.constitution import digests

PACKAGE: Final = Path(__file__).resolve().parents[2] / "hermes_tui"
HEAD: Final = '''"""What the constitution and its guardrails were when they were pinned; made by `make docs`."""

from typing import Final

PINS: Final = {
'''


def pins(package: Path) -> str:
    """Return the module's text for a checkout's package."""
    return HEAD + "".join(f'    "{name}": "{digest}",\n' for name, digest in digests(package).items()) + "}\n"


def main() -> None:
    """Pin what is there."""
    (PACKAGE / "domain" / "pins.py").write_text(pins(PACKAGE), encoding="utf-8")


if __name__ == "__main__":
    main()
