"""The log of the home: redacted JSON lines about what Hermes did, rotated by size, shared by several processes."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, Literal

from hermes_tui.capabilities.state.codec import encode_line
from hermes_tui.domain.events import EVENT_TYPES, RunEnded, ToolFinished
from hermes_tui.domain.ports import Redactor
from hermes_tui.domain.records import Record
from hermes_tui.domain.text import printable

NAME: Final = "hermes.jsonl"
FILES: Final = 5
FILE_BYTES: Final = 1_000_000
MOST_WAITING: Final = 20_000
MOST_AT_ONCE: Final = 2_000
PAUSE_S: Final = 0.05
CLOSE_S: Final = 2.0
LONGEST: Final = 300

Level = Literal["debug", "info", "warning", "error"]
Entry = dict[str, Any]

_TOLD: Final = (
    *("call_id", "tool", "request_id", "model", "role", "approval_id", "stage", "reason", "message", "error_kind"),
    *("limit", "decision", "how", "attempt", "seconds", "first_token_s", "delay_s", "usd", "exit_code", "ok", "by"),
)
"""Fields of an event that may stand in a log: names and numbers, never what a model, tool or operator said."""
_WARNINGS: Final = ("Failed", "Refused", "Skipped", "Scheduled", "Lowered", "Cancelled", "Resolved")


class JsonLog:
    """A log that never holds up its writer: entries are queued, and a thread of its own writes them.

    What does not fit in the queue is counted, not waited for. A log that cannot be written is given up silently: the
    journal is the truth.
    """

    def __init__(
        self,
        folder: Path,
        redactor: Redactor,
        *,
        verbose: bool = False,
        file_bytes: int = FILE_BYTES,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.path = folder / NAME
        self._redactor = redactor
        self._verbose = verbose
        self._file_bytes = file_bytes
        self._most_waiting = most_waiting
        self._queue: SimpleQueue[Record | Entry | None] = SimpleQueue()
        self._lost = 0
        self._closing = threading.Event()
        self._writer: threading.Thread | None = None

    def record(self, record: Record) -> None:
        """Note a record of a journal."""
        self._put(record)

    def note(self, level: Level, where: str, action: str, status: str, **metadata: object) -> None:
        """Note something that is no record; `where` is `layer.component`."""
        layer, _, component = where.partition(".")
        self._put(_entry(time.time(), level, (layer, component, action, status), metadata))

    def close(self) -> None:
        """Write what is queued, at most for `CLOSE_S` seconds."""
        if self._writer is not None:
            self._closing.set()
            self._queue.put(None)
            self._writer.join(CLOSE_S)
            self._writer = None

    def _put(self, item: Record | Entry) -> None:
        if self._queue.qsize() >= self._most_waiting:
            self._lost += 1
            return
        self._queue.put(item)
        if self._writer is None:
            self._closing.clear()
            self._writer = threading.Thread(target=self._write, name="log", daemon=True)
            self._writer.start()

    def _write(self) -> None:
        queue, done = self._queue, False
        while not done:
            items = [queue.get()]
            # A short rest gathers what a busy run says at once into one write.
            self._closing.wait(PAUSE_S)
            # Nobody else takes anything, so that all of it is there.
            items += [queue.get() for _ in range(min(queue.qsize(), MOST_AT_ONCE))]
            done = None in items
            # Each is made and encoded in one go: what a record holds is fetched once from where it was made.
            self._keep([encode_line(entry_of(one) if isinstance(one, Record) else one) for one in items if one])

    def _keep(self, lines: list[str]) -> None:
        lost, self._lost = self._lost, 0
        if lost:
            entry = _entry(time.time(), "warning", ("services", "log", "queue", "lost"), {"entries": lost})
            lines.append(encode_line(entry))
        # All lines in one go: looking for what is secret costs mostly by the look, and a run says many things at once.
        text = self._redactor.redact("\n".join(lines))
        if self._verbose and text:
            sys.stderr.writelines(f"{_words(json.loads(line))}\n" for line in text.split("\n"))
        try:
            append(self.path, text, self._file_bytes)
        except OSError:
            self._verbose = self._verbose and sys.stderr is not None


def append(path: Path, text: str, file_bytes: int) -> None:
    """Add lines to a log that others write too; rotate it where it would grow over `file_bytes`."""
    added = text.encode("utf-8", "replace") + b"\n" if text else b""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        size = path.stat().st_size if path.exists() else 0
        if size + len(added) > file_bytes:
            added = _rotated(path, size, added, file_bytes)
        _extend(path, added)
    finally:
        os.close(lock)


def _rotated(path: Path, size: int, added: bytes, file_bytes: int) -> bytes:
    """Fill the file up with whole lines, as often as it takes; return those that stand in the newest one."""
    begun = at = 0
    while at < len(added):
        end = added.index(b"\n", at) + 1
        if size and size + end - at > file_bytes:
            _extend(path, added[begun:at])
            _rotate(path)
            begun, size = at, 0
        size += end - at
        at = end
    return added[begun:]


def _extend(path: Path, added: bytes) -> None:
    if not added:
        return
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(added)


def _rotate(path: Path) -> None:
    for number in range(FILES - 1, 0, -1):
        older = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number}"))


def entry_of(record: Record) -> Entry:
    """Return what the log says about a record."""
    body, place = record.body, record.place
    name = type(body).__name__
    component, told, (status, level) = _shape(name)
    metadata: Entry = {"session": place.session, "seq": record.seq}
    if place.task is not None:
        metadata["task"] = place.task
    for field in told:
        value: object = getattr(body, field)
        if value is not None and value != "":
            metadata[field] = value[:LONGEST] if isinstance(value, str) else value
    if isinstance(body, RunEnded):
        status, level = body.status, "info" if body.exit_code == 0 else "warning"
    elif isinstance(body, ToolFinished) and not body.ok:
        status, level = "failed", "warning"
    return _entry(record.at, level, ("kernel", component, name, status), metadata)


@cache
def _shape(name: str) -> tuple[str, Sequence[str], tuple[str, Level]]:
    """Return the family of a kind of event, which of its fields may stand in a log, and what its name says of it."""
    kind = EVENT_TYPES[name]
    ending = next((one for one in _WARNINGS if name.endswith(one)), None)
    usual: tuple[str, Level] = ("ok", "info") if ending is None else (ending.lower(), "warning")
    return kind.__module__.rpartition(".")[2], tuple(field for field in _TOLD if hasattr(kind, field)), usual


def _entry(at: float, level: Level, what: tuple[str, str, str, str], metadata: Entry) -> Entry:
    layer, component, action, status = what
    return {
        "at": at,
        "level": level,
        "layer": layer,
        "component": component,
        "action": action,
        "status": status,
        "metadata": metadata,
    }


def _words(entry: Entry) -> str:
    said = " ".join(f"{key}={value}" for key, value in entry["metadata"].items())
    where = f"{entry['layer']}.{entry['component']}"
    return printable(f"{entry['level']:7} {where} {entry['action']} {entry['status']} {said}")
