"""A model is asked, answers, fails, is asked again."""

from __future__ import annotations

from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.ids import RequestId
from hermes_tui.domain.messages import Message
from hermes_tui.domain.parts import Effort, StopReason
from hermes_tui.domain.usage import Bound, Usage
from hermes_tui.domain.values import frozen


@frozen
class ModelRequested:
    """A request leaves for `model` (`provider:model`); `bound` is what it may cost at worst and is reserved.

    `task_class` is what the call is for, `role` the brain that was asked for it and `route` the reason, `why` how the
    model was chosen. `request_bytes` is the size of what is sent, `max_tokens` the output and `effort` the
    reasoning asked for.
    """

    request_id: RequestId
    model: str
    role: str
    why: str
    bound: Bound
    request_bytes: int
    max_tokens: int
    step: int
    attempt: int = 1
    task_class: str = ""
    route: str = ""
    effort: Effort | None = None


@frozen
class ModelFinished:
    """The reply is whole: its terminal marker was seen. `usd` is None where the price is unknown."""

    request_id: RequestId
    model: str
    message: Message
    stop: StopReason
    usage: Usage
    usd: float | None
    first_token_s: float
    seconds: float


@frozen
class ModelFailed:
    """The request did not end with a reply. `fragment` is evidence, never history; `usage` is what it cost anyway."""

    request_id: RequestId
    model: str
    reason: FailureReason
    message: str
    fragment: str
    usage: Usage
    usd: float | None
    seconds: float


@frozen
class RetryScheduled:
    """The same request goes out again in `delay_s` seconds; `attempt` is the number of the next one."""

    request_id: RequestId
    model: str
    reason: FailureReason
    attempt: int
    delay_s: float
    message: str = ""


@frozen
class ModelChosen:
    """From now on `model` answers for `role`; `why` is shown to the operator, `before` is who answered until now."""

    role: str
    model: str
    why: str
    before: str = ""


@frozen
class ModelAwaited:
    """The model is waited for: `delay_s` seconds, as its rate limit is used up until then; 0 while it is loaded."""

    role: str
    model: str
    delay_s: float
    why: str


@frozen
class ModelEscalated:
    """An answer of `tier` seemed too unsure: `to_tier` answers the agent until its next message from the operator.

    `confidence` runs from 0 to 1 and is below `threshold`; `why` names what lowered it. `usd` is what the unsure answer
    cost, None where the price is unknown.
    """

    role: str
    model: str
    tier: str
    to_tier: str
    confidence: float
    threshold: float
    why: str
    usd: float | None


ModelEvent = ModelRequested | ModelFinished | ModelFailed | RetryScheduled | ModelChosen | ModelAwaited | ModelEscalated
