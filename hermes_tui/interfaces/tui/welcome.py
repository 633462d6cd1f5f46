"""What an empty console says: how to begin, or what was looked for where no brain can answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hermes_tui.domain.ports import Brain
from hermes_tui.interfaces.tui import wording
from hermes_tui.interfaces.tui.cells import EMPTY, Line, fit, foreign, one_line, pad, wrap
from hermes_tui.interfaces.tui.markdown import PROSE_WIDTH
from hermes_tui.services.brains import Missing

BEGIN: Final = (
    ("Enter", "sends a goal in plain words"),
    ("/", "commands"),
    ("@", "a file"),
    ("!", "a shell command"),
    ("#", "remember something"),
    ("F1", "every key"),
)
WITHOUT: Final = (
    ("/demo", "watch the demo: a real goal, real tools, a scripted brain"),
    ("/run goal.md", "run a goal file whose plan needs tools only"),
    ("!", "run a command in the sandbox"),
    ("F5", "read and edit the notes"),
)


def welcome_lines(found: Sequence[Brain | Missing] | None, checked_at: float, width: int) -> list[Line]:
    """Return the page; None as `found` says that nobody has looked yet."""
    room = min(width - 4, PROSE_WIDTH)
    if found is None:
        return [EMPTY, _said("Looking for a brain: keys in the environment, local servers for 1 s.", "muted")]
    able = [one for one in found if isinstance(one, Brain)]
    if able:
        return _ready(able[0], len(able), room)
    return _without([one for one in found if isinstance(one, Missing)], checked_at, room)


def _said(text: str, role: str = "text") -> Line:
    return Line((("  ", ""), (text, role)))


def _prose(text: str, room: int, role: str = "text") -> list[Line]:
    return [Line((("  ", ""), *spans)) for spans in wrap(((text, role),), room)]


def _ready(first: Brain, count: int, room: int) -> list[Line]:
    others = f", and {count - 1} more on F3" if count > 1 else ""
    lines = [EMPTY, Line((("  ", ""), (one_line(first.name), "text bold"), (f" answers{others}.", "text"))), EMPTY]
    lines += [Line((("  ", ""), (pad(key, 8), "accent"), (does, "text"))) for key, does in BEGIN]
    return [*lines, EMPTY, *_prose("Nothing is asked of a model before you press Enter.", room, "muted")]


def _without(missing: Sequence[Missing], checked_at: float, room: int) -> list[Line]:
    lines = [EMPTY, _said("No brain is connected yet. Everything else works.", "text bold"), EMPTY]
    lines.append(Line((("  ", ""), (pad("Looked for", 12), "muted"), ("Found", "muted"))))
    for one in missing:
        found = fit(one_line(one.found), room - 12)
        lines.append(Line((("  ", ""), (pad(one_line(one.provider), 12), "text"), *foreign(found, "text"))))
    how = (" says how to connect each; Enter there takes a key.", "text")
    lines += [EMPTY, Line((("  ", ""), ("F3", "accent"), how))]
    lines += _prose("It is used until Hermes ends and enters no file, history, log or git.", room, "muted")
    lines += [EMPTY, _said("Without a brain you can")]
    lines += [Line((("  ", ""), (pad(key, 14), "accent"), (does, "text"))) for key, does in WITHOUT]
    return [*lines, EMPTY, _said(f"looked at {wording.clock(checked_at)} · /doctor looks again", "muted")]
