"""`models compare A B --on …`: both models turn by turn, how far they are apart, and whether B may take over."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import NoProvider, ProviderError
from hermes_tui.domain.events import ModelFinished
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces._tables import table
from hermes_tui.interfaces.inspect._print import complain, say, say_json, tell
from hermes_tui.services import parity
from hermes_tui.services.parity import Pair, Parity
from hermes_tui.services.workstation import Workstation

WIDTH: Final = 44
HEAD: Final = ("turn", "apart", "A does", "B does", "tokens A/B", "cost A/B", "time A/B")


async def compare(station: Workstation, args: Namespace) -> int:
    """Print each turn of both models; 0 if B is close enough to take over, 1 if not, 3 at a cap, 5 if one is away."""
    session = args.on
    try:
        if args.on.endswith(".md"):
            tell(f"hermes: {args.lead} runs {args.on}; {args.shadow} is only asked.")
            session = await parity.run_with(station, args.lead, Path(args.on))
        most = station.config.routing.max_distance if args.max_distance is None else args.max_distance
        found = await parity.compare(station, args.lead, args.shadow, session, most)
    except (NoProvider, ProviderError) as error:
        return complain(error, 5)
    if args.json:
        say_json(_fields(found))
    else:
        _show(found)
    return found.code


def _show(found: Parity) -> None:
    say(f"A  {found.lead}")
    say(f"B  {found.shadow}")
    for line in table([HEAD, *(_row(pair) for pair in found.pairs)]):
        say(line)
    say(
        f"Apart by {found.distance:.2f} on average over {len(found.pairs)} of {found.turns} turns; "
        f"{found.most:.2f} is allowed. Kept as session {found.kept_in}."
    )
    if found.stopped is not None:
        complain(found.stopped, found.code)
    elif found.allowed:
        say(f"✓ {found.shadow} may take over from {found.lead}.")
    else:
        say(f"× {found.shadow} may not take over from {found.lead}.")


def _row(pair: Pair) -> tuple[str, ...]:
    lead, shadow = pair.lead, pair.shadow
    number = f"{pair.turn.number} {pair.turn.agent}" if pair.turn.errand is not None else str(pair.turn.number)
    if shadow is None:
        return number, f"{pair.distance:.2f}", _does(lead), f"failed: {pair.error}", "-", "-", "-"
    return (
        number,
        f"{pair.distance:.2f}",
        _does(lead),
        _does(shadow),
        f"{lead.usage.total_tokens:,} / {shadow.usage.total_tokens:,}",
        f"{_usd(lead)} / {_usd(shadow)}",
        f"{lead.seconds:.1f} / {shadow.seconds:.1f} s",
    )


def _does(reply: ModelFinished) -> str:
    calls = ", ".join(call.name for call in reply.message.calls)
    return calls or f"“{first_line(reply.message.text, WIDTH)}”"


def _usd(reply: ModelFinished) -> str:
    return "unknown" if reply.usd is None else f"${reply.usd:.4f}"


def _fields(found: Parity) -> dict[str, object]:
    return {
        "a": found.lead,
        "b": found.shadow,
        "on": found.session,
        "kept_in": found.kept_in,
        "turns": [_pair(pair) for pair in found.pairs],
        "turns_in_all": found.turns,
        "distance": round(found.distance, 4),
        "max_distance": found.most,
        "allowed": found.allowed,
        "limit": found.stopped.limit if found.stopped is not None else None,
        "usd": {"a": _sum([pair.lead for pair in found.pairs]), "b": _sum([pair.shadow for pair in found.pairs])},
    }


def _pair(pair: Pair) -> dict[str, object]:
    return {
        "turn": pair.turn.number,
        "agent": pair.turn.agent,
        "errand": pair.turn.errand.title if pair.turn.errand is not None else None,
        "distance": round(pair.distance, 4),
        "calls_distance": round(pair.calls_distance, 4),
        "text_distance": round(pair.text_distance, 4),
        "a": _reply(pair.lead),
        "b": _reply(pair.shadow) if pair.shadow is not None else None,
        "error": pair.error or None,
    }


def _reply(reply: ModelFinished) -> dict[str, object]:
    usage = reply.usage
    return {
        "calls": [{"tool": call.name, "arguments": call.arguments} for call in reply.message.calls],
        "text": reply.message.text,
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.output_tokens,
        "usd": reply.usd,
        "first_token_s": round(reply.first_token_s, 3),
        "seconds": round(reply.seconds, 3),
    }


def _sum(replies: Sequence[ModelFinished | None]) -> float | None:
    """Return what replies cost, None where the price of one is not known."""
    costs = [reply.usd for reply in replies if reply is not None]
    return None if None in costs else sum(usd or 0.0 for usd in costs)
