"""The options of what surrounds a run: approvals, keys, config, sandbox, audit, spending, models."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from hermes_tui.arguments.shape import WHICH, as_json, number, verbs


def approvals(parser: ArgumentParser) -> None:
    """Add the options of `approvals`."""
    sub = verbs(parser)
    sub.add_parser("list", help="what waits").add_argument("--json", action="store_true", help="as JSON")
    allow = sub.add_parser("allow", help="let it run")
    allow.add_argument("id", help="ID or SESSION:ID")
    allow.add_argument("--always", action="store_true", help="this very call never asks again")
    allow.add_argument("--days", type=number(float, 0.001, 36_500), metavar="N", help="with --always: for so many days")
    allow.add_argument("--key", type=Path, metavar="FILE", help="where it takes two keys: sign with this key")
    allow.add_argument("--signature", type=Path, metavar="FILE", help="or take a signature that was made elsewhere")
    intent = sub.add_parser("intent", help="print the bytes to be signed, where a call takes two keys")
    intent.add_argument("id", help="ID or SESSION:ID")
    deny = sub.add_parser("deny", help="refuse it")
    deny.add_argument("id", help="ID or SESSION:ID")
    deny.add_argument("--reason", default="", help="what the model reads")
    answer = sub.add_parser("answer", help="answer a question")
    answer.add_argument("id", help="ID or SESSION:ID")
    answer.add_argument("text", metavar="TEXT", help="what the asker reads")
    sub.add_parser("grants", help="what is allowed for good").add_argument(
        "--json", action="store_true", help="as JSON"
    )
    sub.add_parser("revoke", help="take a lasting grant back").add_argument("rule", metavar="RULE")


def keys(parser: ArgumentParser) -> None:
    """Add the options of `keys`."""
    sub = verbs(parser)
    as_json(sub.add_parser("list", help="which provider has one, from where"))
    put = sub.add_parser("set", help="store one, typed unseen or read from a pipe")
    put.add_argument("provider", metavar="PROVIDER", help="its name in config.yaml")
    put.add_argument("--store", choices=("keyring", "file"), default="keyring", help="file: encrypted, in the home")
    sub.add_parser("remove", help="forget a stored one").add_argument("provider")


def config(parser: ArgumentParser) -> None:
    """Add the options of `config`."""
    sub = verbs(parser)
    sub.add_parser("explain", help="value, winner, file and line").add_argument("key")
    sub.add_parser("test-policy", help="the decision table, and the tests of policy.tests")


def sandbox(parser: ArgumentParser) -> None:
    """Add the options of `sandbox`."""
    run = verbs(parser).add_parser("run", help="hermes sandbox run [--timeout S] -- CMD")
    run.add_argument(
        "--timeout", type=number(float, 0.001, 86_400), default=120.0, metavar="S", help="seconds (default: 120)"
    )
    run.add_argument("argv", nargs="+", metavar="CMD")


def trust(parser: ArgumentParser) -> None:
    """Add the options of `trust`."""
    sub = verbs(parser)
    sub.add_parser("show", help="what the project brings, and what changed since it was trusted")
    sub.add_parser("allow", help="use it as it is now; any change asks again")
    sub.add_parser("revoke", help="use it no more")
    as_json(sub.add_parser("files", help="files that runs wrote here after they had read the web, as they still are"))
    accept = sub.add_parser("accept", help="vouch for such files as they are now")
    accept.add_argument("paths", nargs="*", metavar="PATH", help="files, as `trust files` names them")
    accept.add_argument("--all", action="store_true", help="every one")


def mcp(parser: ArgumentParser) -> None:
    """Add the options of `mcp`."""
    sub = verbs(parser)
    as_json(sub.add_parser("list", help="every server: whether it is trusted, how many tools, what went wrong last"))
    about = {
        "test": "start it, and say whether it lists what was trusted",
        "tools": "its tools as they were trusted",
        "trust": "start it, show its tools whole, and use them as they are now; any change asks again",
        "forget": "use it no more until it is trusted again",
    }
    made = {verb: sub.add_parser(verb, help=text) for verb, text in about.items()}
    for one in made.values():
        one.add_argument("name", metavar="NAME")
    made["trust"].add_argument("--yes", action="store_true", help="without asking")


def skills(parser: ArgumentParser) -> None:
    """Add the options of `skills`."""
    sub = verbs(parser)
    as_json(sub.add_parser("list", help="name, whose it is, what it is for"))
    sub.add_parser("show", help="its steps").add_argument("name", metavar="NAME")


def audit(parser: ArgumentParser) -> None:
    """Add the options of `audit`."""
    sub = verbs(parser)
    verify = sub.add_parser("verify", help="name what was changed, moved or cut off, and where")
    verify.add_argument("session", nargs="?")
    verify.add_argument("--against", metavar="FILE", help="also against a chain that was exported before")
    sub.add_parser("export", help="one chain as lines of JSON, to be kept elsewhere").add_argument("session")


def session(parser: ArgumentParser) -> None:
    """Add the session that is followed."""
    parser.add_argument("session", nargs="?", default="last", help=WHICH)
    parser.add_argument("--json", action="store_true", help="the records themselves, also at a terminal")


def ledger(parser: ArgumentParser) -> None:
    """Add the options of `ledger`."""
    parser.add_argument("session", nargs="?", help="only this session or exported file")
    parser.add_argument("--json", action="store_true", help="as JSON; the ledger has a decision per line")


def cost(parser: ArgumentParser) -> None:
    """Add the options of `cost`."""
    ledger(parser)
    parser.add_argument("--by", choices=("day", "model", "role", "task"), default="day", help="(default: day)")
    parser.add_argument(
        "--if",
        action="append",
        default=[],
        dest="others",
        metavar="MODEL",
        help="beside it: the same tokens at the list price of a model, role or tier, or `routed`; may be repeated",
    )
    parser.add_argument(
        "--suggest", action="store_true", help="instead: rules for `reflexes` that would have spared calls, as YAML"
    )


def models(parser: ArgumentParser) -> None:
    """Add the options of `models`."""
    parser.add_argument("--role", default="cortex", help="whose chain (default: cortex)")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--refresh-prices", action="store_true", help="read the prices that providers publish")
    sub = parser.add_subparsers(dest="verb", metavar="compare")
    compare = sub.add_parser(
        "compare", help="ask B what A was asked, run nothing of it, and say how far they are apart"
    )
    compare.add_argument("lead", metavar="A", help="the model that leads: provider:model")
    compare.add_argument("shadow", metavar="B", help="the model in its shadow")
    compare.add_argument(
        "--on", required=True, metavar="SESSION|GOAL", help="a session, or a goal file that A runs now"
    )
    compare.add_argument(
        "--max-distance", type=number(float, 0, 1), metavar="D", help="refuse above it (default: routing.max_distance)"
    )
    as_json(compare)
