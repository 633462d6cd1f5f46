"""The tree of everything that can go wrong; each error says what happened and what to do.

HermesError
├── UsageInvalid            wrong command line, goal, plan or config (exit 2)
│   └── EditRefused         an edit that the plan, as it is, does not allow
├── ProviderError           a model request did not end with `Stop`
│   ├── ProviderUnreachable no connection, or no byte within a clock
│   ├── ProviderRefused     an answer with an error status or error event
│   ├── StreamTruncated     the stream ended without its terminal marker
│   └── ReplyMalformed      bytes that are not the wire's dialect
├── NoProvider              nothing that could answer (exit 5)
├── LimitReached            budget, steps, time or loop guard (exit 3)
├── ApprovalPending         an operator must decide first (exit 4)
├── ToolError               a tool call failed; the model reads the message
│   ├── ArgumentsInvalid    the call does not fit the tool's schema
│   ├── PathRefused         a path outside what the call may touch
│   ├── FileChanged         the file is not what was read
│   └── DeadlinePassed      the call's time limit ended it
├── SandboxUnavailable      no sandbox of the wanted level (exit 125 of `sandbox run`)
├── GuardrailsChanged       the constitution or what keeps it is not as released (exit 1)
├── JournalError            a session file cannot be used
│   ├── SessionLocked       another process owns the session
│   ├── JournalPoisoned     a commit failed; nothing after it counts (exit 3)
│   └── JournalUnreadable   not a session file, or of a newer version
└── Interrupted             SIGINT or SIGTERM (exit 130, 143)
"""

from __future__ import annotations

from enum import StrEnum

from hermes_tui.domain.values import frozen


class HermesError(Exception):
    """An error that an operator can act on.

    Args:
        message: What happened, with names and numbers.
        hint: What to do next; empty if nothing can be done.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


@frozen(kw_only=False)
class Location:
    """Where in a file something is wrong; `line` and `column` count from 1, 0 is unknown."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.path] + [str(number) for number in (self.line, self.column) if number]
        return ":".join(parts)


class UsageInvalid(HermesError):
    """A command line, goal file, plan or config that cannot be used; exit 2."""

    def __init__(self, message: str, *, hint: str = "", at: Location | None = None) -> None:
        super().__init__(f"{at}: {message}" if at else message, hint=hint)
        self.at = at


class EditRefused(UsageInvalid):
    """An edit of the plan that cannot be applied; the plan is as it was."""


class FailureReason(StrEnum):
    """Why a model request failed, in the one taxonomy that retry, fallback and stop are decided by."""

    UNREACHABLE = "unreachable"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"  # noqa: S105 - a reason, not a credential
    TIMEOUT_IDLE = "timeout_idle"
    TIMEOUT_TOTAL = "timeout_total"
    CONNECTION_LOST = "connection_lost"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    SERVER = "server"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    QUOTA = "quota"
    NOT_FOUND = "not_found"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED = "unsupported"
    MISSING_KEY = "missing_key"
    MODEL_MISSING = "model_missing"
    CANCELLED = "cancelled"


class ProviderError(HermesError):
    """A model request did not end with `Stop`.

    Args:
        message: What happened.
        hint: What to do.
        reason: The class that decides retry, next provider or stop.
        retry_after_s: Seconds the provider asked to wait, if it said so.
    """

    def __init__(
        self, message: str, *, reason: FailureReason, hint: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.retry_after_s = retry_after_s


class ProviderUnreachable(ProviderError):
    """No connection, or no byte within one of the four clocks."""


class ProviderRefused(ProviderError):
    """The provider answered with an error status or an error event."""


class StreamTruncated(ProviderError):
    """The stream ended without its terminal marker; what came is a fragment, not a reply."""


class ReplyMalformed(ProviderError):
    """Bytes came that are not the wire's dialect, or more of them than any reply may have."""


class NoProvider(HermesError):
    """Nothing could answer; the message names every provider and its reason; exit 5."""


class LimitReached(HermesError):
    """A budget, step, time or loop limit stopped the run; resumable; exit 3.

    Args:
        message: What happened.
        hint: How to go on.
        limit: Which one: `usd`, `tokens`, `steps`, `seconds`, `day_usd` or `loop`.
    """

    def __init__(self, message: str, *, limit: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.limit = limit


class ApprovalPending(HermesError):
    """An operator must decide before this can go on; resumable; exit 4."""


class ToolError(HermesError):
    """A tool call failed; the model reads the message.

    Args:
        message: What happened.
        hint: What the model could do instead.
        kind: Error class; equal classes count as the same failure for the loop guard.
    """

    def __init__(self, message: str, *, hint: str = "", kind: str = "failed") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


class ArgumentsInvalid(ToolError):
    """The arguments of a call do not fit the tool's schema."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, kind="arguments")


class PathRefused(ToolError):
    """A path resolves to a place that the call may not touch."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, kind="path")


class FileChanged(ToolError):
    """The file on disk is not the one that was read."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, kind="file_changed")


class DeadlinePassed(ToolError):
    """The call's time limit ended it, and its whole process tree with it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, kind="deadline")


class SandboxUnavailable(HermesError):
    """No sandbox of the wanted level works here; the hint says how to get one."""


class GuardrailsChanged(HermesError):
    """The constitution, or a module that keeps it, is not what was pinned; nothing starts."""


class JournalError(HermesError):
    """A session file cannot be used."""


class SessionLocked(JournalError):
    """Another live process owns the session."""


class JournalPoisoned(JournalError):
    """A commit failed: nothing is published after it, and the run stops resumably."""


class JournalUnreadable(JournalError):
    """The file is no session file, is damaged, or was written by a newer Hermes."""


class Interrupted(HermesError):
    """A signal asked the process to stop; `signal` is its number, the exit code 128 + signal."""

    def __init__(self, message: str, *, signal: int) -> None:
        super().__init__(message, hint="Run the same command again to go on.")
        self.signal = signal
