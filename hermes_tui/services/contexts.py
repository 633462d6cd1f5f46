"""What is in an agent's window and why; a compaction shown before it is done, and taken back; pins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hermes_tui.domain.commands import ChangeWindow, WindowChange
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import CompactionAsked, ContextRestored, MessagePinned
from hermes_tui.domain.ids import AgentId, SessionId
from hermes_tui.domain.messages import Message, Role
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.text import first_line
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel import compaction, context, notes, window
from hermes_tui.kernel.session import Session

BYTES_PER_TOKEN: Final = 4.0
"""Only for what is shown of single messages; what a request may take is bounded far more carefully."""
WIDTH: Final = 60
NOTHING: Final = "There is nothing to condense: the latest messages are all there is."


@frozen
class Item:
    """One message that the next request carries, or the summary in the place of many; `index` is -1 for that."""

    index: int
    role: str
    tokens: int
    why: str
    text: str


def agent_of(state: SessionState, named: str | None) -> AgentId:
    """Return the agent to look at: the one that is named, else the first that ever spoke.

    Raises:
        UsageInvalid: nobody of that name has a conversation.
    """
    known = [agent for agent in state.talk.by_agent if "~" not in agent]
    if named is None and known:
        return known[0]
    if named is None or named not in known:
        raise UsageInvalid(f"No agent {named or ''} has a window.", hint=f"There is: {', '.join(known) or 'none yet'}.")
    return AgentId(named)


def items(state: SessionState, agent: AgentId) -> list[Item]:
    """Return what the next request of `agent` carries of its conversation, in order, each with the reason."""
    place, own = _place(agent), state.windows.of(agent)
    done = own.compaction
    carried = window.carried(state, place).messages
    if done is None:
        return [_item(at, one, _reason(at, one, state, agent)) for at, one in enumerate(carried)]
    fixed = compaction.fixed(state.talk.of(agent).messages, own, done)
    indices = [*fixed[:1], -1, *fixed[1:], *range(done.upto, done.upto + len(carried) - len(fixed) - 1)]
    return [_item(at, one, _reason(at, one, state, agent)) for at, one in zip(indices, carried, strict=True)]


def _item(index: int, message: Message, why: str) -> Item:
    tokens = int(context.message_bytes(message) / BYTES_PER_TOKEN) + 1
    text = first_line(message.text or compaction.transcribed(message), WIDTH)
    return Item(index=index, role=message.role, tokens=tokens, why=why, text=text)


def _reason(at: int, message: Message, state: SessionState, agent: AgentId) -> str:
    own = state.windows.of(agent)
    done = own.compaction
    if at < 0:
        return f"summary of messages 0 to {(done.upto if done else 0) - 1}"
    if at == 0:
        return "the goal"
    if at in own.pins:
        return "pinned"
    if done is not None and at < done.upto:
        return "has to do with what is asked now"
    if message.role is Role.TOOL and any(getattr(part, "call_id", "") in own.pruned for part in message.content):
        return "a digest; the output is in the file it names"
    return "recent"


def report(state: SessionState, agent: AgentId) -> dict[str, Any]:
    """Return everything there is to know of a window."""
    own = state.windows.of(agent)
    filled, done = own.filled, own.compaction
    return {
        "agent": agent,
        "window_tokens": filled.window_tokens if filled else None,
        "used_tokens": filled.used_tokens if filled else None,
        "output_tokens": filled.output_tokens if filled else None,
        "sections": [
            {"section": one.section, "tokens": one.tokens, "cap_tokens": one.cap_tokens, "why": one.why}
            for one in (filled.portions if filled else ())
        ],
        "left_out": list(window.carried(state, _place(agent)).where),
        "messages": [
            {"index": one.index, "role": one.role, "tokens": one.tokens, "why": one.why, "text": one.text}
            for one in items(state, agent)
        ],
        "summary": done.summary if done else "",
        "summary_by": done.by if done else "",
        "checks": list(done.checks) if done else [],
        "pins": sorted(own.pins),
    }


def preview(state: SessionState, agent: AgentId) -> Iterator[str]:
    """Yield what a compaction would do now, with the notes that code finds; nothing is done and no model is asked."""
    room = _room(state, agent)
    proposal = compaction.propose(state, _place(agent), room)
    if proposal is None:
        yield NOTHING
        return
    summary, out = notes.fitted(proposal.found, int(room * compaction.SUMMARY_SHARE))
    yield f"Messages before {proposal.upto} would become a summary; carried as they were said: 0" + "".join(
        f", {at}" for at in proposal.kept
    )
    yield "The model of hippocampus.compression would add to these notes, and code would check what it adds:"
    yield from summary.splitlines() or ["(nothing that binds)"]
    if out:
        yield f"{out} items would not fit; `earlier` finds them."


def _room(state: SessionState, agent: AgentId) -> int:
    """Return the characters that a compaction now would leave to the conversation: what was said, or its section."""
    filled = state.windows.of(agent).filled
    history = [one for one in filled.portions if one.section == "history"] if filled else []
    carried = window.carried(state, _place(agent)).messages
    size = sum(map(context.message_bytes, carried))
    return min(size, int(history[0].cap_tokens * BYTES_PER_TOKEN)) if history else size


def change(session: Session, root: Place, wanted: ChangeWindow, by: str) -> str:
    """Change a window by a record at the place of the session's run `root`; return what to say of it.

    Raises:
        UsageInvalid: there is nothing to condense, no compaction, or no such message.
    """
    state = session.state
    agent = agent_of(state, wanted.agent)
    child = state.agents.by_id.get(agent)
    place = child.place if child is not None else replace(root, agent=agent)
    match wanted.what:
        case WindowChange.CONDENSE:
            return _condense(session, place, by)
        case WindowChange.UNDO:
            return _undo(session, place, by)
        case WindowChange.PIN | WindowChange.UNPIN:
            return _pin(session, place, wanted, by)


def _condense(session: Session, place: Place, by: str) -> str:
    if compaction.propose(session.state, place, _room(session.state, place.agent)) is None:
        raise UsageInvalid(NOTHING)
    session.emit(CompactionAsked(by=by), place)
    return f"{place.agent} condenses its older messages before its next request."


def _undo(session: Session, place: Place, by: str) -> str:
    done = session.state.windows.of(place.agent).compaction
    if done is None:
        raise UsageInvalid(f"The window of {place.agent} was not condensed.")
    session.emit(ContextRestored(by=by), place)
    return f"Messages before {done.upto} are carried as they were said again, as long as the window holds them."


def _pin(session: Session, place: Place, wanted: ChangeWindow, by: str) -> str:
    count = len(session.state.talk.of(place.agent).messages)
    if not 0 <= wanted.index < count:
        raise UsageInvalid(f"{place.agent} has messages 0 to {count - 1}.", hint="`hermes context` numbers them.")
    pinned = wanted.what is WindowChange.PIN
    session.emit(MessagePinned(index=wanted.index, pinned=pinned, by=by), place)
    return f"Message {wanted.index} {'stays in the window' if pinned else 'may leave the window'}."


def _place(agent: AgentId) -> Place:
    """Return a place to read at; whose session it is does not matter there."""
    return Place(session=SessionId(""), agent=agent)
