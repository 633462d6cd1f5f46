"""What the operator says and does."""

from __future__ import annotations

from hermes_tui.domain.messages import Image, Source
from hermes_tui.domain.tasks import Mode
from hermes_tui.domain.values import frozen


@frozen
class MessageGiven:
    """A text reached the conversation: the operator's words, or a note of the kernel to the model."""

    text: str
    source: Source = Source.OPERATOR
    images: tuple[Image, ...] = ()


@frozen
class ModeChanged:
    """The operator chose how much runs without a question."""

    mode: Mode


@frozen
class InterruptAsked:
    """Someone asked the run to stop at the next safe point; `by` names the key, signal or command."""

    by: str


@frozen
class RunPaused:
    """From now on nothing new is started; what runs goes on. `by` names the key or command."""

    by: str


@frozen
class RunUnpaused:
    """What waited since the pause may start. `by` names the key or command."""

    by: str


@frozen
class ConfigApplied:
    """An edited config file holds from the next step on; `changed` lists each key as `key: old → new`.

    It is empty where a stronger layer, such as the command line, says otherwise.
    """

    file: str
    changed: tuple[str, ...]


@frozen
class ConfigRefused:
    """An edited config file cannot be used; what held before holds on. `line` 0 is unknown."""

    file: str
    line: int
    message: str


OperatorEvent = MessageGiven | ModeChanged | InterruptAsked | RunPaused | RunUnpaused | ConfigApplied | ConfigRefused
