"""Who is asked next: after failures, by limits, by size, by measured figures, and never twice for one target."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from hermes_tui.capabilities.state.health import HealthBook, MemoryShelf
from hermes_tui.domain.errors import FailureReason, NoProvider
from hermes_tui.domain.parts import ModelRequest
from hermes_tui.domain.ports import Brain, CallEnd
from hermes_tui.services.brains import PROBE_S, ConfiguredBrains, Missing
from hermes_tui.services.chains import Candidate
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.offers import UNTOLD_S, Offers
from hermes_tui.services.sections import built
from tests.fakes import FakeServer, Fault, RateLimits, Repeat, Reply, Scenario, refused_url
from tests.kernel.bench import FakeClock

DOWN = CallEnd(reason=FailureReason.SERVER, message="500: down")
KEYS = {"ANTHROPIC_API_KEY": "k-anthropic", "OPENAI_API_KEY": "k-openai"}
BIG = {"base_url": "http://127.0.0.1:9/v1", "key_env": "OPENAI_API_KEY", "models": ["gpt-6.1-sol"]}


def config(**changes: object) -> HermesConfig:
    nowhere = {"ollama": {"base_url": refused_url()}, "lmstudio": {"base_url": refused_url()}}
    cloud = {
        "anthropic": {"base_url": refused_url(), "key_env": "ANTHROPIC_API_KEY"},
        "openai": {"base_url": refused_url(), "key_env": "OPENAI_API_KEY"},
    }
    return built(HermesConfig, {"providers": {**cloud, **nowhere}, **changes})


def brains(
    found: HermesConfig, clock: FakeClock, environ: Mapping[str, str] | None = None, wanted: str = "auto"
) -> ConfiguredBrains:
    return ConfiguredBrains(found, wanted, KEYS if environ is None else environ, HealthBook(MemoryShelf(), clock))


def provider_of(brain: Brain) -> str:
    return brain.name.partition(":")[0]


async def test_who_failed_lately_is_passed_by_and_asked_again_after_its_rest() -> None:
    clock = FakeClock()
    found = brains(config(), clock)
    first = await found.choose("cortex", {})

    found.ended(first, DOWN)
    during = await found.choose("cortex", {})
    clock.time += 5.0
    after = await found.choose("cortex", {})

    assert [provider_of(one) for one in (first, during, after)] == ["anthropic", "openai", "anthropic"]
    assert during.why == f"first of routing.order that can answer ({first.name}: 500: down)"


async def test_who_failed_lately_is_asked_rather_than_nobody() -> None:
    found = brains(config(), FakeClock(), {"OPENAI_API_KEY": "k"})
    only = await found.choose("cortex", {})

    found.ended(only, DOWN)

    assert (await found.choose("cortex", {})).name == only.name


async def test_after_five_failures_nothing_is_sent_and_the_error_says_for_how_long_and_why() -> None:
    clock = FakeClock()
    found = brains(config(), clock, {"OPENAI_API_KEY": "k"})
    only = await found.choose("cortex", {})
    again = [found.ended(only, DOWN) for _ in range(5)]
    clock.time += 20

    with pytest.raises(NoProvider, match=r"openai:.*not asked for 40 s after it failed 5 times: 500: down"):
        await found.choose("cortex", {})

    assert again[-1] is False
    clock.time += 40
    callers = await asyncio.gather(*(found.choose("cortex", {}) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, Brain) for one in callers) == 1
    assert sum(isinstance(one, NoProvider) for one in callers) == 9


async def test_two_names_for_one_url_model_and_key_are_one() -> None:
    twins = {"one": BIG, "two": {**BIG, "base_url": "http://localhost:9/v1/"}}
    tiers = {"both": ["one:gpt-6.1-sol", "two:gpt-6.1-sol"]}
    found = brains(config(providers=twins, tiers=tiers, strategy="fixed"), FakeClock(), wanted="both")
    first = await found.choose("cortex", {})

    with pytest.raises(NoProvider) as caught:
        await found.choose("cortex", {first.name: "went away"})

    assert first.name == "one:gpt-6.1-sol"
    assert "two" not in caught.value.message


async def test_a_model_whose_window_is_too_small_is_passed_by_with_the_sizes() -> None:
    tiers = {"pair": ["openai:gpt-4", "openai:gpt-6.1-sol"]}
    found = brains(config(tiers=tiers, strategy="fixed"), FakeClock(), wanted="pair")

    small = await found.choose("cortex", {}, size_bytes=3 * 7_000)
    large = await found.choose("cortex", {}, size_bytes=3 * 8_000)
    last = await found.choose("cortex", {large.name: "went away"}, size_bytes=3 * 8_000)

    assert [(one.model, one.window_known) for one in (small, large)] == [("gpt-4", True), ("gpt-6.1-sol", True)]
    assert small.window_tokens == 8_192
    assert "its window of 8,192 tokens is too small for about 8,000" in large.why
    assert last.model == "gpt-4", "the last resort; the step decides whether its request fits"


async def consume(brain: Brain) -> None:
    async for _ in brain.provider.stream(ModelRequest(model=brain.model, system="", messages=())):
        pass


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize(
    ("left", "size_bytes", "waits"),
    [
        (RateLimits(requests_left=0, resets_in_s=30), 0, True),
        (RateLimits(requests_left=1, resets_in_s=30), 0, False),
        (RateLimits(tokens_left=1_000, resets_in_s=30), 3 * 1_500, True),
        (RateLimits(tokens_left=2_000, resets_in_s=30), 3 * 1_500, False),
    ],
)
async def test_what_the_headers_say_is_left_counts_before_the_next_call(
    kind: str, left: RateLimits, size_bytes: int, waits: bool
) -> None:
    async with FakeServer(Scenario(replies=[Reply("Hi.", rate_limits=left)], repeat=Repeat.LAST)) as server:
        url = server.anthropic_url if kind == "anthropic" else server.openai_url
        found = config(providers={kind: {"base_url": url, "key_env": "K"}}, strategy="fixed")
        asked = ConfiguredBrains(found, kind, {"K": "k"})

        await consume(await asked.choose("cortex", {}))
        chosen = await asked.choose("cortex", {}, size_bytes=size_bytes)

    assert (25 < chosen.ready_in_s <= 31) if waits else chosen.ready_in_s == 0
    assert ("rate limit" in chosen.why) is waits


async def test_a_limited_provider_gives_way_to_another_and_no_request_is_lost_on_it() -> None:
    busy = Reply("Hi.", rate_limits=RateLimits(requests_left=0, resets_in_s=30))
    async with FakeServer(Scenario(replies=[busy])) as server:
        providers = {"openai": {"base_url": server.openai_url, "key_env": "OPENAI_API_KEY"}}
        found = config(
            providers={**providers, "other": {**BIG, "kind": "openai"}}, routing={"order": ["openai", "other"]}
        )
        asked = ConfiguredBrains(found, "auto", KEYS)

        await consume(await asked.choose("cortex", {}))
        second = await asked.choose("cortex", {})

        assert provider_of(second) == "other"
        assert len(server.log.replies) == 1


@pytest.mark.parametrize(
    ("by", "expected"),
    [("order", "slow"), ("throughput", "fast"), ("latency", "quick"), ("price", "cheap")],
)
async def test_a_chain_is_sorted_by_what_was_measured(by: str, expected: str) -> None:
    models = {"slow": "gpt-6.1-sol", "fast": "gpt-5", "quick": "gpt-5.1", "cheap": "gpt-5-nano"}
    providers = {
        name: {"kind": "openai", "base_url": f"http://127.0.0.1:9/{name}", "key_env": "K", "models": [model]}
        for name, model in models.items()
    }
    found = config(providers=providers, routing={"order": list(models), "sort": by, "ignore": ["ollama", "lmstudio"]})
    asked = ConfiguredBrains(found, "auto", {"K": "k"}, HealthBook(MemoryShelf(), FakeClock()))
    measured = {
        "slow": CallEnd(first_token_s=2, seconds=12, output_tokens=100),
        "fast": CallEnd(first_token_s=1, seconds=2, output_tokens=100),
        "quick": CallEnd(first_token_s=0.1, seconds=10.1, output_tokens=100),
    }
    for offer in await asked.look():
        if isinstance(offer, Brain) and provider_of(offer) in measured:
            asked.ended(offer, measured[provider_of(offer)])

    chosen = await asked.choose("cortex", {})

    assert provider_of(chosen) == expected
    assert chosen.why


async def test_local_servers_close_the_chain_however_it_is_sorted_and_ignored_ones_are_never_contacted() -> None:
    async with FakeServer() as near, FakeServer() as ignored:
        providers = {"ollama": {"base_url": near.ollama_url}, "lmstudio": {"base_url": ignored.openai_url}}
        routing = {"order": ["ollama", "openai"], "sort": "price", "ignore": ["lmstudio"]}
        found = config(providers={**providers, "openai": {"base_url": refused_url(), "key_env": "K"}}, routing=routing)

        offers = await ConfiguredBrains(found, "auto", {"K": "k"}).look()

        assert [offer.provider if isinstance(offer, Missing) else provider_of(offer) for offer in offers] == [
            "openai",
            "ollama",
        ]
        assert not ignored.log.exchanges


async def test_every_local_server_is_asked_before_the_first_one_is_given_up() -> None:
    silent = Scenario(catalog_fault=Fault.parse("stall@before_headers"))
    async with FakeServer(silent) as one, FakeServer(silent) as two, FakeServer() as quick:
        providers = {
            "ollama": {"base_url": one.ollama_url},
            "box": {"kind": "ollama", "base_url": two.ollama_url},
            "near": {"kind": "ollama", "base_url": quick.ollama_url},
        }
        routing = {"order": ["ollama", "box", "near"], "ignore": ["lmstudio"]}

        chosen = await ConfiguredBrains(config(providers=providers, routing=routing), "auto", {}).choose("cortex", {})

        asked = [server.log[0].received_s for server in (one, two, quick)]
        assert provider_of(chosen) == "near"
        assert max(asked) - min(asked) < PROBE_S
        assert [len(one.log), len(two.log)] == [1, 1]


@pytest.mark.parametrize(("told_tokens", "again"), [(0, True), (8_192, False)])
async def test_a_server_that_does_not_tell_a_window_is_asked_for_it_once_a_minute_and_one_that_does_never_again(
    told_tokens: int, again: bool
) -> None:
    clock = FakeClock()
    async with FakeServer(Scenario(models=["m", "n"], context_tokens=told_tokens)) as server:
        here = built(HermesConfig, {"providers": {"lmstudio": {"base_url": server.openai_url}}, "strategy": "fixed"})
        offers = Offers(here, {}, lambda _target, _headers: None, clock.monotonic)

        async def asked_by_choosing() -> int:
            before = len(list(server.log))
            found = await offers.of(Candidate("lmstudio", "n", "test"), "cortex", offers.deadline())
            assert isinstance(found, Brain)
            assert found.window_known is bool(told_tokens)
            offers.answered(found)
            return len(list(server.log)) - before

        first = await asked_by_choosing()
        rest = [await asked_by_choosing() for _ in range(5)]
        clock.time += UNTOLD_S
        later = await asked_by_choosing()

    assert first > 1
    assert (rest, bool(later)) == ([0] * 5, again)
