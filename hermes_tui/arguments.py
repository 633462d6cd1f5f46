"""The commands and their options: what may be typed, and what is said about a slip."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter, _SubParsersAction
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final

from hermes_tui.version import VERSION

RESUME: Final = "choose an earlier session, or name it, and open it"
COMMANDS: Final = {
    "plan": "print the task graph of a goal file without running it",
    "runs": "list, show, pause, resume, stop or resolve runs",
    "sessions": "the same as runs; also export and replay",
    "agents": "list, show, steer, pause, resume or kill the subagents of a session",
    "board": "what the agents of a run share",
    "context": "what is in an agent's window and why; preview or undo a compaction, pin a message",
    "mind": "every action with its reason, what was expected and what came of it",
    "approvals": "list, allow or deny what waits for an operator; lasting grants",
    "keys": "list, set or remove the keys of providers",
    "replay": "print the records of a session or an exported file, in order, at its own pace or faster",
    "watch": "follow a live session",
    "ledger": "every decision, its result and its cost",
    "cost": "what was spent by day, model, role or task",
    "config": "explain where a setting comes from; test the policy",
    "doctor": "check what this machine offers and say how to mend what is missing",
    "sandbox": "run one command under the very policy that tools get",
    "memory": "find, show, change and take back what Hermes remembers",
    "ingest": "make a folder's documents searchable",
    "audit": "check or export the hash chains of sessions",
}
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
    rest[:1] = ["--resume"] if rest[:1] == ["resume"] else rest[:1]
    name = rest[0] if rest and rest[0] in COMMANDS else "run"
    if name == "run" and (near := _meant(rest)):
        sys.stderr.write(f"hermes: {rest[0]!r} is no command. Did you mean `hermes {near}`?\n")
        sys.stderr.write(f"        As a goal: hermes -p {rest[0]!r}\n")
        raise SystemExit(2)
    return name, _parser(name).parse_args(rest[1:] if name != "run" else rest, shared)


def _meant(args: list[str]) -> str:
    """Return the command that a first word was probably meant to be; empty if it may well be a goal."""
    if not args or args[0].startswith("-") or not args[0].isidentifier():
        return ""
    near = get_close_matches(args[0], COMMANDS, n=1, cutoff=NEAR)
    return near[0] if near else ""


def _parser(name: str) -> ArgumentParser:
    if name == "run":
        listed = {"resume": RESUME, **COMMANDS}
        parser = ArgumentParser(
            prog="hermes",
            description="A terminal-first operator workstation for autonomous agents.",
            epilog="commands:\n" + "\n".join(f"  {key:10} {text}" for key, text in listed.items()),
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _run(parser)
    else:
        parser = ArgumentParser(prog=f"hermes {name}", description=COMMANDS[name], allow_abbrev=False)
        _OPTIONS.get(name, _as_json)(parser)
    _shared(parser)
    return parser


def _shared_parser() -> ArgumentParser:
    """Return what reads the options that every command takes, before or after its name."""
    parser = ArgumentParser(prog="hermes", add_help=False, allow_abbrev=False)
    _shared(parser)
    return parser


def _shared(parser: ArgumentParser) -> None:
    parser.add_argument("-C", "--cd", metavar="DIR", default=".", help="the workspace (default: this folder)")
    parser.add_argument("--home", metavar="DIR", help="the home with config, memory and state")
    parser.add_argument("-v", "--verbose", action="store_true", help="log to stderr")


def _verbs(parser: ArgumentParser) -> _SubParsersAction[ArgumentParser]:
    return parser.add_subparsers(dest="verb", required=True)


def _as_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def _run(parser: ArgumentParser) -> None:
    parser.add_argument("goal", nargs="*", metavar="GOAL", help="what to do, in words; quotes are not needed")
    parser.add_argument(
        "-c", "--continue", dest="continue_", action="store_true", help="open this folder's last session"
    )
    parser.add_argument(
        "-r", "--resume", nargs="?", const="", metavar="SESSION", help="open a session by its id, or choose one"
    )
    parser.add_argument("-p", "--print", action="store_true", help="one run, answer on stdout")
    parser.add_argument("--batch", nargs="+", metavar="goal.md", help="run goal files headless, in order")
    parser.add_argument("-m", "--model", metavar="PROVIDER:MODEL", help="which brain answers")
    parser.add_argument("--mode", choices=("plan", "ask", "auto-edit", "auto"), help="how much runs without a question")
    parser.add_argument("--budget-usd", type=_number(float, 0, 1e6), metavar="N", help="cap of the run in US dollars")
    parser.add_argument(
        "--max-steps", type=_number(int, 1, 1_000_000), metavar="N", help="cap of the run in model steps"
    )
    parser.add_argument("--time-limit", metavar="15m", help="cap of the run in time")
    parser.add_argument("--fresh", action="store_true", help="start over instead of resuming")
    parser.add_argument("--output-format", choices=("text", "json", "stream-json"), default="text")
    parser.add_argument("--version", action="version", version=f"hermes {VERSION}")


def _plan(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="goal.md")
    parser.add_argument("--json", action="store_true", help="as hermes.plan/1")


def _sessions(parser: ArgumentParser) -> None:
    sub = _verbs(parser)
    sub.add_parser("list", help="every run, newest first").add_argument("--json", action="store_true", help="as JSON")
    show = sub.add_parser("show", help="one run: goal, tasks, spend, approvals, files")
    show.add_argument("session", help="its id, the beginning of it, or an exported file")
    show.add_argument("--json", action="store_true", help="as hermes.result/1")
    for verb, help_text in (
        ("pause", "start nothing new; what runs goes on"),
        ("resume", "go on after a pause"),
        ("stop", "stop at the next safe point, resumably"),
    ):
        steer = sub.add_parser(verb, help=help_text)
        which = steer.add_mutually_exclusive_group(required=True)
        which.add_argument("session", nargs="?", help="its id, or the beginning of it")
        which.add_argument("--all", action="store_true", help="every live run of this home")
    export = sub.add_parser("export", help="one file with everything, also of a live session")
    export.add_argument("session")
    export.add_argument("-o", "--out", metavar="FILE", help="where to (default: SESSION.hermes.db here)")
    sub.add_parser("replay", help="print its records again, in order").add_argument("session")
    undo = sub.add_parser("undo", help="put files back as they were before its calls, also outside git")
    undo.add_argument("session", help="its id, or the beginning of it")
    which = undo.add_mutually_exclusive_group()
    which.add_argument("--last", type=_number(int, 1, 1_000_000), metavar="N", help="only its last N calls")
    which.add_argument("--image", metavar="ID", help="exactly this image, such as the one an undo left")
    resolve = sub.add_parser("resolve", help="say what became of a call in doubt")
    resolve.add_argument("session")
    resolve.add_argument("task", metavar="TASK", help="the task whose call is in doubt, or the call's own id")
    said = resolve.add_mutually_exclusive_group(required=True)
    said.add_argument("--done", action="store_true", help="it happened")
    said.add_argument("--again", action="store_true", help="it did not; run it again")


def _approvals(parser: ArgumentParser) -> None:
    sub = _verbs(parser)
    sub.add_parser("list", help="what waits").add_argument("--json", action="store_true", help="as JSON")
    allow = sub.add_parser("allow", help="let it run")
    allow.add_argument("id", help="ID or SESSION:ID")
    allow.add_argument("--always", action="store_true", help="this very call never asks again")
    allow.add_argument(
        "--days", type=_number(float, 0.001, 36_500), metavar="N", help="with --always: for so many days"
    )
    deny = sub.add_parser("deny", help="refuse it")
    deny.add_argument("id", help="ID or SESSION:ID")
    deny.add_argument("--reason", default="", help="what the model reads")
    answer = sub.add_parser("answer", help="answer a question")
    answer.add_argument("id", help="ID or SESSION:ID")
    answer.add_argument("text")
    sub.add_parser("grants", help="what is allowed for good").add_argument(
        "--json", action="store_true", help="as JSON"
    )
    sub.add_parser("revoke", help="take a lasting grant back").add_argument("rule", metavar="RULE")


def _keys(parser: ArgumentParser) -> None:
    sub = _verbs(parser)
    _as_json(sub.add_parser("list", help="which provider has one, from where"))
    put = sub.add_parser("set", help="store one, typed unseen or read from a pipe")
    put.add_argument("provider")
    put.add_argument("--store", choices=("keyring", "file"), default="keyring", help="file: encrypted, in the home")
    sub.add_parser("remove", help="forget a stored one").add_argument("provider")


def _config(parser: ArgumentParser) -> None:
    sub = _verbs(parser)
    sub.add_parser("explain", help="value, winner, file and line").add_argument("key")
    sub.add_parser("test-policy", help="the decision table, and the tests of policy.tests")


def _sandbox(parser: ArgumentParser) -> None:
    run = _verbs(parser).add_parser("run", help="hermes sandbox run [--timeout S] -- CMD")
    run.add_argument("--timeout", type=_number(float, 0.001, 86_400), default=120.0, metavar="S")
    run.add_argument("argv", nargs="+", metavar="CMD")


def _audit(parser: ArgumentParser) -> None:
    sub = _verbs(parser)
    verify = sub.add_parser("verify", help="name what was changed, moved or cut off, and where")
    verify.add_argument("session", nargs="?")
    verify.add_argument("--against", metavar="FILE", help="also against a chain that was exported before")
    sub.add_parser("export", help="one chain as lines of JSON, to be kept elsewhere").add_argument("session")


def _memory(parser: ArgumentParser) -> None:
    sub = _verbs(parser)
    note = "a note's id, the beginning of it, or its path"
    for verb, help_text, asked, about in _MEMORY_VERBS:
        found = sub.add_parser(verb, help=help_text)
        if asked:
            found.add_argument("note", nargs=asked, help=about or note)
        found.add_argument("--json", action="store_true", help="as JSON")
        match verb:
            case "search":
                found.add_argument("-k", type=int, default=8, metavar="N", help="most hits of each kind (default: 8)")
                found.add_argument("--layer", choices=("note", "episode", "document"), help="only this kind")
                found.add_argument("--past", action="store_true", help="also what was superseded or has expired")
                found.add_argument("--why", action="store_true", help="every feature of each hit")
            case "remember":
                found.add_argument("--kind", choices=_MEMORY_KINDS, default="fact")
                found.add_argument("--about", default="", help="the subject of which only one note may hold")
                found.add_argument("--replaces", default="", metavar="NOTE", help="the note it takes the place of")
                found.add_argument("--beside", action="store_true", help="it holds beside a note that it resembles")
                found.add_argument("--here", action="store_true", help="only for this workspace")
            case "log":
                found.add_argument("-n", type=int, default=30, metavar="N", help="most commits (default: 30)")
            case "restore":
                found.add_argument("--at", default="", metavar="COMMIT", help="as this commit held it")
            case "pin":
                found.add_argument("--off", action="store_true", help="unpin it")
            case "forget":
                found.add_argument("--erase", action="store_true", help="also from history, for good")
            case "import":
                found.add_argument("--apply", action="store_true", help="write the notes; without it, only show them")
            case _:
                pass


_MEMORY_KINDS: Final = ("fact", "preference", "procedure", "person", "episode", "style")
_MEMORY_VERBS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("search", "find notes, what was said, and documents, with the reasons", "+", "words"),
    ("show", "a note, or MEMORY.md and what is left of its room", "?", ""),
    ("list", "every note", "", ""),
    ("remember", "write a note of your own", "+", "its text"),
    ("review", "what agents wrote and you have not accepted", "", ""),
    ("accept", "let a note that waits for review hold", "+", ""),
    ("reject", "remove a note that waits for review", "+", ""),
    ("log", "who changed what, newest first", "?", ""),
    ("diff", "what a commit changed, or the last change of a note", "?", "a commit or a note"),
    ("blame", "who wrote each line of a note", "+", ""),
    ("revert", "undo one commit", "+", "a commit"),
    ("restore", "bring a note back as it was", "+", ""),
    ("pin", "keep a note and its line in MEMORY.md", "+", ""),
    ("forget", "remove a note; history keeps it unless it is erased", "+", ""),
    ("reindex", "make the index anew from files and sessions", "", ""),
    ("import", "take over the memory of another agent", "+", "a file or folder"),
    ("stats", "how much there is, how fresh the index is, what is wrong", "", ""),
    ("pipe", "a throw-away memory behind JSON lines, for measuring", "", ""),
)


def _ingest(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", help="left out: what was ingested, file by file")
    parser.add_argument("--forget", action="store_true", help="take the folder's documents out again")
    parser.add_argument("--json", action="store_true", help="as JSON")


def _session(parser: ArgumentParser) -> None:
    parser.add_argument("session")


def _ledger(parser: ArgumentParser) -> None:
    parser.add_argument("session", nargs="?", help="only this session or exported file")
    parser.add_argument("--json", action="store_true", help="as JSON; the ledger has a decision per line")


def _looked_at(parser: ArgumentParser) -> None:
    parser.add_argument("session", help="its id, the beginning of it, or an exported file")


def _agents(parser: ArgumentParser) -> None:
    sub = _verbs(parser)
    for verb, help_text in (
        ("list", "who was sent out, and how it stands"),
        ("show", "everything that was said to an agent and by it"),
        ("steer", "tell it something"),
        ("pause", "let it start nothing new"),
        ("resume", "let it go on"),
        ("kill", "end it with everything it runs"),
    ):
        own = sub.add_parser(verb, help=help_text)
        _looked_at(own)
        if verb == "list":
            _as_json(own)
        else:
            own.add_argument("agent", help="its name, such as c1")
        if verb == "steer":
            own.add_argument("text", help="what it reads before its next reply")


def _board(parser: ArgumentParser) -> None:
    _looked_at(parser)
    _as_json(parser)


def _replay(parser: ArgumentParser) -> None:
    _looked_at(parser)
    parser.add_argument("--agent", metavar="A", help="only this agent")
    parser.add_argument("--speed", type=_number(float, 1e-3, 1e6), metavar="N", help="1 is real time")
    gap = _number(float, 0, 1e6)
    parser.add_argument("--longest-gap", type=gap, default=3600.0, metavar="S", help="cut pauses to this")


def _context(parser: ArgumentParser) -> None:
    _board(parser)
    parser.add_argument("--agent", metavar="A", help="whose window; the first agent's by default")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--preview", action="store_true", help="what a compaction would do now")
    change.add_argument("--undo", action="store_true", help="take the last compaction back")
    change.add_argument("--pin", type=int, metavar="N", help="keep message N as it was said")
    change.add_argument("--unpin", type=int, metavar="N", help="let message N go again")


def _mind(parser: ArgumentParser) -> None:
    _board(parser)
    parser.add_argument("--agent", metavar="A", help="only this agent")
    parser.add_argument("--task", metavar="T", help="only this task")
    parser.add_argument("--kind", metavar="K", help="only think, act, ask, plan, task, delegate, context, decide ...")
    parser.add_argument("--text", metavar="WORDS", help="only what says this")
    parser.add_argument("--failed", action="store_true", help="only what did not come as expected")


def _cost(parser: ArgumentParser) -> None:
    _ledger(parser)
    parser.add_argument("--by", choices=("day", "model", "role", "task"), default="day")


def _number(kind: type[float], least: float, most: float) -> Callable[[str], float]:
    """Return what reads a number from `least` to `most`, and says so otherwise."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(-1)
        if not least <= value <= most:
            raise ArgumentTypeError(f"{text!r} is no number from {least:g} to {most:g}")
        return value

    return read


_OPTIONS: Final[Mapping[str, Callable[[ArgumentParser], None]]] = {
    "plan": _plan,
    "runs": _sessions,
    "sessions": _sessions,
    "approvals": _approvals,
    "keys": _keys,
    "agents": _agents,
    "board": _board,
    "context": _context,
    "mind": _mind,
    "replay": _replay,
    "watch": _session,
    "ledger": _ledger,
    "cost": _cost,
    "config": _config,
    "sandbox": _sandbox,
    "memory": _memory,
    "ingest": _ingest,
    "audit": _audit,
}
"""Who adds the options of a command; the others only take `--json`."""
