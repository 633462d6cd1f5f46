"""Losing, switching and swapping brains in a run, as an operator sees it."""

from __future__ import annotations

import json

import pytest

from tests.fakes import Asked, Call, Fault, FaultKind, Reply, Scenario, refused_url, running_server
from tests.interfaces.processes import Shop, shop, until

__all__ = ["shop"]

LIST = Call("list", {"path": "."})


def goal(shop: Shop, text: str = "Look around.") -> str:
    path = shop.root / "words.md"
    path.write_text(f"---\nmode: auto\n---\n{text}\n", encoding="utf-8")
    return str(path)


def nowhere(shop: Shop) -> None:
    """Let nothing answer that a test has not started."""
    shop.env.update(OLLAMA_HOST=refused_url(), LMSTUDIO_BASE_URL=f"{refused_url()}/v1")


def test_two_lines_of_config_swap_the_cortex_of_a_run_under_way(shop: Shop) -> None:
    nowhere(shop)
    shop.home.mkdir()
    config = shop.home / "config.yaml"
    config.write_text("strategy: fixed\nbrains: {cortex: {model: 'openai:gpt-5'}}\n")
    stalled = Fault(FaultKind.STALL, after_tokens=1)
    replies = [Reply("Looking around now.", tool_calls=[LIST], fault=stalled), Reply("Seen by the other.")]
    with running_server(Scenario(replies=replies)) as server:
        shop.env.update(OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="k-test")
        path = shop.root / "words.md"
        goal(shop)
        with shop.live(path) as process:
            server.log.wait(lambda log: len(log) == 1)
            config.write_text("strategy: [\n")
            refused = until(process, "config ")
            config.write_text("strategy: auto\nbrains: {cortex: {model: 'openai:gpt-5-mini'}}\n")
            applied = until(process, "config ")
            server.release()
            switched = until(process, "brain ")
            process.wait(20)

        assert "refused" in refused
        assert "config.yaml:" in refused
        assert '"openai:gpt-5" → "openai:gpt-5-mini"' in applied
        assert "openai:gpt-5-mini" in switched
        assert [(exchange.body or {})["model"] for exchange in server.log.replies] == ["gpt-5", "gpt-5-mini"]
        assert process.returncode == 0


def test_a_dead_primary_is_not_asked_again_by_every_step_and_each_switch_is_one_line(shop: Shop) -> None:
    nowhere(shop)

    def answer(asked: Asked) -> Reply | None:
        if asked.dialect == "anthropic":
            return Reply(fault=Fault.parse("reset@before_headers"))
        return None

    replies = [*[Reply("", tool_calls=[LIST])] * 4, Reply("Done.")]
    with running_server(Scenario(replies=replies, respond=answer)) as server:
        shop.env.update(
            ANTHROPIC_BASE_URL=server.anthropic_url,
            ANTHROPIC_API_KEY="k-test",
            OPENAI_BASE_URL=server.openai_url,
            OPENAI_API_KEY="k-test",
        )

        ran = shop.run("--batch", goal(shop), "-C", str(shop.work))

        dialects = [exchange.dialect for exchange in server.log.replies]
        lines = [line for line in ran.stderr.splitlines() if "anthropic:" in line]
        assert ran.returncode == 0, ran.stderr
        assert dialects.count("anthropic") == 1
        assert len(dialects) == 6
        assert len(lines) == 2, ran.stderr
        assert "» brain" in lines[1]
        assert "could not" in lines[1]


def test_with_every_provider_down_there_is_one_error_with_each_reason_and_few_requests(shop: Shop) -> None:
    nowhere(shop)
    with running_server(Scenario(respond=lambda _: Reply(fault=Fault.parse("500")))) as server:
        shop.env.update(
            ANTHROPIC_BASE_URL=server.anthropic_url,
            ANTHROPIC_API_KEY="k-test",
            OPENAI_BASE_URL=server.openai_url,
            OPENAI_API_KEY="k-test",
        )

        first = shop.run("-p", "Hi.", "-C", str(shop.work))
        asked = len(server.log.replies)
        second = shop.run("-p", "Hi.", "-C", str(shop.work))

        assert (first.returncode, second.returncode) == (5, 5)
        assert asked <= 2 * 3
        ended = [line for line in first.stderr.splitlines() if "No brain can answer" in line]
        for words in ("anthropic:", "openai:", "(500)", "ollama: no server", "lmstudio"):
            assert words in first.stderr
        assert ended
        assert len(server.log.replies) - asked <= 2 * 3


def test_the_circuit_survives_a_restart(shop: Shop) -> None:
    nowhere(shop)
    wrong = Fault.parse("401")
    with running_server(Scenario(respond=lambda _: Reply(fault=wrong))) as server:
        shop.env.update(OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="k-test")

        first = shop.run("-p", "Hi.", "-m", "openai:gpt-5", "-C", str(shop.work))
        again = shop.run("-p", "Hi.", "-m", "openai:gpt-5", "-C", str(shop.work))

        assert (first.returncode, again.returncode) == (5, 5)
        assert len(server.log.replies) == 1
        assert "not asked for" in again.stderr
        assert "(401)" in again.stderr


def test_models_shows_who_answers_with_window_price_health_and_measured_speed(shop: Shop) -> None:
    nowhere(shop)
    long = Reply(" ".join(f"word{n}" for n in range(40)), token_s=0.001)
    with running_server(Scenario(replies=[long])) as server:
        shop.env.update(
            OPENAI_BASE_URL=server.openai_url,
            OPENAI_API_KEY="k-test",
            ANTHROPIC_BASE_URL=refused_url(),
            ANTHROPIC_API_KEY="k-test",
            OLLAMA_HOST=server.ollama_url,
        )
        ran = shop.run("-p", "Hi.", "-C", str(shop.work))

        found = {row["provider"]: row for row in shop.json("models", "--json")}
        shown = shop.run("models").stdout

    assert ran.returncode == 0, ran.stderr
    assert (found["anthropic"]["standing"], found["anthropic"]["failures"]) in [("resting", 1), ("ready", 1)]
    assert found["openai"]["standing"] == "ready"
    assert found["openai"]["tokens_per_s"] > 0
    assert found["openai"]["window_tokens"] > 100_000
    assert found["openai"]["price"]["dated"]
    assert (found["ollama"]["local"], found["ollama"]["price"]["input_usd"]) == (True, 0.0)
    assert found["lmstudio"]["available"] is False
    assert "tok/s" in shown
    assert "free" in shown
    assert "Prices are US dollars per million tokens" in shown
    assert "k-test" not in shown


def test_models_without_anything_says_what_is_missing_and_ends_5(shop: Shop) -> None:
    nowhere(shop)

    ran = shop.run("models")

    assert ran.returncode == 5
    assert "no key in $ANTHROPIC_API_KEY" in ran.stdout
    assert "ollama serve" in ran.stdout


def test_published_prices_are_read_without_a_key_and_hold_from_then_on(shop: Shop) -> None:
    nowhere(shop)
    with running_server(Scenario(models=["new/model"])) as server:
        shop.env.update(OPENROUTER_BASE_URL=server.openrouter_url, OPENROUTER_API_KEY="k-secret")

        shop.run("models", "--refresh-prices")

        table = json.loads((shop.home / "state" / "prices" / "openrouter.json").read_text())
        assert table["models"] == {"new/model": [32_768, 0, 1.0, 0.1, None, 4.0]}
        assert all("authorization" not in exchange.headers for exchange in server.log)


def tiered(shop: Shop, below: str = "") -> None:
    shop.home.mkdir()
    (shop.home / "config.yaml").write_text(
        "strategy: fixed\ntiers: {light: ['openai:gpt-5-nano'], premium: ['openai:gpt-5']}\n"
        f"brains: {{cortex: {{model: light{below}}}}}\n"
    )


def test_an_unsure_answer_is_asked_again_of_the_next_tier_with_reason_and_price(shop: Shop) -> None:
    nowhere(shop)
    tiered(shop)
    with running_server(Scenario(replies=[Reply("I'm not sure, perhaps 4."), Reply("It is 4.")])) as server:
        shop.env.update(OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="k-test")

        ran = shop.run("-p", "How much is 2 + 2?", "-C", str(shop.work))
        decisions = [json.loads(line) for line in shop.run("ledger", "--json").stdout.splitlines()]

        assert (ran.returncode, ran.stdout.strip()) == (0, "It is 4."), ran.stderr
        assert [(exchange.body or {})["model"] for exchange in server.log.replies] == ["gpt-5-nano", "gpt-5"]
    (line,) = [line for line in ran.stderr.splitlines() if "» tier" in line]
    assert "light → premium" in line
    assert "I'm not sure" in line
    assert "it cost $" in line
    (raised,) = [one for one in decisions if one["decision"] == "escalate"]
    asked = [one for one in decisions if one["decision"] == "ask_model"]
    assert raised["params"]["usd"] > 0
    assert [one["params"]["route"] for one in asked] == ["class agent, by default", "escalated to tier premium"]
    assert all(one["metrics"]["cost"] > 0 for one in asked)


def test_a_sure_answer_and_a_threshold_of_zero_stay_in_their_tier(shop: Shop) -> None:
    nowhere(shop)
    tiered(shop, below=", escalate_below: 0")
    with running_server(Scenario(replies=[Reply("I'm not sure, perhaps 4.")])) as server:
        shop.env.update(OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="k-test")

        ran = shop.run("-p", "How much is 2 + 2?", "-C", str(shop.work))

        assert (ran.returncode, len(server.log.replies)) == (0, 1), ran.stderr


def test_each_call_records_its_class_route_and_reason_and_an_unknown_class_is_said(shop: Shop) -> None:
    nowhere(shop)
    shop.home.mkdir()
    (shop.home / "config.yaml").write_text(
        "strategy: fixed\nroutes: {chores: hippocampus.compression}\n"
        "brains: {cortex: {model: 'openai:gpt-5'}, hippocampus.compression: {model: 'openai:gpt-5-nano'}}\n"
    )
    tasks = "".join(
        f"  - {{id: t{n}, kind: llm, title: Say it, model: {model}, args: {{goal: Say it.}}{needs}}}\n"
        for n, (model, needs) in enumerate(
            [("chores", ""), ("poetry", ", needs: [t0]"), ("'openai:gpt-5-mini'", ", needs: [t1]")]
        )
    )
    with running_server(Scenario(replies=[Reply("Said.")] * 3)) as server:
        shop.env.update(OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="k-test")

        ran = shop.run("--batch", str(shop.goal(tasks)), "-C", str(shop.work))
        decisions = [json.loads(line) for line in shop.run("ledger", "--json").stdout.splitlines()]

        assert ran.returncode == 0, ran.stderr
        models = [(exchange.body or {})["model"] for exchange in server.log.replies]
        assert models == ["gpt-5-nano", "gpt-5", "gpt-5-mini"]
    asked = [one["params"] for one in decisions if one["decision"] == "ask_model"]
    assert [(one["task_class"], one["role"], one["route"]) for one in asked] == [
        ("chores", "hippocampus.compression", "routes.chores"),
        ("poetry", "cortex", "unknown class poetry: cortex answers"),
        ("", "cortex", "asked for by its name"),
    ]
    assert "unknown class poetry" in ran.stderr


@pytest.mark.parametrize(
    ("line", "hit", "said"),
    [
        ("budgets: {call: {usd: 0.0001}}", "call_usd", "Raise budgets.call.usd"),
        ("brains: {cortex: {budget: {usd: 0.0001}}}", "role_usd", "Raise brains.cortex.budget.usd"),
    ],
)
def test_a_cap_of_a_call_or_of_a_role_stops_a_run_before_anything_is_sent(
    shop: Shop, line: str, hit: str, said: str
) -> None:
    nowhere(shop)
    shop.home.mkdir()
    (shop.home / "config.yaml").write_text(f"{line}\n")
    with running_server(Scenario(replies=[Reply("never")])) as server:
        shop.env.update(OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="k-test")

        ran = shop.run("-p", "Hi.", "-m", "openai:gpt-5", "-C", str(shop.work), "--output-format", "json")

        result = json.loads(ran.stdout)
        assert (ran.returncode, result["status"], result["limits"]["hit"]) == (3, "limited", hit)
        assert said in result["reason"]
        assert not server.log.replies


def test_a_goal_is_run_by_one_model_and_shadowed_by_another(shop: Shop) -> None:
    nowhere(shop)

    def answer(asked: Asked) -> Reply:
        if not asked.has_tool_result:
            return Reply("", tool_calls=[LIST if asked.model == "gpt-5" else Call("list", {"path": "tests"})])
        return Reply("All is well.")

    with running_server(Scenario(respond=answer)) as server:
        shop.env.update(OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="k-test")
        command = ("models", "compare", "openai:gpt-5", "openai:gpt-5-mini", "-C", str(shop.work), "--on")

        ran = shop.run(*command, goal(shop), "--json")
        compared = json.loads(ran.stdout)
        shown = shop.run(*command, shop.json("sessions", "list", "--json")[-1]["session"], "--max-distance", "0.2")

    assert (ran.returncode, compared["allowed"], compared["distance"]) == (0, True, 0.25), ran.stderr
    assert [turn["distance"] for turn in compared["turns"]] == [0.5, 0.0]
    assert compared["turns"][0]["b"]["calls"] == [{"tool": "list", "arguments": '{"path": "tests"}'}]
    assert compared["usd"]["b"] < compared["usd"]["a"]
    assert shown.returncode == 1
    assert "× openai:gpt-5-mini may not take over from openai:gpt-5." in shown.stdout
    assert "Apart by 0.25 on average over 2 of 2 turns; 0.20 is allowed." in shown.stdout
