"""How the body of an HTTP/1.1 answer is told from what follows it (RFC 9112, 6.3 and 7.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Protocol

from hermes_tui.domain.patterns import later

LINE_BYTES: Final = 8_192
"""The most that the size of a chunk, or the lines after the last one, may take."""
_HEXADECIMAL: Final = re.compile(rb"[0-9A-Fa-f]{1,15}")
_DECIMAL: Final = later(r"[0-9]{1,15}")


class Broken(Exception):
    """The connection ended, or what came is not HTTP/1.1."""


class Framing(Protocol):
    """Finds the body in what arrives."""

    @property
    def ended(self) -> bool:
        """Whether the body is whole and nothing came after it."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Return what of the body is in the next bytes; none at all is the end of the connection.

        Raises:
            Broken: the connection ended within the body, or the bytes break the framing.
        """
        ...


class Sized:
    """A body of a length that its head names."""

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def ended(self) -> bool:
        return self._left == 0

    def feed(self, data: bytes) -> bytes:
        if not data or len(data) > self._left:
            raise Broken(f"the answer ended {self._left:,} bytes before its end" if not data else "it went on after it")
        self._left -= len(data)
        return data


class UntilClosed:
    """A body that ends with its connection."""

    ended = False

    def feed(self, data: bytes) -> bytes:
        self.ended = not data
        return data


class Chunked:
    """A body in chunks: the size of each in hexadecimal on a line before it, an empty one at the end."""

    def __init__(self) -> None:
        self.ended = False
        self._rest = b""
        self._left = 0
        self._inside = False
        self._trailing = False

    def feed(self, data: bytes) -> bytes:
        if not data:
            raise Broken("the connection was closed within the answer")
        data = self._rest + data if self._rest else data
        found: list[bytes] = []
        at = 0
        while (after := self._step(data, at, found)) > at:
            at = after
        self._rest = data[at:]
        if self.ended and self._rest:
            raise Broken("bytes came after the end of the answer")
        return b"".join(found)

    def _step(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Read a piece of a chunk, or the line before one; return where it ended, `at` where it is not whole."""
        if self._left:
            piece = data[at : at + self._left]
            self._left -= len(piece)
            found.append(piece)
            return at + len(piece)
        end = -1 if self.ended else data.find(b"\r\n", at)
        if end >= 0:
            self._line(data[at:end])
            return end + 2
        if len(data) - at > LINE_BYTES:
            raise Broken("a line of its framing has no end")
        return at

    def _line(self, line: bytes) -> None:
        if self._inside:
            if line:
                raise Broken("a chunk is longer than it says")
            self._inside = False
        elif self._trailing:
            self.ended = not line
        else:
            self._left = _size_of(line)
            self._inside = self._left > 0
            self._trailing = self._left == 0


def _size_of(line: bytes) -> int:
    """Return the size of a chunk; what may stand after a semicolon means nothing to us."""
    digits = line.partition(b";")[0].strip()
    if not _HEXADECIMAL.fullmatch(digits):
        raise Broken("the size of a chunk is no number")
    return int(digits, 16)


def framing_of(status: int, headers: Mapping[str, str]) -> Framing:
    """Return how the body of an answer is framed.

    Raises:
        Broken: its head says it in a way that two readers could take differently.
    """
    if status in (204, 304):
        return Sized(0)
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked" or length is not None:
            raise Broken("the head of the answer does not say clearly where its body ends")
        return Chunked()
    if length is None:
        return UntilClosed()
    if not _DECIMAL.fullmatch(length):
        raise Broken("the length of the answer is no number")
    return Sized(int(length))
