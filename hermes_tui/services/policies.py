"""The policy as a table, and the tests that a config holds for its own rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from hermes_tui.capabilities.governance.policy import RulePolicy
from hermes_tui.domain.approval import Decision, ResolvedCall, Ruling
from hermes_tui.domain.errors import ArgumentsInvalid, PathRefused
from hermes_tui.domain.ports import Sandbox, ToolContext
from hermes_tui.domain.ports import Workspace as WorkspaceScope
from hermes_tui.domain.tasks import Effect, Mode, Reach
from hermes_tui.domain.values import frozen
from hermes_tui.services import wiring
from hermes_tui.services.config import PolicyTest
from hermes_tui.services.workstation import Workstation

CLASSES: Final = {
    "read the workspace": (Effect.READ, Reach.WORKSPACE),
    "write a note": (Effect.WRITE, Reach.MEMORY),
    "write inside the write scope": (Effect.WRITE, Reach.SCOPE),
    "run a sandboxed command": (Effect.WRITE, Reach.SANDBOX),
    "read from the network": (Effect.READ, Reach.NETWORK),
    "act on the network": (Effect.EXTERNAL, Reach.NETWORK),
    "write outside the write scope": (Effect.WRITE, Reach.HOST),
    "run an unconfined command": (Effect.EXTERNAL, Reach.HOST),
}
"""What calls resolve to, mildest first."""


@frozen(kw_only=False)
class Checked:
    """One test of the config: what was expected, and what the policy says."""

    test: PolicyTest
    ruling: Ruling

    @property
    def ok(self) -> bool:
        """Whether the policy does what the config expects."""
        return self.ruling.decision.value == self.test.expect


def table() -> Iterator[tuple[str, dict[Mode, Decision]]]:
    """Yield, for each class of calls, what each mode says where no rule is about it."""
    policy = RulePolicy()
    for name, (effect, reach) in CLASSES.items():
        call = ResolvedCall(tool="any", effect=effect, reach=reach, summary=name)
        yield name, {mode: policy.decide(call, mode, ()).decision for mode in Mode}


async def run_tests(station: Workstation) -> list[Checked]:
    """Judge every call of the config's `policy.tests` as a run would: real paths, parsed words, lasting grants.

    Raises:
        SandboxUnavailable: the level that the config demands does not work here.
    """
    tests = station.config.policy.tests
    if not tests:
        return []
    sandbox = await station.kits.sandbox(station.config)
    return [Checked(test, _judged(station, sandbox, test)) for test in tests]


def _judged(station: Workstation, sandbox: Sandbox, test: PolicyTest) -> Ruling:
    tool = station.tools.get(test.tool)
    if tool is None:
        return Ruling(decision=Decision.DENY, rule="schema", why=f"There is no tool {test.tool!r}.")
    scopes = tuple((station.root / name).resolve() for name in test.write)
    context = ToolContext(
        workspace=WorkspaceScope(root=station.root, write=scopes),
        sandbox=sandbox,
        key="test",
        timeout_s=60.0,
        seen={},
        egress=station.config.egress,
    )
    try:
        call = tool.resolve(json.dumps(test.args), context)
    except (ArgumentsInvalid, PathRefused) as error:
        return Ruling(decision=Decision.DENY, rule="schema", why=str(error))
    return wiring.policy_of(station.config, station.ledger.grants()).decide(call, test.mode, ())
