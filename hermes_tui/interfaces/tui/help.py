"""The help screen: every key as it is in force, and every command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from textual.app import App
from textual.dom import DOMNode

from hermes_tui.interfaces._orders import ORDERS
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, foreign, width_of, wrap
from hermes_tui.interfaces.tui.keymap import AREAS, Key, Keymap, bindings_of, folded

COLUMN: Final = 58
SHARED: Final = ("list", "jump", "pane", "app")
"""What holds in every pane comes after what holds in one."""
GAP: Final = 2
LEAST_NAME: Final = 12
LAST: Final = 100
"""Where a key stands that is no function key."""


def help_lines(keys: Keymap, width: int, wrong: Sequence[str] = ()) -> list[Line]:
    """Return the page for a width: two columns where they fit, below what is wrong with keys and themes."""
    column = width // 2 if width >= COLUMN * 2 else width
    blocks = [_block(title, [key for key in keys.keys if key.area == area], column) for area, title in AREAS.items()]
    blocks.append(_titled("commands", [(order.usage, order.does) for order in ORDERS], column))
    typed = [("/", "a command"), ("@", "a file"), ("!", "a shell command"), ("#", "a note")]
    blocks.insert(3, _titled("typed first", typed, column))
    found = [block for block in blocks if len(block) > 1]
    told = [Line(tuple(spans)) for said in (*keys.wrong, *wrong) for spans in wrap(foreign(f" {said}", "warn"), width)]
    if column == width:
        return [*told, *(line for block in found for line in [*block, EMPTY])]
    return [*told, *_columns(found, column)]


def keys_around(keys: Keymap, widget: DOMNode, width: int) -> list[Line]:
    """Return the keys that act on a widget: its own and those of all that it stands in, the nearest first."""
    around = (one for one in widget.ancestors_with_self if not isinstance(one, App))
    own = [key.area for one in around for key in bindings_of(type(one).__mro__)]
    shared = [area for area in SHARED if area in own]
    areas = [*dict.fromkeys(area for area in own if area not in SHARED), *shared]
    blocks = [_block(AREAS[area], [key for key in keys.keys if key.area == area], width) for area in areas]
    return [line for block in blocks for line in [*block, EMPTY]]


def _block(title: str, keys: Sequence[Key], width: int) -> list[Line]:
    """Return the keys of one place; those on function keys come first, by their number."""
    numbered = {key.name: int(first[1:]) for key in keys if (first := key.keys[0])[1:].isdigit() and first[0] == "f"}
    return _titled(title, folded(sorted(keys, key=lambda key: numbered.get(key.name, LAST))), width)


def _titled(title: str, rows: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Return a table below its title. Nothing of it is cut: what is said wraps, below a name that takes its room."""
    widest = max((cell_len(name) for name, _ in rows), default=0)
    cells = min(widest + GAP, max(width * 2 // 5, LEAST_NAME)) if widest + GAP > width // 2 else widest + GAP
    lines = [Line(((f" {title}", "text bold"),))]
    for name, does in rows:
        fits = cell_len(name) + GAP <= cells
        names = [(name, "accent")] if fits else []
        lines += [] if fits else [Line((("  ", ""), *spans)) for spans in wrap([(name, "accent")], width - GAP)]
        for at, spans in enumerate(wrap([(does, "text")], max(width - cells - GAP - 1, LEAST_NAME))):
            head = names if at == 0 else []
            lines.append(Line((("  ", ""), *head, (" " * (cells - width_of(head)), ""), *spans)))
    return lines


def _columns(blocks: Sequence[list[Line]], column: int) -> list[Line]:
    """Return blocks in two columns of about the same height, each block whole."""
    half = sum(len(block) + 1 for block in blocks) / 2
    left: list[Line] = []
    right: list[Line] = []
    for block in blocks:
        (left if len(left) + len(block) / 2 < half else right).extend([*block, EMPTY])
    rows = max(len(left), len(right))
    left += [EMPTY] * (rows - len(left))
    right += [EMPTY] * (rows - len(right))
    return [
        Line((*one.spans, (" " * (column - one.width), ""), *other.spans))
        for one, other in zip(left, right, strict=True)
    ]
