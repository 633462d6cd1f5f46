"""Commands beside the session: which run, and how the others ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from hermes_tui.domain.events.shell import OPERATOR, ShellEnded, ShellEvent, ShellStarted
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import frozen

_ENDINGS: Final = {
    "deadline": "stopped at its time limit",
    "output_limit": "stopped, it printed too much",
    "stopped": "stopped",
    "refused": "did not start",
    "lost": "end unknown",
}


@frozen
class Shell:
    """One command; `ended` is None while it runs, as far as the records say."""

    started: ShellStarted
    started_at: float
    ended: ShellEnded | None = None

    @property
    def is_agents(self) -> bool:
        """Whether an agent began it, not the operator."""
        return self.started.by != OPERATOR


def ending(ended: ShellEnded) -> str:
    """Say how a command ended."""
    said = f"exit {ended.exit_code}" if ended.end == "exited" else _ENDINGS[ended.end]
    return f"{said}: {ended.why}" if ended.why else said


def lasted_s(ended: ShellEnded) -> float | None:
    """Return how long a command ran, None where nobody knows."""
    return None if ended.end == "lost" else ended.seconds


def well(ended: ShellEnded) -> bool:
    """Whether a command ended by itself and said that it did what it was for."""
    return ended.end == "exited" and ended.exit_code == 0


@frozen
class ShellState:
    """All commands by id, the oldest first."""

    by_id: Mapping[str, Shell] = field(default_factory=dict[str, Shell])

    @property
    def running(self) -> tuple[Shell, ...]:
        """Those without an end."""
        return tuple(shell for shell in self.by_id.values() if shell.ended is None)

    def begun_by(self, call_id: CallId) -> Shell | None:
        """Return the command that a tool call began."""
        return next((shell for shell in self.by_id.values() if shell.started.call_id == call_id), None)


def fold_shells(state: ShellState, record: Record, body: ShellEvent) -> ShellState:
    """Return the commands after one began or ended."""
    if isinstance(body, ShellStarted):
        shell = Shell(started=body, started_at=record.at)
    elif body.shell_id in state.by_id:
        known = state.by_id[body.shell_id]
        shell = Shell(started=known.started, started_at=known.started_at, ended=body)
    else:
        return state
    return ShellState(by_id={**state.by_id, body.shell_id: shell})
