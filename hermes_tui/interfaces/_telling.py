"""A session told from its records, as a person reads it: what was said, and what else happened, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hermes_tui.domain.events import ModelFinished
from hermes_tui.domain.records import Record
from hermes_tui.domain.text import printable
from hermes_tui.interfaces._progress import Progress
from hermes_tui.interfaces._steering import Prompts


class Reader:
    """Finds what a person wants to read of each record: the operator's words, replies in their own, and its line.

    Without `signs` no line begins with one, for terminals that speak.
    """

    def __init__(self, *, signs: bool = True) -> None:
        self._progress = Progress()
        self._prompts = Prompts()
        self._signs = signs

    def lines(self, record: Record) -> Iterator[str]:
        """Yield the lines of one record."""
        lead = "› " if self._signs else "you: "
        for line in self._prompts.said(record).splitlines():
            yield f"{lead}{printable(line)}"
        if isinstance(record.body, ModelFinished):
            yield from record.body.message.text.splitlines()
        if line := self._progress.line(record):
            yield line if self._signs else self._progress.spoken(line)


def told(records: Iterable[Record], *, signs: bool = True) -> Iterator[str]:
    """Yield every line that records so far would have printed."""
    reader = Reader(signs=signs)
    for record in records:
        yield from reader.lines(record)
