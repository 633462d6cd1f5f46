"""Who answers: which brain is chosen, and what is said where none can."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.providers import _catalog
from hermes_tui.domain.errors import FailureReason, NoProvider, UsageInvalid
from hermes_tui.domain.ports import CallEnd
from hermes_tui.domain.usage import FREE, Usage, cost_usd
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.chains import chain
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.sections import built, plain
from tests.fakes import FakeServer, refused_url

CLOUD = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "openrouter": "OPENROUTER_API_KEY"}
KEYS = {name: key for name, key in CLOUD.items() if name in registry.names("providers")}


def config(**changes: object) -> HermesConfig:
    local = {"ollama": {"base_url": refused_url()}, "lmstudio": {"base_url": refused_url()}}
    cloud = {name: {"base_url": refused_url(), "key_env": key} for name, key in KEYS.items()}
    return built(HermesConfig, {"providers": {**cloud, **local}, **changes})


def environ(*names: str) -> dict[str, str]:
    return {KEYS[name]: f"key-of-{name}" for name in names}


@pytest.mark.parametrize("server_is_up", [False, True])
@pytest.mark.parametrize(
    "keys", [combination for size in range(len(KEYS) + 1) for combination in combinations(KEYS, size)]
)
async def test_auto_takes_the_first_provider_with_a_key_and_else_a_local_server(
    keys: tuple[str, ...], server_is_up: bool
) -> None:
    async with FakeServer() as server:
        providers = {"ollama": {"base_url": server.ollama_url if server_is_up else refused_url()}}
        found = config(providers={**plain(config())["providers"], **providers})
        brains = ConfiguredBrains(found, "auto", environ(*keys))

        first = next((name for name in KEYS if name in keys), "ollama" if server_is_up else None)
        if first is None:
            with pytest.raises(NoProvider, match="no key in"):
                await brains.choose("cortex", {})
        else:
            brain = await brains.choose("cortex", {})
            assert brain.name.partition(":")[0] == first
            assert brain.why


async def test_without_anything_the_error_names_each_provider_and_how_to_mend_it() -> None:
    with pytest.raises(NoProvider) as caught:
        await ConfiguredBrains(config(), "auto", {}).choose("cortex", {})

    head, *lines = caught.value.message.splitlines()
    for line, (name, key) in zip(lines, KEYS.items(), strict=False):
        assert line.startswith(f"  {name}: no key in ${key}. Set {key}")
    assert head == "No brain can answer for cortex."
    assert re.search(r"ollama: no server at .*`ollama serve`", lines[len(KEYS)])


async def test_a_provider_that_was_tried_is_not_chosen_again_and_its_reason_is_named() -> None:
    brains = ConfiguredBrains(config(), "auto", environ("anthropic", "openai"))

    first = await brains.choose("cortex", {})
    second = await brains.choose("cortex", {first.name: "went away"})

    assert (first.name.partition(":")[0], second.name.partition(":")[0]) == ("anthropic", "openai")
    with pytest.raises(NoProvider, match="went away") as caught:
        await brains.choose("cortex", {first.name: "It went away.", second.name: "It went away too."})
    assert ".." not in caught.value.message


async def test_a_model_that_its_provider_no_longer_has_is_answered_by_the_nearest_name() -> None:
    brains = ConfiguredBrains(config(strategy="fixed"), "openai:gpt-5-minni", environ("openai"))
    gone = await brains.choose("cortex", {})

    brains.ended(gone, CallEnd(reason=FailureReason.MODEL_MISSING, message="404: no such model"))
    with pytest.raises(NoProvider, match="openai:gpt-5-minni: no such model") as caught:
        await brains.choose("cortex", {gone.name: "no such model"})

    assert caught.value.message.endswith("The nearest known model is openai:gpt-5-mini.")


async def test_a_fixed_strategy_never_leaves_the_model_that_was_asked_for() -> None:
    brains = ConfiguredBrains(config(strategy="fixed"), "openai:gpt-5-mini", environ(*KEYS))

    chosen = await brains.choose("cortex", {})

    assert chosen.name == "openai:gpt-5-mini"
    with pytest.raises(NoProvider):
        await brains.choose("cortex", {chosen.name: "went away"})


async def test_a_local_server_counts_only_with_the_model_pulled() -> None:
    async with FakeServer() as server:
        found = config(providers={"ollama": {"base_url": server.ollama_url}}, strategy="fixed")

        with pytest.raises(NoProvider, match="does not have never-pulled"):
            await ConfiguredBrains(found, "ollama:never-pulled", {}).choose("cortex", {})
        brain = await ConfiguredBrains(found, "ollama", {}).choose("cortex", {})

    assert brain.local
    assert brain.price is FREE


async def test_with_another_providers_key_no_byte_leaves() -> None:
    async with FakeServer() as server:
        found = config(providers={"openrouter": {"base_url": server.openrouter_url}}, strategy="fixed")

        with pytest.raises(NoProvider):
            await ConfiguredBrains(found, "openrouter:some/model", environ("openai")).choose("cortex", {})

        assert not server.log.exchanges


def test_a_model_that_nobody_serves_is_refused_before_anything_runs() -> None:
    with pytest.raises(UsageInvalid, match="no model that Hermes can reach"):
        ConfiguredBrains(config(), "opnai:gpt-5", {})


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("ollama:qwen3:8b", ("ollama", "qwen3:8b")),
        ("anthropic/claude-opus-5", ("anthropic", "claude-opus-5")),
        ("openrouter:meta/llama", ("openrouter", "meta/llama")),
        ("openai", ("openai", None)),
        ("fast", ("ollama", "qwen3")),
    ],
)
def test_a_model_is_named_in_several_ways(wanted: str, first: tuple[str, str | None]) -> None:
    found = chain(config(tiers={"fast": ["ollama:qwen3", "openai:gpt-5-mini"]}), "cortex", wanted)

    assert (found[0].provider, found[0].model) == first
    assert len({(one.provider, one.model) for one in found}) == len(found)


def test_a_switch_to_a_wrong_name_leaves_the_old_choice() -> None:
    brains = ConfiguredBrains(config(), "openai:gpt-5", {})

    with pytest.raises(UsageInvalid):
        brains.switch("nobody")

    assert brains.wanted == "openai:gpt-5"


@pytest.mark.parametrize("kind", sorted(_catalog.DEFAULT_MODELS))
def test_each_default_model_has_a_price_and_a_window(kind: str) -> None:
    known = _catalog.known(kind, _catalog.DEFAULT_MODELS[kind])

    assert known.price is not None
    assert known.price.dated
    assert known.window_tokens


def test_prices_of_dated_names_and_of_long_requests_are_found() -> None:
    plain = _catalog.known("anthropic", "claude-sonnet-4-5-20250929").price
    assert plain is not None

    short = cost_usd(Usage(input_tokens=1_000), plain)
    long = cost_usd(Usage(input_tokens=300_000), plain)

    assert short == pytest.approx(0.003)
    assert long == pytest.approx(1.8)


def test_an_unknown_model_has_no_price_rather_than_none_to_pay() -> None:
    assert _catalog.known("openai", "not-a-model").price is None
    assert cost_usd(Usage(input_tokens=5), None) is None
    assert _catalog.nearest("openai", "gpt-5-minni") == "gpt-5-mini"


def test_reasoning_models_are_not_sent_a_temperature() -> None:
    assert not _catalog.allows_temperature("gpt-6.1-sol")
    assert not _catalog.allows_temperature("claude-opus-4-8")
    assert _catalog.allows_temperature("claude-sonnet-5-5")


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("claude-sonnet-5-5", True),
        ("claude-opus-4-6", True),
        ("claude-opus-4.8", True),
        ("claude-fable-5-1", True),
        ("claude-haiku-4-5-20251001", False),
        ("claude-sonnet-4-20250514", False),
        ("claude-3-7-sonnet-latest", False),
        ("claude-v1", False),
        ("gpt-6.1-sol", True),
        ("gpt-5-mini", True),
        ("o3", True),
        ("gpt-5-chat-latest", False),
        ("gpt-4o", False),
        ("anthropic/claude-haiku-4.5", True),
        ("qwen3", True),
    ],
)
def test_only_models_that_know_effort_are_told_how_much_to_reason(model: str, takes: bool) -> None:
    assert _catalog.takes_effort(model) is takes


async def test_a_model_without_effort_is_asked_without_and_its_record_will_say_so() -> None:
    environ = {"OPENAI_API_KEY": "k"}
    brains = [
        ConfiguredBrains(config(brains={"cortex": {"effort": "high"}}), f"openai:{model}", environ)
        for model in ("gpt-5-mini", "gpt-4o")
    ]

    assert [(await one.choose("agent", {})).effort for one in brains] == ["high", None]


def test_a_newer_table_wins_where_it_has_the_model(tmp_path: Path) -> None:
    table = {"source": "test", "dated": "2027-01-01", "models": {"gpt-5-mini": [1000, 0, 9.0, None, None, 10.0]}}
    (tmp_path / "openai.json").write_text(json.dumps(table))

    newer = _catalog.known("openai", "gpt-5-mini", tmp_path)
    older = _catalog.known("openai", "gpt-5", tmp_path)

    assert newer.price is not None
    assert (newer.price.input_usd, newer.price.dated, newer.window_tokens) == (9.0, "2027-01-01", 1000)
    assert older == _catalog.known("openai", "gpt-5")


async def test_how_much_a_role_reasons_is_set_on_the_spot_until_its_config_is_edited() -> None:
    found = config(brains={"cortex": {"effort": "low"}, "cerebellum.vision": {"effort": "medium"}})
    brains = ConfiguredBrains(found, "openai:gpt-5", environ("openai"))

    async def efforts() -> list[str | None]:
        return [(await brains.choose(role, {})).effort for role in ("agent", "vision")]

    assert await efforts() == ["low", "medium"]
    brains.reason("cortex", "high")
    brains.reason("cerebellum.vision", None)
    assert await efforts() == ["high", None]
    brains.apply(config(brains={"cortex": {"effort": "medium"}, "cerebellum.vision": {"effort": "medium"}}))
    assert await efforts() == ["medium", None]
    with pytest.raises(UsageInvalid, match="no role"):
        brains.reason("cortx", "low")
