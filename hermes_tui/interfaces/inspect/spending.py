"""`ledger` and `cost`: what was decided, and what it cost."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence

from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import fold_all
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces._tables import cost_lines, when
from hermes_tui.interfaces.inspect._print import say, say_json, tell
from hermes_tui.services import costs, forks, history, repetition, what_if, wiring
from hermes_tui.services.config import Reflex
from hermes_tui.services.decisions import Decision, decisions
from hermes_tui.services.sections import plain
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
    """Print what was spent by day, model, role or task, and the sum; beside it what it would have been otherwise."""
    journals = [*_journals(station, args.session)]
    if args.suggest:
        return _suggest(journals, [*station.config.reflexes.values()])
    found = costs.shares((one for records in journals for one in forks.own_part(records)), args.by)
    prices = wiring.prices_of(station.home)
    others: dict[str, list[costs.Share]] = {}
    for name in args.others:
        policy = what_if.policy_of(station.config, name, prices)
        changed = ([*what_if.repriced(records, policy)] for records in journals)
        others[name] = costs.shares((one for records in changed for one in forks.own_part(records)), args.by)
    if args.json:
        say_json(_as_json(found, args.by, others))
        return 0
    for line in cost_lines(found, args.by, others) if found else ["Nothing was spent yet."]:
        say(line)
    return 0


def _suggest(journals: Iterable[Sequence[Record]], known: Sequence[Reflex]) -> int:
    """Print rules that are not in force yet and would have made calls as models made them."""
    talks = (talk.messages for records in journals for talk in fold_all(records).talk.by_agent.values())
    found = [one for one in repetition.suggested(talks) if one.rule not in known]
    if not found:
        say("Nothing was found that repeats itself.")
        return 0
    say("# What you want of this belongs into config.yaml; it holds from the next step on.")
    say("reflexes:")
    for one in found:
        fields = {name: value for name, value in plain(one.rule).items() if name != "at_most" and value}
        said = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
        say(f"  {one.name}: {{{said}}}  # would have made {one.times} calls")
    return 0


def _as_json(found: list[costs.Share], by: costs.By, others: dict[str, list[costs.Share]]) -> dict[str, object]:
    said: dict[str, object] = {
        "by": by,
        "shares": [_fields(share) for share in found],
        "total": _fields(costs.total(found)),
    }
    if others:
        said["if"] = {name: [_fields(one) for one in (*shares, costs.total(shares))] for name, shares in others.items()}
    return said


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
        "days": len(share.days),
    }
