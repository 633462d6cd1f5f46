"""A call of a server's tool is judged by the operator's word for the server, never by the server's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from hermes_tui.capabilities.governance.policy import RulePolicy
from hermes_tui.capabilities.mcp.catalog import catalog_of
from hermes_tui.capabilities.mcp.server import ServerConfig
from hermes_tui.capabilities.mcp.tools import ServerTool, outcome_of
from hermes_tui.domain.approval import Decision, Grant, ResolvedCall
from hermes_tui.domain.errors import ArgumentsInvalid
from hermes_tui.domain.messages import Source
from hermes_tui.domain.ports import ToolContext
from hermes_tui.domain.provenance import source_of
from hermes_tui.domain.tasks import Effect, Mode, Reach
from hermes_tui.domain.values import replace
from hermes_tui.kernel.approval import rule_for
from tests.capabilities.mcp.conftest import Staged
from tests.fakes.tool_server import ECHO

CONTEXT = cast("ToolContext", None)
PLAIN = ServerConfig(name="a", argv=("a",))
WEB = ServerConfig(name="a", url="https://mcp.example.org/mcp")


def tool_of(staged: Staged, config: ServerConfig) -> ServerTool:
    return ServerTool(staged(config=config).server, catalog_of("a", [ECHO]).tools[0])


def called(staged: Staged, config: ServerConfig, **arguments: object) -> ResolvedCall:
    return tool_of(staged, config).resolve(json.dumps({"text": "hi", **arguments}), CONTEXT)


@pytest.mark.parametrize(
    ("config", "effect", "reach"),
    [
        (PLAIN, Effect.EXTERNAL, Reach.WORKSPACE),
        (replace(PLAIN, effect=Effect.READ), Effect.READ, Reach.WORKSPACE),
        (replace(PLAIN, effect=Effect.READ, hosts=("example.org",)), Effect.READ, Reach.NETWORK),
        (replace(PLAIN, effect=Effect.READ, write=(Path("/w/out"),)), Effect.WRITE, Reach.SANDBOX),
        (WEB, Effect.EXTERNAL, Reach.NETWORK),
        (replace(WEB, effect=Effect.READ), Effect.READ, Reach.NETWORK),
    ],
)
async def test_effect_and_reach_come_from_the_config_whatever_hint_the_tool_gives(
    staged: Staged, config: ServerConfig, effect: Effect, reach: Reach
) -> None:
    assert ECHO["annotations"] == {"readOnlyHint": True}

    found = called(staged, config)

    assert (found.effect, found.reach) == (effect, reach)


@pytest.mark.parametrize(
    ("config", "decisions"),
    [
        (PLAIN, ["deny", "ask", "ask", "ask"]),
        (replace(PLAIN, effect=Effect.READ), ["allow", "allow", "allow", "allow"]),
        (replace(PLAIN, write=(Path("/w/out"),), effect=Effect.WRITE), ["deny", "ask", "ask", "allow"]),
        (replace(WEB, effect=Effect.READ), ["ask", "ask", "ask", "ask"]),
    ],
)
async def test_what_runs_without_a_question_in_each_mode(
    staged: Staged, config: ServerConfig, decisions: list[str]
) -> None:
    found = called(staged, config)

    assert [RulePolicy().decide(found, mode, ()).decision for mode in Mode] == decisions


async def test_a_rule_may_answer_for_a_call_but_not_a_wide_one_after_text_of_strangers(staged: Staged) -> None:
    policy = RulePolicy(allow=["mcp.a.echo(*)", "mcp.a.echo(text=exactly)"])
    found = called(staged, PLAIN)

    clean = policy.decide(found, Mode.ASK, ())
    tainted = policy.decide(replace(found, tainted=True), Mode.ASK, ())
    exact = policy.decide(replace(called(staged, PLAIN, text="exactly"), tainted=True), Mode.ASK, ())

    assert (clean.decision, tainted.decision, exact.decision) == (Decision.ALLOW, Decision.ASK, Decision.ALLOW)
    assert rule_for(found) == "", "what acts outside is asked about each time"


async def test_leave_for_a_host_does_not_answer_for_a_server_there(staged: Staged) -> None:
    leave = [Grant(rule="egress(mcp.example.org)", by="operator")]

    assert RulePolicy().decide(called(staged, WEB), Mode.AUTO, leave).decision is Decision.ASK


async def test_the_question_says_what_is_passed_and_where_to(staged: Staged) -> None:
    found = called(staged, WEB, text="a\x1b[2Jb", times=2)

    assert found.summary == "text=a [2Jb times=2 (reaches mcp.example.org)"


@pytest.mark.parametrize("arguments", ["[]", "{", '{"text": 1}', "{}", '{"text": "a", "more": 1}', "[" * 100_000])
async def test_arguments_that_do_not_fit_never_reach_the_server(staged: Staged, arguments: str) -> None:
    with pytest.raises(ArgumentsInvalid):
        tool_of(staged, PLAIN).resolve(arguments, CONTEXT)


def test_what_a_server_says_is_a_strangers_word() -> None:
    assert source_of("mcp.a.echo", "{}") is Source.WEB


def test_a_result_is_its_texts_and_names_what_is_not_shown() -> None:
    content = [
        {"type": "text", "text": "one"},
        {"type": "image", "mimeType": "image/png", "data": "AAAA"},
        {"type": "resource", "resource": {"uri": "file:///a", "text": "two"}},
        {"type": "resource_link", "uri": "file:///b"},
        "no part",
    ]

    found = outcome_of({"content": content, "structuredContent": {"n": 1}, "isError": True})

    assert (
        found.output
        == "one\n[image image/png, 3 bytes, not shown]\ntwo\n[resource file:///b]\n[part , 0 bytes, not shown]"
    )
    assert (found.ok, found.error_kind, json.loads(found.data)["structured"]) == (False, "server_said_so", {"n": 1})


def test_a_result_without_text_is_what_it_holds() -> None:
    assert outcome_of({"structuredContent": {"n": 1}}).output == '{"n": 1}'
    assert outcome_of({}).output == "(nothing)"
