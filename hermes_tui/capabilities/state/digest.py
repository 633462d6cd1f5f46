"""By which hash contents are known in before-images, and what a file is known by that is too big to be kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from io import FileIO

HASH: Final = "blake2b"
"""A third of SHA-256's time where the processor has no instructions for that."""
FIRST_HASH: Final = "sha256"
"""What images were made by that do not say it."""
_BYTES: Final = 32
_BLOCK: Final = 1 << 20
_ZEROS: Final = bytes(_BLOCK)
_TELLS_HOLES: Final = hasattr(os, "SEEK_DATA")
"""Not everywhere: where it is not, a big file is read whole."""


def digest(content: bytes, hash_: str = HASH) -> str:
    """Return the hash of a content, 64 hexadecimal digits."""
    return _new(hash_, content).hexdigest()


def digest_file(file: FileIO, hash_: str = HASH) -> str:
    """Return the hash of the content of an open file."""
    hasher = _new(hash_)
    for block in iter(lambda: file.read(_BLOCK), b""):
        hasher.update(block)
    return hasher.hexdigest()


def digest_big(file: FileIO, hash_: str = HASH) -> str:
    """Return what a file is known by that no copy is kept of: a hash of its size and of what in it is not zero.

    It may be made of holes alone and say that it is terabytes long: only what takes room on the disk is read.
    """
    if hash_ == FIRST_HASH:
        return digest_file(file, hash_)
    hasher = _new(hash_, b"%d" % os.fstat(file.fileno()).st_size)
    for place in _blocks(file.fileno()):
        block = os.pread(file.fileno(), _BLOCK, place * _BLOCK)
        if block != _ZEROS[: len(block)]:
            hasher.update(b"%d " % place)
            hasher.update(block)
    return hasher.hexdigest()


def _blocks(descriptor: int) -> Iterator[int]:
    """Yield the numbers of the blocks in which the file system has data; lseek(2) ends with ENXIO after the last."""
    place = 0
    if not _TELLS_HOLES:
        yield from range(-(-os.fstat(descriptor).st_size // _BLOCK))
        return
    while True:
        try:
            start = os.lseek(descriptor, place * _BLOCK, os.SEEK_DATA)
            end = os.lseek(descriptor, start, os.SEEK_HOLE)
        except OSError:
            return
        following = -(-end // _BLOCK)
        yield from range(max(place, start // _BLOCK), following)
        place = following


def _new(hash_: str, content: bytes = b"") -> hashlib._Hash | hashlib.blake2b:
    return hashlib.blake2b(content, digest_size=_BYTES) if hash_ == HASH else hashlib.new(hash_, content)
