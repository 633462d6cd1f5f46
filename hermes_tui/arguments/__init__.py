"""The commands and their options: what may be typed, and what is said about a slip."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from hermes_tui.arguments import agents, goals, memory, shape, station

WORDS: Final = {
    "resume": "choose an earlier session, or name it, and open it",
    "demo": "watch a real goal with a scripted brain; nothing stays",
}
"""Options that may be typed as a command, without the dashes."""

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COMMANDS: Final = {
    "plan": "print the task graph of a goal file without running it",
    "runs": "list, show, pause, resume, stop, plan, edit, abandon or resolve runs",
    "sessions": "the same as runs; also export and replay",
    "agents": "list, show, steer, pause, resume or kill the subagents of a session",
    "board": "what the agents of a run share",
    "context": "what is in an agent's window and why; preview, ask for or undo a compaction, pin a message",
    "mind": "every action with its reason, what was expected and what came of it",
    "approvals": "list, allow or deny what waits for an operator; lasting grants",
    "keys": "list, set or remove the keys of providers",
    "replay": "print the records of a session or an exported file, in order, at its own pace or faster",
    "serve": "the workstation in a browser of this machine, behind a secret of its own",
    "watch": "follow a live session",
    "ledger": "every decision, its result and its cost",
    "models": "what each provider offers now: window, price, health, measured speed",
    "cost": "what was spent by day, model, role or task",
    "config": "explain where a setting comes from; test the policy",
    "doctor": "check what this machine offers and say how to mend what is missing",
    "sandbox": "run one command under the very policy that tools get",
    "tools": "every tool: effect, reach, timeout, and where it comes from",
    "skills": "list what agents know how to do, or show one skill whole",
    "mcp": "list, test, trust or forget tool servers (Model Context Protocol), and list their tools",
    "memory": "find, show, change and take back what Hermes remembers",
    "ingest": "make a folder's documents searchable",
    "trust": "show, allow or revoke what this project brings along: its config, skills and hooks",
    "audit": "check or export the hash chains of sessions",
}
LISTING: Final = frozenset({"runs", "sessions", "agents", "approvals", "keys", "skills", "mcp", "memory"})
"""Commands that list where no verb is named."""
NEAR: Final = 0.75
"""How alike a first word and a command must be (difflib ratio) to be taken for a slip."""


def parse(args: list[str]) -> tuple[str, Namespace]:
    """Return the command, `run` where none is named, and its options.

    Raises:
        SystemExit: with 2 for what cannot be understood, with 0 after help.
    """
    own = args.index("--") if "--" in args else len(args)
    shared, rest = _shared_parser().parse_known_args(args[:own])
    rest += args[own:]
    rest[:1] = [f"--{word}" if word in WORDS else word for word in rest[:1]]
    name = rest[0] if rest and rest[0] in COMMANDS else "run"
    if name == "run" and (near := _meant(rest)):
        sys.stderr.write(f"hermes: {rest[0]!r} is no command. Did you mean `hermes {near}`?\n")
        sys.stderr.write(f"        As a goal: hermes -p {rest[0]!r}\n")
        raise SystemExit(2)
    options = rest if name == "run" else rest[1:]
    if name in LISTING and (not options or (options[0].startswith("-") and options[0] not in ("-h", "--help"))):
        options = ["list", *options]
    return name, parser_of(name).parse_args(options, shared)


def _meant(args: list[str]) -> str:
    """Return the command that a first word was probably meant to be; empty if it may well be a goal."""
    if not args or args[0].startswith("-") or not args[0].isidentifier():
        return ""
    near = get_close_matches(args[0], COMMANDS, n=1, cutoff=NEAR)
    return near[0] if near else ""


class _Parser(ArgumentParser):
    """A parser whose help does not go missing in silence: argparse drops what it cannot write."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        if file is not None and file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


def parser_of(name: str) -> ArgumentParser:
    """Return what reads the options of a command; `run` is what is meant where none is named."""
    if name == "run":
        listed = WORDS | COMMANDS
        parser = _Parser(
            prog="hermes",
            description="A terminal-first operator workstation for autonomous agents.",
            epilog="commands:\n" + "\n".join(f"  {key:10} {text}" for key, text in listed.items()),
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        goals.run(parser)
    else:
        parser = _Parser(prog=f"hermes {name}", description=COMMANDS[name], allow_abbrev=False)
        _OPTIONS.get(name, shape.as_json)(parser)
    _shared(parser)
    return parser


def _shared_parser() -> ArgumentParser:
    """Return what reads the options that every command takes, before or after its name."""
    parser = _Parser(prog="hermes", add_help=False, allow_abbrev=False)
    _shared(parser)
    return parser


def _shared(parser: ArgumentParser) -> None:
    parser.add_argument("-C", "--cd", metavar="DIR", default=".", help="the workspace (default: this folder)")
    parser.add_argument("--home", metavar="DIR", help="the home with config, memory and state")
    parser.add_argument("-v", "--verbose", action="store_true", help="log to stderr")


_OPTIONS: Final[Mapping[str, Callable[[ArgumentParser], None]]] = {
    "plan": goals.plan,
    "runs": goals.sessions,
    "sessions": goals.sessions,
    "approvals": station.approvals,
    "keys": station.keys,
    "agents": agents.agents,
    "board": agents.board,
    "context": agents.context,
    "mind": agents.mind,
    "replay": agents.replay,
    "watch": station.session,
    "serve": goals.serve,
    "ledger": station.ledger,
    "models": station.models,
    "cost": station.cost,
    "config": station.config,
    "sandbox": station.sandbox,
    "skills": station.skills,
    "mcp": station.mcp,
    "memory": memory.memory,
    "ingest": memory.ingest,
    "audit": station.audit,
    "trust": station.trust,
}
"""Who adds the options of a command; the others only take `--json`."""
