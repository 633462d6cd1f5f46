"""What of a long output a model reads: its beginning and end, and of what is between the lines that tell of trouble."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

DIGEST_OVER: Final = 100_000
"""A longer output, in characters, is a log or a dump: a digest of it is read, whatever the tool's own limit."""
DIGEST_BYTES: Final = 3_000
"""At most 1,500 tokens: no tokenizer makes more than one token of two bytes of ordinary text."""
HEAD, TAIL = 0.3, 0.25
"""What of a digest is the beginning and the end; the rest is for lines in between."""
LINE: Final = 240
"""How much of one line is shown."""
MOST_LINES: Final = 20_000
"""How many lines that tell of trouble are looked at."""
_TROUBLE: Final = (
    *(b"error", b"exception", b"fatal", b"panic", b"critical", b"fail", b"fails", b"failed", b"failure", b"denied"),
    *(b"refused", b"cannot", b"can't", b"unable", b"undefined", b"not found", b"segmentation fault", b"killed"),
    *(b"timeout", b"timed out", b"abort", b"aborted", b"unexpected", b"corrupt", b"corrupted", b"warn", b"warning"),
    b"traceback",
)
"""What tells of trouble as a word of its own. Each is searched for alone: that takes a tenth of one pattern for all."""
_ENDINGS: Final = (b"error", b"exception")
"""These may also end a longer word, such as the name of an exception."""
_CODE: Final = later(r"\b(?:E\d{3,}|[A-Z]{2,5}-\d{4,})\b")
_WORST: Final = later(r"\b(?:fatal|panic|critical|segmentation fault|traceback|corrupt\w*|killed)\b", re.IGNORECASE)
_MILD: Final = later(r"\bwarn(?:ing)?\b|\b(?:0|no) (?:errors?|failures?|warnings?|failed)\b", re.IGNORECASE)
_VARIES: Final = later(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+", re.IGNORECASE)


@frozen(kw_only=False)
class _Kind:
    """Lines that are alike but for numbers: how bad, how often, and the first of them with its number."""

    severity: int
    times: int
    number: int
    line: str


def shortened(text: str, limit: int, where: str) -> str:
    """Return what a model reads of an output that is longer than `limit` characters; all of it is found at `where`."""
    if len(text) > DIGEST_OVER:
        return _digested(text, min(limit, DIGEST_BYTES), where)
    head, tail = text[: limit * 2 // 3], text[-limit // 4 :]
    between = text[len(head) : len(text) - len(tail)]
    note = f"\n… {len(between):,} characters left out; all of it: read {where} …\n"
    room = limit - len(head) - len(tail) - len(note)
    return head + note + _noted(between, head.count("\n"), room) + tail


def _digested(text: str, room: int, where: str) -> str:
    """Return a digest of at most `room` bytes."""
    note = f"\n[{len(text):,} characters, {text.count(chr(10)) + 1:,} lines; all of it: read {where}]\n"
    left = room - len(note.encode())
    head = _first(text, int(left * HEAD))
    tail = _last(text, int(left * TAIL))
    between = text[len(head) : len(text) - len(tail)]
    rest = left - len(head.encode()) - len(tail.encode())
    return head + note + _noted(between, head.count("\n"), rest) + tail


def _first(text: str, room: int) -> str:
    return text[:room].encode()[:room].decode(errors="ignore")


def _last(text: str, room: int) -> str:
    return text[-room:].encode()[-room:].decode(errors="ignore") if room > 0 else ""


def _noted(between: str, before: int, room: int) -> str:
    lines = trouble(between, room - len("[in between]\n"), before=before)
    return f"[in between]\n{lines}\n" if lines else ""


def trouble(text: str, room: int, *, before: int = 0) -> str:
    """Return the lines of `text` that tell of trouble, at most `room` bytes, in their order, each with its number.

    Lines that are alike but for numbers are shown once, with how often they came. What does not fit is the mildest and
    the most frequent. `before` is how many lines came before the text.
    """
    kinds = sorted(_kinds(text, before).values(), key=lambda kind: (-kind.severity, kind.times, kind.number))
    shown: dict[int, str] = {}
    for kind in kinds:
        often = f" (×{kind.times:,})" if kind.times > 1 else ""
        said = f"{kind.number}: {kind.line}{often}"
        size = len(said.encode()) + 1
        if size > room:
            continue
        room -= size
        shown[kind.number] = said
    return "\n".join(shown[number] for number in sorted(shown))


def _kinds(text: str, before: int) -> dict[str, _Kind]:
    found: dict[str, _Kind] = {}
    for number, line in _troubled(text, before + 1):
        shape = _VARIES.sub("#", line)
        known = found.get(shape)
        times = 1 if known is None else known.times + 1
        first = known or _Kind(_severity(line), times, number, line[:LINE].strip())
        found[shape] = _Kind(first.severity, times, first.number, first.line)
    return found


def _troubled(text: str, number: int) -> Iterator[tuple[int, str]]:
    """Yield each line that tells of trouble, with its number."""
    data = text.encode("utf-8", "replace")
    found = {data.rfind(b"\n", 0, at) + 1 for at in _places(data)}
    at = 0
    for begin in sorted(found)[:MOST_LINES]:
        number += data.count(b"\n", at, begin)
        at = begin
        end = data.find(b"\n", begin)
        yield number, data[begin : end if end >= 0 else None].decode()


def _places(data: bytes) -> Iterator[int]:
    """Yield where in the bytes of a text something tells of trouble."""
    lower = data.lower()
    for word in _TROUBLE:
        at = lower.find(word)
        while at >= 0:
            end = at + len(word)
            whole = word in _ENDINGS or not lower[at - 1 : at].isalnum()
            if whole and not lower[end : end + 1].isalnum():
                yield at
            at = lower.find(word, end)
    for match in _CODE.finditer(data.decode("latin-1")):  # in which a byte is a letter, so that places stay the same
        yield match.start()


def _severity(line: str) -> int:
    if _WORST.search(line):
        return 2
    return 0 if _MILD.search(line) else 1
