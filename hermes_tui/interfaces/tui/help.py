"""The help screen: every key as it is in force, and every command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import App
from textual.dom import DOMNode

from hermes_tui.interfaces._orders import ORDERS
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, Span, clip, foreign, pad, width_of
from hermes_tui.interfaces.tui.keymap import AREAS, Key, Keymap, bindings_of, folded

COLUMN: Final = 58
SHARED: Final = ("list", "jump", "pane", "app")
"""What holds in every pane comes after what holds in one."""
GAP: Final = 2


def help_lines(keys: Keymap, width: int, wrong: Sequence[str] = ()) -> list[Line]:
    """Return the page for a width: two columns where they fit, below what is wrong with keys and themes."""
    blocks = [_block(title, [key for key in keys.keys if key.area == area]) for area, title in AREAS.items()]
    blocks.append(_commands())
    typed = _titled("typed first", [("/", "a command"), ("@", "a file"), ("!", "a shell command"), ("#", "a note")])
    blocks.insert(3, typed)
    found = [block for block in blocks if len(block) > 1]
    told = [Line(tuple(foreign(f" {said}", "warn"))) for said in (*keys.wrong, *wrong)]
    if width < COLUMN * 2:
        return [*told, *(line for block in found for line in [*block, EMPTY])]
    return [*told, *_columns(found, width)]


def keys_around(keys: Keymap, widget: DOMNode, width: int) -> list[Line]:
    """Return the keys that act on a widget: its own and those of all that it stands in, the nearest first."""
    around = (one for one in widget.ancestors_with_self if not isinstance(one, App))
    own = [key.area for one in around for key in bindings_of(type(one).__mro__)]
    shared = [area for area in SHARED if area in own]
    areas = [*dict.fromkeys(area for area in own if area not in SHARED), *shared]
    blocks = [_block(AREAS[area], [key for key in keys.keys if key.area == area]) for area in areas]
    return [line for block in blocks for line in [*(_fit(one, width) for one in block), EMPTY]]


def _fit(line: Line, width: int) -> Line:
    return Line(tuple(clip(line.spans, width)))


def _block(title: str, keys: list[Key]) -> list[Line]:
    return _titled(title, folded(keys))


def _titled(title: str, rows: list[tuple[str, str]]) -> list[Line]:
    head = Line(((f" {title}", "text bold"),))
    cells = max((width_of([(name, "")]) for name, _ in rows), default=0) + GAP
    return [head, *(Line(((f"  {pad(name, cells)}", "accent"), (does, "text"))) for name, does in rows)]


def _commands() -> list[Line]:
    return _titled("commands", [(order.usage, order.does) for order in ORDERS])


def _columns(blocks: list[list[Line]], width: int) -> list[Line]:
    """Return blocks in two columns of about the same height, each block whole."""
    half = sum(len(block) + 1 for block in blocks) / 2
    left: list[Line] = []
    right: list[Line] = []
    for block in blocks:
        (left if len(left) + len(block) / 2 < half else right).extend([*block, EMPTY])
    rows = max(len(left), len(right))
    left += [EMPTY] * (rows - len(left))
    right += [EMPTY] * (rows - len(right))
    rest = max(width - COLUMN, 10)
    return [Line((*_padded(one.spans), *clip(other.spans, rest))) for one, other in zip(left, right, strict=True)]


def _padded(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    shown = clip(spans, COLUMN - 1)
    return (*shown, (" " * (COLUMN - width_of(shown)), ""))
