"""Names that nothing else has and delays that spread load: what a run wants of chance, without the modules for more.

Python's `secrets` and `random` take the system's entropy too, and take longer to load than anything here to run.
"""

from __future__ import annotations

import os

_BITS = 53
"""As many as a float holds exactly."""


def token(size_bytes: int) -> str:
    """Return so many bytes of the system's entropy in hexadecimal digits: nobody guesses or meets them again."""
    return os.urandom(size_bytes).hex()


def up_to(most: float) -> float:
    """Return a number from 0 to below `most`, all alike probable."""
    drawn = int.from_bytes(os.urandom(8), "big") >> (64 - _BITS)
    return most * drawn / (1 << _BITS)
