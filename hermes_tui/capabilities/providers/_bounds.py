"""How much of an answer is read at most, whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hermes_tui.domain.errors import FailureReason, ReplyMalformed

LINE_BYTES: Final = 4_000_000
REPLY_BYTES: Final = 32_000_000


class Meter:
    """Counts the bytes of one answer from `name`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._total = 0
        self._line = 0

    def admit(self, chunk: bytes) -> None:
        """Count one more chunk.

        Raises:
            ReplyMalformed: the answer, or one line of it, is larger than any reply is.
        """
        self._total += len(chunk)
        end = chunk.rfind(b"\n")
        self._line = self._line + len(chunk) if end < 0 else len(chunk) - end - 1
        if self._line > LINE_BYTES or self._total > REPLY_BYTES:
            message = f"{self._name} sent more than any reply may have ({self._total:,} bytes)."
            raise ReplyMalformed(message, reason=FailureReason.TOO_LARGE)


def check_plain(name: str, headers: Mapping[str, str]) -> None:
    """Refuse an answer whose real size cannot be bounded.

    Raises:
        ReplyMalformed: it is compressed, though that was not asked for.
    """
    if headers.get("content-encoding", "identity") != "identity":
        message = f"{name} sent a compressed answer, though that was not asked for."
        raise ReplyMalformed(message, reason=FailureReason.MALFORMED)
