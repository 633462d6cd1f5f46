"""Command lines that say no more than most runs need, read without building a parser; `arguments` reads the others."""

from __future__ import annotations

TYPE_CHECKING = False
"""As `typing` has it, whose import would take as long as the first frame may."""
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Final

MODES: Final = ("plan", "ask", "auto-edit", "auto")
STRATEGIES: Final = ("auto", "react", "rewoo", "hierarchical")
FORMATS: Final = ("text", "json", "stream-json")

NOTHING_SAID: Final[Mapping[str, object]] = {
    "cd": ".",
    "home": None,
    "verbose": False,
    "goal": [],
    "continue_": False,
    "resume": None,
    "demo": False,
    "plain": False,
    "served": False,
    "print": False,
    "batch": None,
    "model": None,
    "mode": None,
    "budget_usd": None,
    "max_steps": None,
    "time_limit": None,
    "strategy": None,
    "fresh": False,
    "output_format": "text",
}
"""The options of a run where the command line is empty."""
_SWITCHES: Final = {
    "-v": "verbose",
    "--verbose": "verbose",
    "-p": "print",
    "--print": "print",
    "-c": "continue_",
    "--continue": "continue_",
    "--demo": "demo",
    "--plain": "plain",
    "--fresh": "fresh",
}
_TEXTS: Final = {
    "-C": "cd",
    "--cd": "cd",
    "--home": "home",
    "-m": "model",
    "--model": "model",
    "--time-limit": "time_limit",
}
_CHOICES: Final = {
    "--mode": ("mode", MODES),
    "--strategy": ("strategy", STRATEGIES),
    "--output-format": ("output_format", FORMATS),
}
_BEFORE_A_COMMAND: Final = frozenset({"-C", "--cd", "--home", "-v", "--verbose"})
"""Options of every command: a word that follows nothing but these may be a command's name."""


def read(args: Sequence[str]) -> dict[str, object] | None:
    """Return the options of a run as `arguments.parse` would, None where that has to look at them itself.

    Read here are options in full, each value a word of its own, and a goal in one stretch that cannot be the name of a
    command. Everything else, slips and help among it, is left to the parser.
    """
    said: dict[str, object] = {**NOTHING_SAID}
    goal: list[str] = []
    is_run = goal_ended = False
    words = iter(args)
    for word in words:
        if not word.startswith("-"):
            if not word or not is_run or goal_ended:
                return None
            goal.append(word)
            continue
        option = _option(word, words)
        if option is None:
            return None
        said[option[0]] = option[1]
        is_run, goal_ended = is_run or word not in _BEFORE_A_COMMAND, bool(goal)
    return {**said, "goal": goal}


def _option(word: str, following: Iterator[str]) -> tuple[str, object] | None:
    """Return what an option sets to which value, None if it is none of those read here or its value is odd."""
    if word in _SWITCHES:
        return _SWITCHES[word], True
    name, allowed = _CHOICES.get(word) or (_TEXTS.get(word), None)
    value = next(following, "")
    if name is None or not value or value.startswith("-") or (allowed is not None and value not in allowed):
        return None
    return name, value
