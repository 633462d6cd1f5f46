"""Parse the command line and open one interface; `--version` and `--help` load nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from hermes_tui.version import VERSION

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

COMMANDS: Final = {
    "plan": "print the task graph of a goal file without running it",
    "runs": "list, show or resolve runs",
    "approvals": "list, allow or deny what waits for an operator",
    "replay": "print a session's records again, in order",
    "watch": "follow a live session",
    "config": "explain where a setting comes from",
    "doctor": "check what this machine offers and say how to mend what is missing",
    "sandbox": "run one command under the very policy that tools get",
    "memory": "find, show, change and take back what Hermes remembers",
    "audit": "check the hash chain of a session",
}

INTERFACES: Final = {"run": "headless", "memory": "memory"}
"""Which module of `interfaces/` carries a command out; `inspect` does the others."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (docs: README, exit codes)."""
    args = list(sys.argv[1:] if argv is None else argv)
    if args in (["--version"], ["-V"]):
        sys.stdout.write(f"hermes {VERSION}\n")
        return 0
    name = args[0] if args and args[0] in COMMANDS else "run"
    parsed = _parser(name).parse_args(args[1:] if name != "run" else args)
    module = import_module(f"hermes_tui.interfaces.{INTERFACES.get(name, 'inspect')}")
    code: int = module.main(name, parsed)
    return code


def _parser(name: str) -> ArgumentParser:
    argparse = import_module("argparse")
    if name == "run":
        parser: ArgumentParser = argparse.ArgumentParser(
            prog="hermes",
            description="A terminal-first operator workstation for autonomous agents.",
            epilog="commands:\n" + "\n".join(f"  {key:10} {text}" for key, text in COMMANDS.items()),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _run_options(parser)
    else:
        parser = argparse.ArgumentParser(prog=f"hermes {name}", description=COMMANDS[name])
        _command_options(name, parser)
    _shared_options(parser)
    return parser


def _shared_options(parser: ArgumentParser) -> None:
    parser.add_argument("-C", "--cd", metavar="DIR", default=".", help="the workspace (default: this folder)")
    parser.add_argument("--home", metavar="DIR", help="the home with config, memory and state")
    parser.add_argument("-v", "--verbose", action="store_true", help="log to stderr")


def _run_options(parser: ArgumentParser) -> None:
    parser.add_argument("goal", nargs="?", metavar="GOAL", help="what to do, with -p")
    parser.add_argument("-p", "--print", action="store_true", help="one run, answer on stdout")
    parser.add_argument("--batch", nargs="+", metavar="goal.md", help="run goal files headless, in order")
    parser.add_argument("-m", "--model", metavar="PROVIDER:MODEL", help="which brain answers")
    parser.add_argument("--mode", choices=("plan", "ask", "auto-edit", "auto"), help="how much runs without a question")
    parser.add_argument("--budget-usd", type=float, metavar="N", help="cap of the run in US dollars")
    parser.add_argument("--max-steps", type=int, metavar="N", help="cap of the run in model steps")
    parser.add_argument("--time-limit", metavar="15m", help="cap of the run in time")
    parser.add_argument("--fresh", action="store_true", help="start over instead of resuming")
    parser.add_argument("--output-format", choices=("text", "json", "stream-json"), default="text")
    parser.add_argument("--version", action="version", version=f"hermes {VERSION}")


def _command_options(name: str, parser: ArgumentParser) -> None:
    sub: _SubParsersAction[ArgumentParser]
    match name:
        case "plan":
            parser.add_argument("file", metavar="goal.md")
            parser.add_argument("--json", action="store_true", help="as hermes.plan/1")
        case "runs":
            sub = parser.add_subparsers(dest="verb", required=True)
            sub.add_parser("list", help="every run, newest first")
            sub.add_parser("show", help="one run").add_argument("session")
            resolve = sub.add_parser("resolve", help="say what became of a call in doubt")
            resolve.add_argument("session")
            resolve.add_argument("call")
            said = resolve.add_mutually_exclusive_group(required=True)
            said.add_argument("--done", action="store_true", help="it happened")
            said.add_argument("--again", action="store_true", help="it did not; run it again")
        case "approvals":
            sub = parser.add_subparsers(dest="verb", required=True)
            sub.add_parser("list", help="what waits")
            sub.add_parser("allow", help="let it run").add_argument("id")
            deny = sub.add_parser("deny", help="refuse it")
            deny.add_argument("id")
            deny.add_argument("--reason", default="", help="what the model reads")
            answer = sub.add_parser("answer", help="answer a question")
            answer.add_argument("id")
            answer.add_argument("text")
        case "config":
            sub = parser.add_subparsers(dest="verb", required=True)
            sub.add_parser("explain", help="value, winner, file and line").add_argument("key")
        case "sandbox":
            sub = parser.add_subparsers(dest="verb", required=True)
            run = sub.add_parser("run", help="hermes sandbox run [--timeout S] -- CMD")
            run.add_argument("-C", "--cd", metavar="DIR", default="==SUPPRESS==", help="the workspace")
            run.add_argument("--timeout", type=float, default=120.0, metavar="S")
            run.add_argument("argv", nargs="+", metavar="CMD")
        case "audit":
            sub = parser.add_subparsers(dest="verb", required=True)
            sub.add_parser("verify", help="name the first broken link").add_argument("session", nargs="?")
        case "memory":
            import_module("hermes_tui.interfaces.memory").options(parser)
        case "replay" | "watch":
            parser.add_argument("session")
        case _:
            parser.add_argument("--json", action="store_true", help="as JSON")
