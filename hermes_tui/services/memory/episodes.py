"""From the journals to what can be searched: what was said and done, by whom and when; never what was recalled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.memory.index import MemoryIndex, Source
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.state.codec import encode
from hermes_tui.capabilities.state.reading import read_holding, read_session
from hermes_tui.domain.errors import JournalError
from hermes_tui.domain.events import MessageGiven, ModelFinished, RunStarted, ToolFinished
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.messages import Source as Speaker
from hermes_tui.domain.provenance import source_of
from hermes_tui.domain.records import Record

PREFIX: Final = "session:"
MEMORY_TOOLS: Final = frozenset({"remember", "recall", "search_sessions"})
"""What these return came out of memory; to learn it again would make it look like more than it is."""
WEB: Final = "web"
"""How the kind of an item begins whose text nobody vouches for."""
OUTPUT_CHARS: Final = 2_000
MOST_WORDS: Final = 3
_ASCII: Final = re.compile(r"(?<!\\)[A-Za-z0-9]{2,}")
"""A run that JSON never writes otherwise; behind a backslash it may begin with what stands for a line end."""
_QUOTED: Final = re.compile(r"\\+[nrt]|[\n\r\t]")


def of_web(kind: str) -> bool:
    """Whether an item of this kind shows that its session has read the web."""
    return kind.startswith(f"{WEB}:") or kind == "tool:fetch"


def sync_sessions(index: MemoryIndex, folder: Path) -> list[str]:
    """Index what was added to any session since the last time; return what could not be read."""
    seen = {source.name: source for source in index.seen() if source.name.startswith(PREFIX)}
    present = {f"{PREFIX}{path.stem}": path for path in sorted(folder.glob("*.db"))}
    if gone := [name for name in seen if name not in present]:
        index.forget_sources(gone)
    unread: list[str] = []
    for name, path in present.items():
        known = seen.get(name, Source(name=name, digest="0"))
        stamp = _stamp(path)
        if known.stamp == stamp:
            continue
        try:
            _extend(index, known, path, stamp)
        except JournalError as error:
            unread.append(error.message)
    return unread


def sessions_with(folder: Path, text: str) -> list[str]:
    """Return which sessions hold `text`, said, called, recalled or put before a turn, or cannot be read.

    Their journals are records of what happened and stay. They are read, not the index, since memory's own calls and
    answers are never indexed; of each only the records that hold the longest words of `text`.
    """
    words = _bare(text)
    longest = sorted(set(_ASCII.findall(text)), key=lambda word: (-len(word), word))[:MOST_WORDS]
    found: list[str] = []
    for path in sorted(folder.glob("*.db")) if words else ():
        try:
            if any(words in _bare(encode(record.body).decode()) for record in read_holding(path, longest)):
                found.append(f"session {path.stem} holds the same words")
        except JournalError as error:
            found.append(f"session {path.stem} could not be read and may hold the same words: {error.message}")
    return found


def _bare(text: str) -> str:
    """Return what is left of a text however often JSON quoted it: no backslashes, one blank between words."""
    return " ".join(_QUOTED.sub(" ", text).replace("\\", "").lower().split())


def items_of(records: Sequence[Record], source: str) -> list[Item]:
    """Return the items of some records of one session."""
    found: list[Item] = []
    for record in records:
        speaker, text, kind = _said(record)
        if text.strip():
            found.append(
                Item(
                    id=f"{record.place.session}:{record.seq}",
                    text=text,
                    layer=Layer.EPISODE,
                    thread=source,
                    speaker=speaker,
                    at=record.at,
                    source=source,
                    kind=kind,
                )
            )
    return found


def _extend(index: MemoryIndex, known: Source, path: Path, stamp: str) -> None:
    records = read_session(path, Seq(int(known.digest)))
    last = records[-1].seq if records else int(known.digest)
    items = items_of(records, known.name)
    index.extend_source(Source(name=known.name, items=items, digest=str(last), stamp=stamp))


def _said(record: Record) -> tuple[str, str, str]:
    """Return who said what in a record, and what it is; nothing for what is no talk."""
    match record.body:
        case RunStarted(goal=goal):
            return "operator", goal.text, "goal"
        case MessageGiven(text=text, source=Speaker.OPERATOR):
            return "operator", text, "message"
        case ModelFinished(message=message):
            return "model", message.text, "reply"
        case ToolFinished(tool=tool, output=output, data=data, provenance=provenance):
            web = source_of(tool, data, provenance) is Speaker.WEB
            kind = f"{WEB}:{tool}" if web else f"tool:{tool}"
            if tool not in MEMORY_TOOLS:
                return "tool", f"{tool}: {output[:OUTPUT_CHARS]}", kind
            return ("tool", f"{tool}: what was found rests on the web", kind) if web else ("", "", "")
        case _:
            return "", "", ""


def _stamp(path: Path) -> str:
    """Return what changes whenever the session grows; a live one grows in the file beside it."""
    stamps: list[str] = []
    for place in (path, path.with_name(path.name + "-wal")):
        try:
            state = place.stat()
        except FileNotFoundError:
            continue
        stamps.append(f"{state.st_mtime_ns}-{state.st_size}")
    return " ".join(stamps)
