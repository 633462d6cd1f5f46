"""A call that takes two keys: the intent that is asked about, and whether the answer covers what is about to run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from hermes_tui.domain.approval import ResolvedCall, SignedIntent
from hermes_tui.domain.events import ApprovalAsked, ApprovalGiven
from hermes_tui.domain.ids import ApprovalId, CallId, root_session
from hermes_tui.domain.intents import Covered, Intent, Notary, covered_in, parsed, worst_case
from hermes_tui.domain.patterns import later
from hermes_tui.domain.records import Place
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.chance import token
from hermes_tui.kernel.kit import Kit

NO_NOTARY: Final = "It takes two keys, and there is none to sign it with; policy.two_keys says who may."
TOO_LARGE: Final = (
    "It takes two keys, and the workspace holds too much to be signed as a whole: what a command reads there would not "
    "be covered. Run it in a smaller workspace."
)
_RUNS: Final = frozenset({"shell", "python", "git"})
"""Tools that run, or send away, what they find in the workspace."""
_WORD: Final = later(r"""[^\s;&|<>$`'"()]+""")
_WORDS: Final = 200


@frozen
class Stake:
    """The call at hand; `arguments` are the very bytes that its tool will get."""

    approval_id: ApprovalId
    call_id: CallId
    tool: str
    arguments: str
    env: Mapping[str, str]
    rationale: str
    resolved: ResolvedCall
    place: Place


async def intent_for(kit: Kit, notary: Notary, stake: Stake) -> SignedIntent | None:
    """Return the call as an intent, signed by the session's key; None if what it would run cannot be covered."""
    state = kit.session.state
    covers = await _covered(kit, notary, stake)
    if _runs(stake) and not covers.tree:
        return None
    intent = Intent(
        covers=covers,
        arguments=stake.arguments,
        env=stake.env,
        rationale=stake.rationale,
        worst_case=worst_case(stake.resolved),
        undo=stake.resolved.undo,
        spent_usd=round(state.spend.run.usd, 6),
        cap_usd=state.run.limits.usd,
        expires_at=int(kit.clock.now() + notary.life_s),
        nonce=token(16),
    )
    # What is signed is what will be on record, where no secret may be.
    return notary.sign(root_session(stake.place.session), kit.redactor.redact(intent.text()))


async def refusal(kit: Kit, stake: Stake, asked: ApprovalAsked, given: ApprovalGiven) -> str:
    """Say why an answer does not cover the call, empty if it does; its nonce is used up then.

    Signatures, call, expiry and nonce are looked at here, just before the call is carried out.
    """
    if kit.notary is None or asked.intent is None:
        return NO_NOTARY
    session = root_session(stake.place.session)
    if flaw := kit.notary.flaw(session, asked.intent, given.signature):
        return flaw
    said = parsed(asked.intent.text)
    covers = await _covered(kit, kit.notary, stake)
    if differing := covers.differing(covered_in(said)):
        return f"It is not what was signed: {', '.join(differing)} changed."
    expires_at = said.get("expires_at")
    if not isinstance(expires_at, int) or kit.clock.now() >= expires_at:
        return "The signed intent has expired."
    if not kit.notary.burn(str(said.get("nonce")), session):
        return "The signed intent was used before; each counts once."
    return ""


def _runs(stake: Stake) -> bool:
    return stake.tool in _RUNS


async def _covered(kit: Kit, notary: Notary, stake: Stake) -> Covered:
    words = _WORD.findall(stake.resolved.summary)[:_WORDS]
    root = kit.workspace.root
    return Covered(
        approval=stake.approval_id,
        session=stake.place.session,
        call=stake.call_id,
        tool=stake.tool,
        sha256=hashlib.sha256(stake.arguments.encode()).hexdigest(),
        files=notary.files(words, root),
        tree=await notary.tree(root) if _runs(stake) else "",
        env={name: hashlib.sha256(value.encode()).hexdigest() for name, value in stake.env.items()},
        workspace=str(root),
        effect=stake.resolved.effect.name.lower(),
        reach=stake.resolved.reach.name.lower(),
        targets=stake.resolved.targets,
    )
