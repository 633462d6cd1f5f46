"""Commands beside the session: which run, and how the others ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from hermes_tui.domain.events.shell import ShellEnded, ShellEvent, ShellStarted
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import frozen


@frozen
class Shell:
    """One command; `ended` is None while it runs, as far as the records say."""

    started: ShellStarted
    started_at: float
    ended: ShellEnded | None = None


@frozen
class ShellState:
    """All commands by id, the oldest first."""

    by_id: Mapping[str, Shell] = field(default_factory=dict[str, Shell])

    @property
    def running(self) -> tuple[Shell, ...]:
        """Those without an end."""
        return tuple(shell for shell in self.by_id.values() if shell.ended is None)


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
