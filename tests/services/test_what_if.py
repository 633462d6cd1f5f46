"""What calls cost, a day and by role, and what they would have cost under another policy, at list prices."""

from __future__ import annotations

import pytest

from hermes_tui.capabilities.providers import _catalog
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import Event, MessageGiven, ModelFinished, ModelRequested
from hermes_tui.domain.ids import AgentId, RequestId, Seq
from hermes_tui.domain.messages import Message, Role, Text
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.records import Record
from hermes_tui.domain.usage import KEPT, Bound, Usage, cost_usd
from hermes_tui.domain.values import replace
from hermes_tui.interfaces._tables import cost_lines
from hermes_tui.kernel.weight import Asked, weigh
from hermes_tui.services import costs
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.sections import built
from hermes_tui.services.what_if import policy_of, repriced
from tests.kernel.bench import PLACE
from tests.kernel.test_weight import SETS, labelled

MIDNIGHT = 1_795_219_200.0
HOUR_S = 3_600.0
FLASH, PRO = "openrouter:google/gemini-2.5-flash", "openrouter:google/gemini-2.5-pro"
HAIKU, OPUS, SONNET = "anthropic:claude-haiku-4-5", "anthropic:claude-opus-4-6", "anthropic:claude-sonnet-5-5"
CONFIG = built(
    HermesConfig,
    {
        "tiers": {"light": [FLASH], "standard": [HAIKU], "premium": [SONNET]},
        "brains": {"cortex": {"model": "routed"}, "hippocampus.compression": {"model": "local"}},
    },
)


class Trace:
    """Records of model calls, as a journal holds them."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def emit(self, body: Event, at: float, agent: str = "main") -> None:
        place = replace(PLACE, agent=AgentId(agent))
        self.records.append(Record(seq=Seq(len(self.records) + 1), at=at, place=place, body=body))

    def call(
        self, model: str, usage: Usage, at: float, role: str = "cortex", kind: str = "agent", size: int = 9
    ) -> None:
        """Put one call and its reply on record."""
        request_id = RequestId(f"q{len(self.records)}")
        asked = ModelRequested(
            request_id=request_id,
            model=model,
            role=role,
            why="",
            bound=Bound(tokens=0, usd=0.0),
            request_bytes=size,
            max_tokens=1,
            step=1,
            task_class=kind,
        )
        provider, _, name = model.partition(":")
        finished = ModelFinished(
            request_id=request_id,
            model=model,
            message=Message(role=Role.MODEL, content=(Text(text="So."),)),
            stop=StopReason.END,
            usage=usage,
            usd=cost_usd(usage, _catalog.known(provider, name).price),
            first_token_s=0.0,
            seconds=0.0,
        )
        self.emit(asked, at)
        self.emit(finished, at + 1.0)


def day() -> Trace:
    """Return a daemon's 24 hours: an analysis and two posts an hour by flash, six essays by pro, replies by haiku."""
    trace = Trace()
    for hour in range(24):
        at = MIDNIGHT + hour * HOUR_S
        for _ in range(3):
            trace.call(FLASH, Usage(input_tokens=250, output_tokens=190_000 // 3_600), at, role="analysis")
        if hour % 4 == 0:
            trace.call(PRO, Usage(input_tokens=5_333, output_tokens=1_000), at, role="essays")
        trace.call(HAIKU, Usage(input_tokens=500, output_tokens=150), at, role="engagement")
    return trace


def test_a_day_of_a_daemon_is_shown_by_role_to_the_cent() -> None:
    found = costs.shares(day().records, "role")

    by_role = {one.name: round(one.spent.usd, 3) for one in found}
    assert by_role == {"analysis": 0.015, "essays": 0.1, "engagement": 0.03}
    assert round(costs.total(found).spent.usd, 3) == 0.145
    assert len(costs.total(found).days) <= 2


def test_over_several_days_each_role_is_shown_with_what_it_takes_a_day() -> None:
    trace = day()
    later = [replace(one, at=one.at + 48 * HOUR_S) for one in day().records]

    found = costs.shares([*trace.records, *later], "role")
    lines = cost_lines(found, "role")

    days = len(costs.total(found).days)
    essays = next(one for one in found if one.name == "essays")
    assert days >= 2
    assert lines[0].split() == ["role", "calls", "tokens", "cost", "a", "day"]
    assert next(line for line in lines if line.startswith("essays")).endswith(f"${essays.spent.usd / days:.4f}")
    assert "a day" not in cost_lines(costs.shares(trace.records, "day"), "day")[0]


def test_the_same_tokens_by_one_model_cost_what_its_list_says() -> None:
    records = day().records
    price = _catalog.known("anthropic", "claude-opus-4-6").price

    found = costs.shares(repriced(records, policy_of(CONFIG, OPUS)), "role")

    tokens = [one.body.usage for one in records if isinstance(one.body, ModelFinished)]
    assert costs.total(found).spent.usd == pytest.approx(sum(cost_usd(usage, price) or 0.0 for usage in tokens))
    assert costs.apart(costs.total(costs.shares(records, "role")), costs.total(found)).endswith("% less")


def tasks(model: str) -> tuple[Trace, list[tuple[Asked, Usage]]]:
    """Return a trace in which one model did every labelled task, and each task with its tokens."""
    trace = Trace()
    done: list[tuple[Asked, Usage]] = []
    for number, (_, asked) in enumerate(labelled(SETS["120"])):
        usage = Usage(input_tokens=asked.size_bytes // 3, output_tokens=400 + len(asked.text))
        trace.emit(MessageGiven(text=asked.text), MIDNIGHT + number)
        trace.call(model, usage, MIDNIGHT + number, kind=asked.task_class, size=asked.size_bytes)
        done.append((replace(asked, reading=False), usage))
    return trace, done


def test_a_recorded_trace_is_replayed_by_tiers_and_by_the_dearest_and_the_saving_is_said() -> None:
    trace, done = tasks(SONNET)
    others = {
        name: costs.shares(repriced(trace.records, policy_of(CONFIG, name)), "role") for name in ("routed", "premium")
    }
    spent = {name: costs.total(shares).spent.usd for name, shares in others.items()}

    lines = cost_lines(costs.shares(trace.records, "role"), "role", others)

    saving = 1 - spent["routed"] / spent["premium"]
    assert spent["premium"] == pytest.approx(costs.total(costs.shares(trace.records, "role")).spent.usd)
    assert spent["routed"] == pytest.approx(sum(_due(asked, usage) for asked, usage in done))
    assert 0 < saving < 1
    assert f"routed: {saving:.1%} less than was spent, {saving:.1%} less than premium." in lines


def _due(asked: Asked, usage: Usage) -> float:
    """Return what a task costs by the tier of its weight, added up apart."""
    models = {"light": FLASH, "standard": HAIKU, "premium": SONNET}
    provider, _, name = models[weigh(asked).tier].partition(":")
    return cost_usd(usage, _catalog.known(provider, name).price) or 0.0


@pytest.mark.parametrize(
    ("name", "role", "usd", "said"),
    [
        ("routed", "hippocampus.compression", 0.0, "100.0% less"),
        ("local", "cortex", 0.0, "100.0% less"),
        (FLASH, "hippocampus.compression", 0.3, "85.0% less"),
        (OPUS, "cortex", 5.0, "150.0% more"),
        (SONNET, "cortex", 2.0, ""),
        ("openrouter:no/such-model", "cortex", None, ""),
    ],
)
def test_a_local_role_costs_nothing_and_an_unknown_price_is_never_a_zero(
    name: str, role: str, usd: float | None, said: str
) -> None:
    trace = Trace()
    trace.call(SONNET, Usage(input_tokens=1_000_000), MIDNIGHT, role=role)

    (found,) = costs.shares(repriced(trace.records, policy_of(CONFIG, name)), "role")

    assert (found.spent.usd, found.spent.unknown) == (usd or 0.0, usd is None)
    assert costs.apart(found, costs.total(costs.shares(trace.records, "role"))) == said


def test_what_was_given_again_stays_free_and_a_bill_in_a_reply_gives_way_to_the_list() -> None:
    trace = Trace()
    trace.call(SONNET, KEPT, MIDNIGHT)
    trace.call(SONNET, Usage(input_tokens=1_000_000, reported_usd=9.0), MIDNIGHT)

    found = costs.shares(repriced(trace.records, policy_of(CONFIG, SONNET)), "role")

    assert [(one.name, one.spent.usd) for one in found] == [("cortex", 2.0), ("cortex, given again", 0.0)]


def test_a_policy_that_nobody_stands_behind_is_refused() -> None:
    with pytest.raises(UsageInvalid, match="no model that Hermes can reach"):
        policy_of(CONFIG, "cheapest")
    with pytest.raises(UsageInvalid, match="no tier to choose from"):
        policy_of(HermesConfig(), "routed")
