"""Tasks that wait as rows: for what and until when, and once they go on, that they waited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Final

from hermes_tui.domain.events import (
    ModelRequested,
    RunEnded,
    TaskCancelled,
    TaskEvent,
    TaskFailed,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
    ToolRequested,
)
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import frozen, mutable, replace
from hermes_tui.interfaces.tui import notices
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, LEFT, WAITING, Sign
from hermes_tui.interfaces.tui.rows import Notice

DAY_S: Final = 86_400.0


@frozen(kw_only=False)
class _Wait:
    """A wait of the task called `title`; `record` is where it began, `left` whether its run ended meanwhile."""

    record: Record
    title: str
    body: TaskWaiting
    left: bool = False

    def row(self, sign: Sign, verb: str, hint: str = "") -> Notice:
        """Return its row: what is missing at once, how to mend each part of it when it is open."""
        if self.body.until:
            verb = "was to wait" if sign is LEFT else verb
            late = self.body.until - self.record.at >= DAY_S
            until = wording.moment(self.body.until, self.body.until + (DAY_S if late else 0.0))
            return notices.notice(self.record, sign, self.title, f"{verb} until {until}", hint=hint and "Esc stops")
        what, _, how = self.body.why.partition("\n")
        said = f"{verb} for {self.body.what}: {what.strip()}"
        return replace(notices.notice(self.record, sign, self.title, said, hint=hint), details=how.strip())


@mutable
class Waits:
    """The waits that are not over. A wait has one row, whatever becomes of it."""

    _open: dict[TaskId, _Wait] = field(default_factory=dict[TaskId, _Wait])

    def begin(self, record: Record, title: str, body: TaskWaiting) -> Notice:
        """Return the row of a task that waits from now on."""
        known = self._open.get(record.place.task or TaskId(""))
        origin = known.record if known is not None and not known.left else record
        wait = _Wait(origin, title, body)
        self._open[record.place.task or TaskId("")] = wait
        return wait.row(WAITING, "waits", "F3 brains")

    def take(self, record: Record) -> Iterator[Notice]:
        """Yield the rows of what waits no longer, and of a timer that a run taken up again still waits for."""
        body, task = record.body, record.place.task
        if not self._open:
            return
        if isinstance(body, RunEnded):
            yield from self.leave()
        elif task is not None and task in self._open and isinstance(body, TaskEvent | ToolRequested | ModelRequested):
            yield from self._went_on(record, task)

    def leave(self) -> Iterator[Notice]:
        """Yield the rows of what waited when its run ended; a timer waits on if the run is taken up again."""
        for task, wait in tuple(self._open.items()):
            if not wait.left:
                yield wait.row(LEFT, "waited")
            if wait.body.until:
                self._open[task] = replace(wait, left=True)
            else:
                del self._open[task]

    def _went_on(self, record: Record, task: TaskId) -> Iterator[Notice]:
        wait, body = self._open[task], record.body
        if isinstance(body, TaskWaiting):
            return
        if isinstance(body, TaskStarted) and wait.body.until > record.at:
            if wait.left:
                yield self.begin(record, wait.title, wait.body)
            return
        del self._open[task]
        if not wait.left:
            ended_early = isinstance(body, TaskFailed | TaskSkipped | TaskCancelled)
            yield wait.row(LEFT if ended_early else DONE, "waited")
