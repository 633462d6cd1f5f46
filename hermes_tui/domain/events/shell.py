"""Commands that run beside the session: begun, and how they ended."""

from __future__ import annotations

from typing import Final, Literal

from hermes_tui.domain.events.tool import FileChange
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen

ShellEnding = Literal["exited", "deadline", "output_limit", "stopped", "refused", "lost"]
"""How it ended: by itself, by a limit, by an order, not begun at all, or unknown as Hermes ended before it."""


OPERATOR: Final = "operator"


@frozen
class ShellStarted:
    """A command is about to run beside the session; this is durable before it starts.

    `output` is the file that what it prints goes to, `targets` what it may write, `hosts` whom it may contact. One that
    an agent began names the agent in `by`, and its call.
    """

    shell_id: str
    command: str
    output: str
    effect: Effect
    reach: Reach
    targets: tuple[str, ...]
    timeout_s: float
    by: str = OPERATOR
    call_id: CallId | None = None
    hosts: tuple[str, ...] = ()


@frozen
class ShellEnded:
    """A command beside the session ended with everything it started; `exit_code` None is not known.

    `changed` are files that are not what they were before it began, whoever changed them meanwhile; it is known of an
    agent's commands only.
    """

    shell_id: str
    end: ShellEnding
    exit_code: int | None
    output_bytes: int
    seconds: float
    why: str = ""
    changed: tuple[FileChange, ...] = ()


ShellEvent = ShellStarted | ShellEnded
