"""Parse the command line and open one interface; `--version` and `--help` load nothing else."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final, NoReturn

from hermes_tui.version import VERSION

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

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
    "replay": "print the records of a session or an exported file, in order, at its own pace or faster",
    "watch": "follow a live session",
    "ledger": "every decision, its result and its cost",
    "cost": "what was spent by day, model, role or task",
    "config": "explain where a setting comes from",
    "doctor": "check what this machine offers and say how to mend what is missing",
    "sandbox": "run one command under the very policy that tools get",
    "audit": "check the hash chain of a session",
}
NEAR: Final = 0.75

COLLECT_AFTER: Final = (50_000, 20, 20)
"""When the cyclic collector runs; with Python's 700 allocations it runs dozens of times while modules load."""


def entry() -> NoReturn:
    """Run the process's command line and end the process at once.

    What must outlive the process is closed and on disk when `main` returns; taking the interpreter apart after that
    would cost a tenth of a second.
    """
    gc.set_threshold(*COLLECT_AFTER)
    # Pydantic would search every installed package for plug-ins of its own; Hermes uses none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 1
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (docs: README, exit codes)."""
    args = list(sys.argv[1:] if argv is None else argv)
    _prepare_streams()
    try:
        code = _dispatch(args)
        sys.stdout.flush()
    except SystemExit as ended:
        # argparse ends so, and may have left help in a buffer whose reader is gone.
        code = ended.code if isinstance(ended.code, int) else 2
        return _flushed(code)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return _flushed(0)
    return code


def _prepare_streams() -> None:
    """Make output safe to write: a closed stream goes nowhere, and what cannot be encoded is shown as escapes."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flushed(code: int) -> int:
    """Return `code` after a last flush; where nobody reads any more, what is left goes nowhere."""
    try:
        sys.stdout.flush()
    except OSError:
        import_module("hermes_tui.interfaces.headless.outlet").silence(sys.stdout)
    return code


def _dispatch(args: list[str]) -> int:
    if args in (["--version"], ["-V"]):
        sys.stdout.write(f"hermes {VERSION}\n")
        return 0
    own = args.index("--") if "--" in args else len(args)
    shared, rest = _shared_parser().parse_known_args(args[:own])
    rest += args[own:]
    rest[:1] = ["--resume"] if rest[:1] == ["resume"] else rest[:1]
    name = rest[0] if rest and rest[0] in COMMANDS else "run"
    if name == "run" and (near := _meant(rest)):
        sys.stderr.write(f"hermes: {rest[0]!r} is no command. Did you mean `hermes {near}`?\n")
        sys.stderr.write(f"        As a goal: hermes -p {rest[0]!r}\n")
        return 2
    parsed = _parser(name).parse_args(rest[1:] if name != "run" else rest, shared)
    if name == "run":
        parsed.goal = " ".join(parsed.goal)
        code: int = import_module(f"hermes_tui.interfaces.{_interface(parsed)}").main(name, parsed)
        return code
    inspect = import_module("hermes_tui.interfaces.inspect")
    return int(import_module("asyncio").run(inspect.main(name, parsed)))


def _meant(args: list[str]) -> str:
    """Return the command that a first word was probably meant to be; empty if it may well be a goal."""
    if not args or args[0].startswith("-") or not args[0].isidentifier():
        return ""
    near: list[str] = import_module("difflib").get_close_matches(args[0], COMMANDS, n=1, cutoff=NEAR)
    return near[0] if near else ""


def _interface(parsed: Namespace) -> str:
    """Return the module that pursues goals: the app wants a terminal and no headless flag."""
    headless = parsed.print or parsed.batch or parsed.output_format != "text"
    return "headless" if headless or not (sys.stdin.isatty() and sys.stdout.isatty()) else "tui.app"


def _parser(name: str) -> ArgumentParser:
    argparse = import_module("argparse")
    if name == "run":
        parser: ArgumentParser = argparse.ArgumentParser(
            prog="hermes",
            description="A terminal-first operator workstation for autonomous agents.",
            epilog="commands:\n"
            + "\n".join(f"  {key:10} {text}" for key, text in {"resume": RESUME, **COMMANDS}.items()),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _run_options(parser)
    else:
        parser = argparse.ArgumentParser(prog=f"hermes {name}", description=COMMANDS[name], allow_abbrev=False)
        _command_options(name, parser)
    _shared_options(parser)
    return parser


def _shared_parser() -> ArgumentParser:
    """Return what reads the options that every command takes, before or after its name."""
    parser: ArgumentParser = import_module("argparse").ArgumentParser(prog="hermes", add_help=False, allow_abbrev=False)
    _shared_options(parser)
    return parser


def _shared_options(parser: ArgumentParser) -> None:
    parser.add_argument("-C", "--cd", metavar="DIR", default=".", help="the workspace (default: this folder)")
    parser.add_argument("--home", metavar="DIR", help="the home with config, memory and state")
    parser.add_argument("-v", "--verbose", action="store_true", help="log to stderr")


def _run_options(parser: ArgumentParser) -> None:
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


def _command_options(name: str, parser: ArgumentParser) -> None:
    match name:
        case "plan":
            parser.add_argument("file", metavar="goal.md")
            parser.add_argument("--json", action="store_true", help="as hermes.plan/1")
        case "runs" | "sessions" | "agents" | "approvals":
            options = {"agents": _agent_options, "approvals": _approval_options}.get(name, _session_options)
            options(parser.add_subparsers(dest="verb", required=True))
        case "config":
            sub = parser.add_subparsers(dest="verb", required=True)
            sub.add_parser("explain", help="value, winner, file and line").add_argument("key")
        case "sandbox":
            sub = parser.add_subparsers(dest="verb", required=True)
            run = sub.add_parser("run", help="hermes sandbox run [--timeout S] -- CMD")
            run.add_argument("--timeout", type=_number(float, 0.001, 86_400), default=120.0, metavar="S")
            run.add_argument("argv", nargs="+", metavar="CMD")
        case "audit":
            sub = parser.add_subparsers(dest="verb", required=True)
            sub.add_parser("verify", help="name the first broken link").add_argument("session", nargs="?")
        case "replay" | "watch" | "board" | "context" | "mind":
            parser.add_argument("session", help="its id, the beginning of it, or an exported file")
            _look_options(name, parser)
        case "cost" | "ledger":
            parser.add_argument("session", nargs="?", help="only this session or exported file")
            parser.add_argument("--json", action="store_true", help="as JSON; the ledger has a decision per line")
            if name == "cost":
                parser.add_argument("--by", choices=("day", "model", "role", "task"), default="day")
        case _:
            parser.add_argument("--json", action="store_true", help="as JSON")


def _session_options(sub: _SubParsersAction[ArgumentParser]) -> None:
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
    resolve = sub.add_parser("resolve", help="say what became of a call in doubt")
    resolve.add_argument("session")
    resolve.add_argument("task", metavar="TASK", help="the task whose call is in doubt, or the call's own id")
    said = resolve.add_mutually_exclusive_group(required=True)
    said.add_argument("--done", action="store_true", help="it happened")
    said.add_argument("--again", action="store_true", help="it did not; run it again")


def _look_options(name: str, parser: ArgumentParser) -> None:
    """Add what the commands take that look into one session."""
    if name != "replay":
        parser.add_argument("--json", action="store_true", help="as JSON")
    if name in ("replay", "context", "mind"):
        parser.add_argument("--agent", metavar="A", help="only this agent")
    match name:
        case "replay":
            most = 1e6
            parser.add_argument("--speed", type=_number(float, 1e-3, most), metavar="N", help="1 is real time")
            parser.add_argument(
                "--longest-gap", type=_number(float, 0, most), default=3600.0, metavar="S", help="cut pauses to this"
            )
        case "context":
            change = parser.add_mutually_exclusive_group()
            change.add_argument("--preview", action="store_true", help="what a compaction would do now")
            change.add_argument("--undo", action="store_true", help="take the last compaction back")
            change.add_argument("--pin", type=int, metavar="N", help="keep message N as it was said")
            change.add_argument("--unpin", type=int, metavar="N", help="let message N go again")
        case "mind":
            parser.add_argument("--task", metavar="T", help="only this task")
            parser.add_argument("--kind", metavar="K", help="think, act, ask, plan, task, delegate, context, decide …")
            parser.add_argument("--text", metavar="WORDS", help="only what says this")
            parser.add_argument("--failed", action="store_true", help="only what did not come as expected")
        case _:
            pass


def _agent_options(sub: _SubParsersAction[ArgumentParser]) -> None:
    for verb, help_text in (
        ("list", "who was sent out, and how it stands"),
        ("show", "everything that was said to an agent and by it"),
        ("steer", "tell it something"),
        ("pause", "let it start nothing new"),
        ("resume", "let it go on"),
        ("kill", "end it with everything it runs"),
    ):
        parser = sub.add_parser(verb, help=help_text)
        parser.add_argument("session", help="its id, the beginning of it, or an exported file")
        if verb == "list":
            parser.add_argument("--json", action="store_true", help="as JSON")
        else:
            parser.add_argument("agent", help="its name, such as c1")
        if verb == "steer":
            parser.add_argument("text", help="what it reads before its next reply")


def _approval_options(sub: _SubParsersAction[ArgumentParser]) -> None:
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


def _number(kind: type[float], least: float, most: float) -> Callable[[str], float]:
    """Return what reads a number from `least` to `most`, and says so otherwise."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(-1)
        if not least <= value <= most:
            raise import_module("argparse").ArgumentTypeError(f"{text!r} is no number from {least:g} to {most:g}")
        return value

    return read
