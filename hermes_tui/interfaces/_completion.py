"""What can complete the line being typed: commands after `/`, their arguments, files after `@`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Final

from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen, mutable
from hermes_tui.interfaces._fuzzy import best
from hermes_tui.interfaces._orders import Order, closest, parse

MOST: Final = 8
_MENTION: Final = later(r"(?:^|\s)@(\S*)$")


@frozen(kw_only=False)
class Offer:
    """One completion: what takes the place of what was typed, and a word about it. `sends` says Enter is enough."""

    text: str
    about: str = ""
    sends: bool = False


@frozen(kw_only=False)
class Offered:
    """Completions for the text between `start` and the cursor, both columns of the cursor's row."""

    start: int = 0
    offers: tuple[Offer, ...] = ()


@mutable
class Sources:
    """What is known to choose from: files of the workspace, and arguments by command."""

    files: Sequence[str] = ()
    arguments: Mapping[str, Callable[[], Sequence[str]]] = field(default_factory=dict[str, Callable[[], Sequence[str]]])


def offered_for(before: str, sources: Sources) -> Offered:
    """Return the completions for a row of text up to the cursor."""
    offered = _found(before, sources)
    alone = len(offered.offers) == 1 and offered.offers[0].text == before[offered.start :]
    return Offered() if alone else offered


def _found(before: str, sources: Sources) -> Offered:
    if mention := _MENTION.search(before):
        found = best(mention[1], sources.files, str, MOST)
        return Offered(mention.start(1) - 1, tuple(Offer(f"@{name}") for name in found))
    parsed = parse(before)
    if parsed is None:
        return Offered()
    name, _ = parsed
    if " " not in before:
        return Offered(0, tuple(_command(order) for order in closest(name)[:MOST]))
    start = before.index(" ") + 1
    known = sources.arguments.get(name)
    found = best(before[start:], known(), str, MOST) if known is not None else []
    return Offered(start, tuple(Offer(text, sends=True) for text in found))


def _command(order: Order) -> Offer:
    sends = not order.argument or order.argument.startswith("[")
    about = f"{order.argument}  {order.does}" if order.argument else order.does
    return Offer(f"/{order.name}", about, sends)
