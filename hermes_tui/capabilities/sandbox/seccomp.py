"""A seccomp filter in pure Python: system calls that the other namespaces do not confine end with ENOSYS or EPERM.

BPF layout: linux/filter.h and linux/seccomp.h; numbers: the kernel's syscall tables for each machine.
"""

from __future__ import annotations

import os
import platform
import struct
from typing import Final

_LOAD, _EQUAL, _AT_LEAST, _RETURN, _AND = 0x20, 0x15, 0x35, 0x06, 0x54
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 0x00050000 | 1, 0x00050000 | 38, 0x00050000 | 97
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_NEW_NAMESPACES: Final = 0x7E020080

_FAMILIES: Final = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; AF_VSOCK and others are not of the network namespace."""
_X32: Final = 0x40000000
"""Numbers from here on are the x32 twins of x86-64 calls, under the same architecture mark."""

# audit architecture, ioctl, clone, socket, then calls to refuse; clone3 cannot be looked into: libc must fall back.
_MACHINES: Final[dict[str, tuple[int, int, int, int, tuple[int, ...], tuple[int, ...]]]] = {
    "x86_64": (
        0xC000003E,
        16,
        56,
        41,
        (250, 248, 249, 321, 323, 425, 426, 427, 298, 101, 165, 166, 155, 246, 320, 175, 176, 313, 272, 308),
        (435,),
    ),
    "aarch64": (
        0xC00000B7,
        29,
        220,
        198,
        (219, 217, 218, 280, 282, 425, 426, 427, 241, 117, 40, 39, 41, 104, 294, 105, 106, 273, 97, 268),
        (435,),
    ),
}


def program() -> bytes | None:
    """Return the filter for this machine, None where no table is known."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return None
    architecture, ioctl, clone, socket, refused, missing = machine
    code = [_step(_LOAD, 4), _step(_EQUAL, architecture, 1, 0), _step(_RETURN, _KILL), _step(_LOAD, 0)]
    code += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _ENOSYS)]
    for number in refused:
        code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _EPERM)]
    for number in missing:
        code += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ENOSYS)]
    code += [_step(_EQUAL, socket, 0, len(_FAMILIES) + 3), _step(_LOAD, 16)]
    code += [_step(_EQUAL, family, len(_FAMILIES) - place, 0) for place, family in enumerate(_FAMILIES)]
    code += [_step(_RETURN, _EAFNOSUPPORT), _step(_LOAD, 0)]
    code += [_step(_EQUAL, ioctl, 0, 5), _step(_LOAD, 24)]
    code += [_step(_EQUAL, _TIOCSTI, 1, 0), _step(_EQUAL, _TIOCLINUX, 0, 1), _step(_RETURN, _EPERM), _step(_LOAD, 0)]
    code += [_step(_EQUAL, clone, 0, 4), _step(_LOAD, 16), _step(_AND, _NEW_NAMESPACES)]
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


def _step(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, when_true, when_false, value)
