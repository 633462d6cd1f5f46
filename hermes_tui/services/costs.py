"""What was spent by day, model, role or task, from the journals; what has no known price is counted apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

from hermes_tui.domain.events import ModelFailed, ModelFinished, ModelRequested
from hermes_tui.domain.ids import RequestId
from hermes_tui.domain.records import Record
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.values import frozen

By = Literal["day", "model", "role", "task"]
UNASKED: Final[Mapping[str, str]] = {"kept": ", given again", "rule": ", by rule"}
"""What the rows of calls are called for which nobody was asked, beside those that were paid for."""
BYS: Final[tuple[By, ...]] = ("day", "model", "role", "task")


@frozen
class Share:
    """What one day, model, role or task spent; `unknown_tokens` are those of calls without a known price.

    `days` are the operator's local dates on which it was spent.
    """

    name: str
    spent: Spent
    unknown_tokens: int = 0
    days: frozenset[str] = frozenset()

    @property
    def price(self) -> str:
        """The money in words; a call of unknown price is never shown as $0."""
        known = self.spent.calls - self.spent.unknown
        words = [f"${self.spent.usd:.4f}"] if known else []
        if self.spent.unknown:
            words.append(f"unknown for {self.spent.unknown} calls ({self.unknown_tokens:,} tokens)")
        return " + ".join(words)


def shares(records: Iterable[Record], by: By) -> list[Share]:
    """Return the shares of all calls that ended, by name; a day is the operator's local date at reservation."""
    asked: dict[tuple[str, RequestId], Record] = {}
    found: dict[str, Share] = {}
    for record in records:
        body = record.body
        if isinstance(body, ModelRequested):
            asked[record.place.session, body.request_id] = record
        elif isinstance(body, ModelFinished | ModelFailed) and (body.usage.total_tokens or not body.usage.asked):
            name = _name(asked.get((record.place.session, body.request_id)), record, by)
            name += UNASKED.get(body.usage.source, "")
            old = found.get(name, Share(name=name, spent=Spent()))
            found[name] = Share(
                name=name,
                spent=old.spent.plus(body.usage, body.usd),
                unknown_tokens=old.unknown_tokens + (body.usage.total_tokens if body.usd is None else 0),
                days=old.days | {_name(asked.get((record.place.session, body.request_id)), record, "day")},
            )
    return sorted(found.values(), key=lambda share: share.name)


def apart(one: Share, other: Share) -> str:
    """Say how much less or more one costs than the other; empty where it is as much, or a price is not known."""
    if one.spent.unknown or other.spent.unknown or not other.spent.usd:
        return ""
    change = round(one.spent.usd / other.spent.usd - 1, 3)
    return f"{abs(change):.1%} {'less' if change < 0 else 'more'}" if change else ""


def _name(asked: Record | None, ended: Record, by: By) -> str:
    body = asked.body if asked is not None else None
    match by:
        case "day":
            at = asked.at if asked is not None else ended.at
            return datetime.fromtimestamp(at, UTC).astimezone().date().isoformat()
        case "model":
            return getattr(ended.body, "model", "")
        case "role":
            return body.role if isinstance(body, ModelRequested) else "unknown"
        case "task":
            return f"{ended.place.session} {ended.place.task or '-'}"


def total(found: Iterable[Share]) -> Share:
    """Return the sum."""
    spent, tokens, days = Spent(), 0, frozenset[str]()
    for share in found:
        spent = Spent(
            calls=spent.calls + share.spent.calls,
            usage=spent.usage.plus(share.spent.usage),
            usd=spent.usd + share.spent.usd,
            unknown=spent.unknown + share.spent.unknown,
        )
        tokens += share.unknown_tokens
        days |= share.days
    return Share(name="total", spent=spent, unknown_tokens=tokens, days=days)
