"""The first frame as escape sequences: the prompt where it will stand, what is happening, the colours of the theme."""

from __future__ import annotations

import unicodedata

from hermes_tui.interfaces import _contrast, _swatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hermes_tui.interfaces.early.draft import Draft

LEAST_WIDTH, LEAST_HEIGHT = 40, 10
USED = ("accent", "text", "muted")
"""The roles of what is written in the frame."""
MOST_ROWS = 10
"""The prompt grows up to so many rows."""
BESIDE_TWO, BESIDE_WIDE = 49, 112
"""Columns to the right of the console, with their dividers, from 120 columns on and from 180 × 40 on."""
ENTER = "\x1b[?1049h\x1b[?2004h\x1b[?25l\x1b[?7l"
LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?2004l\x1b[?1049l"
CYAN = "\x1b[36m"
"""The accent where there are sixteen colours; the rest is written in the terminal's own."""


class Frame:
    """Draws a draft for one terminal. `depth` is its colours: 2**24, 256, 16, or 0 for none."""

    def __init__(self, colours: Mapping[str, str], depth: int, *, ascii_only: bool, status: str) -> None:
        self._ground = ""
        self._roles: dict[str, str] = dict.fromkeys(USED, "")
        if depth == _swatch.SIXTEEN:
            self._roles["accent"] = CYAN
        elif depth:
            codes = _codes(colours, depth)
            self._ground = f"\x1b[48;{codes['bg']}m" if "bg" in codes else ""
            self._roles |= {role: f"\x1b[38;{code}m" for role, code in codes.items() if role != "bg"}
        self._rule, self._mark, self._dots = ("=", ">", "...") if ascii_only else ("═", "›", "…")
        self._status = status

    def whole(self, draft: Draft, width: int, height: int) -> str:
        """Return the frame on an emptied screen."""
        return f"{ENTER}\x1b[0m{self._ground}\x1b[2J{self.entry(draft, width, height)}"

    def entry(self, draft: Draft, width: int, height: int) -> str:
        """Return what can change: the entered lines, the prompt, the status."""
        across = width - _beside(width, height)
        prompt = _wrapped(draft.text, across - 3)
        most = min(MOST_ROWS, height - 4)
        shown = prompt[-most:]
        title = f"{self._rule} goal "
        rows = [
            *("" for _ in range(most - len(shown))),
            *(self._entered(text, across) for text in draft.entered[-2:]),
            self._paint("accent", self._rule + " ")
            + self._paint("text", "goal ", bold=True)
            + self._paint("accent", self._rule * (across - len(title))),
        ]
        rows = rows[-(height - 1 - len(shown)) :]
        for at, row in enumerate(shown):
            mark = self._paint("accent", f"{self._mark} ") if at == 0 else "  "
            rows.append(mark + self._paint("text", row) + (self._cursor() if at == len(shown) - 1 else ""))
        rows.append(self._paint("muted", f"  starting{self._dots}  {self._status}"[:width]))
        top = height - len(rows) + 1
        return "".join(f"\x1b[{top + at};1H{self._ground}\x1b[K{row}" for at, row in enumerate(rows))

    def _entered(self, text: str, across: int) -> str:
        line = text.replace("\n", " ")
        kept = _wrapped(line, across - 20)[0]
        cut = self._dots if kept != line else ""
        return self._paint("muted", f"{self._mark} {kept}{cut}  sent when ready")

    def _cursor(self) -> str:
        return f"\x1b[7m \x1b[0m{self._ground}"

    def _paint(self, role: str, text: str, *, bold: bool = False) -> str:
        return f"{self._roles[role]}{chr(27) + '[1m' if bold else ''}{text}\x1b[0m{self._ground}"


def _beside(width: int, height: int) -> int:
    if width < 120:
        return 0
    return BESIDE_WIDE if width >= 180 and height >= 40 else BESIDE_TWO


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text as rows of at most `width` cells; there is always one."""
    rows: list[str] = []
    for line in text.split("\n"):
        row, cells = "", 0
        for character in line if line.isprintable() else (one for one in line if one.isprintable()):
            wide = 1 if character.isascii() else _cells(character)
            if cells + wide > width:
                rows.append(row)
                row, cells = "", 0
            row, cells = row + character, cells + wide
        rows.append(row)
    return rows


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _codes(colours: Mapping[str, str], depth: int) -> dict[str, str]:
    """Return what names the colour of each role that is used, behind the 38 of an ink or the 48 of a ground."""
    used = [role for role in ("bg", *USED) if role in colours]
    if depth == _swatch.XTERM:
        steps = _contrast.in_256(colours)
        return {role: f"5;{steps[role].number}" for role in used}
    return {role: "2;{};{};{}".format(*bytes.fromhex(colours[role][1:])) for role in used}
