"""A task of the graph starts, waits and ends."""

from __future__ import annotations

from hermes_tui.domain.tasks import Rung
from hermes_tui.domain.values import frozen


@frozen(kw_only=False)
class TaskStarted:
    """An attempt at the task of this record's place began; that of a tool task begins with its `ToolRequested`."""


@frozen
class TaskWaiting:
    """The task waits for `what`: approval, provider, limit, child or timer (due at `until`, Unix seconds)."""

    what: str
    why: str
    until: float = 0.0


@frozen
class TaskFinished:
    """The task ended well; a tool task mostly does with its `ToolFinished`.

    `result` is JSON text; `${task.path}` in other tasks reads it.
    """

    result: str
    seconds: float


@frozen
class TaskFailed:
    """The attempt failed; `kind` is the error class. While it is `recovering`, something else is still to be tried."""

    kind: str
    message: str
    seconds: float
    recovering: bool = False


@frozen
class TaskSkipped:
    """The task will not run: its guard was false, or, if it is `dead`, something it needs did not end well."""

    why: str
    dead: bool = False


@frozen
class TaskCancelled:
    """The task was stopped before it ended."""

    why: str


@frozen
class RecoveryTried:
    """A task failed and `rung` of its recovery comes next; `args` are repaired arguments (JSON text), else empty.

    `avoided` is the brain that is not asked for it again. `taken` is False where no rung was left, and `why` says so.
    """

    rung: Rung
    why: str
    taken: bool = True
    args: str = ""
    avoided: str = ""


TaskEvent = TaskStarted | TaskWaiting | TaskFinished | TaskFailed | TaskSkipped | TaskCancelled | RecoveryTried
