"""An operator's leave for one call: asked for once, given for exactly what was shown, a signed one used up once."""

from __future__ import annotations

import hashlib
import shlex
from typing import Final

from hermes_tui.domain.approval import Decision, ResolvedCall, Ruling
from hermes_tui.domain.errors import ApprovalPending
from hermes_tui.domain.events import ApprovalAsked, ApprovalGiven, ToolRequested
from hermes_tui.domain.ids import ApprovalId
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.calls import EGRESS
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen
from hermes_tui.kernel import circuits, two_keys
from hermes_tui.kernel.call import Call, refuse
from hermes_tui.kernel.kit import Kit

DIGEST_CHARS: Final = 16
_WILD: Final = frozenset("*?[];&|<>$`\n\r")


@frozen(kw_only=False)
class Answered:
    """A call that takes two keys, the question about it, and the answer to it."""

    stake: two_keys.Stake
    asked: ApprovalAsked
    given: ApprovalGiven


async def ask(kit: Kit, call: Call, resolved: ResolvedCall, requested: ToolRequested, place: Place) -> Answered | None:
    """Return if a call may run that is asked about; an answer holds for exactly what was shown.

    What is returned is the answer of a call that takes two keys; it has to be redeemed when the call is carried out.
    """
    ruling = requested.ruling
    shown = kit.redactor.redact(call.arguments)
    # Outside the scope the answer is about the very path that was shown, not about where a link leads later.
    where = resolved.targets if resolved.reach is Reach.HOST else ()
    digest = hashlib.sha256("\0".join((call.tool, shown, *where)).encode()).hexdigest()[:DIGEST_CHARS]
    state = kit.session.state.calls
    # A signature counts once: whoever wants the same call again is asked again.
    again = state.attempts.get(call.call_id, 0) if ruling.two_keys else 0
    approval_id = ApprovalId(f"{call.call_id}-{digest[:6]}" + (f"-{again}" if again else ""))
    stake = two_keys.Stake(
        approval_id=approval_id,
        call_id=call.call_id,
        tool=call.tool,
        arguments=call.arguments,
        env=call.env,
        rationale=call.rationale or ruling.why,
        resolved=resolved,
        place=place,
    )
    answer = state.given.get(approval_id)
    if answer is None:
        if approval_id not in state.asked:
            asked = await _question(kit, call, stake, ruling, digest)
            kit.session.emit(kit.session.state.agents.signed(asked, place.agent), place)
        raise ApprovalPending(
            f"{call.tool} needs an answer: {resolved.summary}", hint=f"hermes approvals allow {approval_id}"
        )
    if answer.decision is Decision.DENY:
        reason = f" Reason: {answer.reason}" if answer.reason else ""
        raise refuse(kit, call, place, "approval", f"The operator denied this call.{reason}")
    return Answered(stake, state.asked[approval_id], answer) if ruling.two_keys else None


async def redeem(kit: Kit, call: Call, signed: Answered, place: Place) -> None:
    """Use up the answer that an operator signed."""
    if why := await two_keys.refusal(kit, signed.stake, signed.asked, signed.given):
        raise refuse(kit, call, place, "approval", why)


async def _question(kit: Kit, call: Call, stake: two_keys.Stake, ruling: Ruling, digest: str) -> ApprovalAsked:
    resolved = stake.resolved
    intent = None
    if ruling.two_keys:
        if kit.notary is None:
            raise refuse(kit, call, stake.place, "approval", two_keys.NO_NOTARY)
        intent = await two_keys.intent_for(kit, kit.notary, stake)
        if intent is None:
            raise refuse(kit, call, stake.place, "approval", two_keys.TOO_LARGE)
    return ApprovalAsked(
        approval_id=stake.approval_id,
        call_id=call.call_id,
        tool=call.tool,
        what=resolved.summary,
        why=stake.rationale,
        reach=resolved.reach,
        undo=resolved.undo,
        digest=digest,
        rule="" if intent else rule_for(resolved),
        intent=intent,
    )


def rule_for(resolved: ResolvedCall) -> str:
    """Return the rule that allows exactly such a call, empty where every one must be asked about.

    A word that reads as a pattern or as shell grammar would make a rule that allows more than was shown. What a sandbox
    is let out to is a rule about its hosts.
    """
    if resolved.reach is Reach.NETWORK and resolved.hosts and resolved.tool in circuits.CONFINED:
        return f"{EGRESS}{' '.join(resolved.hosts)})"
    if resolved.reach is Reach.HOST or resolved.effect is Effect.EXTERNAL or not resolved.argv:
        return ""
    if any(_WILD & set(word) for word in resolved.argv):
        return ""
    return f"{resolved.tool}({shlex.join(resolved.argv)})"
