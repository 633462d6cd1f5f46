"""The mode's table, rules, and their order."""

from __future__ import annotations

import pytest

from hermes_tui.capabilities.governance.policy import RulePolicy, parse_rule
from hermes_tui.domain.approval import Decision, Grant, ResolvedCall
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.tasks import Effect, Mode, Reach


def call(tool: str, effect: Effect, reach: Reach, *argv: str, host: str = "") -> ResolvedCall:
    targets = (host,) if host else ()
    return ResolvedCall(tool=tool, effect=effect, reach=reach, summary="", argv=argv or None, targets=targets)


READ = call("read", Effect.READ, Reach.WORKSPACE)
EDIT = call("edit", Effect.WRITE, Reach.SCOPE)
SHELL = call("shell", Effect.WRITE, Reach.SANDBOX, "python", "-m", "pytest", "-q")
HIDDEN = call("shell", Effect.WRITE, Reach.SANDBOX)
COMMIT = call("git", Effect.WRITE, Reach.WORKSPACE, "commit", "-m", "x")
GET = call("fetch", Effect.READ, Reach.NETWORK, host="example.org")
POST = call("fetch", Effect.EXTERNAL, Reach.NETWORK, host="example.org")
OUTSIDE = call("edit", Effect.WRITE, Reach.HOST)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Mode.PLAN, "allow deny deny deny ask deny deny"),
        (Mode.ASK, "allow ask ask ask ask ask ask"),
        (Mode.AUTO_EDIT, "allow allow ask ask ask ask ask"),
        (Mode.AUTO, "allow allow allow ask ask ask ask"),
    ],
)
def test_the_table_of_modes(mode: Mode, expected: str) -> None:
    calls = (READ, EDIT, SHELL, COMMIT, GET, POST, OUTSIDE)

    assert " ".join(RulePolicy().decide(each, mode, ()).decision for each in calls) == expected


@pytest.mark.parametrize(
    ("rule", "matched"),
    [
        ("shell(python -m pytest *)", (SHELL,)),
        ("shell(python -m pytest)", ()),
        ("shell(pytho? -m py* -q)", (SHELL,)),
        ("shell(*)", (SHELL,)),
        ("git(commit *)", (COMMIT,)),
        ("fetch(example.org)", (GET,)),
        ("fetch(*.org)", (GET,)),
        ("fetch(example.com)", ()),
        ("edit(*)", ()),
    ],
)
def test_a_grant_skips_the_question_only_for_what_it_matches(rule: str, matched: tuple[ResolvedCall, ...]) -> None:
    grants = (Grant(rule=rule, by="operator"),)
    calls = (SHELL, HIDDEN, COMMIT, GET, POST, OUTSIDE)

    allowed = tuple(c for c in calls if RulePolicy().decide(c, Mode.ASK, grants).decision is Decision.ALLOW)

    assert allowed == matched


def test_deny_wins_and_a_hidden_command_then_asks() -> None:
    policy = RulePolicy(deny=("shell(python *)",), allow=("shell(*)",))

    assert policy.decide(SHELL, Mode.AUTO, ()).decision is Decision.DENY
    assert policy.decide(HIDDEN, Mode.AUTO, ()).decision is Decision.ASK


@pytest.mark.parametrize(
    "text", ["", "shell", "shell()", "shell(a; b)", "shell(a > b)", "shell('a)", "Shell(a)", "x" * 2000]
)
def test_what_is_no_rule_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(UsageInvalid) as caught:
        parse_rule(text)

    assert "shell(python -m pytest *)" in caught.value.hint


def networked(*hosts: str, tainted: bool = False, tool: str = "shell") -> ResolvedCall:
    """Return a command that asks to be let out to hosts the config knows."""
    effect = Effect.READ if tool == "fetch" else Effect.EXTERNAL
    argv = ("curl", f"https://{hosts[0]}/")
    return ResolvedCall(
        tool=tool,
        effect=effect,
        reach=Reach.NETWORK,
        summary="",
        argv=argv,
        targets=hosts,
        hosts=hosts,
        tainted=tainted,
    )


@pytest.mark.parametrize(
    ("rule", "clean", "tainted"),
    [
        ("shell(*)", "allow", "ask"),
        ("shell(curl *)", "allow", "ask"),
        ("shell(curl https://a.org/)", "allow", "allow"),
        ("shell(cur? https://a.org/)", "allow", "ask"),
        ("egress(a.org)", "allow", "allow"),
        ("egress(b.org)", "ask", "ask"),
        ("egress(*)", "ask", "ask"),
    ],
)
def test_a_tainted_run_gets_out_only_by_a_rule_that_names_what_it_does(rule: str, clean: str, tainted: str) -> None:
    policy = RulePolicy(allow=[rule])

    said = [policy.decide(networked("a.org", tainted=taint), Mode.AUTO, ()).decision for taint in (False, True)]

    assert said == [clean, tainted]


def test_leave_for_a_host_is_no_leave_for_another_nor_for_a_mode_that_runs_no_commands() -> None:
    grants = (Grant(rule="egress(a.org b.org)", by="operator"),)
    policy = RulePolicy()

    said = [
        policy.decide(networked("a.org", "b.org"), Mode.AUTO, grants).decision,
        policy.decide(networked("a.org", "c.org"), Mode.AUTO, grants).decision,
        policy.decide(networked("a.org"), Mode.ASK, grants).decision,
        policy.decide(networked("a.org", tool="fetch"), Mode.ASK, grants).decision,
        policy.decide(networked("a.org"), Mode.PLAN, grants).decision,
    ]

    assert said == ["allow", "ask", "ask", "allow", "deny"]


@pytest.mark.parametrize(
    ("named", "taken"),
    [
        ("external", (POST,)),
        ("network", (GET, POST)),
        ("host", (OUTSIDE,)),
        ("git(commit *)", (COMMIT,)),
        ("shell(python *)", (SHELL, HIDDEN)),
        ("edit(*)", (EDIT, OUTSIDE)),
    ],
)
def test_a_class_of_high_stakes_asks_for_a_signature_whatever_else_would_allow(
    named: str, taken: tuple[ResolvedCall, ...]
) -> None:
    policy = RulePolicy(allow=["shell(*)", "git(*)", "fetch(*)"], two_keys=[named])
    calls = (READ, EDIT, SHELL, HIDDEN, COMMIT, GET, POST, OUTSIDE)

    signed = [call for call in calls if policy.decide(call, Mode.AUTO, ()).two_keys]

    assert signed == list(taken)
    assert all(policy.decide(call, Mode.AUTO, ()).decision is Decision.ASK for call in taken)
