"""Signed intents: what a high-stakes call would do to the byte, signed by the agent, countersigned by the operator."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final, Protocol, cast

from hermes_tui.domain.approval import ResolvedCall, SignedIntent
from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen

NAMESPACE: Final = "hermes-intent"
"""What a signature is made for; one that was made for anything else, such as a commit, does not count."""
SCHEMA: Final = "hermes.intent/1"


@frozen
class Covered:
    """What must be the same when an intent is signed and when it is carried out.

    `sha256` is of the very bytes that the tool will get. `files` are the sha256 of the workspace's files that the
    command names, so that none can be exchanged in between; `tree` is one hash over all of the workspace, for a tool
    that runs what it finds there: a script may read another. `env` has the sha256 of each variable that the call gets.
    """

    approval: str
    session: str
    call: str
    tool: str
    sha256: str
    files: Mapping[str, str]
    tree: str
    env: Mapping[str, str]
    workspace: str
    effect: str
    reach: str
    targets: tuple[str, ...]

    def differing(self, said: Mapping[str, object]) -> tuple[str, ...]:
        """Return the names of the fields that `said`, read from an intent, has otherwise."""
        return tuple(name for name, value in json.loads(json.dumps(asdict(self))).items() if said.get(name) != value)


@frozen
class Intent:
    """One call as it would be carried out, and what an operator should know of it.

    `arguments` and the variables of `env` are shown without secrets. `spent_usd` and `cap_usd` say what the run costs
    so far and at most. `nonce` makes it count once, until Unix second `expires_at`.
    """

    covers: Covered
    arguments: str
    env: Mapping[str, str]
    rationale: str
    worst_case: str
    undo: str
    spent_usd: float
    cap_usd: float | None
    expires_at: int
    nonce: str
    schema: str = SCHEMA

    def text(self) -> str:
        """Return the bytes to be signed: JSON with sorted keys on lines of their own, so that a person can read it."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, indent=1) + "\n"


class Notary(Protocol):
    """Makes and checks signatures; it holds the session's key, never the operator's."""

    @property
    def life_s(self) -> float:
        """How long an intent may be answered."""
        ...

    def sign(self, session: SessionId, text: str) -> SignedIntent:
        """Return an intent's text signed by the session's key."""
        ...

    def flaw(self, session: SessionId, intent: SignedIntent, signature: str) -> str:
        """Say what is wrong with the two signatures, empty if both hold."""
        ...

    def files(self, words: Iterable[str], root: Path) -> Mapping[str, str]:
        """Return the sha256 of each file of the workspace that one of `words` names, by the word."""
        ...

    async def tree(self, root: Path) -> str:
        """Return one hash over everything in the workspace, empty if there is too much in it."""
        ...

    def burn(self, nonce: str, session: SessionId) -> bool:
        """Use a nonce up, for good and for every process; return False if it was used before."""
        ...


def worst_case(call: ResolvedCall) -> str:
    """Say the worst that a call may do, by what it can reach and not by what it says."""
    if call.reach is Reach.HOST:
        return "It runs outside the sandbox: every file and account of this user may be changed, read or sent away."
    if call.reach is Reach.NETWORK and call.effect is Effect.EXTERNAL:
        return f"Everything that it can read goes to {_listed(call.targets)}; what it does there cannot be taken back."
    if call.reach is Reach.NETWORK:
        return f"What the request says goes to {_listed(call.targets)}."
    if call.effect is Effect.EXTERNAL:
        return "It acts outside and cannot be taken back."
    if call.effect is Effect.WRITE:
        return f"All of {_listed(call.targets)} is changed or deleted; `hermes runs undo` puts it back."
    return "Nothing is changed."


def parsed(text: str) -> dict[str, object]:
    """Return the fields of an intent's text, none where it is not one."""
    try:
        return _object(json.loads(text))
    except ValueError:
        return {}


def covered_in(fields: Mapping[str, object]) -> dict[str, object]:
    """Return what an intent's fields say that it covers."""
    return _object(fields.get("covers"))


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _listed(targets: tuple[str, ...]) -> str:
    return ", ".join(targets) or "any host it names"
