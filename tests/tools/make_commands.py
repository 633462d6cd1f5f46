"""Writes `docs/commands.md`: every command with its options. Run: `python -m tests.tools.make_commands`."""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser, _HelpAction, _SubParsersAction
from pathlib import Path
from typing import Final, cast

from hermes_tui.arguments import COMMANDS, WORDS, parser_of

TARGET: Final = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
HEAD: Final = """# Commands

What may be typed behind `hermes`, or behind `hermes-tui`, which is the same. Made by `make docs` from what reads it.
Exit codes: [README](../README.md). What is typed in the workstation: [workstation.md](workstation.md).

`SESSION` is a session's id or the beginning of it; where nothing is changed, an exported file will do as well. `--json`
prints JSON for programs. `-C DIR`, `--home DIR` and `-v` stand before or after any command.
"""
SAID_ABOVE: Final = {"--help", "--cd", "--home", "--verbose", "--json"}
SAME: Final = {"sessions": "runs"}
"""Commands that are read like another one."""


def page() -> str:
    """Return the whole page as Markdown."""
    words = "; ".join(f"`hermes {word}` is `hermes --{word}`" for word in WORDS)
    run = f"Without a command: the workstation, or one run headless. {words}.\n"
    shared = [row for row in _rows(parser_of("run"), said=set()) if row[0].startswith(("`-C", "`--home", "`-v"))]
    sections = [HEAD, "## hermes [GOAL]\n", run, _table([*_rows(parser_of("run")), *shared])]
    for name, purpose in COMMANDS.items():
        sections += [f"## hermes {name}\n", f"{purpose[0].upper()}{purpose[1:]}.\n"]
        if name not in SAME:
            sections.append(_command(name))
    return "\n".join(section for section in sections if section)


def _command(name: str) -> str:
    parser = parser_of(name)
    rows = _rows(parser, said=SAID_ABOVE - ({"--json"} if _takes_json(parser) else set()))
    for verb, meaning, own in _verbs(parser):
        names = [_value(action) for action in _actions(own) if not action.option_strings]
        typed = " ".join([name, verb, *names, *(["[--json]"] if _takes_json(own) else [])])
        rows += [(f"`{typed}`", meaning), *((f"· {option}", text) for option, text in _rows(own) if option[1] == "-")]
    return _table(rows) if rows else ""


def _actions(parser: ArgumentParser) -> list[Action]:
    """Return what a parser reads; argparse has no public way to ask."""
    return [action for action in parser._actions if action.help is not SUPPRESS]


def _takes_json(parser: ArgumentParser) -> bool:
    return any("--json" in action.option_strings for action in _actions(parser))


def _verbs(parser: ArgumentParser) -> list[tuple[str, str, ArgumentParser]]:
    found: list[tuple[str, str, ArgumentParser]] = []
    for action in _actions(parser):
        if isinstance(action, _SubParsersAction):
            verbs = cast("_SubParsersAction[ArgumentParser]", action)
            said = {choice.dest: choice.help or "" for choice in verbs._choices_actions}
            found += [(name, said[name], own) for name, own in verbs.choices.items()]
    return found


def _rows(parser: ArgumentParser, *, said: set[str] = SAID_ABOVE) -> list[tuple[str, str]]:
    return [
        (_spelled(action), (action.help or "").replace("%%", "%"))
        for action in _actions(parser)
        if not isinstance(action, (_SubParsersAction, _HelpAction)) and not said & set(action.option_strings)
    ]


def _spelled(action: Action) -> str:
    """Return an option as it is typed, with what follows it."""
    return f"`{' '.join(filter(None, [', '.join(action.option_strings), _value(action)]))}`"


def _value(action: Action) -> str:
    """Return what stands for the value of an option, or for a word without one."""
    if action.nargs == 0:
        return ""
    if action.choices:
        return f"{{{','.join(map(str, action.choices))}}}"
    return str(action.metavar or action.dest.upper())


def _table(rows: list[tuple[str, str]]) -> str:
    body = [f"| {typed.replace('|', chr(92) + '|')} | {meaning} |" for typed, meaning in rows]
    return "\n".join(["| typed | meaning |", "|---|---|", *body, ""])


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
