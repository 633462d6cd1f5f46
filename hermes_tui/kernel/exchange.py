"""A conversation carried on until the model hands back; who carries out its tool calls is said from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from hermes_tui.domain.errors import ApprovalPending, ToolError
from hermes_tui.domain.events import MessageGiven, ModelEscalated, ModelFinished
from hermes_tui.domain.messages import Message, Role, Source, Text, ToolCall
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.kernel import confidence, loop_guard, window
from hermes_tui.kernel.billing import Settle, settled
from hermes_tui.kernel.kit import Kit, Rest
from hermes_tui.kernel.step import ask

MALFORMED_ROUNDS: Final = 1
"""A reply whose calls do not fit their schema is answered once; a second one in a row ends the turn."""
CUT_ROUNDS: Final = 2
TOLD: Final = 200
"""How far back an agent looks for what it was told since its last reply."""
Answer = Callable[[Kit, tuple[ToolCall, ...], Place, Settle], Awaitable[bool]]
"""Answers every call of a reply, which it lets be settled before it acts on one; returns whether all were malformed."""


class TurnFailed(ToolError):
    """The model did not bring the turn to an end that can be used."""


async def converse(kit: Kit, place: Place, role: str, reply_to: Answer) -> str:
    """Carry the conversation of `place.agent` on until the model hands back; return its last text.

    Calls that an earlier process left unanswered are carried out first.

    Raises:
        TurnFailed: refusal, malformed calls again after a repair, or replies cut again and again.
        ApprovalPending: as `reply_to`.
        LimitReached, NoProvider, ProviderError: as `take_step`.
    """
    malformed, cut, settle = 0, 0, settled
    if kit.crew is not None:
        await kit.crew.attend(place.agent)
    while True:
        pending = kit.session.state.talk.of(place.agent).open_calls
        if pending:
            try:
                bad = await reply_to(kit, pending, place, settle)
            finally:
                await settle()
            loop_guard.look(kit, place)
            malformed = malformed + 1 if bad else 0
            if malformed > MALFORMED_ROUNDS:
                raise TurnFailed("The model asked for malformed tool calls again after one repair.", kind="malformed")
            continue
        if (answer := _handed_back(kit, place)) is not None and not await _told_since(kit, place):
            return answer
        await _bring_memory(kit, place)
        due, brain = await ask(kit, place, role, lambda brain: window.fill(kit, brain, place))
        reply, settle = due.record.body, due.settle
        if isinstance(reply, ModelFinished) and reply.stop is StopReason.TOOL_CALLS and reply.message.calls:
            continue
        await settle()
        if not isinstance(reply, ModelFinished) or _escalated(kit, place, reply, brain):
            continue
        if reply.stop is StopReason.REFUSAL:
            raise TurnFailed(f"The model refused: {reply.message.text[:200]}", kind="refusal")
        if reply.stop is StopReason.LENGTH and not reply.message.calls:
            cut += 1
            _go_on_after_cut(kit, place, cut)


def _go_on_after_cut(kit: Kit, place: Place, cut: int) -> None:
    if cut > CUT_ROUNDS:
        raise TurnFailed("The model's replies were cut at the output limit again and again.", kind="length")
    note = "Your reply was cut at the output limit. Go on where it stopped, in smaller pieces."
    kit.session.emit(MessageGiven(text=note, source=Source.KERNEL), place)


async def _bring_memory(kit: Kit, place: Place) -> None:
    """Put what memory holds about the operator's last words behind them; on record, so that a resume reads the same."""
    messages = kit.session.state.talk.of(place.agent).messages
    if kit.memory is None or not len(messages) or messages[-1].role is not Role.OPERATOR:
        return
    if text := await kit.memory.brief(messages[-1].text):
        kit.session.emit(MessageGiven(text=text, source=Source.KERNEL), place)


def _escalated(kit: Kit, place: Place, reply: ModelFinished, brain: Brain) -> bool:
    """Send an answer that sounds unsure up to the next tier; say whether it goes there."""
    if not brain.tier_above or reply.message.calls or reply.stop is not StopReason.END:
        return False
    found = confidence.judge(kit.session.state.talk.of(place.agent).messages[-20:])
    if found.score >= brain.escalate_below:
        return False
    raised = ModelEscalated(
        role=brain.role,
        model=brain.name,
        tier=brain.tier,
        to_tier=brain.tier_above,
        confidence=found.score,
        threshold=brain.escalate_below,
        why=found.why,
        usd=reply.usd,
    )
    kit.session.emit(raised, place)
    note = f"That answer sounds unsure: {found.why}. Check it, correct what is wrong in it, and answer in full."
    kit.session.emit(MessageGiven(text=note, source=Source.KERNEL), place)
    return True


def _handed_back(kit: Kit, place: Place) -> str | None:
    """Return the text of the last reply if the model handed back with it, whatever it was told since."""
    said = kit.session.state.talk.of(place.agent).messages[-TOLD:]
    reply = next((message for message in reversed(said) if message.role is Role.MODEL), None)
    return reply.text if reply is not None and not reply.calls else None


def _since_reply(state: SessionState, place: Place) -> tuple[Message, ...]:
    """Return what was said to the agent since its last reply."""
    said = state.talk.of(place.agent).messages[-TOLD:]
    last = next((at for at in range(len(said), 0, -1) if said[at - 1].role is Role.MODEL), 0)
    return said[last:]


def _is_report(message: Message) -> bool:
    """Whether a message is the report of a child."""
    return message.role is Role.KERNEL and all(
        isinstance(p, Text) and p.source is Source.MODEL for p in message.content
    )


async def _told_since(kit: Kit, place: Place) -> bool:
    """Return whether an agent that handed back was told something; it waits for its children before it reads of one.

    Raises:
        ApprovalPending: every child that is out waits for an operator.
    """
    if kit.crew is None:
        return bool(_since_reply(kit.session.state, place))

    def told(state: SessionState) -> bool:
        return any(not _is_report(message) for message in _since_reply(state, place))

    match await kit.crew.rest(place.agent, told):
        case Rest.NEWS:
            return True
        case Rest.ALONE:
            return bool(_since_reply(kit.session.state, place))
        case Rest.WAITING:
            raise ApprovalPending("Its subagents wait for an operator.", hint="hermes approvals list")
