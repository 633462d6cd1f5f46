"""Ways round by what is no file, process or socket at first sight: shared memory, descriptors, watches, attributes."""

from __future__ import annotations

import os
from typing import Final

from tests.capabilities.sandbox.attacks.scene import Attack, Outcome, Scene, ended, leaked, overwritten

_LIBC: Final = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
"""
_SEGMENT: Final = """
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
place = libc.shmget(@key@, 0, 0)
if place >= 0:
    print(ctypes.string_at(libc.shmat(place, None, 0o10000), 14).decode())
"""
_QUEUE: Final = """
libc.msgrcv.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_long, ctypes.c_int]
queue, room = libc.msgget(@key@, 0), ctypes.create_string_buffer(128)
if queue >= 0 and libc.msgrcv(queue, room, 100, 0, 0o4000) > 0:
    print(room.raw[8:22].decode())
"""
_SEMAPHORES: Final = """
if libc.semget(@key@, 1, 0) >= 0:
    print("REACHED")
"""
_REOPEN: Final = """
import os
for number in range(3, 256):
    try:
        with open(f"/proc/self/fd/{number}", "w") as file:
            file.write("x")
    except OSError:
        pass
"""
_STEPS: Final = """
import os
for number in range(256):
    for way in ("..", "../..", "../../.."):
        try:
            print(open(f"/proc/self/fd/{number}/{way}/outside.txt").read())
        except OSError:
            pass
folder = os.open(".", os.O_RDONLY)
print(open(os.open("../outside.txt", os.O_RDONLY, dir_fd=folder)).read())
"""
_WATCH: Final = """
if libc.inotify_add_watch(libc.inotify_init(), b"@home@/.ssh", 0xFFF) >= 0:
    print("REACHED")
"""
_FANOTIFY: Final = """
watch = libc.fanotify_init(0, 0)
if watch >= 0 and libc.fanotify_mark(watch, 1, 0x1, -100, b"@base@") >= 0:
    print("REACHED")
"""
_MEMFD: Final = """
memory = os.memfd_create("tool")
with open("/bin/cat", "rb") as file:
    os.write(memory, file.read())
os.execve(memory, ["cat", "@base@/outside.txt"], {})
"""
_OWN: Final = "root"
_THREAD_ROOT: Final = (
    f"cat /proc/thread-self/{_OWN}@base@/outside.txt /proc/self/{_OWN}/../..@base@/outside.txt 2>/dev/null"
)
_OVERLAY: Final = (
    "mkdir -p up work over && mount -t overlay overlay -o lowerdir=@base@,upperdir=up,workdir=work over "
    "&& cat over/outside.txt; umount over 2>/dev/null"
)
_NESTED: Final = "unshare -Urm sh -c 'mount --bind @base@ docs && cat docs/outside.txt' 2>/dev/null"
_PIVOT: Final = """
os.unshare = libc.unshare
if libc.unshare(0x10000000 | 0x20000) == 0 and libc.mount(b"@base@", b"@root@/docs", None, 0x1000, None) == 0:
    print(open("docs/outside.txt").read())
"""
_NAMESPACE_FILE: Final = """
for name in ("mnt", "user", "pid", "net"):
    try:
        if libc.setns(os.open(f"/proc/@victim@/ns/{name}", os.O_RDONLY), 0) == 0:
            print("REACHED")
    except OSError:
        pass
"""
_SIGNAL: Final = """
import signal
try:
    signal.pidfd_send_signal(os.pidfd_open(@victim@), 0); print("REACHED")
except OSError:
    pass
"""
_ASYNC: Final = """
import fcntl, signal
read, write = os.pipe()
try:
    fcntl.fcntl(read, fcntl.F_SETOWN, @victim@)
    fcntl.fcntl(read, 10, signal.SIGKILL)
    fcntl.fcntl(read, fcntl.F_SETFL, os.O_ASYNC)
    os.write(write, b"x")
except OSError:
    pass
"""
_PREEXEC: Final = "prlimit --pid @victim@ --cpu 2>/dev/null | grep -q . && echo REACHED"
_THERE: Final = "test -e @home@/.aws/credentials && echo REACHED"
_CPUS: Final = """
try:
    os.sched_setaffinity(@victim@, os.sched_getaffinity(@victim@)); print("REACHED")
except OSError:
    pass
"""
_QUEUES: Final = """
queue = libc.mq_open(b"/hermes-@port@", 0)
print("REACHED" if queue >= 0 else "no")
"""
_COMPARE: Final = """
if libc.syscall(312, os.getppid(), @victim@, 0, 0, 0) >= 0:
    print("REACHED")
"""


def _libc(program: str) -> str:
    return _LIBC + program


def owned_by_another(scene: Scene, _: Outcome) -> bool:
    """Whether the file outside belongs to another user now."""
    return scene.tempting().stat().st_uid == 65_534


def marked(scene: Scene, _: Outcome) -> bool:
    """Whether the file outside has an attribute of the attack's."""
    return "user.owned" in os.listxattr(scene.tempting())


TRICKS: Final = (
    Attack(name="shared memory of the host by its key", program=_libc(_SEGMENT), python=True, sign=leaked),
    Attack(name="a message queue of the host by its key", program=_libc(_QUEUE), python=True, sign=leaked),
    Attack(name="semaphores of the host by their key", program=_libc(_SEMAPHORES), python=True),
    Attack(name="shared memory of the host by its file", program="cat /dev/shm/hermes-@port@ 2>/dev/null", sign=leaked),
    Attack(
        name="write through a descriptor that was given for reading", program=_REOPEN, python=True, sign=overwritten
    ),
    Attack(name="steps up from descriptors", program=_STEPS, python=True, sign=leaked),
    Attack(name="steps up from one's own root", program=_THREAD_ROOT, sign=leaked),
    Attack(name="a program that is only in memory", program=_libc(_MEMFD), python=True, sign=leaked),
    Attack(name="watch a folder of the host", program=_libc(_WATCH), python=True),
    Attack(name="watch all accesses to a folder of the host", program=_libc(_FANOTIFY), python=True, needs="root"),
    Attack(name="tell whether a file of the operator is there", program=_THERE),
    Attack(name="a folder of the host as a layer of an overlay", program=_OVERLAY, sign=leaked, needs="root"),
    Attack(name="a bind in a namespace of one's own", program=_NESTED, sign=leaked, needs="root"),
    Attack(name="a bind by raw calls", program=_libc(_PIVOT), python=True, sign=leaked, needs="root"),
    Attack(name="all namespaces of a process", program=_libc(_NAMESPACE_FILE), python=True, needs="root"),
    Attack(name="a signal by a descriptor of a process", program=_libc(_SIGNAL), python=True),
    Attack(name="input that kills a process of the host", program=_libc(_ASYNC), python=True, sign=ended),
    Attack(name="read the limits of a process", program=_PREEXEC),
    Attack(name="move a process of the host to other processors", program=_libc(_CPUS), python=True),
    Attack(name="compare two processes of the host", program=_libc(_COMPARE), python=True, needs="root"),
    Attack(
        name="empty a file outside by its path",
        program=_libc("libc.truncate(b'@base@/outside.txt', ctypes.c_long(0))"),
        python=True,
        sign=overwritten,
    ),
    Attack(
        name="swap a file outside with one of the workspace",
        program=_libc("libc.renameat2(-100, b'@base@/outside.txt', -100, b'@root@/src/main.py', 2)"),
        python=True,
        sign=overwritten,
    ),
    Attack(
        name="give a file outside to another user",
        program="chown 65534 @base@/outside.txt",
        sign=owned_by_another,
        needs="root",
    ),
    Attack(
        name="put an attribute on a file outside",
        program="import os; os.setxattr('@base@/outside.txt', 'user.owned', b'x')",
        python=True,
        sign=marked,
    ),
)
