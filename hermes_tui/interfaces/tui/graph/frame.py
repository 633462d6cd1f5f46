"""What the frame of the task graph says: the hint of the title rule, and the line below the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hermes_tui.domain.tasks import TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, width_of
from hermes_tui.interfaces.tui.drawing.glyphs import NEEDS_YOU, RUNNING, WAITING, Sign
from hermes_tui.interfaces.tui.graph.rows import TaskRow
from hermes_tui.interfaces.tui.graph.signs import TASK

RULE_ROOM: Final = 60
"""From here on the title rule says what is live and critical; in a narrower pane a line below the rows does."""
LEAST_HINT: Final = 40
_KEYS: Final = ("/ find", "Space fold", "v picture")
_EXPLAINED: Final[tuple[Sign, ...]] = (
    *(TASK[TaskState.PENDING], TASK[TaskState.READY], WAITING, RUNNING, NEEDS_YOU),
    Sign("►", "folded", "muted"),
)
_Piece = tuple[Span, ...]


@frozen(kw_only=False)
class Counts:
    """How many tasks there are, and how it stands with them."""

    tasks: int = 0
    done: int = 0
    failed: int = 0
    asking: int = 0
    live: int = 0


def counted(rows: Sequence[TaskRow]) -> Counts:
    """Return the counts of some tasks."""
    return Counts(
        tasks=len(rows),
        done=sum(row.status.state is TaskState.DONE for row in rows),
        failed=sum(row.status.state is TaskState.FAILED for row in rows),
        asking=sum(row.sign is NEEDS_YOU for row in rows),
        live=sum(row.live for row in rows),
    )


def hint(counts: Counts, critical: str | None, key: str, room: int, *, full: bool) -> tuple[Span, ...]:
    """Return what the title rule says at its right end, in at most `room` cells: what is wrong gives way last.

    `critical` is what is known of the critical path's time, None if there is no such path.
    """
    roomy = room >= LEAST_HINT
    facts: list[_Piece] = [((f"{counts.live} live", "muted"),)] if counts.live and full else []
    facts += [((f"{counts.asking} needs you", "warn"),)] if counts.asking and roomy else []
    facts += [((f"{counts.failed} failed", "fail"),)] if counts.failed else []
    keys: list[_Piece] = [((name, "muted"),) for name in _KEYS] if full else []
    path: list[_Piece] = [_critical("critical", critical)] if critical is not None and roomy and not full else []
    last: list[_Piece] = [] if full else [((key, "muted"),)]
    for pieces in (*([*keys[at:], *path, *facts, *last] for at in range(len(keys) + 1)), [*facts, *last]):
        said = _joined(pieces, " · ")
        if width_of(said) <= room:
            return said
    return ()


def path_line(critical: str) -> Line:
    """Return the line below the rows of a small graph: the critical path, and about how long it still takes."""
    return Line(((" ", ""), *_critical("critical path", critical)))


def legend(width: int, critical: str | None) -> Line:
    """Return what the signs mean, as many as fit; with the time of the critical path where there is room for it."""
    signs: list[_Piece] = [((sign.glyph, sign.role), (f" {sign.word}", "muted")) for sign in _EXPLAINED]
    path = [] if critical is None else [_critical("critical", critical)]
    bare = [] if critical is None else [_critical("critical", "")]
    for pieces in ([*path, *signs], *([*bare, *signs[: len(signs) - cut]] for cut in range(len(signs) + 1))):
        said = _joined(pieces, "  ")
        if width_of(said) <= width:
            return Line(said)
    return Line()


def _critical(name: str, time: str) -> _Piece:
    return (("║", "accent"), (f" {name}{' · ' if time else ''}", "muted"), (time, "text"))


def _joined(pieces: Sequence[_Piece], between: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for at, piece in enumerate(pieces):
        spans += [(between, "muted")] if at else []
        spans += piece
    return tuple(spans)
