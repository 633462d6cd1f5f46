"""What each agent ran into since something last changed: the loop guard judges by this alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from hermes_tui.domain.events.agent import AgentSpawned
from hermes_tui.domain.events.guard import LoopNoticed
from hermes_tui.domain.events.model import ModelFinished
from hermes_tui.domain.events.operator import MessageGiven
from hermes_tui.domain.events.tool import ToolFinished, ToolRefused, ToolRequested
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.patterns import later
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen, replace

Seen = ModelFinished | MessageGiven | LoopNoticed | AgentSpawned

KEPT: Final = 24
THOUGHTS: Final = 5
_FLEETING: Final = later(r"\b(?:[0-9a-f]{6,}|\d{4}-\d\d-\d\d\S*|\d+:\d\d(?::\d\d)?\S*|\d{5,})\b", re.IGNORECASE)
_OBSTACLES: Final = (
    (later(r"\b403\b|forbidden|permission denied|not permitted|access denied", re.IGNORECASE), "forbidden"),
    (later(r"\b401\b|unauthori[sz]ed|authentication|invalid credentials", re.IGNORECASE), "unauthorized"),
    (later(r"\b404\b|not found|no such|does not exist", re.IGNORECASE), "missing"),
    (later(r"\b429\b|rate.?limit|too many requests", re.IGNORECASE), "rate limit"),
    (later(r"\b5\d\d\b|internal server error|bad gateway|unavailable", re.IGNORECASE), "server error"),
    (later(r"timed? ?out|deadline", re.IGNORECASE), "timeout"),
    (later(r"connection|refused|unreachable|resolve", re.IGNORECASE), "no connection"),
)
_WAITS: Final = later(r"\b(?:sleep|wait|until|poll)\b")


@frozen
class Failure:
    """A call that failed: `call` stands for its tool and arguments, `said` for what it answered, without what fleets.

    `obstacle` is what stood in the way, in one word, whatever tool met it. Arguments of a call that `waits` say so.
    """

    tool: str
    call: str
    kind: str
    said: str
    obstacle: str
    waits: bool = False


@frozen
class Watch:
    """One agent: its failures since something last changed, its last thoughts, and what the guard did so far.

    `noticed` holds what was announced; `insisted` counts how often the agent came back to it since the last reset.
    """

    failures: tuple[Failure, ...] = ()
    thoughts: tuple[str, ...] = ()
    noticed: frozenset[str] = frozenset()
    insisted: int = 0
    resets: int = 0


_CALM: Final = Watch()


@frozen
class GuardState:
    """Every agent's watch."""

    by_agent: Mapping[AgentId, Watch] = field(default_factory=dict[AgentId, Watch])

    def of(self, agent: AgentId) -> Watch:
        """Return the watch of `agent`, empty if it did nothing yet."""
        return self.by_agent.get(agent, _CALM)


def digest(tool: str, arguments: str) -> str:
    """Return what a call is known by."""
    return hashlib.sha256(f"{tool}\0{arguments}".encode()).hexdigest()[:16]


def fold_guard(state: GuardState, record: Record, body: Seen) -> GuardState:
    """Return the watches after something an agent said or was told."""
    agent = record.place.agent
    match body:
        case ModelFinished():
            said = body.message.text.strip()
            watch = state.of(agent)
            thoughts = (*watch.thoughts, said)[-THOUGHTS:] if said else watch.thoughts
            return _with(state, agent, replace(watch, thoughts=thoughts))
        case MessageGiven():
            known = body.source is Source.OPERATOR and agent in state.by_agent
            return _with(state, agent, Watch()) if known else state
        case LoopNoticed():
            return _with(state, agent, _noticed(state.of(agent), body))
        case AgentSpawned():
            return replace(state, by_agent={key: one for key, one in state.by_agent.items() if key != agent})


def fold_attempt(
    state: GuardState, agent: AgentId, asked: ToolRequested | None, body: ToolFinished | ToolRefused
) -> GuardState:
    """Return the watches after a call of an agent ended or was refused; `asked` is what it had asked for."""
    old = state.of(agent)
    new = _ended(old, asked, body) if isinstance(body, ToolFinished) else _refused(old, asked, body)
    return state if new is old else _with(state, agent, new)  # nearly every call of a calm agent leaves it so


def _with(state: GuardState, agent: AgentId, watch: Watch) -> GuardState:
    return replace(state, by_agent={**state.by_agent, agent: watch})


def _ended(watch: Watch, asked: ToolRequested | None, body: ToolFinished) -> Watch:
    """Return the watch after a call: a change clears it, a failure is added, a tool that works again is cleared."""
    if asked is None:
        return watch
    if body.ok:
        acted = asked.effect is Effect.EXTERNAL and asked.reach is Reach.NETWORK
        if body.changed or acted:
            return Watch(thoughts=watch.thoughts)
        if not watch.failures:
            return watch
        rest = tuple(one for one in watch.failures if one.tool != body.tool or asked.effect > Effect.READ)
        return replace(watch, failures=rest)
    return _failed(watch, asked, body.error_kind or "failed", body.output)


def _refused(watch: Watch, asked: ToolRequested | None, body: ToolRefused) -> Watch:
    if body.stage == "loop":
        return replace(watch, insisted=watch.insisted + 1)
    if asked is None:
        return watch
    return _failed(watch, asked, f"refused_{body.stage}", body.reason)


def _failed(watch: Watch, asked: ToolRequested, kind: str, output: str) -> Watch:
    said = _FLEETING.sub("", output)
    new = Failure(
        tool=asked.tool,
        call=digest(asked.tool, asked.arguments),
        kind=kind,
        said=hashlib.sha256(said.encode()).hexdigest()[:16],
        obstacle=next((name for pattern, name in _OBSTACLES if pattern.search(f"{kind} {said}")), kind),
        waits=bool(_WAITS.search(asked.arguments)),
    )
    moved = any(old.call == new.call and old.said != new.said for old in watch.failures)
    kept = tuple(one for one in watch.failures if one.tool != new.tool) if moved else watch.failures
    again = {f"same_error {new.tool} {new.kind}", f"same_obstacle {new.obstacle}"} & watch.noticed
    insisted = watch.insisted + bool(again)
    return replace(watch, failures=(*kept, new)[-KEPT:], insisted=insisted)


def _noticed(watch: Watch, body: LoopNoticed) -> Watch:
    noticed = watch.noticed | {f"{body.layer} {body.key}"}
    if body.action == "warned":
        return replace(watch, noticed=noticed)
    return replace(watch, noticed=noticed, insisted=0, thoughts=(), resets=watch.resets + 1)
