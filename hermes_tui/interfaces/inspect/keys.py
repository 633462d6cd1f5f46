"""`hermes keys`: which provider has a key and from where; set one, remove one, show none."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from dataclasses import asdict
from getpass import getpass

from hermes_tui.interfaces._tables import table
from hermes_tui.interfaces.inspect._print import say, say_json
from hermes_tui.services.keys import PASSPHRASE, Keys
from hermes_tui.services.workstation import Workstation


async def keys(station: Workstation, args: Namespace) -> int:
    """Carry out `list`, `set` or `remove`."""
    known = station.keys()
    match args.verb:
        case "list":
            _list(known, args)
        case "set":
            passphrase = _passphrase() if args.store == "file" else ""
            origin = known.put(args.provider, _secret(f"Key of {args.provider}: "), args.store, passphrase)
            say(f"The key of {args.provider} is kept in the {args.store} store and goes to {origin} only.")
        case _:
            passphrase = _passphrase() if known.store_of(args.provider) == "file" else ""
            if not known.remove(args.provider, passphrase):
                say(f"No key of {args.provider} is stored.")
                return 1
            say(f"The key of {args.provider} is forgotten.")
    return 0


def _list(known: Keys, args: Namespace) -> None:
    lines = known.lines()
    if args.json:
        say_json([asdict(line) for line in lines])
        return
    rows = [(line.provider, line.source, line.origin, line.note) for line in lines]
    for row in table([("provider", "key", "goes to", ""), *rows]):
        say(row)


def _passphrase() -> str:
    return os.environ.get(PASSPHRASE) or (_secret("Passphrase of the vault: ") if sys.stdin.isatty() else "")


def _secret(question: str) -> str:
    """Return what is typed without showing it, or the first line of a pipe; a key never stands on a command line."""
    return getpass(question).strip() if sys.stdin.isatty() else sys.stdin.readline().strip()
