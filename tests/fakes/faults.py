"""Everything that can go wrong, and the moment at which it does."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Moment(StrEnum):
    """Where in a response a fault strikes."""

    BEFORE_HEADERS = "before_headers"
    """After the request is read, before the first byte of the answer."""
    BEFORE_TOKEN = "before_token"
    """After the opening events, before the first token of any kind."""
    MID_TEXT = "mid_text"
    """After `after_tokens` text tokens (half of them if not said)."""
    MID_ARGUMENTS = "mid_arguments"
    """Halfway through the streamed fragments of tool-call arguments."""
    BEFORE_END = "before_end"
    """All content sent, neither stop reason nor terminal marker."""
    LAST_BYTE = "last_byte"
    """Everything sent except the very last byte."""


class FaultKind(StrEnum):
    """What goes wrong. See the groups below for where each may strike."""

    STATUS = "status"
    CONTEXT_LENGTH = "context_length"
    QUOTA = "quota"
    HTML_PAGE = "html_page"
    EMPTY_BODY = "empty_body"
    GIANT_HEADER = "giant_header"
    DRIP = "drip"
    HALF_ARGUMENTS = "half_arguments"
    HUGE_DELTA = "huge_delta"
    MANY_DELTAS = "many_deltas"
    DUPLICATE_IDS = "duplicate_ids"
    UNKNOWN_TOOL = "unknown_tool"
    END_CLEAN = "end_clean"
    END_EOF = "end_eof"
    CUT_CHUNK = "cut_chunk"
    RESET = "reset"
    STALL = "stall"
    BAD_JSON = "bad_json"
    BAD_UTF8 = "bad_utf8"
    ERROR_EVENT = "error_event"
    FAILED_EVENT = "failed_event"


REFUSALS = frozenset({FaultKind.STATUS, FaultKind.CONTEXT_LENGTH, FaultKind.QUOTA})
"""Answered with an HTTP error and the dialect's error body; nothing is billed."""

REPLACEMENTS = REFUSALS | {FaultKind.HTML_PAGE, FaultKind.EMPTY_BODY}
"""The whole answer is something else."""

INSERTIONS = frozenset({FaultKind.BAD_JSON, FaultKind.BAD_UTF8, FaultKind.ERROR_EVENT, FaultKind.FAILED_EVENT})
"""An extra line in the stream; needs the headers, so never `before_headers`."""

INTERRUPTIONS = frozenset(
    {
        FaultKind.END_CLEAN,
        FaultKind.END_EOF,
        FaultKind.CUT_CHUNK,
        FaultKind.RESET,
        FaultKind.STALL,
    }
)
"""The stream stops, for good or (stall) for a while; any moment."""

CUES = INSERTIONS | INTERRUPTIONS
"""Faults that strike at a moment; the others shape the whole answer."""

DEFAULT_SIZES = {
    FaultKind.HUGE_DELTA: 10_000_000,
    FaultKind.MANY_DELTAS: 100_000,
    FaultKind.GIANT_HEADER: 200_000,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one reply.

    Attributes:
        kind: What goes wrong.
        moment: When; only for `CUES`, and `mid_text` if not said.
        after_tokens: Tokens sent before `mid_text` or fragments before `mid_arguments`.
        status: HTTP status of kind `status`.
        retry_after_s: Value of a Retry-After header, in seconds.
        message: Text of the error body or event, instead of the usual one.
        stall_s: Length of a stall; `None` lasts until released or the client leaves.
        every_s: Seconds between two bytes of a drip.
        size: Characters of `huge_delta` and `giant_header`, count of `many_deltas`.
    """

    kind: FaultKind
    moment: Moment | None = None
    after_tokens: int | None = None
    status: int = 500
    retry_after_s: float | None = None
    message: str | None = None
    stall_s: float | None = None
    every_s: float = 0.0
    size: int | None = None

    def __post_init__(self) -> None:
        """Refuse a moment that means nothing for this kind.

        Raises:
            ValueError: The pair is impossible; the message says why.
        """
        if self.moment is None:
            return
        if self.kind not in CUES:
            message = f"{self.kind} shapes the whole answer and takes no moment."
            raise ValueError(message)
        if self.kind in INSERTIONS and self.moment is Moment.BEFORE_HEADERS:
            message = f"{self.kind} is a line of the body and cannot come before the headers."
            raise ValueError(message)

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read `NAME[@MOMENT[:TOKENS]]`, where NAME may be an HTTP status.

        Raises:
            ValueError: Unknown name or moment, or a pair that is impossible.
        """
        name, _, place = words.partition("@")
        moment, _, tokens = place.partition(":")
        at = Moment(moment) if moment else None
        if name.isdigit():
            return cls(FaultKind.STATUS, at, status=int(name))
        return cls(FaultKind(name), at, after_tokens=int(tokens) if tokens else None)

    @property
    def strikes_at(self) -> Moment:
        """The moment of a cue, `mid_text` by default."""
        return self.moment or Moment.MID_TEXT

    @property
    def extent(self) -> int:
        """The size of an absurd size."""
        return self.size or DEFAULT_SIZES.get(self.kind, 0)

    @property
    def label(self) -> str:
        """The form `parse` reads, for the log."""
        if self.kind is FaultKind.STATUS:
            return str(self.status)
        if self.kind not in CUES:
            return str(self.kind)
        tokens = "" if self.after_tokens is None else f":{self.after_tokens}"
        return f"{self.kind}@{self.strikes_at}{tokens}"
