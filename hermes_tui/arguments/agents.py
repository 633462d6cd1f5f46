"""The options of what looks into a session: its subagents, board, windows, mind-log and records."""

from __future__ import annotations

from argparse import ArgumentParser

from hermes_tui.arguments.shape import NAMED, WHICH, as_json, number, verbs


def looked_at(parser: ArgumentParser) -> None:
    """Add the session that is looked into, live, at rest or exported."""
    parser.add_argument("session", nargs="?", default="last", help=WHICH)


def agents(parser: ArgumentParser) -> None:
    """Add the options of `agents`."""
    sub = verbs(parser)
    for verb, help_text in (
        ("list", "who was sent out, and how it stands"),
        ("show", "everything that was said to an agent and by it"),
        ("steer", "tell it something"),
        ("pause", "let it start nothing new"),
        ("resume", "let it go on"),
        ("kill", "end it with everything it runs"),
    ):
        own = sub.add_parser(verb, help=help_text)
        if verb == "list":
            looked_at(own)
            as_json(own)
        else:
            own.add_argument("session", help=NAMED)
            own.add_argument("agent", help="its name, such as c1")
        if verb == "steer":
            own.add_argument("text", help="what it reads before its next reply")


def board(parser: ArgumentParser) -> None:
    """Add the options of `board`."""
    looked_at(parser)
    as_json(parser)


def replay(parser: ArgumentParser) -> None:
    """Add the options of `replay`."""
    looked_at(parser)
    parser.add_argument("--json", action="store_true", help="the records themselves, also at a terminal")
    parser.add_argument("--agent", metavar="A", help="only this agent")
    parser.add_argument("--speed", type=number(float, 1e-3, 1e6), metavar="N", help="1 is real time")
    gap = number(float, 0, 1e6)
    parser.add_argument("--longest-gap", type=gap, default=3600.0, metavar="S", help="cut pauses to this")


def context(parser: ArgumentParser) -> None:
    """Add the options of `context`."""
    board(parser)
    parser.add_argument("--agent", metavar="A", help="whose window; the first agent's by default")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--preview", action="store_true", help="what a compaction would do now")
    change.add_argument("--condense", action="store_true", help="condense older messages before the next request")
    change.add_argument("--undo", action="store_true", help="take the last compaction back")
    change.add_argument("--pin", type=int, metavar="N", help="keep message N as it was said")
    change.add_argument("--unpin", type=int, metavar="N", help="let message N go again")


def mind(parser: ArgumentParser) -> None:
    """Add the options of `mind`."""
    board(parser)
    parser.add_argument("--agent", metavar="A", help="only this agent")
    parser.add_argument("--task", metavar="T", help="only this task")
    parser.add_argument("--kind", metavar="K", help="only think, act, ask, plan, task, delegate, context, decide ...")
    parser.add_argument("--text", metavar="WORDS", help="only what says this")
    parser.add_argument("--failed", action="store_true", help="only what did not come as expected")
