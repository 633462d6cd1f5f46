"""What a request carried and why; what was pruned from the window, condensed, brought back or pinned."""

from __future__ import annotations

from hermes_tui.domain.ids import CallId, RequestId
from hermes_tui.domain.values import frozen


@frozen
class Portion:
    """A section of one request: what it holds and may hold, in tokens, and why it is there."""

    section: str
    tokens: int
    cap_tokens: int
    why: str


@frozen
class WindowFilled:
    """A request was put together: its portions, and what of the conversation is not in it as it was said.

    `used_tokens` is the bound of the whole input; with `output_tokens` it is never above `window_tokens`. `left_out`
    says in words where each part of the conversation went that is not carried in full.
    """

    request_id: RequestId
    window_tokens: int
    used_tokens: int
    output_tokens: int
    portions: tuple[Portion, ...]
    left_out: tuple[str, ...] = ()


@frozen
class OutputsPruned:
    """From now on the window carries a digest of some calls' outputs; `digests` holds each call and what stands for it.

    A digest names the file that holds the whole output, its size and its hash; the journal keeps the output too.
    """

    digests: tuple[tuple[CallId, str], ...]
    before_tokens: int
    after_tokens: int
    why: str


@frozen
class ContextCompacted:
    """The messages before number `upto` are carried as `summary`, but for those in `kept`; the journal keeps them all.

    `by` is the model that wrote it, or `extract` where code did. `checks` says what the verification found: what was
    missing and was added, what nothing in the messages supports and was taken out.
    """

    upto: int
    summary: str
    kept: tuple[int, ...]
    before_tokens: int
    after_tokens: int
    by: str
    checks: tuple[str, ...] = ()


@frozen
class CompactionAsked:
    """Someone wants older messages condensed before the next request, though there is room; `by` names who asked."""

    by: str


@frozen
class ContextRestored:
    """The last compaction was taken back; `by` names who asked. It comes again only where the window overflows."""

    by: str


@frozen
class MessagePinned:
    """Message `index` of the agent's conversation stays in the window as it was said, or no longer has to."""

    index: int
    pinned: bool
    by: str


ContextEvent = WindowFilled | OutputsPruned | CompactionAsked | ContextCompacted | ContextRestored | MessagePinned
