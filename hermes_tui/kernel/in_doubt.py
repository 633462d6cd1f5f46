"""After a crash: settle every intent whose result is not known, by effect."""

from __future__ import annotations

import json

from hermes_tui.domain.approval import DOUBT, Decision, answering
from hermes_tui.domain.errors import ApprovalPending, FailureReason, ToolError
from hermes_tui.domain.events import ApprovalAsked, ApprovalGiven, ModelFailed, ToolFinished, ToolIntended, ToolResolved
from hermes_tui.domain.ids import AgentId, ApprovalId, RequestId, TaskId, owner_of, root_session
from hermes_tui.domain.ports import Tool, ToolOutcome
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.calls import OpenIntent
from hermes_tui.domain.state.shells import ending
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.usage import Usage
from hermes_tui.domain.values import replace
from hermes_tui.kernel import dispatch
from hermes_tui.kernel.call import Call
from hermes_tui.kernel.kit import Kit


async def settle_doubts(kit: Kit, place: Place, agent: AgentId | None = None) -> None:
    """Bring every open intent, or only those of `agent`, to a result or back to where it can run again.

    A `write` is taken back from its before-image and runs again; an `external` effect is probed where its tool can.
    Where that cannot be done an operator must say whether it happened; one who has said so already is believed.

    Raises:
        ApprovalPending: only an operator can settle it.
    """
    if agent is None:
        _write_off(kit, place)
    for opened in tuple(kit.session.state.calls.intents.values()):
        if agent in (None, opened.place.agent):
            await _settle(kit, opened)


def _write_off(kit: Kit, place: Place) -> None:
    """Book requests whose reply was lost with the process at their bound: they may have cost that much."""
    for asked in tuple(kit.session.state.spend.reserved.values()):
        lost = ModelFailed(
            request_id=asked.request_id,
            model=asked.model,
            reason=FailureReason.CANCELLED,
            message="The process ended before the reply was stored; it is booked at the most it can have cost.",
            fragment="",
            usage=Usage(input_tokens=asked.bound.tokens, source="estimated"),
            usd=asked.bound.usd,
            seconds=0.0,
        )
        record = kit.session.emit(lost, _asker(kit, asked.request_id, place))
        kit.day.settle(lost.usd or 0.0, lost.usage.total_tokens, record.seq, call=asked.request_id)


def _asker(kit: Kit, request_id: RequestId, place: Place) -> Place:
    """Return the place of the agent that made a request, so that it hears that no reply will come."""
    state = kit.session.state
    owner = state.spend.askers.get(request_id, place.agent)
    asking = (one for one, talk in state.talk.by_agent.items() if talk.asking and owner_of(one) == owner)
    agent, child = next(asking, owner), state.agents.by_id.get(owner)
    if child is not None:
        return replace(child.place, agent=agent)
    task = TaskId(owner.partition(".")[0])
    return replace(place, agent=agent, task=task if task in state.graph.tasks else place.task)


async def settle_task(kit: Kit, task: TaskId) -> None:
    """Settle what an attempt at `task` left open that an edit of the plan ended; see `settle_doubts`.

    Raises:
        ApprovalPending: only an operator can settle it.
    """
    for opened in tuple(kit.session.state.calls.intents.values()):
        if opened.place.task == task:
            await _settle(kit, opened)


async def _settle(kit: Kit, opened: OpenIntent) -> None:
    """Settle one intent; a command that began in the background is known to have, and is never begun again.

    Raises:
        ApprovalPending: only an operator can settle it.
    """
    shell = kit.session.state.shells.begun_by(opened.intent.call_id)
    if shell is not None:
        said = ending(shell.ended) if shell.ended is not None else "running"
        output = f"{shell.started.shell_id} began and was not begun again: {said}. What it changed stays."
        data = json.dumps({"shell": shell.started.shell_id})
        await _finish(kit, opened.intent, ToolOutcome(output=output, data=data, ok=False), opened.place)
    elif (answer := kit.session.state.calls.given.get(doubt_id(opened.intent))) is not None:
        await _believe(kit, opened, answer)
    elif opened.intent.effect is Effect.WRITE:
        await _take_back(kit, opened)
    else:
        await _find_out(kit, opened)


async def _take_back(kit: Kit, opened: OpenIntent) -> None:
    image = opened.intent.before_image
    try:
        changes = await kit.images.restore(image, entirely=True) if image else ()
    except ToolError as error:
        await _ask(kit, opened, f"It began before a crash and cannot be taken back. {error}")
        return
    evidence = ", ".join(f"{change.path} {change.change}" for change in changes) or "nothing had changed"
    resolved = ToolResolved(call_id=opened.intent.call_id, how="restored", evidence=evidence)
    await kit.session.commit(kit.session.emit(resolved, opened.place))


async def _find_out(kit: Kit, opened: OpenIntent) -> None:
    intent, place = opened.intent, opened.place
    tool = kit.tools.get(intent.tool)
    outcome = await _probed(kit, intent, tool, place)
    if isinstance(outcome, ToolOutcome):
        await _finish(kit, intent, outcome, place)
    elif outcome is None:
        resolved = ToolResolved(call_id=intent.call_id, how="probed", evidence="the other side does not know the key")
        await kit.session.commit(kit.session.emit(resolved, place))
    else:
        await _ask(kit, opened, "It began before a crash and no result was saved; it may have happened.")


async def _probed(kit: Kit, intent: ToolIntended, tool: Tool | None, place: Place) -> ToolOutcome | ToolError | None:
    """Return the outcome if the effect happened, None if it did not, an error if nobody can tell."""
    probe = getattr(tool, "probe", None)
    if tool is None or probe is None:
        return ToolError(f"{intent.tool} has no probe.")
    call = Call(call_id=intent.call_id, tool=intent.tool, arguments=intent.arguments, key=intent.key)
    try:
        context = dispatch.with_leave(kit, call.call_id, dispatch.context_for(kit, call, tool, place))
        found: ToolOutcome | None = await probe(intent.arguments, context)
    except ToolError as error:
        return error
    return found


async def _finish(kit: Kit, intent: ToolIntended, outcome: ToolOutcome, place: Place) -> None:
    resolved = ToolResolved(call_id=intent.call_id, how="probed", evidence=outcome.output[:500])
    kit.session.emit(resolved, place)
    finished = ToolFinished(
        call_id=intent.call_id, tool=intent.tool, ok=outcome.ok, output=outcome.output, data=outcome.data, seconds=0.0
    )
    await kit.session.commit(kit.session.emit(finished, place))


async def _ask(kit: Kit, opened: OpenIntent, why: str) -> None:
    """Leave it to the operator whether the call happened.

    Raises:
        ApprovalPending: always.
    """
    intent, place, approval_id = opened.intent, opened.place, doubt_id(opened.intent)
    if approval_id not in kit.session.state.calls.asked:
        await kit.session.commit(kit.session.emit(_question(kit, opened, why), place))
    command = answering(approval_id, intent.tool, root_session(place.session))
    raise ApprovalPending(f"{intent.tool} {intent.arguments[:120]}: {why}", hint=command)


async def _believe(kit: Kit, opened: OpenIntent, answer: ApprovalGiven) -> None:
    """Go by what the operator said: the call did not happen and runs again, or it did."""
    intent, place = opened.intent, opened.place
    if answer.decision is Decision.ALLOW:
        resolved = ToolResolved(call_id=intent.call_id, how="again", evidence="the operator said it did not happen")
        await kit.session.commit(kit.session.emit(resolved, place))
        return
    kit.session.emit(ToolResolved(call_id=intent.call_id, how="done", evidence="the operator said so"), place)
    text = answer.reason or "It happened before a crash; the operator said so. Its output is not known."
    done = ToolFinished(call_id=intent.call_id, tool=intent.tool, ok=True, output=text, data="null", seconds=0.0)
    await kit.session.commit(kit.session.emit(done, place))


def doubt_id(intent: ToolIntended) -> ApprovalId:
    """Return the id of the question about an intent in doubt; a new attempt is a new question."""
    return ApprovalId(f"{DOUBT}{intent.call_id}-{intent.attempt}")


def _question(kit: Kit, opened: OpenIntent, why: str) -> ApprovalAsked:
    intent = opened.intent
    requested = kit.session.state.calls.requested.get(intent.call_id)
    asked = ApprovalAsked(
        approval_id=doubt_id(intent),
        call_id=intent.call_id,
        tool=intent.tool,
        what=f"{intent.tool} {intent.arguments[:500]}",
        why=why,
        reach=requested.reach if requested is not None else Reach.NETWORK,
        undo="",
        digest=intent.key,
    )
    return kit.session.state.agents.signed(asked, opened.place.agent)
