"""A program of its own (`python -I -S confine.py`): confine itself by Landlock and seccomp, then become the command.

It imports nothing of Hermes, so that it starts fast and nothing of ours is in the confined process. Interfaces:
landlock(7), seccomp(2), prctl(2), capset(2); numbers from linux/landlock.h, the same on every machine.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import signal
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
READS: Final = EXECUTE | READ_FILE | READ_DIR
OF_FILES: Final = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""What can be allowed for a file; the kernel refuses a rule that says more of one."""
_FIRST: Final = (1 << 13) - 1
"""All rights on files of the first version."""
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38
_PR_SET_CHILD_SUBREAPER, _PR_SET_SECCOMP = 36, 22
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}
_FAILED: Final = 125

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return the version of Landlock that the kernel offers, 0 if there is none."""
    return max(0, int(_libc.syscall(ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def rights(of_version: int) -> int:
    """Return every right on files that this version can take away."""
    later = {2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}
    return _FIRST | sum(right for since, right in later.items() if of_version >= since)


def restrict(readable: Iterable[str], writable: Iterable[str], devices: Iterable[str]) -> None:
    """Take every right on files from this process but these; no TCP, no signals or sockets to the outside.

    Raises:
        OSError: the kernel refused.
    """
    found = version()
    everything = rights(found)
    words = [everything, 3 if found >= 4 else 0, _ABSTRACT_SOCKETS | _SIGNALS if found >= 6 else 0]
    size = 24 if found >= 6 else 16 if found >= 4 else 8
    attributes = ctypes.create_string_buffer(struct.pack("3Q", *words)[:size], size)
    ruleset = _checked(
        _libc.syscall(ctypes.c_long(CREATE_RULESET), attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    )
    for paths, allowed in ((readable, READS), (writable, everything), (devices, READ_FILE | WRITE_FILE | IOCTL_DEV)):
        for path in paths:
            _allow(ruleset, path, allowed & everything)
    _checked(_libc.syscall(ctypes.c_long(RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    os.close(ruleset)


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        kept = allowed if os.path.isdir(f"/proc/self/fd/{place}") else allowed & OF_FILES  # noqa: PTH112 - a descriptor
        rule = struct.pack("=Qi", kept, place)
        _checked(
            _libc.syscall(ctypes.c_long(ADD_RULE), ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint32(0))
        )
    finally:
        os.close(place)


def drop_privileges() -> None:
    """Give up every capability, and the way to gain any.

    Raises:
        OSError: the kernel refused.
    """
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    for number in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    header, none = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    _checked(_libc.syscall(ctypes.c_long(_CAPSET[os.uname().machine]), header, none))


def filter_calls(program: bytes) -> None:
    """Put a seccomp program in force.

    Raises:
        OSError: the kernel refused.
    """
    area = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(area))
    _checked(_libc.prctl(_PR_SET_SECCOMP, 2, described, 0, 0))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - as little as possible is loaded here
            with suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def _end_children() -> None:
    """Kill all that is left; orphans come to this process, so that none gets away."""
    while pending := _children(os.getpid()):
        for pid in pending:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _supervise(child: int) -> int:
    """Wait for the command; end what it left, also when Hermes is killed. Return the exit code."""

    def stop(_number: int, _frame: object) -> None:
        _end_children()
        os._exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    status = 0
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            break
    _end_children()
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def main(given: str) -> int:
    """Run the command described by a JSON text; return its exit code."""
    spec = json.loads(given)
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child:
        return _supervise(child)
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        drop_privileges()
        restrict(spec["readable"], spec["writable"], spec["devices"])
        filter_calls(base64.b64decode(spec["filter"]))
    except (OSError, KeyError) as error:
        sys.stderr.write(f"hermes-confine: {error}\n")
        os._exit(_FAILED)
    try:
        os.execvp(spec["argv"][0], spec["argv"])  # noqa: S606 - this is what it is for
    except OSError as error:
        sys.stderr.write(f"{spec['argv'][0]}: {error.strerror}\n")
        os._exit(127)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
