"""`hermes agents`, `board`, `context` and `mind` on a real run with subagents, finished and live."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import Call, Reply, Scenario, running_server
from tests.fakes.scenario import Asked
from tests.interfaces.processes import Shop, needs_sandbox, shop, until

__all__ = ["shop"]

GOAL = "---\nmode: auto\nwrite: [.]\n---\nFind two numbers.\n"


def conversation(asked: Asked) -> tuple[str, int, list[str]]:
    """Return the first message, the step, and what an agent was told since."""
    messages: list[dict[str, Any]] = [one for one in asked.body["messages"] if one["role"] != "system"]
    told = [str(one["content"]) for one in messages[1:] if one["role"] == "user"]
    return str(messages[0]["content"]), sum(one["role"] == "assistant" for one in messages), told


def finding(asked: Asked) -> Reply:
    """Play a parent with two children, one of which waits for ever unless it is ended."""
    first, step, told = conversation(asked)
    if first.startswith("Find two"):
        if step == 0:
            tasks = [{"task": "look in one"}, {"task": "wait in two", "title": "the slow one"}]
            return Reply("I split it.\nExpect: two reports.", tool_calls=[Call("delegate", task) for task in tasks])
        return Reply("Waiting." if len(told) < 2 else "One number and no more.")
    if first.startswith("look"):
        steps = [Reply(tool_calls=[Call("board", {"key": "one", "value": "42", "version": 0})]), Reply("It is 42.")]
        return steps[step]
    return Reply(tool_calls=[Call("shell", {"command": "sleep 600"})])


@pytest.fixture
def url() -> Iterator[str]:
    with running_server(Scenario(respond=finding)) as server:
        yield server.openai_url


def goal(shop: Shop, url: str) -> Path:
    """Write the goal, and let the provider be the fake one."""
    shop.env |= {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "k-test"}
    path = shop.root / "goal.md"
    path.write_text(GOAL, encoding="utf-8")
    return path


@needs_sandbox
def test_a_child_is_seen_steered_and_killed_from_another_shell_and_the_run_goes_on(shop: Shop, url: str) -> None:
    with shop.live(goal(shop, url)) as process:
        until(process, "delegate")
        session = shop.only_session()
        live = {row["agent"]: row for row in shop.json("agents", "list", session, "--json")}
        steered = shop.run("agents", "steer", session, "c2", "be quick")
        paused = shop.run("agents", "pause", session, "c2")
        resumed = shop.run("agents", "resume", session, "c2")
        killed = shop.run("agents", "kill", session, "c2")
        out, _ = process.communicate(timeout=30)

    result = json.loads(out)
    ended = {row["agent"]: row for row in shop.json("agents", "list", session, "--json")}
    assert (live["c2"]["state"], live["c2"]["title"], live["c2"]["parent"]) == ("out", "the slow one", "goal")
    assert [ran.returncode for ran in (steered, paused, resumed, killed)] == [0, 0, 0, 0]
    assert (result["exit_code"], result["answer"]) == (0, "One number and no more.")
    assert {name: row["state"] for name, row in ended.items()} == {"c1": "done", "c2": "killed"}
    assert ended["c1"]["answer"] == "It is 42."
    assert "be quick" in shop.run("agents", "show", session, "c2").stdout


@needs_sandbox
def test_board_mind_and_context_tell_what_was_shared_why_and_what_was_in_view(shop: Shop, url: str) -> None:
    with shop.live(goal(shop, url)) as process:
        until(process, "delegate")
        session = shop.only_session()
        shop.run("agents", "kill", session, "c2")
        process.communicate(timeout=30)

    board = shop.json("board", session, "--json")
    mind = [json.loads(line) for line in shop.run("mind", session, "--kind", "act", "--json").stdout.splitlines()]
    context = shop.json("context", session, "--json")
    pinned = shop.run("context", session, "--pin", "1")
    assert (board["one"]["value"], board["one"]["by"]) == ("42", "c1")
    assert [entry["expectation"] for entry in mind if entry["what"].startswith("delegate")] == ["two reports."] * 2
    assert [one["section"] for one in context["sections"]] == ["system", "tools", "memory", "plan", "history"]
    assert context["used_tokens"] + context["output_tokens"] <= context["window_tokens"]
    assert (context["messages"][0]["why"], context["agent"]) == ("the goal", "goal")
    assert pinned.returncode == 0
    assert shop.json("context", session, "--json")["pins"] == [1]
    assert shop.run("context", session).stdout.startswith("goal: at most")
    assert "nothing to condense" in shop.run("context", session, "--agent", "c2", "--preview").stdout


def test_a_wrong_session_agent_or_kind_is_named_with_what_there_is(shop: Shop, url: str) -> None:
    with running_server(Scenario(replies=[Reply("Done.")])) as server:
        shop.run("--batch", str(goal(shop, server.openai_url)), "-C", str(shop.work))
    session = shop.only_session()

    for args, hint in (
        (("agents", "kill", session, "c9"), "Out now: none"),
        (("agents", "show", session, "c9"), "There is: goal"),
        (("context", session, "--agent", "c9"), "There is: goal"),
        (("context", session, "--undo"), "not condensed"),
        (("context", session, "--condense"), "nothing to condense"),
        (("mind", session, "--kind", "dream"), "There is: think"),
    ):
        ran = shop.run(*args)
        assert (ran.returncode, hint in ran.stderr, "Traceback" in ran.stderr) == (2, True, False), ran.stderr
    assert url


def test_a_replay_at_speed_prints_the_same_records(shop: Shop) -> None:
    with running_server(Scenario(replies=[Reply("Done.")])) as server:
        shop.run("--batch", str(goal(shop, server.openai_url)), "-C", str(shop.work))
    session = shop.only_session()

    assert shop.run("replay", session, "--speed", "1000").stdout == shop.run("replay", session).stdout
    assert shop.run("replay", session, "--agent", "nobody").stdout == ""


def test_a_question_of_a_child_names_who_asks_and_for_what(shop: Shop) -> None:
    def asking(asked: Asked) -> Reply:
        first, step, _ = conversation(asked)
        if first.startswith("Find two"):
            return Reply(tool_calls=[Call("delegate", {"task": "paint it"})]) if step == 0 else Reply("Waiting.")
        return Reply(tool_calls=[Call("ask", {"question": "Which colour?"})])

    with running_server(Scenario(respond=asking)) as server:
        ran = shop.run("--batch", str(goal(shop, server.openai_url)), "-C", str(shop.work), "--output-format", "json")

    (asked,) = json.loads(ran.stdout)["approvals"]
    (listed,) = shop.json("approvals", "list", "--json")
    assert ran.returncode == 4, ran.stderr
    assert "needs you for c1 (paint it): ask" in ran.stderr
    assert (asked["agent"], asked["errand"], asked["task"]) == ("c1", "paint it", "goal")
    assert (listed["agent"], listed["errand"]) == ("c1", "paint it")
    assert "asked by: c1 (paint it)   task: goal" in shop.run("approvals", "list").stdout


def test_a_goal_in_words_is_planned_like_a_file_unless_it_is_said_how(shop: Shop) -> None:
    words = "Say what stands in\n- one\n- two\n- three"
    plan = '{"id": "a", "kind": "tool", "use": "list", "args": {"path": "."}, "title": "look"}'
    with running_server(Scenario(replies=[Reply(plan), Reply("Nothing."), Reply("Nothing at all.")])) as server:
        shop.env |= {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test"}
        chosen = shop.run("-p", words, "-C", str(shop.work))
        told = shop.run("-p", words, "--strategy", "react", "--fresh", "-C", str(shop.work))

    assert (chosen.stdout, "strategy rewoo: 3 look-ups" in chosen.stderr) == ("Nothing.\n", True), chosen.stderr
    assert (told.stdout, "strategy react: as set" in told.stderr) == ("Nothing at all.\n", True), told.stderr
