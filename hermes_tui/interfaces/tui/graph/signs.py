"""The sign of every state of a task."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.tasks import TaskState
from hermes_tui.interfaces.tui.drawing.glyphs import DONE, FAILED, RUNNING, WAITING, Sign

TASK: Final = {
    TaskState.PENDING: Sign("·", "pending", "muted"),
    TaskState.READY: Sign("◦", "ready", "text"),
    TaskState.RUNNING: RUNNING,
    TaskState.WAITING: WAITING,
    TaskState.PAUSED: Sign("■", "paused", "muted"),
    TaskState.DONE: DONE,
    TaskState.FAILED: FAILED,
    TaskState.SKIPPED: Sign("»", "skipped", "muted"),
    TaskState.CANCELLED: Sign("–", "cancelled", "muted"),
}
