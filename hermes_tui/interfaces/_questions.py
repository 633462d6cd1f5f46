"""Questions to the operator in words: how far a call reaches, what an answer means, and when it is too early."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.approval import Scope
from hermes_tui.domain.commands import Decide
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ApprovalAsked
from hermes_tui.domain.tasks import Reach

NOTHING_WAITS: Final = "Nothing waits for you."

GUARD_S: Final = 0.3
"""Keys typed earlier than this after the question changed were meant for something else."""
REACHES: Final = {
    Reach.NONE: "nothing outside Hermes",
    Reach.WORKSPACE: "reads this workspace",
    Reach.MEMORY: "the notes",
    Reach.SCOPE: "writes inside the scope of the run",
    Reach.SANDBOX: "runs in the sandbox",
    Reach.NETWORK: "leaves this machine: network",
    Reach.HOST: "this machine, outside the sandbox",
}


_NO_CALLS: Final = frozenset({"ask", "recover"})
"""What is no call of a tool that could run."""
UNSIGNED: Final = "This takes two keys: a yes does not count, your signature does."
SIGN: Final = "hermes approvals allow {}"
"""How a question is signed in another shell; ssh-agent or a key file signs."""


DOUBTED: Final = "It may have happened: neither yes nor no answers that."
AGAIN: Final = "runs it again"
HAPPENED: Final = "it happened: say what came of it"


def asks(asked: ApprovalAsked) -> str:
    """Return what stands between who asks and what is asked about."""
    if asked.in_doubt:
        return f"is in doubt about {asked.tool}"
    return "asks:" if asked.tool in _NO_CALLS else f"wants {asked.tool}"


def allowance(asked: ApprovalAsked, said: str) -> Decide:
    """Return the answer that allows: for how long, or the words that an agent asked for.

    Raises:
        UsageInvalid: the call takes a signature, only a question of an agent is answered in words, no rule could
            hold for longer, or nobody knows yet whether it happened.
    """
    if asked.in_doubt:
        if said != "again":
            raise UsageInvalid(DOUBTED, hint="/yes again runs it again; /deny WORDS says that it happened, and how.")
        return Decide(approval_id=asked.approval_id, allow=True)
    if asked.tool == "ask":
        return Decide(approval_id=asked.approval_id, allow=True, reason=said)
    if asked.intent is not None:
        raise UsageInvalid(UNSIGNED, hint=f"In another shell: {SIGN.format(asked.approval_id)}")
    try:
        scope = Scope(said or "once")
    except ValueError as error:
        raise UsageInvalid(f"{said!r} is no answer to this.", hint="Say once, run or always.") from error
    if scope is not Scope.ONCE and not asked.rule:
        raise UsageInvalid("This call can only be allowed once.", hint="Say /yes, or /deny with a reason.")
    return Decide(approval_id=asked.approval_id, allow=True, scope=scope)
