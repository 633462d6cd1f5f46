"""What an empty console says: how to begin, or what was looked for where no brain can answer, to choose from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Final

from hermes_tui.domain.ports import Brain
from hermes_tui.domain.values import frozen, replace
from hermes_tui.interfaces.tui.choices import page_lines
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, fit, fit_middle, foreign, one_line, pad, wrap
from hermes_tui.interfaces.tui.drawing.look import Look
from hermes_tui.interfaces.tui.drawing.markdown import PROSE_WIDTH
from hermes_tui.interfaces.tui.drawing.row_window import Room, Row
from hermes_tui.interfaces.tui.headings import Told
from hermes_tui.interfaces.tui.screens.page import Page
from hermes_tui.interfaces.tui.status import CONFINED
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
    ("r", "again", "doctor", "looks for a brain again"),
)
"""What the letters of the first page do where no brain can answer: key, name, order with its argument, and words."""
ORDER_OF: Final = {name: order for _, name, order, _ in BEGINNINGS}
NAME, KIND, CONNECT, WIDE = 11, 9, 15, 70
"""Cells of a provider's name, of what was looked for and of how it is connected; the columns need so much room."""
LOCAL: Final = frozenset({"ollama", "lmstudio"})
CONNECTING: Final = tuple(f"start.connect_{number}" for number in range(1, 10))
"""The ids of the keys that connect a provider by its number."""


def connectable(found: Sequence[Brain | Missing] | None) -> list[Missing]:
    """Return what the page numbers: the providers that are missing, where no brain can answer."""
    if found is None or any(isinstance(one, Brain) for one in found):
        return []
    return [one for one in found if isinstance(one, Missing)][: len(CONNECTING)]


@frozen(kw_only=False)
class Beginning:
    """A row of the first page that can be chosen, by the id of its key."""

    name: str
    line: Line
    live: bool = False

    @property
    def key(self) -> Hashable:
        """The id of its key."""
        return self.name

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Return its line."""
        del room
        return (self.line,)

    def copy(self) -> str:
        """Return its text."""
        return self.line.text.strip()


@frozen
class Found:
    """What the first page says beside the brains: when was looked, the sandbox, how many notes (None: not counted)."""

    checked_at: float = 0.0
    sandbox: str = ""
    notes: int | None = None
    in_git: bool = False

    def at(self, now: float) -> Found:
        """Return the same, looked for at another time."""
        return replace(self, checked_at=now)

    def counted(self, notes: int, *, in_git: bool) -> Found:
        """Return the same with so many notes."""
        return replace(self, notes=notes, in_git=in_git)

    def confined(self, sandbox: str) -> Found:
        """Return the same for a sandbox."""
        return replace(self, sandbox=sandbox)


def welcome_lines(found: Sequence[Brain | Missing] | None, size: tuple[int, int]) -> list[Line]:
    """Return the page where a brain can answer; None as `found` says that nobody has looked yet."""
    room = min(size[0], PROSE_WIDTH) - 4
    if found is None:
        return [EMPTY, _said("Looking for a brain: keys in the environment, local servers for 1 s.", "muted")]
    able = [one for one in found if isinstance(one, Brain)]
    return _ready(able[0], len(able), room) if able else []


def first_rows(missing: Sequence[Missing], found: Found, size: tuple[int, int], *, armed: bool) -> list[Row]:
    """Return the page where no brain can answer, as rows of which some can be chosen.

    `armed` says that its keys act. Where the page is too high it gives up its blank lines, then what only explains.
    """
    width, height = size
    room = min(width, PROSE_WIDTH) - 4
    key = "accent" if armed else "muted"
    lines: list[Line | Beginning] = [
        EMPTY,
        _said("No brain is connected yet. Everything else works.", "text bold"),
        EMPTY,
    ]
    lines += _connections(missing, room, key)
    lines += [EMPTY, *_pasted(room), EMPTY, _said("Without a brain you can")]
    shown = [(letter, name, does) for letter, name, _, does in BEGINNINGS if name != "again"]
    for letter, name, does in shown:
        spans = (("  ", ""), (pad(letter, 3), key), (fit(does, room - 3), "text"))
        lines.append(Beginning(f"start.{name}", Line(spans)))
    lines += [EMPTY, _foot(found, room, key)]
    if len(lines) > height > 0:
        lines = [line for line in lines if line != EMPTY]
    if len(lines) > height > 0:
        lines = [line for line in lines if line not in _pasted(room)]
    return [one if isinstance(one, Beginning) else Told(("told", at), (one,)) for at, one in enumerate(lines)]


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


def _connections(missing: Sequence[Missing], room: int, key: str) -> list[Line | Beginning]:
    """Return a row for each provider: what was looked for, what was found, which number connects it."""
    wide = room >= WIDE
    named = NAME + KIND if wide else 2 + NAME
    found_room = room - named - (CONNECT if wide else 0)
    heads = (
        pad("Looked for" if wide else "  Looked for", named),
        pad("Found", found_room),
        "To connect" if wide else "",
    )
    rows: list[Line | Beginning] = [Line((("  ", ""), *((head, "muted") for head in heads)))]
    for number, (key_name, one) in enumerate(zip(CONNECTING, missing, strict=False), 1):
        local = one.provider in LOCAL
        name = (pad(one_line(one.provider), NAME), "text")
        found = tuple(foreign(pad(fit_middle(one_line(one.found), found_room - 2), found_room), "text"))
        if wide:
            how = (f"{number}", key), (" how to start" if local else " paste a key", "text")
            spans = (("  ", ""), name, (pad("server" if local else "API key", KIND), "text"), *found, *how)
        else:
            spans = (("  ", ""), (f"{number} ", key), name, *found)
        rows.append(Beginning(key_name, Line(spans)))
    return rows


def _foot(found: Found, room: int, key: str) -> Beginning:
    """Return what there is besides a brain, when was looked for one, and the key that looks again."""
    notes = "" if found.notes is None else f"{wording.count(found.notes, 'note')}   "
    notes = f"memory {'git, ' if found.in_git else ''}{notes}" if notes else ""
    level = f"{one_line(found.sandbox)}, full" if found.sandbox in CONFINED else one_line(found.sandbox)
    where = f"sandbox {level}   " if found.sandbox else ""
    looked = f"checked {wording.clock(found.checked_at)} · "
    said = next((one for one in (f"{where}{notes}", where, "") if len(one) + len(looked) + 7 <= room), "")
    return Beginning("start.again", Line((("  ", ""), (f"{said}{looked}", "muted"), ("r", key), (" again", "muted"))))


def how_to_start(look: Look, one: Missing) -> Page:
    """Return a page that says what a server on this machine lacks and how it is started."""
    told = (f"{one.provider}: {one.found}.", "", one.remedy, "", "/doctor looks again.")
    return Page(look, f"connect {one.provider}", partial(page_lines, told))
