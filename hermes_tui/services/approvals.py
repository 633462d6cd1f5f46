"""What waits for an operator, the answer to it, and what was allowed for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state.ledger import Ledger, answer_key
from hermes_tui.domain.approval import Decision, Grant, Scope
from hermes_tui.domain.commands import Decide
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ApprovalAsked, ApprovalGiven
from hermes_tui.domain.intents import NAMESPACE
from hermes_tui.domain.ports import Answer
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.calls import CallState, OpenIntent
from hermes_tui.domain.tasks import Reach
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel.in_doubt import doubt_id
from hermes_tui.services import control, history, sessions, wiring
from hermes_tui.services.config import HermesConfig

KEPT: Final = "Kept. Run the goal again to go on."


@frozen
class Waiting:
    """A question to the operator, and where it is asked."""

    session: str
    live: bool
    asked: ApprovalAsked
    task: str | None
    state: SessionState


def waiting(folder: Path) -> Iterator[Waiting]:
    """Yield every open question, of the newest session first."""
    for session, state in history.newest_first(folder):
        for asked in state.calls.waiting:
            live = control.is_live(folder, session)
            task = state.calls.askers.get(asked.approval_id)
            yield Waiting(session=session, live=live, asked=asked, task=task, state=state)


def find(folder: Path, given: str) -> Waiting:
    """Return the open question `given`, as `ID` or `SESSION:ID`; among several sessions the newest wins.

    Raises:
        UsageInvalid: nothing waits under this id.
    """
    session, _, approval = given.rpartition(":")
    for found in waiting(folder):
        if found.asked.approval_id == approval and session in ("", found.session):
            return found
    raise UsageInvalid(f"No approval {given} waits.", hint="`hermes approvals list` names them.")


_ANSWERED: Final = {Scope.ONCE: "answered once", Scope.RUN: "allowed for this run", Scope.ALWAYS: "allowed always"}


def given_for(calls: CallState, command: Decide) -> ApprovalGiven:
    """Return the answer that an operator gave in the session itself.

    Raises:
        UsageInvalid: nothing of that name waits, it was answered already, or leave takes a signature.
    """
    asked = calls.asked.get(command.approval_id)
    if (known := calls.given.get(command.approval_id)) is not None:
        how = _ANSWERED[known.scope] if known.decision is Decision.ALLOW else "denied"
        raise UsageInvalid(f"Already {how} by {known.by}, perhaps in another window. Nothing was run twice.")
    if asked is None:
        raise UsageInvalid(f"Approval {command.approval_id} does not wait for an answer.")
    control.demand_no_signature(asked, allow=command.allow)
    return ApprovalGiven(
        approval_id=asked.approval_id,
        decision=Decision.ALLOW if command.allow else Decision.DENY,
        scope=command.scope,
        by="operator",
        reason=command.reason,
        rule=asked.rule if command.allow and command.scope is not Scope.ONCE else "",
    )


def answer(folder: Path, ledger: Ledger, found: Waiting, given: Answer) -> str:
    """Hand an answer to the live owner, else keep it for the next run; return what happens next.

    Raises:
        NotReached: a live process owns the session and does not take the answer.
    """
    if found.live:
        try:
            return control.tell_answer(folder, found.session, given)
        except control.NotRunning:
            pass
    ledger.put(
        Answer(
            approval_id=answer_key(found.session, given.approval_id),
            allow=given.allow,
            text=given.text,
            always=given.always,
            signature=given.signature,
        )
    )
    return KEPT


def signature_for(config: HermesConfig, found: Waiting, *, key: Path | None, made: Path | None) -> str:
    """Return the operator's signature over a waiting intent, made now with `key` or read from the file `made`.

    Empty where the call takes no signature.

    Raises:
        UsageInvalid: nothing could sign, or what was signed does not count.
    """
    intent, operators = found.asked.intent, config.policy.two_keys.operators
    if intent is None:
        return ""
    sshsig, notary = wiring.signing()
    try:
        data = made.read_bytes() if made is not None else sshsig.sign(intent.text.encode(), NAMESPACE, key, operators)
    except OSError as error:
        raise UsageInvalid(f"{error.filename} cannot be read: {error.strerror}.") from error
    data = sshsig.unarmoured(data)
    if flaw := notary.countersign_flaw(intent, data, operators):
        raise UsageInvalid(
            flaw, hint=f"`hermes approvals intent {found.asked.approval_id}` prints what is to be signed."
        )
    return str(data.hex())


def rule_for(found: Waiting) -> str:
    """Return the rule that would allow exactly this call for good.

    Raises:
        UsageInvalid: no rule can, or it would allow more than was shown.
    """
    asked = found.asked
    hint = f"Allow it once: hermes approvals allow {asked.approval_id}"
    if asked.reach is Reach.HOST:
        raise UsageInvalid(f"No lasting grant covers {asked.tool}: it reaches outside the sandbox.", hint=hint)
    if not asked.rule:
        raise UsageInvalid(f"This call of {asked.tool} cannot be written as a rule.", hint=hint)
    return asked.rule


def allow_always(ledger: Ledger, found: Waiting, *, expires: float | None) -> str:
    """Keep a lasting grant for exactly this call; return its rule.

    Raises:
        UsageInvalid: see `rule_for`.
    """
    rule = rule_for(found)
    ledger.grant(Grant(rule=rule, by="operator"), expires=expires)
    return rule


def revoke(ledger: Ledger, rule: str) -> None:
    """Take a lasting grant back.

    Raises:
        UsageInvalid: there is no such grant.
    """
    if not ledger.revoke(rule):
        known = ", ".join(grant.rule for grant in ledger.grants()) or "none"
        raise UsageInvalid(f"There is no lasting grant {rule!r}.", hint=f"In force: {known}.")


def resolve(folder: Path, ledger: Ledger, session: str, named: str, *, happened: bool) -> str:
    """Say what became of a call in doubt, named by its task or by its own id.

    Raises:
        UsageInvalid: nothing of that name is in doubt, several calls are, or the session is running.
        JournalUnreadable: its file is damaged.
        NotReached: the run that asks about it does not take the answer.
    """
    path = history.path_of(folder, session)
    state = sessions.peek(path)
    given = Answer(approval_id=doubt_id(_in_doubt(state, named).intent), allow=not happened)
    if control.is_live(folder, path.stem):
        if given.approval_id not in {asked.approval_id for asked in state.calls.waiting}:
            raise UsageInvalid(f"Session {path.stem} is running; nothing in it is in doubt.")
        return control.tell_answer(folder, path.stem, given)
    ledger.put(replace(given, approval_id=answer_key(path.stem, given.approval_id)))
    return KEPT


def _in_doubt(state: SessionState, named: str) -> OpenIntent:
    intents = state.calls.intents
    found = [one for one in intents.values() if named in (one.intent.call_id, one.place.task, doubt_id(one.intent))]
    if len(found) == 1:
        return found[0]
    if found:
        calls = ", ".join(one.intent.call_id for one in found)
        raise UsageInvalid(f"Several calls of task {named} are in doubt.", hint=f"Name one of them: {calls}.")
    known = ", ".join(f"{one.place.task or '-'} (call {one.intent.call_id})" for one in intents.values())
    raise UsageInvalid(f"Nothing called {named} is in doubt.", hint=f"In doubt: {known or 'nothing'}.")
