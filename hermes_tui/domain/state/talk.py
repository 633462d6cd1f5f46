"""Conversations: what each agent's model has read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from hermes_tui.domain.events.agent import AgentEnded, AgentSpawned
from hermes_tui.domain.events.guard import LoopNoticed
from hermes_tui.domain.events.model import ModelFailed, ModelFinished, ModelRequested
from hermes_tui.domain.events.operator import MessageGiven
from hermes_tui.domain.events.tool import ToolFinished, ToolRefused
from hermes_tui.domain.ids import AgentId, RunId
from hermes_tui.domain.messages import Message, Role, Source, Text, ToolCall, ToolResult
from hermes_tui.domain.provenance import source_of
from hermes_tui.domain.records import Record
from hermes_tui.domain.state.log import Log
from hermes_tui.domain.values import frozen, replace

_Answer = ModelRequested | ModelFinished | ModelFailed | ToolFinished | ToolRefused | LoopNoticed
Spoken = MessageGiven | _Answer | AgentSpawned | AgentEnded


@frozen
class Conversation:
    """The messages of one agent; `open_calls` are its tool calls that have no result yet, in order.

    `unread` came while a reply or a result was on its way: it joins the messages after it, where every wire allows it.
    `run` is the run that last gave the agent a goal.
    """

    messages: Log[Message] = Log()
    open_calls: tuple[ToolCall, ...] = ()
    steps: int = 0
    unread: tuple[Message, ...] = ()
    asking: bool = False
    run: RunId | None = None


_SILENT: Final = Conversation()


@frozen
class TalkState:
    """All conversations by agent."""

    by_agent: Mapping[AgentId, Conversation] = field(default_factory=dict[AgentId, Conversation])

    def of(self, agent: AgentId) -> Conversation:
        """Return the conversation of `agent`, empty if it has none."""
        return self.by_agent.get(agent, _SILENT)


def fold_talk(state: TalkState, record: Record, body: Spoken) -> TalkState:
    """Return the conversations after something was said; a child begins with its task and ends in its parent's."""
    agent = record.place.agent
    if isinstance(body, AgentSpawned):
        # Steps go on counting where an attempt before left off: they are what makes the ids of calls unlike.
        begun = Conversation(unread=(_note(body.task),), run=record.place.run, steps=state.of(agent).steps)
        return replace(state, by_agent={**state.by_agent, agent: _read(begun)})
    if isinstance(body, AgentEnded):
        return _reported(state, body)
    if agent not in state.by_agent and not isinstance(body, MessageGiven):
        return state
    old = state.of(agent)
    now = _heard(old, body, record.place.run) if isinstance(body, MessageGiven) else _read(_said(old, body))
    return TalkState(by_agent={**state.by_agent, agent: now})


def _note(text: str) -> Message:
    """Return words of one agent to another."""
    return Message(role=Role.KERNEL, content=(Text(text=text, source=Source.MODEL),))


def _reported(state: TalkState, body: AgentEnded) -> TalkState:
    """Let the parent read what became of its child."""
    if body.parent is None or body.parent not in state.by_agent:
        return state
    parent = state.of(body.parent)
    told = _read(replace(parent, unread=(*parent.unread, _note(body.report))))
    return replace(state, by_agent={**state.by_agent, body.parent: told})


def _heard(old: Conversation, body: MessageGiven, run: RunId | None) -> Conversation:
    """Return the conversation after a message from outside, which joins it unless something is on its way."""
    operator = body.source is Source.OPERATOR
    message = Message(
        role=Role.OPERATOR if operator else Role.KERNEL,
        content=(Text(text=body.text, source=body.source), *body.images),
    )
    run = run if operator or _is_kernels(old) else old.run
    if old.unread or old.open_calls or old.asking:
        return _read(replace(old, unread=(*old.unread, message), run=run))
    return Conversation(messages=old.messages.append(message), steps=old.steps, run=run)


def _is_kernels(talk: Conversation) -> bool:
    """Whether only the kernel speaks with the agent: it plans, repairs or judges something for it."""
    first = talk.messages[0] if len(talk.messages) else next(iter(talk.unread), None)
    return first is None or all(isinstance(part, Text) and part.source is Source.KERNEL for part in first.content)


def _said(old: Conversation, body: _Answer) -> Conversation:
    match body:
        case ModelRequested():
            return replace(old, asking=True)
        case ModelFailed():
            return replace(old, asking=False)
        case ModelFinished():
            messages = old.messages.append(body.message)
            return replace(old, messages=messages, open_calls=body.message.calls, steps=old.steps + 1, asking=False)
        case ToolFinished():
            source = source_of(body.tool, body.data, body.provenance)
            return _answered(old, ToolResult(call_id=body.call_id, ok=body.ok, output=body.output, source=source))
        case LoopNoticed():
            return _shaken(old, body)
        case ToolRefused():
            result = ToolResult(call_id=body.call_id, ok=False, output=body.reason, source=Source.KERNEL)
            return _answered(old, result)


def _shaken(old: Conversation, body: LoopNoticed) -> Conversation:
    """Return the conversation of an agent that goes in circles: it reads why, after a reset only beside its orders.

    The journal keeps what leaves the window. A reset waits for no result, so that no call loses its answer.
    """
    kept = kept_by(old, body)
    note = Message(role=Role.KERNEL, content=(Text(text=body.why, source=Source.KERNEL),))
    if kept is None:
        return replace(old, unread=(*old.unread, note))
    return replace(old, messages=Log([old.messages[at] for at in kept]), unread=(*old.unread, note))


def kept_by(old: Conversation, body: LoopNoticed) -> tuple[int, ...] | None:
    """Return which messages a reset leaves, by their numbers; None where it leaves everything.

    They are its orders: what the operator said, a subagent's own task, and what other agents reported to it.
    """
    if body.action != "reset" or old.open_calls:
        return None
    return tuple(at for at, message in enumerate(old.messages) if _is_order(message))


def _is_order(message: Message) -> bool:
    said_by_agent = any(isinstance(part, Text) and part.source is Source.MODEL for part in message.content)
    return message.role is Role.OPERATOR or (message.role is Role.KERNEL and said_by_agent)


def _read(now: Conversation) -> Conversation:
    """Let what is unread join the messages as soon as nothing is on its way."""
    if not now.unread or now.open_calls or now.asking:
        return now
    messages = now.messages
    for message in now.unread:
        messages = messages.append(message)
    return replace(now, messages=messages, unread=())


def _answered(old: Conversation, result: ToolResult) -> Conversation:
    still = tuple(call for call in old.open_calls if call.call_id != result.call_id)
    if len(still) == len(old.open_calls):
        return old
    message = Message(role=Role.TOOL, content=(result,))
    return replace(old, messages=old.messages.append(message), open_calls=still)
