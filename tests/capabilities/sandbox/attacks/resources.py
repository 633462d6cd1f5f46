"""Taking more than a call's share; each is small enough for a bare shell to survive."""

from __future__ import annotations

from typing import Final

from tests.capabilities.sandbox.attacks.scene import Attack, Outcome, Scene

_THREADS: Final = """
import threading
gate, made = threading.Event(), 0
threading.stack_size(65536)
try:
    for made in range(1, 1400):
        threading.Thread(target=gate.wait, daemon=True).start()
    print("REACHED")
except RuntimeError:
    pass
gate.set()
"""
_FORKS: Final = """
import os, signal, time
children = []
try:
    for _ in range(1200):
        child = os.fork()
        if child == 0:
            time.sleep(30); os._exit(0)
        children.append(child)
    print("REACHED", flush=True)
except OSError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
"""
_MEMORY: Final = """
import mmap
try:
    area = mmap.mmap(-1, 5 * 2**30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); print("REACHED")
except OSError:
    pass
"""
_BIG: Final = "import os; f = open('big', 'wb'); os.ftruncate(f.fileno(), 3 * 2**30); print('REACHED')"
_BOMB: Final = """
import zipfile
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb:
    with bomb.open("zeros", "w", force_zip64=True) as out:
        for _ in range({megabytes}):
            out.write(bytes(2**20))
with zipfile.ZipFile("bomb.zip") as bomb, bomb.open("zeros") as data, open("{target}/zeros", "wb") as out:
    while chunk := data.read(2**20):
        out.write(chunk)
print("REACHED")
"""
_FILES: Final = """
import os
opened = []
try:
    for _ in range(5000):
        opened.append(os.open("/dev/null", os.O_RDONLY))
    print("REACHED")
except OSError:
    pass
"""
_FILL: Final = "head -c 300M /dev/zero >{0}/fill-@port@ 2>/dev/null && echo REACHED; rm -f {0}/fill-@port@"


def long(_: Scene, outcome: Outcome) -> bool:
    """Whether more output came than a call may make."""
    return len(outcome.out) > 4_000_000


RESOURCES: Final = (
    Attack(name="more threads than a call may have", program=_THREADS, python=True, timeout_s=30),
    Attack(name="more processes than a call may have", program=_FORKS, python=True, timeout_s=60),
    Attack(name="more memory than a call may have", program=_MEMORY, python=True),
    Attack(name="a huge file", program=_BIG, python=True),
    Attack(name="more open files than a call may have", program=_FILES, python=True, needs="root"),
    Attack(
        name="an archive bomb",
        program=_BOMB.format(megabytes=300, target="/tmp"),
        python=True,
        timeout_s=60,
        bare=_BOMB.format(megabytes=300, target="."),
    ),
    Attack(name="a full folder of temporary files", program=_FILL.format("/tmp"), timeout_s=30),
    Attack(name="a full shared memory", program=_FILL.format("/dev/shm"), timeout_s=30),
    Attack(name="a full home", program=_FILL.format("$HOME"), timeout_s=30),
    Attack(name="endless output", program="yes", bare="yes | head -c 9000000", sign=long),
    Attack(name="a longer time than allowed", program="sleep 3; echo REACHED", timeout_s=1.0, bare="echo REACHED"),
    Attack(name="a dump of memory", program="cd src; ulimit -c unlimited && echo REACHED", needs="root"),
)
