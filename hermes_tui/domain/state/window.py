"""What each agent's window leaves out or holds fast, and what its last request carried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from hermes_tui.domain.events.agent import AgentSpawned
from hermes_tui.domain.events.context import (
    CompactionAsked,
    ContextCompacted,
    ContextEvent,
    ContextRestored,
    MessagePinned,
    OutputsPruned,
    WindowFilled,
)
from hermes_tui.domain.ids import AgentId, CallId
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import frozen, replace


@frozen
class Window:
    """One agent's window.

    `pruned` holds the digest that is carried for a call's output. `compactions` is a stack: only the last one counts,
    taking it back brings the one before. `pins` are messages that stay as they were said, `filled` is the last request.
    `asked` says that the next request is to carry less, though there is room.
    """

    pruned: Mapping[CallId, str] = field(default_factory=dict[CallId, str])
    compactions: tuple[ContextCompacted, ...] = ()
    pins: frozenset[int] = frozenset()
    filled: WindowFilled | None = None
    asked: bool = False

    @property
    def compaction(self) -> ContextCompacted | None:
        """The compaction in force."""
        return self.compactions[-1] if self.compactions else None


@frozen
class WindowState:
    """The windows by agent."""

    by_agent: Mapping[AgentId, Window] = field(default_factory=dict[AgentId, Window])

    def of(self, agent: AgentId) -> Window:
        """Return the window of `agent`; an agent that never pruned has a plain one."""
        return self.by_agent.get(agent, Window())


def fold_window(state: WindowState, record: Record, body: ContextEvent | AgentSpawned) -> WindowState:
    """Return the windows after one event of their family; a new child begins with a plain one."""
    agent = record.place.agent
    return replace(state, by_agent={**state.by_agent, agent: _after(state.of(agent), body)})


def shaken_window(state: WindowState, agent: AgentId, kept: Sequence[int]) -> WindowState:
    """Return the windows after a conversation was cut down to its messages `kept`, which are numbered anew."""
    old = state.of(agent)
    pins = frozenset(now for now, before in enumerate(kept) if before in old.pins)
    return replace(state, by_agent={**state.by_agent, agent: Window(pins=pins, filled=old.filled)})


def _after(old: Window, body: ContextEvent | AgentSpawned) -> Window:
    match body:
        case AgentSpawned():
            return Window()
        case WindowFilled():
            return replace(old, filled=body, asked=False)
        case OutputsPruned():
            return replace(old, pruned={**old.pruned, **dict(body.digests)})
        case CompactionAsked():
            return replace(old, asked=True)
        case ContextCompacted():
            return replace(old, compactions=(*old.compactions, body))
        case ContextRestored():
            return replace(old, compactions=old.compactions[:-1])
        case MessagePinned():
            pins = old.pins | {body.index} if body.pinned else old.pins - {body.index}
            return replace(old, pins=pins)
