"""Ask a model one thing beside the run's conversations: no tools, one reply, never twice for the same question."""

from __future__ import annotations

from hermes_tui.domain.events import MessageGiven, ToolRefused
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.messages import Source, ToolCall
from hermes_tui.domain.records import Place
from hermes_tui.domain.values import replace
from hermes_tui.kernel.billing import Settle
from hermes_tui.kernel.exchange import converse
from hermes_tui.kernel.kit import Kit


async def consult(kit: Kit, place: Place, system: str, text: str, role: str) -> str:
    """Return the reply of the agent at `place` to `text`; a reply that is on record is not paid for again.

    Raises:
        TurnFailed: the model did not answer in words.
        LimitReached, NoProvider, ProviderError: no model could be asked.
    """
    said = kit.session.state.talk.of(place.agent)
    asked = [message.text for message in (*said.messages[-2:], *said.unread)]
    if text not in asked or said.run != place.run:
        kit.session.emit(MessageGiven(text=text, source=Source.KERNEL), place)
    return await converse(replace(kit, tools={}, instructions=system, brief_instructions=""), place, role, _refuse)


async def _refuse(kit: Kit, calls: tuple[ToolCall, ...], place: Place, _settle: Settle) -> bool:
    """Answer calls of tools that were never offered; nothing is done, so that nothing has to be settled first."""
    for call in calls:
        reason = "There are no tools here: answer in words."
        kit.session.emit(ToolRefused(call_id=call.call_id, tool=call.name, stage="schema", reason=reason), place)
    return True


def aside(place: Place, what: str) -> Place:
    """Return the place of an agent that thinks about the task of `place` for the kernel."""
    return replace(place, agent=AgentId(f"{place.task}.{what}"))
