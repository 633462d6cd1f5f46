"""Commands beside the session as every door speaks of them: how one is begun, how it stands, what it printed."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.commands import StopShell
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.state.shells import Shell, ShellState, ending
from hermes_tui.services.shells import printed

LINES: Final = 2000
"""How many of the last lines are shown."""
NONE_YET: Final = "No shell runs beside this session. !COMMAND & begins one."


def beside(command: str) -> str:
    """Return a command that is to run beside the session, without the `&` that says so; empty if it is none."""
    command = command.strip()
    return command[:-1].strip() if command.endswith("&") and not command.endswith("&&") else ""


def shell_of(state: ShellState, shell_id: str) -> Shell:
    """Return a command by its id.

    Raises:
        UsageInvalid: there is none of that id.
    """
    if shell_id not in state.by_id:
        known = ", ".join(state.by_id) or "none"
        raise UsageInvalid(f"There is no shell {shell_id[:40]!r}. Known: {known}.", hint="/shells lists them.")
    return state.by_id[shell_id]


def stop_of(state: ShellState, argument: str) -> StopShell | None:
    """Return the order in `stop ID`; the id may be left out where only one runs. None where nothing is to be stopped.

    Raises:
        UsageInvalid: it names none, or none that runs.
    """
    verb, _, shell_id = argument.partition(" ")
    if verb != "stop":
        return None
    running = [shell.started.shell_id for shell in state.running]
    if not shell_id.strip() and len(running) == 1:
        return StopShell(shell_id=running[0])
    if not shell_id.strip():
        said = ", ".join(running)
        raise UsageInvalid(f"Which one? Running: {said}." if said else "No shell runs.", hint="/shells lists all.")
    shell = shell_of(state, shell_id.strip())
    if shell.ended is not None:
        raise UsageInvalid(f"Shell {shell.started.shell_id} ended already: {ending(shell.ended)}.")
    return StopShell(shell_id=shell.started.shell_id)


def output_lines(shell: Shell) -> list[str]:
    """Return the last lines that a command printed; of a line that was written over, what it became."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in printed(shell).split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) > LINES:
        return [f"… earlier lines are in {shell.started.output}", *lines[-LINES:]]
    return lines
