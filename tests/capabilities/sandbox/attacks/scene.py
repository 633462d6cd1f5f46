"""The host an attack is aimed at: a workspace, an operator's home, processes, sockets and servers around it."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SECRET: Final = "PLANTED-7c1f4e"
"""What must not come out; it stands in files, in the environment and behind sockets."""
_CREATES: Final = 0o1000 | 0o600
_REMOVES: Final = 0
"""IPC_CREAT with the rights of the owner, and IPC_RMID: sysvipc(7)."""
CLAIM: Final = "REACHED"
"""What a program prints once it has reached its aim."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of an attack left."""

    out: str
    err: str
    code: int


@dataclass(slots=True)
class Scene:
    """The places an attack may name, as `@root@`, `@home@` and so on in its program."""

    base: Path
    root: Path
    home: Path
    hermes: Path
    victim: int
    port: int
    key: int = 0
    """Of what lies in the host's shared memory."""
    names: int = 0
    """The port of the name server."""
    shared: str = ""
    """A file in the folder of temporary files."""
    asked: list[bytes] = field(default_factory=list[bytes])
    heard: threading.Condition = field(default_factory=threading.Condition)
    """What reached the name server."""

    def fill(self, program: str) -> str:
        """Return the program with this scene's places in it."""
        values = {
            "root": str(self.root),
            "home": str(self.home),
            "hermes": str(self.hermes),
            "base": str(self.base),
            "victim": str(self.victim),
            "port": str(self.port),
            "key": str(self.key),
            "names": str(self.names),
            "shared": self.shared,
            "abstract": f"hermes-test-{self.port}",
            "host": socket.gethostname(),
            "me": str(os.getpid()),
        }
        for key, value in values.items():
            program = program.replace(f"@{key}@", value)
        return program

    def tempting(self) -> Path:
        """Return a file outside of the workspace that must stay as it is."""
        return self.base / "outside.txt"


Sign = Callable[[Scene, Outcome], bool]


def leaked(_: Scene, outcome: Outcome) -> bool:
    """Whether the planted secret came out."""
    return SECRET in outcome.out


def claimed(_: Scene, outcome: Outcome) -> bool:
    """Whether the program says that it reached its aim."""
    return CLAIM in outcome.out


def overwritten(scene: Scene, _: Outcome) -> bool:
    """Whether the file outside was changed."""
    return not scene.tempting().exists() or scene.tempting().read_text() != SECRET


def made(name: str) -> Sign:
    """Return a sign: the file was made, `name` relative to the folder around the workspace."""
    return lambda scene, _: os.path.lexists(scene.base / name)


def git_runs(*words: str, folder: str = ".") -> Sign:
    """Return a sign: git, run by the operator in a folder of the workspace, executes what was planted."""

    def sign(scene: Scene, _: Outcome) -> bool:
        mark = scene.base / "git-ran"
        environment = {"PATH": os.environ["PATH"], "HOME": str(scene.home), "GIT_CONFIG_NOSYSTEM": "1"}
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(["git", *identity, *words], cwd=scene.root / folder, env=environment, capture_output=True)
        return mark.exists()

    return sign


def ended(scene: Scene, _: Outcome) -> bool:
    """Whether the operator's process is dead or stopped."""
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        with suppress(OSError):
            state = Path(f"/proc/{scene.victim}/stat").read_text().rpartition(")")[2].split()[0]
            if state in ("T", "Z", "X"):
                return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One way out. `program` is for `sh`, or for Python where `python` is set; `needs` is what a bare shell must have.

    `needs` names a file the host may not have, or `root`. `scope` is the write scope inside the sandbox.
    """

    name: str
    program: str
    sign: Sign = claimed
    python: bool = False
    needs: str = ""
    scope: tuple[str, ...] = (".",)
    timeout_s: float = 10.0
    bare: str = ""
    """A milder program for the bare shell, where the real one would harm this machine."""

    def argv(self, scene: Scene, *, bare: bool = False) -> tuple[str, ...]:
        """Return the command."""
        program = scene.fill(self.bare if bare and self.bare else self.program)
        return (sys.executable, "-S", "-c", program) if self.python else ("/bin/sh", "-c", program)

    def missing(self) -> str:
        """Return why a bare shell cannot do it on this host, empty if it can."""
        if self.needs == "root":
            return "" if os.getuid() == 0 else "it takes root"
        return "" if not self.needs or os.access(self.needs, os.F_OK) else f"there is no {self.needs}"


def _files(base: Path, root: Path, home: Path, hermes: Path) -> None:
    for folder in (root / "src", root / "docs", home / ".ssh", home / ".aws", home / ".config", hermes / "state"):
        folder.mkdir(parents=True)
    for path in (home / ".ssh" / "id_ed25519", home / ".aws" / "credentials", hermes / "state" / "ledger.db"):
        path.write_text(SECRET, encoding="utf-8")
    (home / ".config" / "token").write_text(SECRET, encoding="utf-8")
    (home / ".bashrc").write_text("# mine\n", encoding="utf-8")
    (hermes / "config.yaml").write_text(f"version: 1 # {SECRET}\n", encoding="utf-8")
    (base / "outside.txt").write_text(SECRET, encoding="utf-8")
    (root / "src" / "main.py").write_text("print('hello')\n", encoding="utf-8")
    (root / "link.txt").symlink_to(base / "outside.txt")


def _repository(root: Path) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=m")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


def _serve(listening: socket.socket) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.sendall(SECRET.encode())


def _take(listening: socket.socket, scene: Scene) -> None:
    while True:
        try:
            query = listening.recv(4096)
        except OSError:
            return
        with scene.heard:
            scene.asked.append(query)
            scene.heard.notify_all()
        if not query:
            return


def _servers(scene: Scene, stack: ExitStack) -> None:
    """Open what listens on the host: TCP, UDP on the same port, and Unix sockets by path and by abstract name."""
    tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    scene.port = tcp.getsockname()[1]
    udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    udp.bind(("127.0.0.1", 0))
    scene.names = udp.getsockname()[1]
    streams = [tcp]
    files = (scene.base / "agent.sock", scene.root / "dev.sock", scene.root / "docs" / "deep.sock")
    for name in (*map(str, files), f"\0hermes-test-{scene.port}"):
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        with _inside(Path(name).parent if name[0] == "/" else scene.base):
            unix.bind(Path(name).name if name[0] == "/" else name)
        unix.listen()
        streams.append(unix)
    threads = [threading.Thread(target=_serve, args=(stream,), daemon=True) for stream in streams]
    threads.append(threading.Thread(target=_take, args=(udp, scene), daemon=True))
    for stream in (*streams, udp):
        stack.callback(_shut, stream)
    for thread in threads:
        thread.start()


def _shared(scene: Scene, stack: ExitStack) -> None:
    """Leave the secret in the host's shared memory, in a message queue, and in a file of shared memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    libc.msgsnd.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
    scene.key = 0x48_00_00_00 | scene.port
    segment, queue = libc.shmget(scene.key, 4096, _CREATES), libc.msgget(scene.key, _CREATES)
    semaphores = libc.semget(scene.key, 1, _CREATES)
    ctypes.memmove(libc.shmat(segment, None, 0), SECRET.encode(), len(SECRET))
    libc.msgsnd(queue, (1).to_bytes(8, "little") + SECRET.encode(), len(SECRET), 0)
    stack.callback(libc.shmctl, segment, _REMOVES, None)
    stack.callback(libc.msgctl, queue, _REMOVES, None)
    stack.callback(libc.semctl, semaphores, 0, _REMOVES)
    shared = Path("/dev/shm", f"hermes-{scene.port}")
    shared.write_text(SECRET, encoding="utf-8")
    stack.callback(shared.unlink)


def _shut(stream: socket.socket) -> None:
    with suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)


@contextmanager
def _inside(folder: Path) -> Generator[None]:
    """Work in `folder` for a moment: the path of a Unix socket must be short."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def scene(base: Path) -> Generator[Scene]:
    """Make a host to attack below `base`; all of it ends with the context."""
    root, home = base / "ws", base / "home"
    hermes = home / ".local" / "share" / "hermes-tui"
    _files(base, root, home, hermes)
    _repository(root)
    with ExitStack() as stack:
        environment = {"PATH": os.defpath, "OPERATOR_TOKEN": SECRET}
        victim = stack.enter_context(
            subprocess.Popen(["/bin/sleep", "600"], env=environment, cwd=base, start_new_session=True)
        )
        stack.callback(victim.kill)
        found = Scene(base, root, home, hermes, victim.pid, 0)
        shared = stack.enter_context(tempfile.NamedTemporaryFile(dir="/tmp", prefix="operator-"))
        shared.write(SECRET.encode())
        shared.flush()
        found.shared = shared.name
        _servers(found, stack)
        _shared(found, stack)
        yield found
