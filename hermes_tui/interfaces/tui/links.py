"""Links in what models and tools write: web pages and places in files, found in plain text and shown as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from hermes_tui.domain.patterns import later
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, foreign

MOST: Final = 50
_WEB: Final = later(r"https?://[\x21-\x7e]+?(?=[.,;:!?'\")\]}>`*]*(?:[\s<>\"`]|[^\x21-\x7e]|$))")
_PLACE: Final = later(r"(?<![\w/.:-])(?P<path>(?:[\w.@+~-]*/)*[\w@+~-][\w.@+~-]*\.[A-Za-z]\w{0,9}):(?P<line>\d{1,7})\b")
_TRACE: Final = later(r'File "(?P<path>[^"\n]+)", line (?P<line>\d{1,7})')


def links_in(text: str) -> list[str]:
    """Return the web pages, and the places such as `src/a.py:12`, that a text names, in order and once each."""
    found = [(one.start(), one.group()) for one in _WEB.finditer(text)]
    webs = [range(one.start(), one.end()) for one in _WEB.finditer(text)]
    places = (one for pattern in (_PLACE, _TRACE) for one in pattern.finditer(text))
    apart = (one for one in places if not any(one.start() in web for web in webs))
    found += [(one.start(), f"{one['path']}:{one['line']}") for one in apart]
    return list(dict.fromkeys(target for _, target in sorted(found)))[:MOST]


def link_at(line: Line, x: int) -> str:
    """Return the link that covers a cell of a drawn line; empty if there is none."""
    at = 0
    for text, role in line.spans:
        at += len(text)
        if x < at:
            styled = next((word for word in role.split() if word.startswith("link=")), "")
            if styled:
                return styled.removeprefix("link=")
            break
    covering = (
        target for target in links_in(line.text) if line.text.find(target) <= x < line.text.find(target) + len(target)
    )
    return next(covering, "")


def host_of(target: str) -> str:
    """Return who a web page is asked of: what stands before an `@` is not the host, whatever it looks like."""
    try:
        return urlsplit(target).hostname or ""
    except ValueError:
        return ""


def marked(text: str, role: str = "text") -> Iterator[Span]:
    """Yield foreign text whose web pages a terminal can open; they are shown in full, so none hides where it leads."""
    start = 0
    for found in _WEB.finditer(text):
        yield from foreign(text[start : found.start()], role)
        yield found.group(), f"{role} underline link={found.group()}"
        start = found.end()
    yield from foreign(text[start:], role)
