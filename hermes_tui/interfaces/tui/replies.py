"""Requests to models as rows: waited for, streaming in, whole, failed, tried again, given to another brain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Final

from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.events import (
    ModelAwaited,
    ModelChosen,
    ModelEscalated,
    ModelEvent,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    RetryScheduled,
)
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.messages import Thinking
from hermes_tui.domain.parts import Part
from hermes_tui.domain.patterns import later
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.usage import Usage
from hermes_tui.domain.values import frozen, mutable, replace
from hermes_tui.interfaces.tui import notices, so_far
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import foreign, one_line
from hermes_tui.interfaces.tui.drawing.flow import Flow
from hermes_tui.interfaces.tui.drawing.glyphs import FAILED, IN_DOUBT, STOPPED, WAITING
from hermes_tui.interfaces.tui.drawing.row_window import Row
from hermes_tui.interfaces.tui.meter import NEAR
from hermes_tui.interfaces.tui.outages import Outages, wait
from hermes_tui.interfaces.tui.rows import Gone, Notice, Origin, Reply
from hermes_tui.interfaces.tui.streaming import Streaming
from hermes_tui.kernel.retry import MAX_ATTEMPTS
from hermes_tui.services.missing import Missing

NUMBERED: Final = 9
"""So many brains of F3's list have a key of their own, Alt and their number."""

_STATUS: Final = later(r"\((\d{3})\)")
_ADJECTIVES: Final = (FailureReason.RATE_LIMITED, FailureReason.OVERLOADED)
_HINTS: Final = {FailureReason.AUTHENTICATION: "F3 another key", FailureReason.MISSING_KEY: "F3 give a key"}
_CAUSES: Final = {
    FailureReason.UNREACHABLE: "no connection",
    FailureReason.TIMEOUT_CONNECT: "no connection in time",
    FailureReason.TIMEOUT_FIRST_TOKEN: "no first token in time",
    FailureReason.TIMEOUT_IDLE: "silence in the middle of the reply",
    FailureReason.TIMEOUT_TOTAL: "the reply took too long",
    FailureReason.CONNECTION_LOST: "connection cut",
    FailureReason.TRUNCATED: "connection cut",
    FailureReason.MALFORMED: "unreadable reply",
    FailureReason.TOO_LARGE: "too large",
    FailureReason.RATE_LIMITED: "rate limited",
    FailureReason.OVERLOADED: "overloaded",
    FailureReason.SERVER: "server error",
    FailureReason.AUTHENTICATION: "key refused",
    FailureReason.PERMISSION: "not permitted",
    FailureReason.QUOTA: "quota used up",
    FailureReason.NOT_FOUND: "not found",
    FailureReason.CONTEXT_LENGTH: "too long for its window",
    FailureReason.CONTENT_FILTER: "refused by a content filter",
    FailureReason.INVALID_REQUEST: "request refused",
    FailureReason.UNSUPPORTED: "not supported",
    FailureReason.MISSING_KEY: "no key",
    FailureReason.MODEL_MISSING: "model not found",
    FailureReason.CANCELLED: "asked for by the operator",
}


@mutable
class Spending:
    """What a run spends on models; `near` is set once it was said that most of the cap is gone."""

    usd: float = 0.0
    unpriced: bool = False
    cap: float | None = None
    near: bool = False

    @property
    def known_usd(self) -> float | None:
        """What was spent, None where a call had no known price."""
        return None if self.unpriced else self.usd

    def count(self, usd: float | None, tokens: int) -> None:
        """Add a call."""
        self.usd += usd or 0.0
        self.unpriced = self.unpriced or (usd is None and tokens > 0)

    def comes_near(self) -> bool:
        """Whether the cap is near now, and was not before."""
        before, self.near = self.near, self.near or bool(self.cap and self.usd >= NEAR * self.cap)
        return self.near and not before


@frozen(kw_only=False)
class _Switch:
    """The row of a switch, and who answered before it."""

    row: Notice
    before: str

    def pointing(self, key: str) -> Notice:
        """Return the row with the key that goes back, as the list of brains stands."""
        return replace(self.row, hint=f"{key} back" if key else "F3 brains")


@mutable
class Replies:
    """What becomes of each request. `brains` is F3's list, as far as it is known.

    `step` is the number of the newest one.
    `switch` says of the newest step that went to another brain what happened and how to go back: in full, then shorter.
    """

    first_token_s: float | None = None
    whole_lines: bool = False
    brains: Sequence[Brain | Missing] = ()
    spending: Spending = field(default_factory=Spending)
    last_text: str = ""
    step: int = 0
    switch: tuple[str, ...] = ()
    _streams: dict[AgentId, Streaming] = field(default_factory=dict[AgentId, Streaming])
    _asked: dict[AgentId, ModelRequested] = field(default_factory=dict[AgentId, ModelRequested])
    _measured: dict[tuple[AgentId, str], tuple[int, Usage]] = field(
        default_factory=dict[tuple[AgentId, str], tuple[int, Usage]]
    )
    _failed: dict[AgentId, ModelFailed] = field(default_factory=dict[AgentId, ModelFailed])
    _rows: dict[AgentId, Notice] = field(default_factory=dict[AgentId, Notice])
    _wish: tuple[Notice, ModelChosen] | None = None
    _newest: _Switch | None = None
    _outages: Outages = field(default_factory=Outages)

    def begin(self, cap_usd: float | None) -> None:
        """Count from nothing: another run begins."""
        self.spending, self.step = Spending(cap=cap_usd), 0
        self.resume()

    def resume(self) -> None:
        """Take no failure from before as the cause of what follows."""
        self._failed.clear()

    def take(self, record: Record, body: ModelEvent) -> Iterator[Row]:
        """Yield the rows that an event adds or changes."""
        match body:
            case ModelRequested():
                yield self._requested(record, body)
            case ModelFinished():
                self._outages.take(record, body)
                yield self._finished(record, body)
                if self.spending.cap and self.spending.comes_near():
                    yield notices.near_cap(record, self.spending.usd, self.spending.cap)
            case ModelFailed():
                self._outages.take(record, body)
                yield self._failure(record, body)
            case RetryScheduled():
                yield self._outages.said(record, body) or self._again(record, body)
            case ModelChosen():
                yield from self._superseded(body)
                yield self._chosen(record, body)
            case ModelEscalated():
                said = f"{body.model} answered unsure ({body.confidence:.2f}): {body.why}"
                yield notices.notice(record, notices.KERNEL, f"tier {body.tier} → {body.to_tier}", said)
            case ModelAwaited():
                said = f"{body.why}; goes on in {body.delay_s:.0f} s" if body.delay_s else body.why
                yield notices.notice(record, WAITING, body.model, said, hint="F3 switch now")

    def hear(self, place: Place, part: Part, at: float) -> Row | None:
        """Return the streaming row after one more part, if the part shows."""
        stream = self._streams.get(place.agent)
        heard = stream.hear(part, at) if stream is not None else None
        if heard is not None:
            self._streams[place.agent] = heard
        return heard

    def cut_off(self, where: str) -> list[Row]:
        """Return what becomes of the requests that were under way when Hermes ended without closing."""
        said = f": no reply was stored {where}"
        rows: list[Row] = [
            Notice(origin=one.origin, sign=IN_DOUBT, spans=((one.model, "text"), (said, "muted")))
            for one in self._streams.values()
        ]
        self._streams.clear()
        return rows

    def _requested(self, record: Record, body: ModelRequested) -> Row:
        agent = record.place.agent
        self._asked[agent] = body
        self.step = body.step
        self._failed.pop(agent, None)
        self._wish = None
        brain = next((one for one in self.brains if isinstance(one, Brain) and one.name == body.model), None)
        price = brain.price if brain is not None else None
        stream = Streaming(
            origin=notices.origin(record, notices.reply_key(body.request_id)),
            model=body.model,
            flow=Flow(),
            thinking=Flow(),
            first_token_s=self.first_token_s,
            whole_lines=self.whole_lines,
            request=so_far.sent(body.request_bytes, price, self._measured.get((agent, body.model))),
        )
        self._streams[agent] = stream
        return stream

    def _ended(self, record: Record, body: ModelFinished | ModelFailed) -> None:
        """Count what a request came to; what it measured tells about the next one."""
        agent = record.place.agent
        self._streams.pop(agent, None)
        self.spending.count(body.usd, body.usage.total_tokens)
        asked = self._asked.get(agent)
        if asked is not None and asked.request_id == body.request_id and body.usage.source == "reported":
            self._measured[agent, body.model] = asked.request_bytes, body.usage

    def _finished(self, record: Record, body: ModelFinished) -> Row:
        self._ended(record, body)
        thinking = "\n".join(part.text for part in body.message.content if isinstance(part, Thinking))
        self.last_text = body.message.text or self.last_text
        about = "" if body.usage.source == "reported" else "about "
        name = body.model.partition(":")[2] or body.model
        stamp = f"{name} · {about}{wording.tokens(body.usage.total_tokens)} tokens"
        stamp += f" · {wording.money(body.usd)} · {wording.took(body.seconds)}"
        known = notices.origin(record, notices.reply_key(body.request_id))
        return Reply(origin=known, text=body.message.text, thinking=thinking, stamp=stamp)

    def _failure(self, record: Record, body: ModelFailed) -> Row:
        self._ended(record, body)
        self._failed[record.place.agent] = body
        stopped = body.reason is FailureReason.CANCELLED
        sign, hint = (STOPPED, "") if stopped else (FAILED, _HINTS.get(body.reason, "F3 brains"))
        kept = "interrupted; what had arrived is kept, not used"
        said = kept if stopped and body.fragment else body.message
        failed = notices.notice(record, sign, body.model, said, hint=hint)
        row = replace(failed, origin=_of_request(record, body), details=_details(body, message=False))
        self._rows[record.place.agent] = row
        return row

    def _again(self, record: Record, body: RetryScheduled) -> Row:
        """Return the row of another try; it takes the place of the row in which that request failed."""
        failed = self._failed.get(record.place.agent)
        said = f"{body.model}{_told(body)}, try {body.attempt} of {MAX_ATTEMPTS} in {wait(body.delay_s)}"
        return Notice(
            origin=_of_request(record, body),
            sign=WAITING,
            spans=tuple(foreign(one_line(said), "text")),
            hint="F3 switch now",
            details=_details(failed) if failed is not None else "",
        )

    def _superseded(self, body: ModelChosen) -> Iterator[Row]:
        """Yield what becomes of earlier choices: the newest has the key, and of wishes only the newest counts."""
        if self._newest is not None:
            yield replace(self._newest.row, hint="")
        if self._wish is not None and not body.before:
            yield Gone(origin=self._wish[0].origin)

    def _chosen(self, record: Record, body: ModelChosen) -> Row:
        """Return who answers from now on; after a failure it is the same step, and takes the place of its row."""
        if not body.before:
            now = f"{body.role} is now {body.model}"
            wished = notices.notice(record, notices.KERNEL, now, body.why, hint="F3 brains")
            self._newest, self._wish = None, (wished, body)
            return wished
        failed = self._failed.pop(record.place.agent, None)
        if failed is None or failed.model != body.before:
            what = f"switched: {body.before} → {body.model}, from this step on"
            return self._switched(notices.notice(record, notices.KERNEL, what, body.why), body.before)
        self.switch = self._in_words(body, failed)
        row = notices.notice(record, notices.KERNEL, "")
        return self._taken_over(replace(row, origin=_of_request(record, failed)), failed, body.model)

    def handed_over(self) -> list[Row]:
        """Return the rows of a step that the operator gave to another brain at once, if the run stopped for that."""
        if self._wish is None:
            return []
        wished, body = self._wish
        asked = ((agent, self._asked[agent], failed) for agent, failed in self._failed.items())
        stopped = [one for one in asked if one[1].role == body.role and _stopped_for(one[2], body)]
        rows: list[Row] = [Gone(origin=self._rows[agent].origin) for agent, _, _ in stopped]
        return [*rows, self._taken_over(wished, stopped[0][2], body.model)] if rows else []

    def _taken_over(self, row: Notice, failed: ModelFailed, model: str) -> Notice:
        """Return the row of a step that another brain takes over."""
        said = f"switched: {failed.model} → {model}, same step, nothing lost"
        below, behind = f"cause {cause(failed)}", _details(failed)
        row = replace(row, spans=((one_line(said), "text"),), below=below, details=behind)
        return self._switched(row, failed.model)

    def _switched(self, row: Notice, before: str) -> Notice:
        self._newest = _Switch(row, before)
        return self._newest.pointing(self.key_of(before))

    def _in_words(self, body: ModelChosen, failed: ModelFailed) -> tuple[str, ...]:
        """Return what the status line says of a step that another brain takes over."""
        back = self.key_of(body.before)
        then = f"{back} goes back." if back else "F3 lists the brains."
        head = f"Switched: {body.before} → {body.model}, same step."
        return f"{head} Cause: {cause(failed)}. {then}", f"{head} {then}"

    def know(self, brains: Sequence[Brain | Missing]) -> list[Row]:
        """Know who can answer now; return the rows that name another key by that."""
        if brains is self.brains:
            return []
        self.brains = brains
        newest = self._newest
        return [newest.pointing(self.key_of(newest.before))] if newest is not None else []

    def key_of(self, model: str) -> str:
        """Return the key that lets a brain answer next, empty where it has none."""
        names = [one.name if isinstance(one, Brain) else "" for one in self.brains[:NUMBERED]]
        return f"Alt+{names.index(model) + 1}" if model in names else ""


def _stopped_for(failed: ModelFailed, wish: ModelChosen) -> bool:
    """Whether a request may have been stopped so that the brain that is wished for takes over."""
    return failed.reason is FailureReason.CANCELLED and failed.model != wish.model


def _of_request(record: Record, body: ModelFailed | RetryScheduled) -> Origin:
    return notices.origin(record, notices.reply_key(body.request_id))


def _told(body: RetryScheduled) -> str:
    """Return what came of a request that is tried again: `overloaded (529)`."""
    return f"{' ' if body.reason in _ADJECTIVES else ': '}{_CAUSES[body.reason]}{_status(body.message)}"


def _status(message: str) -> str:
    """Return the HTTP status that a provider's message holds."""
    found = _STATUS.search(message)
    return f" ({found[1]})" if found else ""


def cause(failed: ModelFailed) -> str:
    """Return why a request was given to another brain, and what becomes of what had arrived of its reply."""
    if not failed.fragment:
        stopped = failed.reason is FailureReason.CANCELLED
        return _CAUSES[failed.reason] if stopped else one_line(failed.message).removesuffix(".")
    about = "" if failed.usage.source == "reported" else "about "
    tokens = wording.count(failed.usage.output_tokens, "token")
    head = f"{_CAUSES[failed.reason]}{_status(failed.message)}"
    return f"{head} after {about}{tokens}; the fragment is kept, not used"


def _details(failed: ModelFailed, *, message: bool = True) -> str:
    """Return what stands behind the row of a request that failed."""
    fragment = f"The fragment is kept, not used:\n{failed.fragment}" if failed.fragment else ""
    return "\n\n".join(filter(None, (failed.message if message else "", fragment)))
