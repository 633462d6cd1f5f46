"""The options of memory and documents."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hermes_tui.arguments.shape import day, number, verbs


def memory(parser: ArgumentParser) -> None:
    """Add the options of `memory`."""
    sub = verbs(parser)
    for verb, help_text, asked, named in _MEMORY_VERBS:
        found = sub.add_parser(verb, help=help_text)
        if asked:
            found.add_argument("note", nargs=asked, metavar=named, help=_NAMED.get(named))
        found.add_argument("--json", action="store_true", help="as JSON")
        for option, more in _OPTIONS.get(verb, ()):
            found.add_argument(option, **more)


_MEMORY_KINDS: Final = ("fact", "preference", "procedure", "person", "episode", "style")
_SWITCH: Final = {"action": "store_true"}
_OPTIONS: Final[Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]] = {
    "search": (
        (
            "-k",
            {
                "type": number(int, 1, 1_000),
                "default": 8,
                "metavar": "N",
                "help": "most hits of each kind (default: 8)",
            },
        ),
        ("--layer", {"choices": ("note", "episode", "document"), "help": "only this kind"}),
        ("--by", {"choices": ("operator", "model", "tool"), "default": "", "help": "only what these said"}),
        ("--tool", {"default": "", "metavar": "NAME", "help": "only what this tool returned"}),
        ("--since", {"type": day, "metavar": "DAY", "help": "only from this day on, such as 2026-11-03 (UTC)"}),
        ("--until", {"type": day, "metavar": "DAY", "help": "only up to this day, which still counts"}),
        ("--past", {**_SWITCH, "help": "also what was superseded or has expired"}),
        ("--why", {**_SWITCH, "help": "every feature of each hit"}),
    ),
    "remember": (
        ("--kind", {"choices": _MEMORY_KINDS, "default": "fact", "help": "what it is (default: fact)"}),
        ("--about", {"default": "", "help": "the subject of which only one note may hold"}),
        ("--replaces", {"default": "", "metavar": "NOTE", "help": "the note it takes the place of"}),
        ("--beside", {**_SWITCH, "help": "it holds beside a note that it resembles"}),
        ("--here", {**_SWITCH, "help": "only for this workspace"}),
    ),
    "log": (
        ("-n", {"type": number(int, 1, 100_000), "default": 30, "metavar": "N", "help": "most commits (default: 30)"}),
    ),
    "revert": (
        ("--note", {"dest": "only", "default": "", "metavar": "NOTE", "help": "only what it did to this note"}),
    ),
    "restore": (("--at", {"default": "", "metavar": "COMMIT", "help": "as this commit held it"}),),
    "pin": (("--off", {**_SWITCH, "help": "unpin it"}),),
    "forget": (("--erase", {**_SWITCH, "help": "also from history, for good"}),),
    "import": (("--apply", {**_SWITCH, "help": "write the notes; without it, only show them"}),),
}
_NAMED: Final = {
    "NOTE": "a note's id, the beginning of it, or its path",
    "COMMIT": "a commit's hash, or the beginning of it",
    "CHANGE": "a commit or a note",
    "PATH": "a file or folder",
}
_MEMORY_VERBS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("search", "find notes, what was said, and documents, with the reasons", "+", "WORDS"),
    ("show", "a note, or MEMORY.md and what is left of its room", "?", "NOTE"),
    ("list", "every note", "", ""),
    ("remember", "write a note of your own", "+", "TEXT"),
    ("review", "what agents wrote and you have not accepted", "", ""),
    ("accept", "let a note that waits for review hold", "+", "NOTE"),
    ("reject", "remove a note that waits for review", "+", "NOTE"),
    ("log", "who changed what, newest first", "?", "NOTE"),
    ("diff", "what a commit changed, or the last change of a note", "?", "CHANGE"),
    ("blame", "who wrote each line of a note", "+", "NOTE"),
    ("revert", "undo one commit", "+", "COMMIT"),
    ("restore", "bring a note back as it was", "+", "NOTE"),
    ("pin", "keep a note and its line in MEMORY.md", "+", "NOTE"),
    ("forget", "remove a note; history keeps it unless it is erased", "+", "NOTE"),
    ("reindex", "make the index anew from files and sessions", "", ""),
    ("import", "take over the memory of another agent", "+", "PATH"),
    ("stats", "how much there is, how fresh the index is, what is wrong", "", ""),
    ("pipe", "a throw-away memory behind JSON lines, for measuring", "", ""),
)


def ingest(parser: ArgumentParser) -> None:
    """Add the options of `ingest`."""
    parser.add_argument("folder", metavar="DIR", nargs="?", help="left out: what was ingested, file by file")
    parser.add_argument("--forget", action="store_true", help="take the folder's documents out again")
    parser.add_argument("--json", action="store_true", help="as JSON")
