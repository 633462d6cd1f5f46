"""An answer to a question counts once, whichever window it comes from."""

from __future__ import annotations

import pytest

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.commands import Decide
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ApprovalGiven
from hermes_tui.domain.ids import ApprovalId
from hermes_tui.domain.state.calls import CallState
from hermes_tui.services.approvals import given_for

ASKED = ApprovalId("a1")


@pytest.mark.parametrize(
    ("decision", "scope", "said"),
    [
        (Decision.ALLOW, Scope.ONCE, "Already answered once by operator"),
        (Decision.ALLOW, Scope.RUN, "Already allowed for this run by operator"),
        (Decision.DENY, Scope.ONCE, "Already denied by operator"),
    ],
)
def test_a_second_answer_is_told_how_the_first_one_was(decision: Decision, scope: Scope, said: str) -> None:
    first = ApprovalGiven(approval_id=ASKED, decision=decision, scope=scope, by="operator", reason="")

    with pytest.raises(UsageInvalid) as refused:
        given_for(CallState(given={ASKED: first}), Decide(approval_id=ASKED, allow=True))

    assert refused.value.message == f"{said}, perhaps in another window. Nothing was run twice."
