"""Commands that run beside the session: begun, and how they ended."""

from __future__ import annotations

from typing import Literal

from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen

ShellEnding = Literal["exited", "deadline", "output_limit", "stopped", "refused", "lost"]
"""How it ended: by itself, by a limit, by an order, not begun at all, or unknown as Hermes ended before it."""


@frozen
class ShellStarted:
    """A command is about to run beside the session; this is durable before it starts.

    `output` is the file that what it prints goes to, `targets` what it may write.
    """

    shell_id: str
    command: str
    output: str
    effect: Effect
    reach: Reach
    targets: tuple[str, ...]
    timeout_s: float
    by: str = "operator"


@frozen
class ShellEnded:
    """A command beside the session ended with everything it started; `exit_code` None is not known."""

    shell_id: str
    end: ShellEnding
    exit_code: int | None
    output_bytes: int
    seconds: float
    why: str = ""


ShellEvent = ShellStarted | ShellEnded
