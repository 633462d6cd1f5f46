"""An agent's turn: reply, tool calls, results, until the model hands back."""

from __future__ import annotations

import asyncio

from hermes_tui.domain.errors import ApprovalPending
from hermes_tui.domain.events import ToolRefused
from hermes_tui.domain.messages import ToolCall
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.tasks import Effect
from hermes_tui.kernel import dispatch, expectation, loop_guard
from hermes_tui.kernel.billing import Settle
from hermes_tui.kernel.call import Call, Refused
from hermes_tui.kernel.exchange import converse
from hermes_tui.kernel.kit import Kit, Rest


async def run_turn(kit: Kit, place: Place, role: str) -> str:
    """Carry the conversation of `place.agent` on with the tools of `kit`; return the model's last text.

    Raises:
        TurnFailed: refusal, malformed calls again after a repair, or replies cut again and again.
        ApprovalPending: an operator must decide; other calls of the step are done.
        LimitReached, NoProvider, ProviderError: as `take_step`.
    """
    return await converse(kit, place, role, _answer_calls)


async def _answer_calls(kit: Kit, calls: tuple[ToolCall, ...], place: Place, settle: Settle) -> bool:
    """Carry out calls, again after an answer that came while children still worked; return whether all were malformed.

    Raises:
        ApprovalPending: an operator must decide, and no child works any more.
    """
    while True:
        try:
            return await _run_calls(kit, calls, place, settle)
        except ApprovalPending:
            if not await _answered_meanwhile(kit, place):
                raise
        calls = kit.session.state.talk.of(place.agent).open_calls


async def _answered_meanwhile(kit: Kit, place: Place) -> bool:
    """Wait while children work; return whether the agent's own questions were answered before they were done."""
    if kit.crew is None:
        return False

    def answered(state: SessionState) -> bool:
        mine = {call.call_id for call in state.talk.of(place.agent).open_calls}
        return not any(asked.call_id in mine for asked in state.calls.waiting)

    return await kit.crew.rest(place.agent, answered) is Rest.NEWS


async def _run_calls(kit: Kit, calls: tuple[ToolCall, ...], place: Place, settle: Settle) -> bool:
    """Carry out the calls of one step; return whether every one of them was malformed.

    Calls that only read run at once; the others one after another, in the model's order.
    """
    rationale, expected = expectation.split(_rationale(kit, place))
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
            wanted = Call(
                call_id=call.call_id,
                tool=call.name,
                arguments=call.arguments or "{}",
                rationale=rationale,
                expectation=expected,
                settle=settle,
            )
            await dispatch.dispatch(kit, wanted, place)
            malformed.append(False)
        except Refused as refused:
            malformed.append(refused.stage == "schema")
        except ApprovalPending as asked:
            pending.append(asked)

    if len(reading) > 1:
        async with asyncio.TaskGroup() as group:
            for call in reading:
                group.create_task(one(call), name=f"tool:{call.call_id}")
    for call in calls:
        if call not in reading or len(reading) == 1:
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
            return message.text
    return ""
