"""`ledger` and `cost`: what was decided, and what it cost."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.records import Record
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces._tables import cost_lines, when
from hermes_tui.interfaces.inspect._print import say, say_json, tell
from hermes_tui.services import costs, forks, history
from hermes_tui.services.decisions import Decision, decisions
from hermes_tui.services.workstation import Workstation

WIDTH = 70


async def ledger(station: Workstation, args: Namespace) -> int:
    """Print each decision with its result and cost: JSON lines, or a line each for people."""
    for records in _journals(station, args.session):
        for made in decisions(records):
            if args.json:
                say_json(made.as_json())
            else:
                say(_line(made))
    return 0


def _journals(station: Workstation, session: str | None) -> Iterator[list[Record]]:
    """Yield the records of one session, or of each, oldest first; what cannot be read is named."""
    folder = station.sessions()
    if session is not None:
        yield history.records(folder, session)
        return
    for row in reversed(history.rows(folder)):
        try:
            yield history.records(folder, row.session)
        except JournalUnreadable as error:
            tell(f"hermes: {error.message}")


def _line(made: Decision) -> str:
    params = made.params
    what = (params.get(key) for key in ("summary", "what", "model", "reason", "why", "status", "by"))
    said = first_line(next((str(value) for value in what if value), ""), WIDTH)
    cost = "price unknown" if made.cost is None else f"${made.cost:.4f}" if made.cost else ""
    tail = "  ".join(part for part in (said, cost) if part)
    return f"{when(made.at)}  {params['session']:12} {made.decision:13} {params.get('task') or '-':12} {tail}"


async def cost(station: Workstation, args: Namespace) -> int:
    """Print what was spent by day, model, role or task, and the sum."""
    records = (record for found in _journals(station, args.session) for record in forks.own_part(found))
    found = costs.shares(records, args.by)
    total = costs.total(found)
    if args.json:
        say_json({"by": args.by, "shares": [_fields(share) for share in found], "total": _fields(total)})
        return 0
    if not found:
        say("Nothing was spent yet.")
        return 0
    for line in cost_lines(found, args.by):
        say(line)
    return 0


def _fields(share: costs.Share) -> dict[str, object]:
    spent = share.spent
    return {
        "name": share.name,
        "calls": spent.calls,
        "input_tokens": spent.usage.input_tokens + spent.usage.cache_write_tokens,
        "cached_tokens": spent.usage.cache_read_tokens,
        "output_tokens": spent.usage.output_tokens,
        "usd": spent.usd if spent.calls > spent.unknown else None,
        "usd_unknown_calls": spent.unknown,
        "usd_unknown_tokens": share.unknown_tokens,
    }
