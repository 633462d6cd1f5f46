"""Ends what a Hermes left behind that was killed in the instant in which bubblewrap set its namespaces up.

bubblewrap's first process dies with Hermes, but not yet its second: it has a namespace of its own, and nobody waits for
it. Mostly it waits for the first for good; where the first had just let it go on, it even comes to the command.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_OURS: Final = b"--json-status-fd"
_COMM_CHARS: Final = 15


def reap(binary: str) -> int:
    """Kill such processes of this user; return how many there were.

    What is killed is proven to be one: bubblewrap as Hermes starts it, inside a namespace, and its parent is no
    bubblewrap. While a call lives, its second process is a child of its first.
    """
    name = os.fsencode(Path(binary).name)[:_COMM_CHARS]
    return sum(_ended(pid, binary, name) for pid in _processes(name))


def _ended(pid: int, binary: str, name: bytes) -> bool:
    """Kill a process if it was left behind; say whether it was."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # Looked at once the descriptor is held: no other process can take the number's place meanwhile.
        if not _is_orphan(pid, binary, name):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _processes(name: bytes) -> Iterator[int]:
    with suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdigit() and _is_called(int(entry.name), name):
                yield int(entry.name)


def _is_called(pid: int, name: bytes) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_bytes().strip() == name
    return False


def _is_orphan(pid: int, binary: str, name: bytes) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines()
    state = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ours = state["Uid"][0] == str(os.getuid()) and words[0] == os.fsencode(binary) and _OURS in words
    return ours and len(state["NSpid"]) > 1 and not _is_called(int(state["PPid"][0]), name)
