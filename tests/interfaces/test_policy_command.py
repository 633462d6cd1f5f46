"""`hermes config test-policy`: the decision table, and a config's tests of its own rules."""

from __future__ import annotations

from pathlib import Path

from hermes_tui.domain.tasks import Mode
from hermes_tui.services import policies
from tests.interfaces.processes import Shop, needs_sandbox, shop

__all__ = ["shop"]

CONFIG = """
version: 1
policy:
  rules: ["shell(python -m pytest *)", "deny: shell(git push *)"]
  tests:
    - {tool: shell, args: {command: "python -m pytest -q"}, expect: allow}
    - {tool: shell, args: {command: "python -m pytest -q; rm -rf x"}, expect: ask}
    - {tool: shell, args: {command: "git push origin"}, mode: auto, expect: deny}
    - {tool: write, args: {path: src/a, content: x}, mode: auto-edit, expect: allow}
    - {tool: write, args: {path: .git/config, content: x}, mode: auto, expect: deny}
    - {tool: write, args: {path: docs/a, content: x}, mode: auto, write: [src], expect: ask}
    - {tool: fetch, args: {url: "https://example.org/"}, mode: auto, expect: ask}
"""


@needs_sandbox
def test_the_tests_of_a_config_are_run_against_its_rules(shop: Shop) -> None:
    shop.home.mkdir(exist_ok=True)
    (shop.home / "config.yaml").write_text(CONFIG)

    ran = shop.run("config", "test-policy", "-C", str(shop.work))

    assert (ran.returncode, "7 tests, 0 failed." in ran.stdout) == (0, True), ran.stdout + ran.stderr
    assert ran.stdout.count("✓") == 7


@needs_sandbox
def test_a_test_that_fails_says_what_was_decided_and_why(shop: Shop) -> None:
    shop.home.mkdir(exist_ok=True)
    (shop.home / "config.yaml").write_text(CONFIG.replace("expect: deny}", "expect: allow}", 1))

    ran = shop.run("config", "test-policy", "-C", str(shop.work))

    assert ran.returncode == 1
    assert "deny, expected allow by shell(git push *): A rule denies it." in ran.stdout


def test_the_table_shows_that_no_mode_acts_outside_unasked(shop: Shop) -> None:
    ran = shop.run("config", "test-policy", "-C", str(shop.work))

    lines = {line[:30].strip(): line[30:].split() for line in ran.stdout.splitlines()}
    assert lines["act on the network"] == ["deny", "ask", "ask", "ask"]
    assert lines["run an unconfined command"] == ["deny", "ask", "ask", "ask"]
    assert lines["run a sandboxed command"] == ["deny", "ask", "ask", "allow"]


def test_the_table_in_the_documents_is_the_one_that_is_in_force() -> None:
    text = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")

    rows = [f"| {name} | {' | '.join(said[mode].value for mode in Mode)} |" for name, said in policies.table()]

    assert [row for row in rows if row not in text] == []
