"""One tool call: schema, policy, circuit, approval, before-image, intent, act, result; each step on record."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_tui.domain.approval import Decision, Grant, ResolvedCall
from hermes_tui.domain.errors import ArgumentsInvalid, PathRefused, SandboxUnavailable, ToolError
from hermes_tui.domain.events import (
    ToolFinished,
    ToolIntended,
    ToolRequested,
)
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.late import late
from hermes_tui.domain.ports import Tool, ToolContext, ToolOutcome
from hermes_tui.domain.provenance import READ_ANY, source_of
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import replace
from hermes_tui.kernel import circuits, critic, excerpt, expectation, own_tools, taint
from hermes_tui.kernel.call import Call, refuse
from hermes_tui.kernel.deadline import within
from hermes_tui.kernel.kit import Kit

if TYPE_CHECKING:
    from hermes_tui.kernel import approval, review
else:
    approval = late("hermes_tui.kernel.approval")
    review = late("hermes_tui.kernel.review")


async def dispatch(kit: Kit, call: Call, place: Place) -> ToolFinished:
    """Carry `call` out and return its result; a failing tool is a result.

    It is on record, and on disk before anything that matters can follow: another intent, a request to a model and
    whatever leaves the process wait for a later record, and with it for this one.

    Raises:
        Refused: the call was not run, and why.
        ApprovalPending: an operator must decide first; asking stands in the journal.
    """
    if kit.gate.closed:
        await kit.gate.passed()
    tool = _offered(kit, call, place)
    if kit.try_sandbox is not None and (tool.spec.reach is Reach.SANDBOX or tool.spec.server):
        await kit.try_sandbox()
    context = context_for(kit, call, tool, place)
    call = _unmasked(kit, call, tool, context)
    resolved, requested = _judge(kit, call, tool, context, place)
    if resolved.effect >= Effect.WRITE:
        await _criticised(kit, call, resolved, place)
    _admitted(kit, call, resolved, place, probe=False)
    signed = None
    if requested.ruling.decision is not Decision.ALLOW or call.tool == "ask":
        signed = await approval.ask(kit, call, resolved, requested, place)
    context = with_leave(kit, call.call_id, context)
    context.judged = resolved.targets
    tool = own_tools.bound(kit, tool, call.call_id, resolved, place)
    if resolved.effect < Effect.WRITE:
        if signed is not None:
            await approval.redeem(kit, call, signed, place)
        _admitted(kit, call, resolved, place, probe=True)
        await call.settle()
        finished = await _act(kit, call, tool, context, place)
        _learned(kit, resolved, finished, place)
        return finished
    targets = _imaged(kit, resolved)
    async with kit.claims.held(targets):
        image = await kit.images.take(targets) if targets else ""
        await kit.gate.passed()
        if signed is not None:
            await approval.redeem(kit, call, signed, place)
        _admitted(kit, call, resolved, place, probe=True)
        # One wait for the disk: with the intent, the reply is there too.
        await kit.session.commit(kit.session.emit(_intent(kit, call, resolved, context.key, image), place))
        await call.settle()
        finished = await _act(kit, call, tool, context, place, image)
        _learned(kit, resolved, finished, place)
        return finished


def _offered(kit: Kit, call: Call, place: Place) -> Tool:
    tool = kit.tools.get(call.tool)
    if tool is None:
        raise refuse(kit, call, place, "schema", f"There is no tool {call.tool!r}. Known: {', '.join(kit.tools)}.")
    return tool


def _intent(kit: Kit, call: Call, resolved: ResolvedCall, key: str, image: str) -> ToolIntended:
    """Return what is on record before the call is carried out: all that settles it after a crash."""
    return ToolIntended(
        call_id=call.call_id,
        tool=call.tool,
        arguments=call.arguments,
        effect=resolved.effect,
        key=key,
        before_image=image,
        attempt=kit.session.state.calls.attempts.get(call.call_id, 0) + 1,
    )


def _unmasked(kit: Kit, call: Call, tool: Tool, context: ToolContext) -> Call:
    """Return the call with what its placeholders stand for, if it stays on this machine; judged is what will run.

    A tool server gets none of it: its program is a stranger's.
    What is put on record passes the journal's redactor and is masked again.
    """
    plain = kit.redactor.restore_json(call.arguments)
    if plain == call.arguments or tool.spec.server:
        return call
    try:
        resolved = tool.resolve(plain, context)
    except ToolError:
        return call
    local = resolved.effect <= Effect.WRITE and resolved.reach <= Reach.SANDBOX
    return replace(call, arguments=plain) if local else call


def context_for(kit: Kit, call: Call, tool: Tool, place: Place) -> ToolContext:
    """Return what the call may use; its key is stable over attempts and restarts."""
    timeout_s, calls = tool.spec.timeout_s, kit.session.state.calls
    unvouched = kit.distrusted & calls.sources
    return ToolContext(
        workspace=kit.workspace,
        sandbox=kit.sandbox,
        key=call.key or f"{place.session}-{call.call_id}",
        timeout_s=min(call.timeout_s, timeout_s * 10) if call.timeout_s else timeout_s,
        seen={},
        known=calls.seen.get(place.agent, {}),
        egress=kit.egress,
        env=call.env,
        memory=kit.memory,
        session=place.session,
        run=place.run or "",
        unvouched=tuple(sorted(unvouched)) if unvouched else (),
        skills=kit.skills,
        background=kit.shells.of(place, call.call_id) if kit.shells is not None else None,
    )


def with_leave(kit: Kit, call_id: CallId, context: ToolContext) -> ToolContext:
    """Return what a call may use once the operator allowed it: besides, the hosts that its goal names.

    Which hosts were known shows in the question, so that a call is judged without this.
    """
    state, goal = kit.session.state.calls, kit.session.state.run.goal
    if goal is None or not goal.egress:
        return context
    mine = [name for name, asked in state.asked.items() if asked.call_id == call_id]
    allowed = any(name in state.given and state.given[name].decision is Decision.ALLOW for name in mine)
    return replace(context, egress=(*context.egress, *goal.egress)) if allowed else context


def _judge(kit: Kit, call: Call, tool: Tool, context: ToolContext, place: Place) -> tuple[ResolvedCall, ToolRequested]:
    try:
        resolved = tool.resolve(call.arguments, context)
    except PathRefused as error:
        raise refuse(kit, call, place, "policy", str(error)) from error
    except (ArgumentsInvalid, OSError, ValueError) as error:
        # An argument may fit its schema and still be nothing that a path or a URL can be.
        raise refuse(kit, call, place, "schema", str(error)) from error
    if call.raised is not None and call.raised > resolved.effect:
        resolved = replace(resolved, effect=call.raised)
    state = kit.session.state
    if tainted := kit.distrusted & state.calls.sources:
        resolved = replace(resolved, tainted=bool(tainted))
    ruling = kit.policy.decide(resolved, state.run.mode, _grants(kit))
    requested = ToolRequested(
        call_id=call.call_id,
        tool=call.tool,
        arguments=call.arguments,
        summary=resolved.summary,
        effect=resolved.effect,
        reach=resolved.reach,
        ruling=ruling,
        rationale=call.rationale,
        expectation=call.expectation or expectation.of(resolved),
        begins_task=call.is_task,
    )
    kit.session.emit(requested, place)
    if ruling.decision is Decision.DENY:
        raise refuse(kit, call, place, "policy", f"Refused by {ruling.rule}: {ruling.why}")
    return resolved, requested


def _grants(kit: Kit) -> list[Grant]:
    """Return the rules that allow calls of this run now, beside the config's: its goal's and the operator's."""
    run, calls = kit.session.state.run, kit.session.state.calls
    grants = [Grant(rule=rule, by="goal") for rule in run.grants]
    if calls.given:
        grants += [Grant(rule=rule, by="operator") for rule in calls.rules(kit.clock.now())]
    return grants


async def _criticised(kit: Kit, call: Call, resolved: ResolvedCall, place: Place) -> None:
    """Return if nothing speaks against a call that changes something: plain rules first, they cost nothing."""
    if critic.is_order(kit, place):
        return
    against = critic.objection(kit, resolved, call.arguments, place)
    if not against:
        said = {"arguments": call.arguments, "reason": call.rationale, "expectation": call.expectation}
        against = await review.verdict(kit, call.call_id, resolved, said, place)
    if against:
        raise refuse(kit, call, place, "critic", against)


def _admitted(kit: Kit, call: Call, resolved: ResolvedCall, place: Place, *, probe: bool) -> None:
    """Return if nothing that the call needs is left alone for now; with `probe` it is about to be made."""
    if kit.session.state.circuits and (why := circuits.enter(kit, resolved, place, probe=probe)):
        raise refuse(kit, call, place, "circuit", why)


def _learned(kit: Kit, resolved: ResolvedCall, finished: ToolFinished, place: Place) -> None:
    """Let the circuits know how a call ended; one that went well says nothing where all of them are closed."""
    if not finished.ok or kit.session.state.circuits:
        circuits.learn(kit, resolved, finished, place)


def _imaged(kit: Kit, resolved: ResolvedCall) -> list[Path]:
    """Return what the call may overwrite; hosts that it contacts are nothing to copy."""
    targets = [Path(target) for target in resolved.targets if resolved.reach is not Reach.NETWORK or target[:1] == "/"]
    if resolved.reach in (Reach.SANDBOX, Reach.HOST) and not targets:
        targets = list(kit.workspace.write)
    return targets


async def _act(kit: Kit, call: Call, tool: Tool, context: ToolContext, place: Place, image: str = "") -> ToolFinished:
    began = kit.clock.monotonic()
    tainted = call.tool in READ_ANY and await taint.reachable(kit)
    try:
        outcome = await within(context.timeout_s + 5.0, tool.run(call.arguments, context))
    except ToolError as error:
        outcome = ToolOutcome(output=str(error), data="null", ok=False, error_kind=error.kind)
    except SandboxUnavailable as error:
        outcome = ToolOutcome(output=str(error), data="null", ok=False, error_kind="sandbox")
    except TimeoutError:
        message = f"{call.tool} did not end within {context.timeout_s:.0f} s."
        outcome = ToolOutcome(output=message, data="null", ok=False, error_kind="deadline")
    except (OSError, ValueError) as error:
        # What the system refuses, such as a NUL in an argument, or one more process.
        outcome = ToolOutcome(output=f"{call.tool} failed: {error}.", data="null", ok=False, error_kind="failed")
    changed = outcome.changed or (await kit.images.changes(image) if image else ())
    # It is redacted before it is cut: half of a secret looks like none.
    output, artifact = kit.redactor.redact(outcome.output), ""
    if len(output) > tool.spec.output_limit:
        output, artifact = await _capped(kit, call, output, tool.spec.output_limit)
    known = context.known
    seen = tuple([(path, sha256) for path, sha256 in context.seen.items() if known.get(path) != sha256])
    finished = ToolFinished(
        call_id=call.call_id,
        tool=call.tool,
        ok=outcome.ok,
        output=output,
        data=outcome.data,
        seconds=kit.clock.monotonic() - began,
        error_kind=outcome.error_kind,
        artifact=artifact,
        changed=changed,
        seen=seen,
        provenance=taint.provenance(kit, seen, tainted=tainted),
        ends_task=call.is_task and outcome.ok,
    )
    if changed:
        await taint.leave(kit, source_of(finished.tool, finished.data, finished.provenance), changed, place)
    kit.session.emit(finished, place)
    return finished


async def _capped(kit: Kit, call: Call, output: str, limit: int) -> tuple[str, str]:
    """Return the output cut to the tool's limit, and where all of it is."""
    path = kit.artifacts.keep(f"{call.call_id}.txt", output.encode())
    return await asyncio.to_thread(excerpt.shortened, output, limit, path), path
