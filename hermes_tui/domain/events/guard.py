"""The loop guard sees an agent going in circles, and circuits open where what calls depend on is down."""

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


@frozen
class CircuitMoved:
    """What calls depend on failed once more, is tried, or works again.

    `circuit` names it: `host NAME`, `server NAME` (of MCP) or `tool NAME`. `counting` is some failures in a row, `open`
    that nothing calls it until `open_until`, `probing` that one call tries it, until `probed_until` at most.
    """

    circuit: str
    flow: Literal["counting", "open", "probing", "closed"]
    failures: int = 0
    open_until: float = 0.0
    probed_until: float = 0.0
    why: str = ""


GuardEvent = LoopNoticed | CircuitMoved
