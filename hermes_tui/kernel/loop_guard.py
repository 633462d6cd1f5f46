"""Ends loops: it warns, shakes the window, and at last stops an agent that keeps buying the same failure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, Literal

from hermes_tui.domain.errors import LimitReached
from hermes_tui.domain.events import LoopNoticed
from hermes_tui.domain.messages import ToolCall
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.guard import THOUGHTS, Failure, Watch, digest
from hermes_tui.kernel.kit import Kit

IDENTICAL: Final = 3
"""How often one call may fail alike before it is not made again."""
SAME: Final = 5
"""How often one tool may fail with one class of error, or one obstacle stand in the way, while nothing changes."""
WAITING: Final = 12
"""How often a call that says it waits may find nothing."""
INSISTED: Final = 2
RESETS: Final = 3
LOOP: Final = "loop"
"""The limit that a stopped loop reached, and the kind of error of a task that ended so."""
SIMILAR: Final = 0.95
ALIKE_FAILURES: Final = 3
HEAT: Final = 0.3
"""How much warmer each reset samples, where the model takes a temperature."""
WARNING: Final = "Warning: you are stuck in a loop. Try a different tool or re-plan."

Layer = Literal["identical", "same_error", "same_obstacle"]
Key = Callable[[Failure], str]
_LAYERS: Final[dict[Layer, Key]] = {
    "identical": lambda one: f"{one.call} {one.kind} {one.said}",
    "same_error": lambda one: f"{one.tool} {one.kind}",
    "same_obstacle": lambda one: one.obstacle,
}


def blocked(watch: Watch, call: ToolCall) -> str:
    """Return why a call must not be made again, empty if it may; until something changes it would fail as before."""
    mine = [one for one in watch.failures if one.call == digest(call.name, call.arguments or "{}")]
    if mine and len(mine) >= (WAITING if mine[-1].waits else IDENTICAL):
        return f"{WARNING} This very call failed {len(mine)} times in the same way and was not made again."
    kinds = Counter(one.kind for one in watch.failures if one.tool == call.name and not one.waits)
    kind, count = max(kinds.items(), key=lambda item: item[1], default=("", 0))
    if count >= SAME:
        said = f"{call.name} failed {count} times with {kind!r} while nothing else changed and was not called again."
        return f"{WARNING} {said}"
    return ""


def look(kit: Kit, place: Place) -> None:
    """Notice whether the agent at `place` goes in circles, and act on it.

    Raises:
        LimitReached: it was shaken three times and goes on.
    """
    watch = kit.session.state.guard.of(place.agent)
    for found in findings(watch):
        now = kit.session.state.guard.of(place.agent)
        kit.session.emit(_stopping(now, found), place)
        if found.action != "warned" and now.resets + 1 >= RESETS:
            raise LimitReached(
                f"Stopped by the loop guard: {found.why}",
                limit=LOOP,
                hint="Say how to go on and run it again; what is done is kept.",
            )


def _stopping(watch: Watch, found: LoopNoticed) -> LoopNoticed:
    if found.action == "warned" or watch.resets + 1 < RESETS:
        return found
    return LoopNoticed(layer=found.layer, action="stopped", key=found.key, count=found.count, why=found.why)


def findings(watch: Watch) -> tuple[LoopNoticed, ...]:
    """Return what the guard has to say now: new warnings, and at most one reset."""
    warned = tuple(_grouped(watch, "identical", IDENTICAL, "warned"))
    resets = (
        *_grouped(watch, "same_error", SAME, "reset"),
        *_grouped(watch, "same_obstacle", SAME, "reset"),
        *_alike(watch),
        *_insisted(watch),
    )
    return (*warned, *resets[:1])


def _grouped(watch: Watch, layer: Layer, most: int, action: Literal["warned", "reset"]) -> Iterator[LoopNoticed]:
    groups: dict[str, list[Failure]] = {}
    for one in watch.failures:
        if layer == "identical" or not one.waits:
            groups.setdefault(_LAYERS[layer](one), []).append(one)
    for key, group in groups.items():
        limit = WAITING if group[-1].waits else most
        if len(group) >= limit and f"{layer} {key}" not in watch.noticed:
            why = f"{WARNING} {_said(layer, group)}"
            yield LoopNoticed(layer=layer, action=action, key=key, count=len(group), why=why)


def _said(layer: Layer, group: list[Failure]) -> str:
    last = group[-1]
    match layer:
        case "identical":
            return f"The same call of {last.tool} failed {len(group)} times with {last.kind!r}."
        case "same_error":
            return f"{last.tool} failed {len(group)} times with {last.kind!r} in other words, and nothing changed."
        case "same_obstacle":
            tools = ", ".join(dict.fromkeys(one.tool for one in group))
            return f"The same obstacle ({last.obstacle}) was met {len(group)} times, whatever was tried: {tools}."


def _alike(watch: Watch) -> Iterator[LoopNoticed]:
    """Yield a reset where the last thoughts all say the same and nothing but failures came of them."""
    thoughts = watch.thoughts
    failed = [one for one in watch.failures if not one.waits]
    if len(thoughts) < THOUGHTS or len(failed) < ALIKE_FAILURES:
        return
    least = min(similarity(one, other) for one, other in pairwise(thoughts))
    if least >= SIMILAR:
        why = f"{WARNING} Your last {len(thoughts)} thoughts say the same, and every call since failed."
        yield LoopNoticed(layer="same_obstacle", action="reset", key="thoughts", count=len(thoughts), why=why)


def _insisted(watch: Watch) -> Iterator[LoopNoticed]:
    if watch.insisted >= INSISTED and watch.noticed:
        last = f": {watch.failures[-1].tool} with {watch.failures[-1].kind!r}" if watch.failures else ""
        why = f"{WARNING} You came back {watch.insisted} times to what was already seen not to work{last}."
        yield LoopNoticed(layer="same_error", action="reset", key="insisted", count=watch.insisted, why=why)


def similarity(one: str, other: str) -> float:
    """Return how alike two texts are, 0 to 1: the cosine of their counts of three letters in a row."""
    first, second = _grams(one), _grams(other)
    shared = sum(count * second[gram] for gram, count in first.items())
    sizes = math.sqrt(sum(n * n for n in first.values()) * sum(n * n for n in second.values()))
    return shared / sizes if sizes else 0.0


def _grams(text: str) -> Counter[str]:
    plain = " ".join(text.lower().split())
    return Counter(plain[at : at + 3] for at in range(max(1, len(plain) - 2)))


def warmer(temperature: float | None, watch: Watch) -> float | None:
    """Return the temperature for an agent that was shaken; None stays the provider's choice."""
    if temperature is None or not watch.resets:
        return temperature
    return min(1.0, temperature + HEAT * watch.resets)
