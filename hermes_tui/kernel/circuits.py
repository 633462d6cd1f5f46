"""Tools, hosts and servers that are down are left alone: five failures in a row open a circuit, one probe closes it."""

from __future__ import annotations

import time
from typing import Final, Literal

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.circuit import Circuit, Flow
from hermes_tui.domain.events import CircuitMoved, ToolFinished
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.text import first_line
from hermes_tui.kernel.kit import Kit

REFUSED: Final = "refused_circuit"
"""The kind of error of a call that was not made, as what it needs is left alone."""
CONFINED: Final = ("shell", "python")
"""Tools whose commands run in the sandbox: what a host does to a command shows in its exit code, not to Hermes."""
_DOWN: Final = frozenset({"deadline", "network", "sandbox", "unavailable", "unreachable", "server"})
_SERVER_PREFIX: Final = "mcp."
_WHY_CHARS: Final = 160


def needed(call: ResolvedCall) -> tuple[str, ...]:
    """Return the circuits that must be closed for a call."""
    if call.tool.startswith(_SERVER_PREFIX):
        return (f"server {call.tool.split('.')[1]}",)
    return (f"tool {call.tool}", *(f"host {host}" for host in call.hosts))


def blamed(call: ResolvedCall) -> tuple[str, ...]:
    """Return the circuits that a call proves good or bad: hosts that it asks itself, else the tool or its server."""
    first, *hosts = needed(call)
    return tuple(hosts) if hosts and call.tool not in CONFINED else (first,)


def is_down(finished: ToolFinished) -> bool:
    """Whether what a call depends on failed it, and not its arguments or the command that it ran.

    A command that ran to its own limit has output: the sandbox did what it is for.
    """
    if finished.ok or (finished.error_kind == "deadline" and finished.data != "null"):
        return False
    return finished.error_kind in _DOWN or finished.error_kind.startswith("http_5")


def enter(kit: Kit, call: ResolvedCall, place: Place, *, probe: bool) -> str:
    """Return why a call may not be made now, empty if it may.

    Args:
        kit: The run's ports.
        call: What it would touch.
        place: The caller's place.
        probe: It is about to be made: where a circuit's time is over, it is the one that tries it.
    """
    with kit.session.deciding:
        circuits, now = kit.session.state.circuits, kit.clock.now()
        for name in needed(call):
            if name in circuits and circuits[name].flow(now) is Flow.OPEN:
                return _said(name, circuits[name], now)
        for name in blamed(call) if probe else ():
            if name in circuits and circuits[name].flow(now) is Flow.PROBE:
                _move(kit, name, "probing", circuits[name].probed(now), place)
    return ""


def learn(kit: Kit, call: ResolvedCall, finished: ToolFinished, place: Place) -> None:
    """Count a failure against what the call depends on, or find that it works again."""
    down = is_down(finished)
    with kit.session.deciding:
        circuits, now = kit.session.state.circuits, kit.clock.now()
        for name in blamed(call):
            circuit = circuits.get(name, Circuit())
            if down:
                after = circuit.failed(now, first_line(finished.output, _WHY_CHARS))
                _move(kit, name, "open" if after.open_until else "counting", after, place)
            elif name in circuits:
                _move(kit, name, "closed", Circuit(why=f"{call.tool} worked"), place)


def ready_in_s(state: SessionState, now: float) -> float:
    """Return the seconds until every circuit that is open may be tried, 0 if none is."""
    waits = [one.closed_to_all_until - now for one in state.circuits.values() if one.flow(now) is Flow.OPEN]
    return max(waits, default=0.0)


def _move(
    kit: Kit, name: str, flow: Literal["counting", "open", "probing", "closed"], after: Circuit, place: Place
) -> None:
    moved = CircuitMoved(
        circuit=name,
        flow=flow,
        failures=after.failures,
        open_until=after.open_until,
        probed_until=after.probed_until,
        why=after.why,
    )
    kit.session.emit(moved, place)


def _said(name: str, circuit: Circuit, now: float) -> str:
    until = circuit.closed_to_all_until
    clock = time.strftime("%H:%M:%S", time.gmtime(until))
    return (
        f"The {name} failed {circuit.failures} times in a row and is left alone until {clock} UTC, {until - now:.0f} s"
        f" from now; then one call may try it. Do something else meanwhile. The last failure: {circuit.why}"
    )
