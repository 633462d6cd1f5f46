"""What repeats itself: rules that would have made the same calls as a model did, found in what was done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from hermes_tui.domain.messages import Message, ToolCall
from hermes_tui.domain.values import frozen
from hermes_tui.services.config import Reflex
from hermes_tui.services.reflexes import arguments_of, row_of, value_in

LEAST: Final = 3
"""How often a step must have repeated itself before a rule is suggested for it."""
CONTEXT: Final = 48
"""How much of what stands before a value a rule may look for, in characters."""
PLACES: Final = 20
"""How many places of a value in one result are looked at."""


@frozen(kw_only=False)
class Suggestion:
    """A rule that would have made `times` calls as the model made them, and would have stopped where it stopped."""

    name: str
    rule: Reflex
    times: int


@frozen(kw_only=False)
class _Repeat:
    """A row of calls that differ in one argument: each result with the value that the next call took, then the last."""

    tool: str
    sets: str
    pairs: tuple[tuple[str, str], ...]
    last: str


def suggested(conversations: Iterable[Sequence[Message]]) -> list[Suggestion]:
    """Return the rules that would have spared model calls, what spares most first."""
    found: dict[Reflex, Suggestion] = {}
    for messages in conversations:
        for repeat in _repeats(messages):
            rule = _rule_of(repeat)
            if rule is None:
                continue
            times = len(repeat.pairs) + (found[rule].times if rule in found else 0)
            found[rule] = Suggestion(f"next-{repeat.tool}-{repeat.sets}".lower(), rule, times)
    return sorted(found.values(), key=lambda one: -one.times)


def _repeats(messages: Sequence[Message]) -> Iterator[_Repeat]:
    at = len(messages) - 1
    while at > 0:
        tool = next((call.name for call in messages[at - 1].calls), "")
        row = row_of(tool, messages[: at + 1]) if tool else []
        yield from _split(tool, row[::-1])
        at -= max(1, 2 * len(row))


def _split(tool: str, row: list[tuple[ToolCall, str]]) -> Iterator[_Repeat]:
    """Yield the longest stretch of a row in which only one argument moves, if it is long enough."""
    given = [arguments_of(call) for call, _ in row]
    moved = [_moved(one, other) for one, other in pairwise(given)]
    sets = next((name for name in moved if name), "")
    if not sets or any(name != sets for name in moved) or len(moved) < LEAST:
        return
    pairs = tuple((output, str(after[sets])) for (_, output), after in zip(row, given[1:], strict=False))
    yield _Repeat(tool, sets, pairs, row[-1][1])


def _moved(one: Mapping[str, object], other: Mapping[str, object]) -> str:
    """Return the one argument in which two calls differ, empty if there is not exactly one."""
    names = [name for name in one if one.get(name) != other.get(name)]
    return names[0] if len(names) == 1 and one.keys() == other.keys() else ""


def _rule_of(repeat: _Repeat) -> Reflex | None:
    """Return the rule that takes each value from the result before it, and none from the last result."""
    output, value = repeat.pairs[0]
    for before, after in sorted(_contexts(output, value), key=lambda pair: -len(pair[0])):
        for shared, mark in _shared(before, after, repeat.pairs[1:]):
            rule = Reflex(tool=repeat.tool, sets=repeat.sets, before=shared, until=mark)
            fits = all(value_in(text, shared, mark) == taken for text, taken in repeat.pairs)
            if fits and value_in(repeat.last, shared, mark) in (None, repeat.pairs[-1][1]):
                return rule
    return None


def _shared(before: str, after: str, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield what stands before and behind a value in every result, with the mark behind it and without."""
    for output, value in pairs:
        contexts = [(_common_end(before, one), _common_begin(after, other)) for one, other in _contexts(output, value)]
        before, after = max(contexts, key=lambda pair: (len(pair[0]), len(pair[1])), default=("", ""))
    if len(before.strip()) >= LEAST:
        yield from ((before, mark) for mark in dict.fromkeys((after[:1].strip(), "")))


def _contexts(output: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield what stands on the same line before and behind each place of a value."""
    for match, _ in zip(re.finditer(re.escape(value), output), range(PLACES), strict=False):
        line = output.rfind("\n", 0, match.start()) + 1
        yield output[max(line, match.start() - CONTEXT) : match.start()], output[match.end() : match.end() + 1]


def _common_end(one: str, other: str) -> str:
    return _common_begin(one[::-1], other[::-1])[::-1]


def _common_begin(one: str, other: str) -> str:
    most = min(len(one), len(other))
    return one[: next((at for at in range(most) if one[at] != other[at]), most)]
