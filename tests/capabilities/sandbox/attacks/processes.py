"""Looking at, changing or outliving processes of the host."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.capabilities.sandbox.attacks.scene import CLAIM, Attack, Outcome, Scene, ended, leaked

LIVES_S: Final = 398
"""Tells the sleeping processes of these attacks from all others."""
_OPENS: Final = "import os; os.close(os.open({path!r}, os.O_{mode})); print('REACHED')"
_PTRACE: Final = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
if libc.ptrace(16, @victim@, 0, 0) == 0:
    print("REACHED"); os.waitpid(@victim@, 0x40000000); libc.ptrace(17, @victim@, 0, 0)
"""
_MEMORY: Final = """
with open("/proc/@victim@/maps") as maps:
    stack = next(line for line in maps if "[stack]" in line).split()[0].split("-")
with open("/proc/@victim@/mem", "rb") as memory:
    memory.seek(int(stack[0], 16)); print(memory.read(int(stack[1], 16) - int(stack[0], 16)).decode(errors="replace"))
"""
_VM_READ: Final = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
with open("/proc/@victim@/maps") as maps:
    low, high = (int(n, 16) for n in next(line for line in maps if "[stack]" in line).split()[0].split("-"))
room = ctypes.create_string_buffer(high - low)
here, there = Span(ctypes.addressof(room), high - low), Span(low, high - low)
libc.process_vm_readv(@victim@, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
print(room.raw.decode(errors="replace"))
"""
_PIDFD: Final = """
import os, ctypes
libc = ctypes.CDLL(None, use_errno=True)
taken = libc.syscall(438, os.pidfd_open(@victim@), 0, 0)
print("REACHED" if taken >= 0 else "no")
"""
_DESCRIPTORS: Final = """
import os
for number in range(3, 1024):
    try:
        print(os.pread(number, 100, 0).decode(errors="replace"))
    except OSError:
        pass
"""
_DAEMON: Final = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(3):
            os.close(number)
        os.execv("/bin/sleep", ["sleep", "398@port@"])
    os._exit(0)
os.wait()
"""


def survives(scene: Scene, _: Outcome) -> bool:
    """Whether a process of the attack lives on; it is ended here."""
    wanted = f"{LIVES_S}{scene.port}".encode()
    found = [path for path in Path("/proc").glob("[0-9]*") if wanted in _line(path).split(b"\0")]
    for path in found:
        with suppress(OSError):
            os.kill(int(path.name), signal.SIGKILL)
    return bool(found)


def keeps_writing(scene: Scene, _: Outcome) -> bool:
    """Whether somebody still makes files after the call has ended."""
    folder = scene.root / "ticks"
    before = len(list(folder.glob("*")))
    until = time.monotonic() + 1.0
    while time.monotonic() < until and len(list(folder.glob("*"))) == before:
        time.sleep(0.01)
    after = len(list(folder.glob("*")))
    survives(scene, _)
    return after > before


def _line(process: Path) -> bytes:
    with suppress(OSError):
        return (process / "cmdline").read_bytes()
    return b""


def _opens(path: str, mode: str = "WRONLY") -> str:
    return _OPENS.format(path=path, mode=mode)


LOOKS: Final = (
    Attack(name="read the environment", program="env", sign=leaked),
    Attack(
        name="read the environment of all that is seen", program="cat /proc/[0-9]*/environ 2>/dev/null", sign=leaked
    ),
    Attack(name="read the environment of a process", program="cat /proc/@victim@/environ", sign=leaked),
    Attack(name="read the memory of a process", program=_MEMORY, python=True, sign=leaked),
    Attack(name="copy the memory of a process", program=_VM_READ, python=True, sign=leaked, needs="/proc/sys"),
    Attack(name="list the host's processes", program=f"test -d /proc/@me@ && echo {CLAIM}"),
    Attack(
        name="see commands of the host",
        program="cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -qx '[6]00' && echo REACHED",
    ),
    Attack(name="enter a process's root", program="cat /proc/@victim@/root@base@/outside.txt", sign=leaked),
    Attack(name="enter a process's folder", program="cat /proc/@victim@/cwd/outside.txt", sign=leaked),
    Attack(
        name="enter the first process's root",
        program="cat /proc/1/root@base@/outside.txt",
        sign=leaked,
        needs=f"/proc/1/root{tempfile.gettempdir()}",
    ),
    Attack(name="use an inherited descriptor", program=_DESCRIPTORS, python=True, sign=leaked),
    Attack(name="take a descriptor from a process", program=_PIDFD, python=True, needs="root"),
)
ACTS: Final = (
    Attack(name="kill a process of the host", program="kill -KILL @victim@", sign=ended),
    Attack(name="stop a process of the host", program="kill -STOP @victim@", sign=ended),
    Attack(name="kill everything", program="kill -KILL -1", bare="kill -KILL @victim@", sign=ended),
    Attack(name="trace a process of the host", program=_PTRACE, python=True),
    Attack(
        name="make a process of the host a victim of low memory",
        program="echo 900 >/proc/@victim@/oom_score_adj && echo REACHED",
    ),
    Attack(name="leave a daemon running", program=_DAEMON, python=True, sign=survives),
    Attack(
        name="leave a process running in the background",
        program="setsid sleep 398@port@ >/dev/null 2>&1 & sleep 0.1",
        sign=survives,
    ),
    Attack(
        name="leave a process that ignores signals",
        program="nohup sh -c 'trap \"\" TERM INT HUP; exec sleep 398@port@' >/dev/null 2>&1 & sleep 0.1",
        sign=survives,
    ),
    Attack(
        name="go on writing after the call",
        program="mkdir ticks; (setsid sh -c 'for n in $(seq 200); do : >ticks/$n; sleep 0.02; done' >/dev/null 2>&1 &)",
        sign=keeps_writing,
    ),
)
SYSTEM: Final = (
    Attack(name="open the core pattern", program=_opens("/proc/sys/kernel/core_pattern"), python=True, needs="root"),
    Attack(
        name="open the sysrq trigger", program=_opens("/proc/sysrq-trigger"), python=True, needs="/proc/sysrq-trigger"
    ),
    Attack(
        name="open the module path",
        program=_opens("/proc/sys/kernel/modprobe"),
        python=True,
        needs="/proc/sys/kernel/modprobe",
    ),
    Attack(name="open the kernel's memory", program=_opens("/proc/kcore", "RDONLY"), python=True, needs="/proc/kcore"),
    Attack(name="read the kernel's log", program=f"dmesg >/dev/null 2>&1 && echo {CLAIM}", needs="root"),
    Attack(name="read the log device", program=_opens("/dev/kmsg", "RDONLY"), python=True, needs="/dev/kmsg"),
    Attack(
        name="write another user's limits", program="prlimit --pid @victim@ --nofile=10:10 2>/dev/null && echo REACHED"
    ),
    Attack(name="see the host's name", program='test "$(uname -n)" = @host@ && echo REACHED'),
    Attack(
        name="read the machine's identity",
        program=f"cat /etc/machine-id >/dev/null 2>&1 && echo {CLAIM}",
        needs="/etc/machine-id",
    ),
    Attack(
        name="make a control group",
        program="mkdir /sys/fs/cgroup/pids/hermes-@port@ && rmdir /sys/fs/cgroup/pids/hermes-@port@ && echo REACHED",
        needs="/sys/fs/cgroup/pids",
    ),
)
