"""The task graph as a picture: a column per depth, a box of two lines per task, edges with corners; up to 25 tasks."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from rich.cells import cell_len

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.values import frozen, mutable
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, fit_middle, one_line, pad, wrap
from hermes_tui.interfaces.tui.drawing.glyphs import UNKNOWN
from hermes_tui.interfaces.tui.graph.lanes import order
from hermes_tui.interfaces.tui.graph.rows import TaskRow

MOST: Final = 25
ROW: Final = 3
"""Lines per task: title, facts, and a blank one."""
LEAST_CELLS: Final = 11
GUTTER: Final = 6
_U, _D, _L, _R = 1, 2, 4, 8
_THIN: Final = " ││││┘┐┤│└┌├─┴┬┼"
_THICK: Final = " ║║║║╝╗╣║╚╔╠═╩╦╬"
_MIXED: Final = {
    (_L | _R | _D, _L | _R): "╤",
    (_L | _R | _U, _L | _R): "╧",
    (_L | _R | _U | _D, _L | _R): "╪",
    (_U | _D | _L, _U | _D): "╢",
    (_U | _D | _R, _U | _D): "╟",
    (_L | _R | _U | _D, _U | _D): "╫",
}
"""Where a thin edge meets the critical path as it runs on."""

_Slot = TaskId | tuple[TaskId, TaskId, int]
"""A task, or the place where an edge passes through a column."""


@frozen(kw_only=False)
class Drawn:
    """The picture: its lines, and where each task stands in them (line, first cell, cells)."""

    lines: tuple[Line, ...]
    places: Mapping[TaskId, tuple[int, int, int]]


@mutable
class _Grid:
    """Strokes by cell, and those of them that belong to the critical path."""

    strokes: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    thick: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])

    def add(self, x: int, y: int, directions: int, *, thick: bool) -> None:
        self.strokes[x, y] = self.strokes.get((x, y), 0) | directions
        if thick:
            self.thick[x, y] = self.thick.get((x, y), 0) | directions

    def across(self, start: int, end: int, y: int, *, thick: bool) -> None:
        for x in range(start, end):
            self.add(x, y, _L | _R, thick=thick)

    def edge(self, start: tuple[int, int], end: tuple[int, int], turn: int, *, thick: bool) -> None:
        """Draw from `start` to `end`, both (cell, line), turning in the column of cells `turn`."""
        (x1, y1), (x2, y2) = start, end
        if y1 == y2:
            self.across(x1, x2, y1, thick=thick)
            return
        self.across(x1, turn, y1, thick=thick)
        self.across(turn + 1, x2, y2, thick=thick)
        down = y2 > y1
        self.add(turn, y1, _L | (_D if down else _U), thick=thick)
        self.add(turn, y2, _R | (_U if down else _D), thick=thick)
        for y in range(min(y1, y2) + 1, max(y1, y2)):
            self.add(turn, y, _U | _D, thick=thick)

    def glyph(self, x: int, y: int) -> Span | None:
        """Return what stands in a cell."""
        stroke, thick = self.strokes.get((x, y), 0), self.thick.get((x, y), 0)
        if not stroke:
            return None
        mixed = _MIXED.get((stroke, thick))
        if mixed is not None:
            return mixed, "accent"
        return (_THICK if thick == stroke else _THIN)[stroke], "accent" if thick else "rule"


def draw(
    rows: Mapping[TaskId, TaskRow],
    needs: Mapping[TaskId, Sequence[TaskId]],
    path: frozenset[TaskId],
    look_at: TaskId | None,
    room: tuple[int, float],
) -> Drawn | None:
    """Return the picture for a width at a time; None if it does not fit: too many tasks, or too deep."""
    width, now = room
    if not rows or len(rows) > MOST:
        return None
    columns = _columns(needs)
    cells = (width - 2 - GUTTER * (len(columns) - 1)) // len(columns)
    if cells < LEAST_CELLS:
        return None
    cells = min(cells, 34)
    _untangle(columns, needs)
    spot = {slot: (depth, at) for depth, column in enumerate(columns) for at, slot in enumerate(column)}
    grid = _Grid()
    places: dict[TaskId, tuple[int, int, int]] = {}
    for slot, (depth, at) in spot.items():
        if isinstance(slot, str):
            places[slot] = (at * ROW, 1 + depth * (cells + GUTTER), cells)
    _connect(grid, needs, path, spot, cells)
    height = max(len(column) for column in columns) * ROW
    lines = [_line(y, width, grid, rows, places, (look_at, now)) for y in range(height)]
    return Drawn(tuple(lines), places)


def refusal(count: int, width: int) -> list[Line]:
    """Return why there is no picture of so many tasks in this width, and what to press."""
    many = f"{count:,} tasks are too many for a picture, which has room for {MOST}."
    why = many if count > MOST else "These tasks depend on each other in more steps than fit beside each other here."
    return [Line(((" ", ""), *spans)) for spans in wrap(((f"{why} v shows the rows.", "muted"),), width - 2)]


def _columns(needs: Mapping[TaskId, Sequence[TaskId]]) -> list[list[_Slot]]:
    """Return the tasks by depth, with a slot in each column that an edge passes."""
    depth: dict[TaskId, int] = {}
    for task in order(needs):
        depth[task] = max((depth.get(need, 0) + 1 for need in needs[task]), default=0)
    columns: list[list[_Slot]] = [[] for _ in range(max(depth.values()) + 1)]
    for task in needs:
        columns[depth[task]].append(task)
    for task, some in needs.items():
        for need in dict.fromkeys(some):
            for between in range(depth[need] + 1, depth[task]):
                columns[between].append((need, task, between))
    return columns


def _before(slot: _Slot, needs: Mapping[TaskId, Sequence[TaskId]], known: Mapping[_Slot, int]) -> list[int]:
    """Return the places, in the column before, of what leads to a slot."""
    if isinstance(slot, str):
        ways: list[_Slot] = [one for need in needs[slot] for one in (need, *_passing(need, slot, known))]
    else:
        need, task, between = slot
        ways = [need, (need, task, between - 1)]
    return [known[way] for way in ways if way in known]


def _passing(need: TaskId, task: TaskId, known: Mapping[_Slot, int]) -> list[_Slot]:
    return [slot for slot in known if not isinstance(slot, str) and slot[:2] == (need, task)]


def _untangle(columns: list[list[_Slot]], needs: Mapping[TaskId, Sequence[TaskId]]) -> None:
    """Order each column by the middle of what leads there, so that fewer edges cross (Sugiyama, 1981)."""
    for before, column in itertools.pairwise(columns):
        known: dict[_Slot, int] = {slot: at for at, slot in enumerate(before)}
        middle: dict[_Slot, float] = {}
        for at, slot in enumerate(column):
            places = _before(slot, needs, known)
            middle[slot] = sum(places) / len(places) if places else float(at)
        column.sort(key=lambda slot: middle[slot])


def _connect(
    grid: _Grid,
    needs: Mapping[TaskId, Sequence[TaskId]],
    path: frozenset[TaskId],
    spot: Mapping[_Slot, tuple[int, int]],
    cells: int,
) -> None:
    """Draw every edge: out of a box, through the columns between, with an arrow into the box it leads to."""
    turns: dict[tuple[int, TaskId], int] = {}
    edges = [(need, task) for task, some in needs.items() for need in dict.fromkeys(some)]
    # The critical path is drawn last, so that its cells are its own.
    for need, task in sorted(edges, key=lambda edge: edge[0] in path and edge[1] in path):
        thick = need in path and task in path
        last = spot[task][0]
        here = spot[need]
        for depth in range(here[0] + 1, last + 1):
            there = spot[task] if depth == last else spot[need, task, depth]
            gap = here[0]
            turn = turns.setdefault((gap, need), sum(one[0] == gap for one in turns) % (GUTTER - 3))
            right = 1 + gap * (cells + GUTTER) + cells
            left = 1 + depth * (cells + GUTTER)
            grid.edge((right, here[1] * ROW), (left, there[1] * ROW), right + 1 + turn, thick=thick)
            if depth != last:
                grid.across(left, left + cells, there[1] * ROW, thick=thick)
            here = (depth, there[1])


def _line(
    y: int,
    width: int,
    grid: _Grid,
    rows: Mapping[TaskId, TaskRow],
    places: Mapping[TaskId, tuple[int, int, int]],
    seen: tuple[TaskId | None, float],
) -> Line:
    look_at, now = seen
    boxes = {x: (task, y - top) for task, (top, x, _) in places.items() if 0 <= y - top < ROW - 1}
    spans: list[Span] = []
    x = 0
    while x < width:
        if x in boxes:
            task, at = boxes[x]
            cells = places[task][2]
            spans += _box(rows[task], at, cells, now, chosen=task == look_at)
            x += cells
            continue
        spans.append(grid.glyph(x, y) or (" ", ""))
        x += 1
    return Line(_joined(spans))


def _box(row: TaskRow, at: int, cells: int, now: float, *, chosen: bool) -> list[Span]:
    ground = " on-select" if chosen else ""
    if at == 0:
        role = "text bold" if row.live or chosen else "text"
        title = fit_middle(one_line(row.task.title), cells - 3)
        return [(f"{row.sign.glyph} ", row.sign.role + ground), (pad(title, cells - 2), role + ground)]
    seconds = row.seconds(now)
    time = wording.brief(seconds) if seconds is not None else ""
    said = ""
    for fact in (row.word, time, row.cost if row.cost != UNKNOWN else "", one_line(row.who)):
        if fact and cell_len(said) + cell_len(fact) + 1 < cells - 2:
            said = f"{said} {fact}".strip()
    return [("  ", ground.strip()), (pad(said, cells - 2), "muted" + ground)]


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans with neighbours of one role as one."""
    joined: list[Span] = []
    for text, role in spans:
        if joined and joined[-1][1] == role:
            joined[-1] = (joined[-1][0] + text, role)
        else:
            joined.append((text, role))
    return tuple(joined)
