"""Who was given a note in this session, and why: with whose words it came along, or who asked memory what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hermes_tui.domain.events import MessageGiven, ToolFinished, ToolRequested
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.memory import MARK
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Record
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import EMPTY, Line, foreign, one_line

NEVER: Final = (
    Line(((" No agent was given this note in this session.", "muted"),)),
    EMPTY,
    Line(((" Notes come along with words that they fit,", "muted"),)),
    Line(((" or where an agent asks for them.", "muted"),)),
)


def given_lines(records: Iterable[Record], path: str) -> list[Line]:
    """Return a pair of lines for each time that the note of that path was given to somebody."""
    found = list(_given(records, path))
    return [line for record, why in found for line in _drawn(record, why)] or list(NEVER)


def _given(records: Iterable[Record], path: str) -> Iterator[tuple[Record, str]]:
    """Yield each record that gave the note, and why."""
    words = ""
    asked: dict[CallId, str] = {}
    for record in records:
        match record.body:
            case MessageGiven(text=text, source=Source.KERNEL) if _holds(text, path):
                yield record, f"it fits the words: {words}"
            case MessageGiven(text=text, source=Source.OPERATOR):
                words = text
            case ToolRequested(call_id=call_id, tool=tool, summary=summary):
                asked[call_id] = wording.wanted(tool, summary)
            case ToolFinished(call_id=call_id, output=output) if _holds(output, path):
                yield record, f"asked for: {asked.get(call_id, '')}"
            case _:
                pass


def _holds(text: str, path: str) -> bool:
    """Whether a text that came out of memory names the note as one of its sources."""
    return text.startswith(MARK) and any(line.endswith((f", {path})", f"({path})")) for line in text.splitlines())


def _drawn(record: Record, why: str) -> tuple[Line, Line]:
    who = one_line(str(record.place.agent or "the kernel"))
    when = f" {wording.clock(record.at)} run {record.place.run or '–'} record {record.seq:,}  "
    return Line(((when, "muted"), (who, "text bold"))), Line((("   ", ""), *foreign(one_line(why), "text")))
