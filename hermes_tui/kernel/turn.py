"""An agent's turn: reply, tool calls, results, until the model hands back."""

from __future__ import annotations

import asyncio
from typing import Final

from hermes_tui.domain.errors import ApprovalPending, ToolError
from hermes_tui.domain.events import MessageGiven, ModelEscalated, ModelFinished, ToolRefused
from hermes_tui.domain.messages import Role, Source, ToolCall
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Effect
from hermes_tui.kernel import confidence, dispatch, loop_guard
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.step import take_step

MALFORMED_ROUNDS: Final = 1
"""A reply whose calls do not fit their schema is answered once; a second one in a row ends the turn."""
CUT_ROUNDS: Final = 2


class TurnFailed(ToolError):
    """The model did not bring the turn to an end that can be used."""


async def run_turn(kit: Kit, place: Place, role: str) -> str:
    """Carry the conversation of `place.agent` on until the model hands back; return its last text.

    Calls that an earlier process left unanswered are carried out first.

    Raises:
        TurnFailed: refusal, malformed calls again after a repair, or replies cut again and again.
        ApprovalPending: an operator must decide; other calls of the step are done.
        LimitReached, NoProvider, ProviderError: as `take_step`.
    """
    malformed = cut = 0
    while True:
        pending = kit.session.state.talk.of(place.agent).open_calls
        if pending:
            bad = await _run_calls(kit, pending, place)
            loop_guard.look(kit, place)
            malformed = malformed + 1 if bad else 0
            if malformed > MALFORMED_ROUNDS:
                raise TurnFailed("The model asked for malformed tool calls again after one repair.", kind="malformed")
            continue
        if (answer := _handed_back(kit, place)) is not None:
            return answer
        await _bring_memory(kit, place)
        record, brain = await take_step(kit, place, role)
        if not isinstance(record.body, ModelFinished) or _escalated(kit, place, record.body, brain):
            continue
        if record.body.stop is StopReason.REFUSAL:
            raise TurnFailed(f"The model refused: {record.body.message.text[:200]}", kind="refusal")
        if record.body.stop is StopReason.LENGTH and not record.body.message.calls:
            cut += 1
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
    """Return the last text if the model handed back and nobody said anything since."""
    messages = kit.session.state.talk.of(place.agent).messages
    if len(messages) and messages[-1].role == "model" and not messages[-1].calls:
        return messages[-1].text
    return None


async def _run_calls(kit: Kit, calls: tuple[ToolCall, ...], place: Place) -> bool:
    """Carry out the calls of one step; return whether every one of them was malformed.

    Calls that only read run at once; the others one after another, in the model's order.
    """
    rationale = _rationale(kit, place)
    reading = [call for call in calls if _only_reads(kit, call)]
    pending: list[ApprovalPending] = []
    malformed: list[bool] = []

    async def one(call: ToolCall) -> None:
        why = loop_guard.blocked(kit.session.state.guard.of(place.agent), call)
        if why:
            kit.session.emit(ToolRefused(call_id=call.call_id, tool=call.name, stage="loop", reason=why), place)
            malformed.append(False)
            return
        try:
            wanted = dispatch.Call(
                call_id=call.call_id, tool=call.name, arguments=call.arguments or "{}", rationale=rationale
            )
            await dispatch.dispatch(kit, wanted, place)
            malformed.append(False)
        except dispatch.Refused as refused:
            malformed.append(refused.stage == "schema")
        except ApprovalPending as asked:
            pending.append(asked)

    async with asyncio.TaskGroup() as group:
        for call in reading:
            group.create_task(one(call), name=f"tool:{call.call_id}")
    for call in calls:
        if call not in reading:
            await one(call)
    if pending:
        raise pending[0]
    return all(malformed)


def _only_reads(kit: Kit, call: ToolCall) -> bool:
    tool = kit.tools.get(call.name)
    return tool is not None and tool.spec.effect <= Effect.READ and call.name != "ask"


def _rationale(kit: Kit, place: Place) -> str:
    """Return the model's own words that came with the calls."""
    for message in reversed(kit.session.state.talk.of(place.agent).messages[-20:]):
        if message.role == "model":
            return message.text.strip()[:500]
    return ""
