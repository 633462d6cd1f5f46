"""System calls that lead past the namespaces."""

from __future__ import annotations

from typing import Final

from tests.capabilities.sandbox.attacks.scene import CLAIM, Attack

_CALL: Final = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *words):
    return libc.syscall(*(ctypes.c_long(word) for word in (number, *words)))
"""


def _call(*lines: str) -> str:
    """Return a program that makes raw system calls; numbers are those of x86-64."""
    return _CALL + "\n".join(lines)


_STRUCTURE: Final = "area = (ctypes.c_char * 256)(); place = ctypes.addressof(area)"
_REACHED: Final = "print('REACHED' if {} >= 0 else 'no')"

CALLS: Final = (
    Attack(name="the names of the host's keys", program="grep -q . /proc/keys && echo REACHED", needs="/proc/keys"),
    Attack(name="the host's timers", program="grep -q . /proc/timer_list && echo REACHED", needs="root"),
    Attack(name="a user namespace", program="unshare -U true && echo REACHED"),
    Attack(name="a mount namespace", program="unshare -m true && echo REACHED", needs="root"),
    Attack(
        name="a user namespace by clone3",
        python=True,
        program=_call(
            "import struct",
            "area = ctypes.create_string_buffer(struct.pack('11Q', 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0))",
            "child = call(435, ctypes.addressof(area), 88)",
            "if child == 0: os._exit(0)",
            "print('REACHED' if child > 0 else 'no')",
        ),
    ),
    Attack(
        name="a user namespace by clone",
        python=True,
        program=_call(
            "child = call(56, 0x10000000 | 17, 0, 0, 0, 0)",
            "if child == 0: os._exit(0)",
            "print('REACHED' if child > 0 else 'no')",
        ),
    ),
    Attack(name="a mount", program="mkdir -p m && mount -t tmpfs none m && umount m && echo REACHED", needs="root"),
    Attack(
        name="a mount by the new interface",
        python=True,
        needs="root",
        program=_call(
            "kind = ctypes.create_string_buffer(b'tmpfs')",
            _REACHED.format("call(430, ctypes.addressof(kind), 0)"),
        ),
    ),
    Attack(
        name="a copy of the mount tree",
        python=True,
        needs="root",
        program=_call(
            "path = ctypes.create_string_buffer(b'/')",
            _REACHED.format("call(428, -100, ctypes.addressof(path), 1)"),
        ),
    ),
    Attack(name="the namespace of a process", program="nsenter -t @victim@ -u true && echo REACHED", needs="root"),
    Attack(
        name="another root",
        program='mkdir -p r && python3 -c \'import os; os.chroot("r"); print("REACHED")\'',
        needs="root",
    ),
    Attack(name="a device", program="mknod src/sda b 7 0 && echo REACHED", needs="root"),
    Attack(
        name="a key in the session's ring",
        python=True,
        program=_call(
            "kind, name = ctypes.create_string_buffer(b'user'), ctypes.create_string_buffer(b'hermes-test')",
            "data = ctypes.create_string_buffer(b'x')",
            _REACHED.format("call(248, ctypes.addressof(kind), ctypes.addressof(name), ctypes.addressof(data), 1, -3)"),
        ),
    ),
    Attack(name="the session's ring", python=True, program=_call(_REACHED.format("call(250, 0, -3, 1)"))),
    Attack(
        name="a kernel program",
        python=True,
        needs="root",
        program=_call(
            "import struct",
            "area = ctypes.create_string_buffer(struct.pack('5I', 2, 4, 4, 1, 0) + bytes(108))",
            _REACHED.format("call(321, 0, ctypes.addressof(area), 128)"),
        ),
    ),
    Attack(name="page faults in user space", python=True, program=_call(_REACHED.format("call(323, 1)")), needs="root"),
    Attack(
        name="a queue of kernel requests",
        python=True,
        program=_call(
            _STRUCTURE,
            _REACHED.format("call(425, 4, place)"),
        ),
    ),
    Attack(
        name="performance counters",
        python=True,
        needs="root",
        program=_call(
            "import struct",
            "area = ctypes.create_string_buffer(struct.pack('2I2Q', 1, 112, 0, 0) + bytes(88))",
            _REACHED.format("call(298, ctypes.addressof(area), 0, -1, -1, 0)"),
        ),
    ),
    Attack(
        name="the host's disks",
        program="for d in /dev/loop0 /dev/vda /dev/sda; do head -c1 $d >/dev/null 2>&1 && echo REACHED; done",
        needs="/dev/vda",
    ),
    Attack(
        name="the virtual machine device",
        program='python3 -c \'import os; os.open("/dev/kvm", os.O_RDWR); print("REACHED")\'',
        needs="/dev/kvm",
    ),
    Attack(
        name="a file system in user space",
        program='python3 -c \'import os; os.open("/dev/fuse", os.O_RDWR); print("REACHED")\'',
        needs="/dev/fuse",
    ),
    Attack(
        name="the console",
        program='python3 -c \'import os; os.open("/dev/tty0", os.O_RDWR | os.O_NOCTTY); print("REACHED")\'',
        needs="/dev/tty0",
    ),
    Attack(
        name="another user's identity",
        program="python3 -c 'import os; os.setuid(65534); print(\"REACHED\")'",
        needs="root",
    ),
    Attack(
        name="the clock",
        program="python3 -c 'import time; time.clock_settime(0, time.time()); print(\"REACHED\")'",
        needs="root",
    ),
    Attack(
        name="the host's name",
        program="python3 -c 'import socket; socket.sethostname(socket.gethostname()); print(\"REACHED\")'",
        needs="root",
    ),
    Attack(name="the scheduler's highest class", program=f"chrt -f 1 true 2>/dev/null && echo {CLAIM}", needs="root"),
    Attack(name="another process's priority", program="renice -n 5 -p @victim@ >/dev/null 2>&1 && echo REACHED"),
)
