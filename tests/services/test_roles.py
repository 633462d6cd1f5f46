"""What each role is answered by: its model, its limits and its four clocks, inherited key by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.parts import Clocks
from hermes_tui.domain.ports import Weight
from hermes_tui.services.brains import ConfiguredBrains
from hermes_tui.services.chains import chain
from hermes_tui.services.config import ROLES, ROUTES, HermesConfig, LayerName
from hermes_tui.services.explain import merge, parse_layer, read_layer
from hermes_tui.services.offers import CLOUD_CLOCKS, LOCAL_CLOCKS, clocks_of
from hermes_tui.services.routes import route, tier_above, tier_of
from hermes_tui.services.sections import built, plain
from tests.fakes import FakeServer, Scenario, refused_url

ROOT = Path(__file__).resolve().parents[2]
BUILT_IN = merge([read_layer(LayerName.BUILT_IN, ROOT / "config.yaml")]).config


@pytest.mark.parametrize(
    ("role", "local", "first_token_s", "total_s"),
    [
        ("cortex", False, 30.0, 900.0),
        ("cortex", True, 120.0, 1800.0),
        ("cerebellum.vision", False, 15.0, 900.0),
        ("cerebellum.web_extraction", False, 10.0, 900.0),
        ("hippocampus.compression", True, 120.0, 1800.0),
        ("hippocampus.embedding", True, 120.0, 5.0),
    ],
)
def test_each_role_has_its_clocks(role: str, local: bool, first_token_s: float, total_s: float) -> None:
    clocks = clocks_of(BUILT_IN.brain(role), local=local)

    assert (clocks.first_token_s, clocks.total_s) == (first_token_s, total_s)


def test_nobody_is_asked_for_embeddings_where_the_config_says_none() -> None:
    home = "brains: {hippocampus.embedding: {model: none}}\n"
    config = merge([parse_layer(LayerName.HOME, home, "config.yaml")]).config

    assert chain(config, "hippocampus.embedding", "auto") == ()
    with pytest.raises(UsageInvalid, match="`none` is no model"):
        merge([parse_layer(LayerName.HOME, "brains: {cortex: {model: none}}\n", "config.yaml")])


def test_one_clock_that_is_set_leaves_the_others_as_they_were() -> None:
    home = "brains: {cortex: {clocks: {connect_s: 3, idle_s: 7}}, hippocampus.compression: {clocks: {idle_s: 9}}}\n"
    config = merge([parse_layer(LayerName.HOME, home, "config.yaml")]).config

    cortex = clocks_of(config.brain("cortex"), local=False)
    compression = clocks_of(config.brain("hippocampus.compression"), local=True)

    assert cortex == Clocks(connect_s=3.0, idle_s=7.0, first_token_s=30.0, total_s=900.0)
    assert compression == Clocks(connect_s=3.0, idle_s=9.0, first_token_s=120.0, total_s=1800.0)
    assert (CLOUD_CLOCKS.idle_s, LOCAL_CLOCKS.idle_s) == (60.0, 60.0)


def test_a_role_inherits_every_key_that_it_leaves_unset() -> None:
    config = built(
        HermesConfig,
        {
            "brains": {
                "cortex": {"model": "openai:gpt-5", "effort": "high", "max_tokens": 9, "budget": {"usd": 1.0}},
                "cerebellum.vision": {"max_tokens": 5, "budget": {"tokens": 7}},
            }
        },
    )

    vision = config.brain("cerebellum.vision")

    assert (vision.model, vision.effort, vision.max_tokens) == ("openai:gpt-5", "high", 5)
    assert (vision.budget.usd, vision.budget.tokens) == (1.0, 7)
    assert config.brain("hippocampus.compression") == config.brain("cortex")


@pytest.mark.parametrize(("name", "role"), ROUTES.items())
def test_each_class_of_task_has_a_role_by_default(name: str, role: str) -> None:
    found = route(HermesConfig(), name)

    assert (found.role, found.task_class, found.wanted) == (role, name, "auto")
    assert found.role in ROLES


@pytest.mark.parametrize(
    ("asked", "role", "wanted", "why"),
    [
        ("plan", "hippocampus.compression", "auto", "routes.plan"),
        ("cerebellum.vision", "cerebellum.vision", "auto", "asked for by its role"),
        ("light", "cortex", "light", "asked for by its tier light"),
        ("openai:gpt-5", "cortex", "openai:gpt-5", "asked for by its name"),
        ("anthropic/claude-opus-5", "cortex", "anthropic/claude-opus-5", "asked for by its name"),
        ("poetry", "cortex", "auto", "unknown class poetry: cortex answers"),
    ],
)
def test_a_call_is_routed_with_its_reason(asked: str, role: str, wanted: str, why: str) -> None:
    config = built(HermesConfig, {"routes": {"plan": "hippocampus.compression"}, "tiers": {"light": ["ollama"]}})

    found = route(config, asked)

    assert (found.role, found.wanted, found.why) == (role, wanted, why)


def test_a_route_to_no_role_is_refused_with_its_line() -> None:
    with pytest.raises(UsageInvalid, match=r"config.yaml:2.*no role"):
        merge([parse_layer(LayerName.HOME, "strategy: auto\nroutes: {plan: cortx}\n", "config.yaml")])


async def test_as_shipped_compression_runs_here_while_cortex_is_in_the_cloud_and_goes_there_without_a_server() -> None:
    async with FakeServer(Scenario(models=["small"])) as server:
        found: dict[str, list[str]] = {}
        for where, url in (("up", server.ollama_url), ("down", refused_url())):
            home = (
                f"providers: {{ollama: {{base_url: '{url}'}}, lmstudio: {{base_url: '{refused_url()}'}}, "
                f"openai: {{base_url: '{server.openai_url}', models: [gpt-5], key_env: ROUTED_KEY}}}}\n"
            )
            layers = [read_layer(LayerName.BUILT_IN, ROOT / "config.yaml"), parse_layer(LayerName.HOME, home, "c.yaml")]
            brains = ConfiguredBrains(merge(layers).config, "auto", {"ROUTED_KEY": "k"})
            chosen = [await brains.choose(asked, {}) for asked in ("agent", "compression")]
            found[where] = [one.name for one in chosen]

    assert found == {"up": ["openai:gpt-5", "ollama:small"], "down": ["openai:gpt-5", "openai:gpt-5"]}


LADDER = "tiers: {light: ['ollama:small'], premium: ['openai:gpt-5']}\nbrains: {cortex: {model: routed}}\n"


@pytest.mark.parametrize(
    ("wanted", "tier", "weight", "name", "route"),
    [
        (
            "auto",
            "",
            Weight(tier="light", why="short"),
            "ollama:small",
            "weighed light: short",
        ),
        (
            "auto",
            "",
            Weight(tier="standard", why="plain"),
            "openai:gpt-5",
            "weighed standard: plain",
        ),
        (
            "auto",
            "",
            Weight(tier="premium", why="dear"),
            "openai:gpt-5",
            "weighed premium: dear",
        ),
        ("auto", "", None, "openai:gpt-5", "weighed standard: nothing is weighed yet"),
        ("auto", "premium", Weight(tier="light", why="short"), "openai:gpt-5", "escalated to tier premium"),
        ("ollama:small", "", Weight(tier="premium", why="dear"), "ollama:small", "class agent, by default"),
        ("light", "", Weight(tier="premium", why="dear"), "ollama:small", "class agent, by default"),
    ],
)
async def test_a_routed_role_is_answered_by_the_tier_of_the_task_unless_a_model_is_named(
    wanted: str, tier: str, weight: Weight | None, name: str, route: str
) -> None:
    async with FakeServer(Scenario(models=["small"])) as server:
        home = (
            f"{LADDER}strategy: fixed\nproviders: {{ollama: {{base_url: '{server.ollama_url}'}}, "
            f"openai: {{base_url: '{server.openai_url}', key_env: ROUTED_KEY}}}}\n"
        )
        found = merge([parse_layer(LayerName.HOME, home, "config.yaml")]).config
        weigh = None if weight is None else lambda: weight
        brain = await ConfiguredBrains(found, wanted, {"ROUTED_KEY": "k"}).choose("agent", {}, tier=tier, weigh=weigh)

    assert brain.name == name
    assert route in brain.route


def test_a_routed_role_needs_a_tier_and_no_circle_and_is_refused_with_its_line() -> None:
    with pytest.raises(UsageInvalid, match=r"config.yaml:2.*no tier to choose from"):
        merge([parse_layer(LayerName.HOME, "strategy: auto\nbrains: {cortex: {model: routed}}\n", "config.yaml")])
    with pytest.raises(UsageInvalid, match="in a circle: light -> routed -> light"):
        merge([parse_layer(LayerName.HOME, LADDER.replace("ollama:small", "routed"), "config.yaml")])
    with pytest.raises(UsageInvalid, match="no tier to choose from"):
        ConfiguredBrains(HermesConfig(), "auto", {}).switch("routed")


async def test_an_unsure_answer_of_a_routed_role_may_still_go_up() -> None:
    async with FakeServer(Scenario(models=["small"])) as server:
        home = f"{LADDER}providers: {{ollama: {{base_url: '{server.ollama_url}'}}}}\n"
        found = merge([parse_layer(LayerName.HOME, home, "config.yaml")]).config
        brain = await ConfiguredBrains(found, "auto", {}).choose(
            "agent", {}, weigh=lambda: Weight(tier="light", why="short")
        )

    assert (brain.tier, brain.tier_above) == ("light", "premium")


async def test_nothing_is_weighed_where_no_role_is_routed() -> None:
    def weigh() -> Weight:
        raise AssertionError("the first weighing of a process costs a run more than choosing who answers")

    brain = await ConfiguredBrains(HermesConfig(), "auto", {"OPENAI_API_KEY": "k"}).choose("agent", {}, weigh=weigh)

    assert brain.name.startswith("openai:")


def test_an_unset_tier_of_the_ladder_is_stepped_over() -> None:
    config = built(HermesConfig, {"tiers": {"light": ["ollama"], "premium": ["openai"], "own": ["openai"]}})

    assert [tier_above(config, tier) for tier in ("light", "standard", "premium", "own")] == [
        "premium",
        "premium",
        "",
        "",
    ]
    assert (tier_of(config, "light"), tier_of(config, "own"), tier_of(config, "standard")) == ("light", "", "")


@pytest.mark.parametrize("local_is_up", [True, False])
async def test_background_work_is_done_where_it_costs_nothing_if_it_can_be(local_is_up: bool) -> None:
    async with FakeServer(Scenario(models=["qwen3"], context_tokens=4_096)) as server:
        providers = {
            "ollama": {"base_url": server.ollama_url if local_is_up else refused_url()},
            "lmstudio": {"base_url": refused_url()},
            "openai": {"base_url": refused_url(), "key_env": "K"},
        }
        changed = {"providers": providers, "brains": {**plain(BUILT_IN)["brains"]}}
        config = built(HermesConfig, {**changed, "routing": {"order": ["openai"]}})

        compression = await ConfiguredBrains(config, "auto", {"K": "k"}).choose("compression", {})
        cortex = await ConfiguredBrains(config, "auto", {"K": "k"}).choose("agent", {})

    assert compression.name.partition(":")[0] == ("ollama" if local_is_up else "openai")
    assert cortex.name.partition(":")[0] == "openai"
    if local_is_up:
        assert (compression.window_tokens, compression.window_known, compression.max_tokens) == (4_096, True, 2048)
        assert compression.why == "on this machine it costs nothing"
