"""How much runs at once: a width for all work, a lane per resource, and a lane that narrows when a provider is busy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.events import ModelFinished, RetryScheduled
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Task, TaskKind

MODEL: Final = "model"
WIDTH: Final = 8
"""How many tasks run at once."""
GROW_AFTER: Final = 4
"""Replies without a refusal before the lane of the models widens by one."""
HEARD: Final = frozenset({RetryScheduled, ModelFinished})
_BUSY: Final = (FailureReason.RATE_LIMITED, FailureReason.OVERLOADED)
_IDLE: Final = (TaskKind.TIMER, TaskKind.JOIN, TaskKind.APPROVAL)


class Lanes:
    """Counts what runs. Tasks that only wait take no room.

    The lane of the models halves with each refusal for load and widens by one after some replies: additive increase,
    multiplicative decrease (Chiu and Jain, 1989).
    """

    def __init__(self, width: int, limits: Mapping[str, int]) -> None:
        self._width = width
        self._limits = dict(limits)
        self._most = min(width, self._limits.get(MODEL, width))
        self._models = self._most
        self._replies = 0
        self._taken: Counter[str] = Counter()
        self._busy = 0

    @property
    def models(self) -> int:
        """How many tasks may ask a model at once now."""
        return self._models

    @property
    def free(self) -> bool:
        """Whether the width leaves room for more work."""
        return self._busy < self._width

    def enter(self, task: Task) -> bool:
        """Take room for `task`, if there is some for its resource."""
        lane = lane_of(task)
        if not lane:
            return True
        if self._busy >= self._width or self._taken[lane] >= self._limit(lane):
            return False
        self._taken[lane] += 1
        self._busy += 1
        return True

    def leave(self, task: Task) -> None:
        """Give the room of `task` back."""
        lane = lane_of(task)
        if lane:
            self._taken[lane] -= 1
            self._busy -= 1

    def hear(self, record: Record) -> None:
        """Narrow or widen the lane of the models by what providers answer, the records of which are `HEARD`."""
        body = record.body
        if isinstance(body, RetryScheduled) and body.reason in _BUSY:
            self._models, self._replies = max(1, self._models // 2), 0
        elif isinstance(body, ModelFinished):
            self._replies += 1
            if self._replies >= GROW_AFTER and self._models < self._most:
                self._models, self._replies = self._models + 1, 0

    def _limit(self, lane: str) -> int:
        return self._models if lane == MODEL else self._limits.get(lane, self._width)


def lane_of(task: Task) -> str:
    """Return the resource that a task takes; empty for one that only waits."""
    if task.kind in _IDLE:
        return ""
    return task.use if task.kind is TaskKind.TOOL else MODEL
