"""What a call would do once its paths are resolved, and who decided what about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen


@frozen
class ResolvedCall:
    """A tool call as policy judges it: real paths and parsed argv, never the text of a command.

    `targets` are absolute real paths that may be written, or host names that may be contacted. `argv` is None where
    the command uses any shell operator, so that no rule can match it. `summary` is one line without the tool's
    name, as an approval shows it. `hosts` are those that it may contact, perhaps with a port. `tainted` says that text
    which nobody here vouches for may have led to it.
    """

    tool: str
    effect: Effect
    reach: Reach
    summary: str
    targets: tuple[str, ...] = ()
    argv: tuple[str, ...] | None = None
    undo: str = ""
    hosts: tuple[str, ...] = ()
    tainted: bool = False


DOUBT: Final = "doubt-"
"""How the id of a question begins that is about a call before a crash: yes runs it again, no counts it as done."""


def answering(approval_id: str, tool: str, session: str) -> str:
    """Return the command that answers a question in another shell."""
    if approval_id.startswith(DOUBT):
        return f"hermes runs resolve {session} {approval_id} --done | --again"
    if tool == "ask":
        return f"hermes approvals answer {approval_id} TEXT"
    return f"hermes approvals allow {approval_id}"


class Risk(StrEnum):
    """What a call that changes something puts at risk; a model critic looks at the classes that the config names."""

    FILES = "files"
    """Files inside the write scope."""
    MEMORY = "memory"
    """Notes."""
    COMMANDS = "commands"
    """Programs in the sandbox."""
    NETWORK = "network"
    """Something on another machine."""
    HOST = "host"
    """This machine outside sandbox and write scope."""


class Decision(StrEnum):
    """What policy or an operator says."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


class Scope(StrEnum):
    """How long an answer holds."""

    ONCE = "once"
    RUN = "run"
    ALWAYS = "always"


@frozen
class Ruling:
    """Policy's decision and the rule that made it; with `two_keys` an answer counts only if the operator signed it."""

    decision: Decision
    rule: str
    why: str = ""
    two_keys: bool = False


@frozen
class SignedIntent:
    """The text of an intent as it was signed, and by which key; key and signature are hexadecimal."""

    text: str
    key: str
    signature: str


@frozen
class Grant:
    """An allow rule in force: `rule` is its text, `by` who gave it."""

    rule: str
    by: str
