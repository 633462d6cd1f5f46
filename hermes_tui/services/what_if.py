"""What recorded calls would have cost under another policy: the same tokens, at list prices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hermes_tui.capabilities.providers import _catalog
from hermes_tui.domain.events import ModelFailed, ModelFinished, ModelRequested
from hermes_tui.domain.ids import RequestId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold
from hermes_tui.domain.usage import FREE, Price, cost_usd
from hermes_tui.domain.values import replace
from hermes_tui.kernel.weight import asked_of, weigh
from hermes_tui.services.chains import LOCAL, chain, kind_of
from hermes_tui.services.config import ROUTED, HermesConfig
from hermes_tui.services.routes import tier_by

Policy = Callable[[ModelRequested, Place, SessionState], Price | None]
"""The list price of what would answer a call; None is unknown. The state is as it was when the call was made."""


def policy_of(config: HermesConfig, name: str, prices: Path | None = None) -> Policy:
    """Return the policy by which every call is answered by `name`: a model, a role or a tier.

    `routed` answers each call as if cortex were routed: by the weight of its task, or by the role's own model if it has
    one.

    Raises:
        UsageInvalid: nothing stands behind the name.
    """
    whole = price_of(config, name, prices)

    def routed(asked: ModelRequested, place: Place, state: SessionState) -> Price | None:
        own = config.brains.get(asked.role)
        if asked.role != "cortex" and own is not None and own.model not in (None, ROUTED):
            return price_of(config, own.model, prices)
        weight = weigh(asked_of(state, place, asked.task_class or asked.role, asked.request_bytes))
        return price_of(config, tier_by(config, weight)[0], prices)

    return routed if name == ROUTED else lambda _asked, _place, _state: whole


def price_of(config: HermesConfig, name: str, prices: Path | None = None) -> Price | None:
    """Return the list price of the first model behind a name, None if it is unknown; nobody is asked for it.

    Raises:
        UsageInvalid: nothing stands behind the name.
    """
    first = chain(config, "cortex", name)[0]
    kind, given = kind_of(config, first.provider), config.providers.get(first.provider)
    if kind in LOCAL:
        return FREE
    offered = given.models[:1] if given is not None else ()
    model = first.model or next(iter(offered), _catalog.DEFAULT_MODELS.get(kind))
    table = _catalog.table_for(kind, given.base_url or "" if given is not None else "")
    return _catalog.known(table, model, prices).price if model is not None else None


def repriced(records: Iterable[Record], policy: Policy) -> Iterator[Record]:
    """Yield the records of one session with what each call would have cost by `policy`."""
    state = SessionState()
    due: dict[RequestId, Price | None] = {}
    for record in records:
        body = record.body
        if isinstance(body, ModelRequested):
            due[body.request_id] = policy(body, record.place, state)
        state = fold(state, record)
        if isinstance(body, ModelFinished | ModelFailed) and body.usage.asked:
            usd = cost_usd(replace(body.usage, reported_usd=None), due.get(body.request_id))
            yield replace(record, body=replace(body, usd=usd))
        else:
            yield record
