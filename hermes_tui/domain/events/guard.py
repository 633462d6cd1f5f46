"""The loop guard sees an agent going in circles."""

from __future__ import annotations

from typing import Literal

from hermes_tui.domain.values import frozen


@frozen
class LoopNoticed:
    """An agent repeats what does not work; `layer` is how it was seen, `action` what was done about it.

    `identical`: the same call with the same error. `same_error`: the same tool and class of error with other arguments,
    and nothing changed in between. `same_obstacle`: one obstacle met by whatever tool, or thoughts that say the same.
    `key` is what is repeated, `why` says it in words; the agent reads it.
    """

    layer: Literal["identical", "same_error", "same_obstacle"]
    action: Literal["warned", "reset", "stopped"]
    key: str
    count: int
    why: str


GuardEvent = LoopNoticed
