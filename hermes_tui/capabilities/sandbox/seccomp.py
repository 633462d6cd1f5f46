"""A seccomp filter in pure Python: system calls that the other namespaces do not confine end with ENOSYS or EPERM.

BPF layout: linux/filter.h and linux/seccomp.h; numbers: the kernel's syscall tables for each machine.
"""

from __future__ import annotations

import os
import platform
import struct
from functools import lru_cache
from typing import Final

from hermes_tui.domain.values import frozen

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN, _AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 0x00050000 | 1, 0x00050000 | 38, 0x00050000 | 97
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_NEW_NAMESPACES: Final = 0x7E020080
_OWNER_RIGHTS: Final = 0o6000
"""Set-user-id and set-group-id: such a program, left in the workspace, would run with the operator's rights."""
_CREATES: Final = 0o100 | 0o20000000
"""O_CREAT and O_TMPFILE: only then is the mode of open(2) read."""

_FAMILIES: Final = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; AF_VSOCK and others are not of the network namespace."""
_X32: Final = 0x40000000
"""Numbers from here on are the x32 twins of x86-64 calls, under the same architecture mark."""


@frozen
class _Machine:
    """The numbers of one machine; `modes` are calls that set a mode: number, its argument, the argument of flags."""

    architecture: int
    ioctl: int
    clone: int
    socket: int
    refused: tuple[int, ...]
    missing: tuple[int, ...] = (435, 437, 452)
    """clone3, openat2 and fchmodat2 cannot be looked into, or need not exist: libc falls back."""
    modes: tuple[tuple[int, int, int | None], ...]
    shared: tuple[int, ...]
    """Calls that reach the host where there are no namespaces; refused in a strict filter.

    Processes and their objects, what happens in a folder, attributes of files.
    """
    own: tuple[tuple[int, int], ...]
    """Calls that name a process: number and argument; in a strict filter it must be 0, the caller itself."""


_MACHINES: Final = {
    "x86_64": _Machine(
        architecture=0xC000003E,
        ioctl=16,
        clone=56,
        socket=41,
        refused=(
            *(250, 248, 249, 321, 323, 425, 426, 427, 298, 101, 165, 166, 155, 246, 320, 175, 176, 313, 272, 308),
            *(103, 163, 167, 169, 304, 428, 429, 430, 431, 432, 433, 442),
        ),
        modes=(
            *((90, 1, None), (91, 1, None), (268, 2, None), (85, 1, None), (133, 1, None), (259, 2, None)),
            *((2, 2, 1), (257, 3, 2)),
        ),
        shared=(29, 30, 64, 68, 240, 254, 310, 311, 438, 440, 424, 188, 189, 190, 197, 198, 199, 463, 466),
        own=((302, 0), (141, 1), (203, 0), (144, 0), (142, 0), (314, 0), (252, 1)),
    ),
    "aarch64": _Machine(
        architecture=0xC00000B7,
        ioctl=29,
        clone=220,
        socket=198,
        refused=(
            *(219, 217, 218, 280, 282, 425, 426, 427, 241, 117, 40, 39, 41, 104, 294, 105, 106, 273, 97, 268),
            *(116, 89, 224, 142, 265, 428, 429, 430, 431, 432, 433, 442),
        ),
        modes=((52, 1, None), (53, 2, None), (33, 2, None), (56, 3, 2)),
        shared=(194, 196, 190, 186, 180, 27, 270, 271, 438, 440, 424, 5, 6, 7, 14, 15, 16, 463, 466),
        own=((261, 0), (140, 1), (122, 0), (119, 0), (118, 0), (274, 0), (30, 1)),
    ),
}


@lru_cache(maxsize=2)
def program(*, strict: bool = False) -> bytes | None:
    """Return the filter for this machine, None where no table is known.

    A `strict` one also refuses every socket and what reaches other processes: there are no namespaces under it.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return None
    code = [_step(_LOAD, 4), _step(_EQUAL, machine.architecture, 1, 0), _step(_RETURN, _KILL), _step(_LOAD, 0)]
    code += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _ENOSYS)]
    for number in (*machine.refused, *(machine.shared if strict else ())):
        code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _EPERM)]
    for number in machine.missing:
        code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ENOSYS)]
    for number, mode, flags in machine.modes:
        code += _guarded_mode(number, mode, flags)
    for number, who in machine.own if strict else ():
        code += [_step(_EQUAL, number, 0, 4), _argument(who), _step(_EQUAL, 0, 1, 0), _step(_RETURN, _EPERM)]
        code += [_step(_LOAD, 0)]
    families = () if strict else _FAMILIES
    code += [_step(_EQUAL, machine.socket, 0, len(families) + 3), _argument(0)]
    code += [_step(_EQUAL, family, len(families) - place, 0) for place, family in enumerate(families)]
    code += [_step(_RETURN, _EAFNOSUPPORT), _step(_LOAD, 0)]
    code += [_step(_EQUAL, machine.ioctl, 0, 5), _argument(1)]
    code += [_step(_EQUAL, _TIOCSTI, 1, 0), _step(_EQUAL, _TIOCLINUX, 0, 1), _step(_RETURN, _EPERM), _step(_LOAD, 0)]
    code += [_step(_EQUAL, machine.clone, 0, 4), _argument(0), _step(_AND, _NEW_NAMESPACES)]
    code += [_step(_EQUAL, 0, 1, 0), _step(_RETURN, _EPERM), _step(_RETURN, _ALLOW)]
    return b"".join(code)


def descriptor() -> int | None:
    """Return a descriptor from which the filter can be read, None where there is no filter; the caller closes it."""
    filter_ = program()
    if filter_ is None:
        return None
    reading, writing = os.pipe()
    os.write(writing, filter_)
    os.close(writing)
    return reading


def _guarded_mode(number: int, mode: int, flags: int | None) -> list[bytes]:
    """Return the steps that refuse a call if its mode gives a file its owner's or group's rights."""
    checks = [_argument(mode), _step(_ANY_BIT, _OWNER_RIGHTS, 0, 1), _step(_RETURN, _EPERM), _step(_LOAD, 0)]
    if flags is not None:
        checks = [_argument(flags), _step(_ANY_BIT, _CREATES, 0, 3), *checks]
    return [_step(_EQUAL, number, 0, len(checks)), *checks]


def _argument(place: int) -> bytes:
    """Return the step that loads the lower half of an argument."""
    return _step(_LOAD, 16 + 8 * place)


def _step(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, when_true, when_false, value)
