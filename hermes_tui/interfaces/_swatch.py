"""The colours of a theme file, two settings of the config and what a terminal shows: what a first frame can afford."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NONE, SIXTEEN, XTERM, ALL = 0, 16, 256, 1 << 24
"""How many colours are drawn with."""

_DUMB = ("dumb", "unknown")
_BY_ENDING = {"256color": XTERM, "kitty": XTERM}
_BY_NAME = {"standard": SIXTEEN, "256": XTERM, "truecolor": ALL}
_HEX = frozenset("0123456789abcdefABCDEF")


def colours_in(text: str) -> dict[str, str] | None:
    """Return the colours by role if each line is `role: "#rrggbb"`, blank or a comment; else None: read it as YAML."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        role, _, colour = line.partition(": ")
        known = len(colour) == 9 and colour[:2] == '"#' and colour[-1] == '"' and _HEX.issuperset(colour[2:-1])
        if not known or not role.replace(".", "").isalpha() or role in found:
            return None
        found[role] = colour[1:-1]
    return found


def look_of(home: str, built_in: str) -> tuple[Mapping[str, str], str]:
    """Return the colours of the theme that a home names, and its `ui.glyphs`; a guess where it is written unusually."""
    ui = _section(_read(os.path.join(home, "config.yaml")), "ui")
    name = ui.get("theme", "night")
    for folder in (home, built_in):
        colours = colours_in(_read(os.path.join(folder, "themes", f"{name}.yaml")))
        if colours:
            return colours, ui.get("glyphs", "auto")
    return {}, ui.get("glyphs", "auto")


def ascii_wanted(glyphs: str, environ: Mapping[str, str]) -> bool:
    """Return whether signs are drawn without Unicode: as `ui.glyphs` says, else by the terminal's language."""
    if glyphs != "auto":
        return glyphs == "ascii"
    spoken = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return bool(spoken) and "utf" not in spoken.lower()


def depth_of(environ: Mapping[str, str]) -> int:
    """Return with how many colours the workstation is drawn: as many as its toolkit takes the terminal for."""
    if "NO_COLOR" in environ:
        return NONE
    forced = _BY_NAME.get(environ.get("TEXTUAL_COLOR_SYSTEM", ""))
    if forced is not None:
        return forced
    kind = environ.get("TERM", "").strip().lower()
    if kind in _DUMB:
        return NONE
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return ALL
    return _BY_ENDING.get(kind.rpartition("-")[2], SIXTEEN)


def _section(text: str, wanted: str) -> dict[str, str]:
    """Return the plain settings below a top-level key."""
    found: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        if line[:1].strip():
            inside = line.partition("#")[0].rstrip() == f"{wanted}:"
        elif inside:
            key, _, value = line.partition("#")[0].partition(":")
            found[key.strip()] = value.strip().strip("\"'")
    return found


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError):
        return ""
