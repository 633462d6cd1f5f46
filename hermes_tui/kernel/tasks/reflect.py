"""Trying again behind a verifier: the agent reads which criteria failed and on what evidence, three times at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hermes_tui.domain.events import CriterionChecked, EditKind, MessageGiven, PlanOp, ReflectionBegun
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from hermes_tui.domain.values import replace
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.tasks.amend import amend

MOST: Final = 3
EVIDENCE_CHARS: Final = 1500


def reflect(kit: Kit, place: Place, failed: Sequence[CriterionChecked]) -> bool:
    """Let the last agent try again; return False where there is none, or it tried often enough.

    A round that a crash cut off before the agent was sent on is gone on with, not counted again.
    """
    state = kit.session.state
    agent = last_agent(state.graph)
    if agent is None or not failed:
        return False
    begun = state.run.reflected_seq > state.graph.status[agent.id].ended_seq
    number = state.run.reflections + (not begun)
    if number > MOST:
        return False
    said = tuple(f"{one.text}: {one.evidence[:EVIDENCE_CHARS]}" for one in failed)
    if not begun:
        kit.session.emit(ReflectionBegun(round=number, most=MOST, failed=said), place)
    text = (
        f"The goal is not met yet (round {number} of {MOST}). Code checked it and these conditions do not hold:\n"
        + "\n".join(f"- {line}" for line in said)
        + "\nSay in one sentence what went wrong and what you do differently, mend it, then answer again."
    )
    talk = state.talk.of(AgentId(agent.id))
    if text not in [message.text for message in (*talk.messages[-1:], *talk.unread)]:
        kit.session.emit(MessageGiven(text=text, source=Source.KERNEL), replace(place, agent=AgentId(agent.id)))
    why = f"round {number} of {MOST}: {len(failed)} criteria failed"
    amend(kit.session, place, (PlanOp(kind=EditKind.RETRY, target=agent.id),), by="kernel", why=why)
    return True


def last_agent(graph: GraphState) -> Task | None:
    """Return the agent that ended last; its conversation knows what was done."""
    done = [
        task
        for task in graph.tasks.values()
        if task.kind is TaskKind.AGENT and graph.state_of(task.id) is TaskState.DONE
    ]
    return max(done, key=lambda task: graph.status[task.id].ended_seq, default=None)
