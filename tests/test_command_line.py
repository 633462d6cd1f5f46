"""What is read without a parser, and that it is what the parser would have read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_tui.arguments import COMMANDS, parse
from hermes_tui.command_line import FORMATS, MODES, NOTHING_SAID, STRATEGIES, read

USUAL = [
    [],
    ["-p", "fix the tests"],
    ["-p", "fix", "the", "tests", "-m", "openai:gpt-5", "--mode", "auto"],
    ["-C", "repo", "--home", "elsewhere", "--model", "ollama:qwen3", "--print", "fix it"],
    ["--output-format", "stream-json", "--fresh", "--strategy", "react", "--time-limit", "15m", "-v", "-p", "go"],
    ["--plain"],
    ["--plain", "-c"],
    ["--demo"],
    ["-m", "openai:gpt-5", "doctor"],
]
LEFT_TO_THE_PARSER = [
    ["--help"],
    ["--version"],
    ["doctor"],
    ["-v", "doctor"],
    ["-C", "repo", "demo"],
    ["fix", "the", "tests"],
    ["docter"],
    ["--mode=auto", "-p", "go"],
    ["--mode", "always", "-p", "go"],
    ["--mode"],
    ["-m", "", "-p", "go"],
    ["-p", "--", "-go"],
    ["-pv", "go"],
    ["-p", "one", "-v", "other"],
    ["--max-steps", "0", "-p", "go"],
    ["--batch", "goal.md"],
    ["--resume"],
]
WORDS = st.sampled_from(
    [
        *("-p", "--print", "-c", "--continue", "-m", "--model", "--mode", "--strategy", "--output-format"),
        *("-C", "--cd", "--home", "-v", "--verbose", "--fresh", "--plain", "--demo", "--time-limit", "--", "-", ""),
        *("--batch", "--resume", "-r", "--max-steps", "--mode=auto", "-pv", "--pri", "-1", "7", "fix it", "a", "-a b"),
        *("demo", "doctor", "docter", *MODES, *STRATEGIES, *FORMATS),
    ]
)


def parsed(args: list[str]) -> tuple[str, dict[str, object]]:
    """Return what the parser reads of a command line."""
    name, found = parse(list(args))
    return name, vars(found)


@pytest.mark.parametrize("args", USUAL, ids=" ".join)
def test_a_usual_line_needs_no_parser_and_says_the_same_without(args: list[str]) -> None:
    assert ("run", read(args)) == parsed(args)


@pytest.mark.parametrize("args", LEFT_TO_THE_PARSER, ids=" ".join)
def test_whatever_is_not_plain_is_left_to_the_parser(args: list[str]) -> None:
    assert read(args) is None


@given(st.lists(WORDS, max_size=7))
@settings(max_examples=400, deadline=None)
def test_no_line_is_read_differently_from_how_the_parser_reads_it(args: list[str]) -> None:
    said = read(args)

    assert said is None or ("run", said) == parsed(args)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_name_of_a_command_is_never_taken_for_a_goal(command: str) -> None:
    assert read([command]) is None
    assert read(["--home", "elsewhere", command]) is None


def test_each_line_has_a_goal_of_its_own() -> None:
    first, second = read([]), read([])

    assert first == second == NOTHING_SAID
    assert first is not None
    assert second is not None
    assert first["goal"] is not second["goal"]
