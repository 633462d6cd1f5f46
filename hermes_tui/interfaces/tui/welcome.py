"""What an empty console says: how to begin, or what was looked for where no brain can answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from hermes_tui.domain.ports import Brain
from hermes_tui.interfaces.tui.choices import page_lines
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, fit, fit_middle, foreign, one_line, pad, wrap
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.markdown import PROSE_WIDTH
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.services.missing import Missing

BEGIN: Final = (
    ("Enter", "sends a goal in plain words"),
    ("/", "commands"),
    ("@", "a file"),
    ("!", "a shell command"),
    ("#", "remember something"),
    ("F1", "every key"),
)
BROWSE: Final = "commands memory sessions brain patchbay theme context help"
BEGINNINGS: Final = (
    ("d", "demo", "demo", "watch the demo: a real goal, real tools, a scripted brain"),
    ("m", "map", "map", "map this repository: tools only, no model"),
    ("b", "browse", BROWSE, "browse memory, sessions and settings"),
    ("r", "again", "doctor", "look for a brain again"),
)
"""What the letters of the first page do where no brain can answer: key, name, order with its argument, and words."""
ORDER_OF: Final = {name: order for _, name, order, _ in BEGINNINGS}
ACTS: Final = "These keys act while the prompt is empty."
LOCAL: Final = frozenset({"ollama", "lmstudio"})
NUMBERED: Final = 9


def connectable(found: Sequence[Brain | Missing] | None) -> list[Missing]:
    """Return what the page numbers: the providers that are missing, where no brain can answer."""
    if found is None or any(isinstance(one, Brain) for one in found):
        return []
    return [one for one in found if isinstance(one, Missing)][:NUMBERED]


def welcome_lines(
    found: Sequence[Brain | Missing] | None,
    checked_at: float,
    size: tuple[int, int],
    *,
    sandbox: str = "",
    armed: bool = False,
) -> list[Line]:
    """Return the page for a width and a height; None as `found` says that nobody has looked yet.

    `armed` says that its keys act. Where the page is too high it gives up its blank lines, then what only explains.
    """
    width, height = size
    room = min(width, PROSE_WIDTH) - 4
    if found is None:
        return [EMPTY, _said("Looking for a brain: keys in the environment, local servers for 1 s.", "muted")]
    able = [one for one in found if isinstance(one, Brain)]
    if able:
        return _ready(able[0], len(able), room)
    lines = _without(connectable(found), room, armed=armed) + _foot(sandbox, checked_at, armed=armed)
    if len(lines) > height > 0:
        lines = [line for line in lines if line != EMPTY]
    if len(lines) > height > 0:
        lines = [line for line in lines if line not in (*_pasted(room), _said(ACTS, "muted"))]
    return lines


def _pasted(room: int) -> list[Line]:
    return _prose("A pasted key is used until Hermes ends; nothing keeps it.", room, "muted")


def _said(text: str, role: str = "text") -> Line:
    return Line((("  ", ""), (text, role)))


def _prose(text: str, room: int, role: str = "text") -> list[Line]:
    return [Line((("  ", ""), *spans)) for spans in wrap(((text, role),), room)]


def _ready(first: Brain, count: int, room: int) -> list[Line]:
    others = f", and {count - 1} more on F3" if count > 1 else ""
    lines = [EMPTY, Line((("  ", ""), (one_line(first.name), "text bold"), (f" answers{others}.", "text"))), EMPTY]
    lines += [Line((("  ", ""), (pad(key, 8), "accent"), (does, "text"))) for key, does in BEGIN]
    return [*lines, EMPTY, *_prose("Nothing is asked of a model before you press Enter.", room, "muted")]


def _without(missing: Sequence[Missing], room: int, *, armed: bool) -> list[Line]:
    key = "accent" if armed else "muted"
    lines = [EMPTY, _said("No brain is connected yet. Everything else works.", "text bold"), EMPTY]
    connects = room >= 60
    found_room = room - 14 - (18 if connects else 0)
    heads = (pad("  Looked for", 14), pad("Found", found_room), "To connect" if connects else "")
    lines.append(Line((("  ", ""), *((head, "muted") for head in heads))))
    for number, one in enumerate(missing, 1):
        how = "how to start it" if one.provider in LOCAL else "paste a key"
        right = ((how, "text"),) if connects else ()
        found = pad(fit_middle(one_line(one.found), found_room - 2), found_room - 2) + "  "
        name = pad(one_line(one.provider), 12)
        lines.append(Line((("  ", ""), (f"{number} ", key), (name, "text"), *foreign(found, "text"), *right)))
    lines += [EMPTY]
    lines += _pasted(room)
    lines += [EMPTY, _said("Without a brain you can")]
    shown = [(letter, does) for letter, name, _, does in BEGINNINGS if name != "again"]
    return lines + [Line((("  ", ""), (pad(letter, 3), key), (fit(does, room - 3), "text"))) for letter, does in shown]


def _foot(sandbox: str, checked_at: float, *, armed: bool) -> list[Line]:
    """Return when was looked, the key that looks again, and where the letters act."""
    again: tuple[Span, ...] = (("r", "accent" if armed else "muted"), (" looks again", "muted"))
    where = f"sandbox {one_line(sandbox)}   " if sandbox else ""
    looked = Line((("  ", ""), (f"{where}checked {wording.clock(checked_at)} · ", "muted"), *again))
    return [EMPTY, looked, _said(ACTS, "muted")]


def how_to_start(look: Look, one: Missing) -> Page:
    """Return a page that says what a server on this machine lacks and how it is started."""
    told = (f"{one.provider}: {one.found}.", "", one.remedy, "", "/doctor looks again.")
    return Page(look, f"connect {one.provider}", partial(page_lines, told))
