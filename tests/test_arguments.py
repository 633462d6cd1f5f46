"""The command line's words: commands, options that may be typed as words, and slips."""

from __future__ import annotations

import pytest

from hermes_tui.arguments import COMMANDS, LISTING, parse
from tests.tools.make_commands import TARGET, page


def test_a_first_word_that_is_no_command_begins_a_goal() -> None:
    name, parsed = parse(["why", "is", "the", "build", "slow?"])

    assert (name, parsed.goal) == ("run", ["why", "is", "the", "build", "slow?"])


def test_demo_and_resume_may_be_typed_as_commands() -> None:
    _, demo = parse(["demo"])
    _, resumed = parse(["resume", "autumn"])

    assert (demo.demo, demo.goal) == (True, [])
    assert (resumed.resume, resumed.goal) == ("autumn", [])


def test_demo_later_in_a_goal_is_a_word_like_any_other() -> None:
    _, parsed = parse(["write", "a", "demo"])

    assert (parsed.demo, parsed.goal) == (False, ["write", "a", "demo"])


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_that_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([command, "--help"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: hermes {command}")


def test_a_slip_in_a_command_is_named_with_what_was_probably_meant(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["docter"])

    assert ended.value.code == 2
    assert "Did you mean `hermes doctor`?" in capsys.readouterr().err


def test_options_that_every_command_takes_stand_before_or_after_its_name() -> None:
    _, before = parse(["-C", "elsewhere", "doctor"])
    _, after = parse(["doctor", "-C", "elsewhere"])

    assert before.cd == after.cd == "elsewhere"


@pytest.mark.parametrize("command", sorted(LISTING))
def test_a_command_with_verbs_lists_where_none_is_named(command: str) -> None:
    _, bare = parse([command])
    _, as_json = parse([command, "--json"])

    assert (bare.verb, as_json.verb, as_json.json) == ("list", "list", True)


def test_what_looks_into_a_session_takes_the_last_one_where_none_is_named() -> None:
    looked = [parse(words)[1].session for words in (["watch"], ["mind"], ["replay"], ["runs", "show"], ["agents"])]

    assert looked == ["last"] * 5


def test_the_page_of_commands_is_as_they_are_read() -> None:
    assert TARGET.read_text("utf-8") == page(), "docs/commands.md is old: run `make docs`"
