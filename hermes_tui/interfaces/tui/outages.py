"""Which providers no connection comes about to: since when, and what is tried next."""

from __future__ import annotations

from dataclasses import field
from typing import Final
from urllib.parse import urlsplit

from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.events import ModelFailed, ModelFinished, RetryScheduled
from hermes_tui.domain.patterns import later
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import mutable
from hermes_tui.interfaces.tui import notices
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import foreign, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import WAITING
from hermes_tui.interfaces.tui.rows import Notice
from hermes_tui.kernel.retry import MAX_ATTEMPTS

_UNCONNECTED: Final = (FailureReason.UNREACHABLE, FailureReason.TIMEOUT_CONNECT)
_NOWHERE: Final = later(r"could not be reached at (\S+?)(?: within \S+ s)?\.$")
"""What providers say without a connection; where a reason stands behind the address, it was made and refused."""
_HERE: Final = later(r"localhost|127\.[\d.]+|::1")


@mutable
class Outages:
    """When each provider was first out of reach; the first answer of any kind ends that."""

    _since: dict[str, float] = field(default_factory=dict[str, float])

    def take(self, record: Record, body: ModelFailed | ModelFinished) -> None:
        """Take note of how a request ended."""
        provider = body.model.partition(":")[0]
        if isinstance(body, ModelFailed) and body.reason in _UNCONNECTED:
            self._since.setdefault(provider, record.at)
        elif not (isinstance(body, ModelFailed) and body.reason is FailureReason.CANCELLED):
            self._since.pop(provider, None)

    def said(self, record: Record, body: RetryScheduled) -> Notice | None:
        """Return the row of another try where no connection came about; None where the failure was another one.

        It takes the place of the row in which that request failed: one try is one row.
        """
        found = _NOWHERE.search(body.message) if body.reason in _UNCONNECTED else None
        if found is None:
            return None
        url = urlsplit(found[1])
        since = self._since.get(body.model.partition(":")[0], record.at)
        then = f"Trying again in {wait(body.delay_s)}, {body.attempt} of {MAX_ATTEMPTS}."
        another = "another" if _HERE.fullmatch(url.hostname or "") else "a local"
        said = f"No route to {url.netloc.rpartition('@')[2]} since {wording.clock(since)}. {then}"
        return Notice(
            origin=notices.origin(record, notices.reply_key(body.request_id)),
            sign=WAITING,
            spans=(*foreign(one_line(said), "text"), (" F3", "accent"), (f" switches to {another} brain.", "text")),
        )


def wait(seconds: float) -> str:
    """Return a wait in whole seconds, one below a second as exactly as it is said elsewhere."""
    return f"{seconds:.0f} s" if seconds >= 1 else wording.took(seconds)
