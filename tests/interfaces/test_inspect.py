"""Commands that look and steer, as processes: sessions, approvals, grants, doubts, ledger, cost, doctor."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.interfaces.processes import Shop, needs_sandbox, question, shell, shop, until
from tests.interfaces.terminal import terminal

__all__ = ["shop"]


def asked(where: Shop, goal: Path) -> str:
    """Run a goal until it waits; return the id of its question."""
    ran = where.run("--batch", str(goal), "-C", str(where.work), "--output-format", "json")
    assert ran.returncode == 4, ran.stderr
    return str(json.loads(ran.stdout)["approvals"][-1]["id"])


def test_a_session_is_listed_shown_replayed_and_exported(shop: Shop) -> None:
    goal = shop.goal(question("q"))
    approval = asked(shop, goal)
    session = shop.only_session()

    listed = shop.run("runs", "list")
    shown = shop.run("sessions", "show", session[:4])
    result = shop.json("runs", "show", session, "--json")
    exported = shop.run("sessions", "export", session, "-o", str(shop.root / "one.db"))
    replayed = shop.run("replay", str(shop.root / "one.db"), "--home", str(shop.root / "other"))
    again = shop.run("sessions", "replay", session)

    assert session in listed.stdout
    assert "needs_approval" in listed.stdout
    for part in ("goal      Count.", "tasks", "approvals", approval, "waits", "ask: Which?"):
        assert part in shown.stdout
    assert (result["status"], result["session_id"]) == ("needs_approval", session)
    assert exported.returncode == 0, exported.stderr
    assert replayed.stdout == again.stdout != ""


def test_a_waiting_command_is_listed_to_its_last_letter(shop: Shop) -> None:
    command = "true; " * 60 + "echo the very end"
    asked(shop, shop.goal(shell("a", command), "mode: ask\n"))

    listed = shop.run("approvals", "list").stdout

    assert f"  command, all of it:\n    {command}\n" in listed


def test_the_session_written_last_needs_no_name_and_reads_as_lines_at_a_terminal(shop: Shop) -> None:
    asked(shop, shop.goal(question("q")))

    shown = shop.run("runs", "show")
    with terminal(["watch"], shop.environment(), shop.work) as screen:
        screen.until("needs you: ask Which?", "needs_approval")
        code = screen.ended()

    assert f"session {shop.only_session()}" in shown.stdout
    assert code == 0
    assert '"seq"' not in screen.text


def test_a_home_without_sessions_says_how_to_begin_one(shop: Shop) -> None:
    said = shop.run("watch")

    assert said.returncode == 2
    assert "There is no session yet." in said.stderr


@needs_sandbox
def test_a_lasting_grant_holds_for_that_call_only_until_it_is_revoked(shop: Shop) -> None:
    asks = "mode: ask\nwrite: [.]\n"
    goal = shop.goal(shell("a", "touch a.txt"), head=asks)
    command = ("--batch", str(goal), "-C", str(shop.work))

    allowed = shop.run("approvals", "allow", asked(shop, goal), "--always", "--days", "7")
    first = shop.run(*command)
    fresh = shop.run(*command, "--fresh")
    (grant,) = shop.json("approvals", "grants", "--json")
    other = shop.goal(shell("a", "touch b.txt"), head=asks)
    asked_again = shop.run(*command, "--fresh")
    shop.goal(shell("a", "touch a.txt"), head=asks)
    revoked = shop.run("approvals", "revoke", grant["rule"])
    after = shop.run(*command, "--fresh")

    assert (allowed.returncode, first.returncode, fresh.returncode) == (0, 0, 0), allowed.stderr + first.stderr
    assert (grant["rule"], grant["by"]) == ("shell(touch a.txt)", "operator")
    assert 6.9 < (grant["expires_at"] - grant["given_at"]) / 86_400 <= 7
    assert (other, asked_again.returncode) == (goal, 4)
    assert (revoked.returncode, after.returncode) == (0, 4)


@needs_sandbox
def test_what_no_rule_can_hold_is_not_allowed_for_good(shop: Shop) -> None:
    goal = shop.goal(shell("a", "echo a > a.txt"), head="mode: ask\nwrite: [.]\n")

    refused = shop.run("approvals", "allow", asked(shop, goal), "--always")

    assert refused.returncode == 2
    assert "cannot be written as a rule" in refused.stderr
    assert shop.json("approvals", "grants", "--json") == []


def test_two_sessions_that_ask_the_same_are_answered_apart(shop: Shop) -> None:
    goal = shop.goal(question("q"))
    approval = asked(shop, goal)
    first = shop.only_session()
    second_run = shop.run("--batch", str(goal), "-C", str(shop.work), "--fresh", "--output-format", "json")
    second = json.loads(second_run.stdout)["session_id"]

    answered = shop.run("approvals", "answer", f"{first}:{approval}", "to the first")
    again = shop.run("--batch", str(goal), "-C", str(shop.work))

    assert first != second
    assert (second_run.returncode, answered.returncode, again.returncode) == (4, 0, 4)
    assert f"Session {first}" in answered.stdout


@needs_sandbox
@pytest.mark.parametrize(("said", "lines"), [("--done", 1), ("--again", 2)])
def test_a_call_in_doubt_is_resolved_by_the_name_of_its_task(shop: Shop, said: str, lines: int) -> None:
    task = (
        "  - {id: post, kind: tool, title: post, use: shell, effect: external,"
        " args: {command: 'echo sent >> sent.txt; while [ ! -e go ]; do sleep 0.05; done'}}\n"
    )
    goal = shop.goal(task, head="mode: auto\nwrite: [.]\nallow: ['shell(*)']\n")
    command = ("--batch", str(goal), "-C", str(shop.work), "--output-format", "json")
    first = shop.run("approvals", "allow", asked(shop, goal))
    with shop.live(goal) as process:
        until(process, "● task     post")
        while not (shop.work / "sent.txt").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
    (shop.work / "go").touch()

    doubtful = shop.run(*command)
    shown = shop.run("runs", "show", shop.only_session())
    wrong = shop.run("runs", "resolve", shop.only_session(), "nosuch", said)
    resolved = shop.run("runs", "resolve", shop.only_session(), "post", said)
    ended = shop.run(*command)

    assert (first.returncode, doubtful.returncode) == (0, 4), doubtful.stderr
    assert "runs resolve" in shown.stdout
    assert (wrong.returncode, resolved.returncode, ended.returncode) == (2, 0, 0), resolved.stderr + ended.stderr
    assert "post (call post-r1)" in wrong.stderr
    assert (shop.work / "sent.txt").read_text("utf-8") == "sent\n" * lines


@needs_sandbox
def test_the_ledger_and_the_cost_are_read_from_every_journal(shop: Shop) -> None:
    goal = shop.goal(shell("a", "true"))
    shop.run("--batch", str(goal), "-C", str(shop.work))

    ledger = shop.run("ledger", "--json")
    people = shop.run("ledger")
    cost = shop.json("cost", "--by", "model", "--json")
    nothing = shop.run("cost")
    otherwise = shop.json("cost", "--by", "role", "--if", "local", "--json")
    nobody = shop.run("cost", "--if", "cheapest")
    rules = shop.run("cost", "--suggest")

    made = [json.loads(line) for line in ledger.stdout.splitlines()]
    assert [one["decision"] for one in made] == ["edit_plan", "call_tool", "end_run"]
    assert len(people.stdout.splitlines()) == 3
    assert cost == {"by": "model", "shares": [], "total": cost["total"]}
    assert nothing.stdout == "Nothing was spent yet.\n"
    assert [one["name"] for one in otherwise["if"]["local"]] == ["total"]
    assert rules.stdout == "Nothing was found that repeats itself.\n"
    assert (nobody.returncode, "no model that Hermes can reach" in nobody.stderr) == (2, True)


def test_doctor_tries_everything_and_ends_0_where_nothing_is_broken(shop: Shop) -> None:
    ran = shop.run("doctor", "--json")

    checks = {check["what"]: check for check in json.loads(ran.stdout)}
    assert ran.returncode == 0, ran.stdout
    expected = {"python", "sqlite", "extensions", "git", "command", "terminal", "home", "disk", "config", "ledger"}
    assert expected | {"sessions", "sandbox", "anthropic", "ollama", "brain"} <= set(checks)
    assert all(check["remedy"] for check in checks.values() if not check["ok"])


def test_doctor_names_what_is_broken_and_ends_1(shop: Shop) -> None:
    shop.home.mkdir()
    (shop.home / "config.yaml").write_text("version: 1\nbudgets: {run: {usd: much}}\n", encoding="utf-8")

    ran = shop.run("doctor")

    (line,) = [line for line in ran.stdout.splitlines() if line.startswith("×")]
    assert ran.returncode == 1
    assert "config.yaml:2" in line


def test_doctor_sees_another_hermes_first_on_the_path(shop: Shop) -> None:
    foreign = shop.root / "bin"
    foreign.mkdir()
    (foreign / "hermes").write_text("#!/bin/sh\n", encoding="utf-8")
    (foreign / "hermes").chmod(0o755)
    shop.env["PATH"] = f"{foreign}:/usr/bin:/bin"

    checks = {check["what"]: check for check in json.loads(shop.run("doctor", "--json").stdout)}

    assert checks["command"]["health"] == "weak"
    assert str(foreign / "hermes") in checks["command"]["found"]
    assert "hermes-tui" in checks["command"]["remedy"]


def test_doctor_counts_what_waits_and_a_damaged_ledger_is_broken(shop: Shop) -> None:
    asked(shop, shop.goal(question("q")))
    waiting = {check["what"]: check for check in json.loads(shop.run("doctor", "--json").stdout)}
    (shop.home / "state" / "ledger.db").write_bytes(b"not a database at all" * 100)

    broken = shop.run("doctor")

    assert waiting["waiting"]["health"] == "weak"
    assert broken.returncode == 1
    assert "× ledger" in broken.stdout


def test_the_log_tells_start_records_and_stop(shop: Shop) -> None:
    asked(shop, shop.goal(question("q")))

    entries = [json.loads(line) for line in (shop.home / "state" / "log" / "hermes.jsonl").read_text().splitlines()]

    assert [entry["action"] for entry in entries][:2] == ["own", "SessionOpened"]
    assert (entries[-1]["action"], entries[-1]["status"]) == ("own", "closed")
    assert {"ApprovalAsked", "RunEnded"} <= {entry["action"] for entry in entries}
