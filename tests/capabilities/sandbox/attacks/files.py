"""Reaching files outside the workspace or the write scope."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import hermes_tui
from tests.capabilities.sandbox.attacks.scene import CLAIM, Attack, leaked, made, overwritten

CODE: Final = Path(hermes_tui.__file__).parents[1]
_SHOW: Final = "cat {} 2>/dev/null"
_TAR: Final = """
import io, tarfile
with tarfile.open("evil.tar", "w") as tar:
    link = tarfile.TarInfo("out"); link.type = tarfile.SYMTYPE; link.linkname = "@base@"; tar.addfile(link)
    entry = tarfile.TarInfo("out/dropped"); entry.size = 1; tar.addfile(entry, io.BytesIO(b"x"))
with tarfile.open("evil.tar") as tar:
    tar.extractall(".", filter="fully_trusted")
"""
_HANDLE: Final = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_char * 128)]
handle, mount = Handle(bytes=128), ctypes.c_int()
folder = os.open(".", os.O_RDONLY)
if libc.name_to_handle_at(folder, b"src/main.py", ctypes.byref(handle), ctypes.byref(mount), 0) == 0:
    if libc.open_by_handle_at(folder, ctypes.byref(handle), os.O_RDONLY) >= 0:
        print("REACHED")
"""
READS: Final = (
    Attack(name="read an ssh key", program=_SHOW.format("@home@/.ssh/id_ed25519"), sign=leaked),
    Attack(name="read cloud credentials", program=_SHOW.format("@home@/.aws/credentials"), sign=leaked),
    Attack(name="read a token below .config", program=_SHOW.format("@home@/.config/token"), sign=leaked),
    Attack(name="search the home", program="grep -rhs PLANTED @home@", sign=leaked),
    Attack(name="read Hermes's config", program=_SHOW.format("@hermes@/config.yaml"), sign=leaked),
    Attack(name="read Hermes's state", program=_SHOW.format("@hermes@/state/ledger.db"), sign=leaked),
    Attack(name="read beside the workspace", program=_SHOW.format("../outside.txt"), sign=leaked),
    Attack(name="read by absolute path", program=_SHOW.format("@base@/outside.txt"), sign=leaked),
    Attack(name="read through a link that was there", program=_SHOW.format("link.txt"), sign=leaked),
    Attack(
        name="read through a link that is made", program="ln -s @base@ up; cat up/outside.txt 2>/dev/null", sign=leaked
    ),
    Attack(name="read through a hard link", program="ln @base@/outside.txt hard; cat hard 2>/dev/null", sign=leaked),
    Attack(
        name="read the password hashes",
        program=f"head -c1 /etc/shadow >/dev/null 2>&1 && echo {CLAIM}",
        needs="root",
    ),
    Attack(
        name="read the machine's logs and databases",
        program=f"ls /var/lib/dpkg /var/lib/systemd /var/log 2>/dev/null | grep -q . && echo {CLAIM}",
        needs="/var/lib/dpkg",
    ),
    Attack(name="see the host's hardware", program=f"ls /sys/class/block >/dev/null 2>&1 && echo {CLAIM}"),
    Attack(name="read another program's temporary file", program=_SHOW.format("@shared@"), sign=leaked),
    Attack(name="read by file handle", program=_HANDLE, python=True, needs="root"),
)
WRITES: Final = (
    Attack(name="write by absolute path", program="echo x >@base@/outside.txt", sign=overwritten),
    Attack(name="write beside the workspace", program="echo x >../outside.txt", sign=overwritten),
    Attack(name="write through a link that was there", program="echo x >link.txt", sign=overwritten),
    Attack(
        name="write through a link that is made", program="ln -s @base@ up; echo x >up/outside.txt", sign=overwritten
    ),
    Attack(name="write through a hard link", program="ln @base@/outside.txt hard; echo x >hard", sign=overwritten),
    Attack(name="delete outside", program="rm -rf @base@/outside.txt @home@", sign=overwritten),
    Attack(name="rename outside", program="mv @base@/outside.txt stolen", sign=overwritten),
    Attack(name="make a file outside", program="touch @base@/dropped", sign=made("dropped")),
    Attack(name="unpack an archive through its link", program=_TAR, python=True, sign=made("dropped")),
    Attack(
        name="unpack an archive with parent folders",
        program="mkdir -p a/b && touch a/x && tar -P -cf e.tar a/b/../../../dropped 2>/dev/null; "
        "cd src && printf x >dropped && tar -P --transform 's,^,../../,' -cf ../e.tar dropped && tar -P -xf ../e.tar",
        sign=made("dropped"),
    ),
    Attack(
        name="plant a line in the shell's start file",
        program="echo evil >>@home@/.bashrc",
        sign=lambda scene, _: "evil" in (scene.home / ".bashrc").read_text(),
    ),
    Attack(
        name="plant an autostart entry",
        program="mkdir -p @home@/.config/autostart && touch @home@/.config/autostart/x.desktop",
        sign=made("home/.config/autostart/x.desktop"),
    ),
    Attack(
        name="change the rights of a file outside",
        program="chmod 606 @base@/outside.txt",
        sign=lambda scene, _: scene.tempting().stat().st_mode & 0o777 == 0o606,
    ),
    Attack(
        name="change the times of a file outside",
        program="touch -d '2001-01-01' @base@/outside.txt",
        sign=lambda scene, _: scene.tempting().stat().st_mtime < 1_000_000_000,
    ),
    Attack(
        name="write outside the write scope",
        program="echo x >docs/changed",
        sign=made("ws/docs/changed"),
        scope=("src",),
    ),
    Attack(
        name="put a link in the place of a folder above the scope",
        program="mv src old && ln -s @base@ src; touch src/dropped",
        sign=made("dropped"),
        scope=("src",),
    ),
    Attack(
        name="leave a program with the owner's rights",
        program="cp /bin/true src/tool && chmod u+s src/tool",
        sign=lambda scene, _: (path := scene.root / "src" / "tool").exists() and bool(path.stat().st_mode & 0o4000),
    ),
    Attack(
        name="make a program with the owner's rights at once",
        program="import os; os.umask(0); os.close(os.open('src/tool', os.O_CREAT | os.O_WRONLY, 0o4755))",
        python=True,
        sign=lambda scene, _: (path := scene.root / "src" / "tool").exists() and bool(path.stat().st_mode & 0o4000),
    ),
)
OWN: Final = (
    Attack(
        name="edit Hermes's config",
        program="echo 'policy: {mode: auto}' >>@hermes@/config.yaml",
        sign=lambda scene, _: "auto" in (scene.hermes / "config.yaml").read_text(),
    ),
    Attack(
        name="replace Hermes's home",
        program="mv @hermes@ @hermes@.old",
        sign=lambda scene, _: not scene.hermes.exists(),
    ),
    Attack(
        name="plant a skill in Hermes's home",
        program="mkdir -p @hermes@/skills/x",
        sign=made("home/.local/share/hermes-tui/skills/x"),
    ),
    Attack(
        name="delete the journal",
        program="rm -f @hermes@/state/*",
        sign=lambda scene, _: not (scene.hermes / "state" / "ledger.db").exists(),
    ),
    Attack(
        name="plant a project config",
        program="echo 'policy: {mode: auto}' >.hermes-tui.yaml",
        sign=made("ws/.hermes-tui.yaml"),
    ),
    Attack(
        name="plant a project config by renaming",
        program="echo 'policy: {mode: auto}' >src/x && mv src/x .hermes-tui.yaml",
        sign=made("ws/.hermes-tui.yaml"),
    ),
    Attack(
        name="plant a project config as a link",
        program="ln -s src/main.py .hermes-tui.yaml",
        sign=made("ws/.hermes-tui.yaml"),
    ),
    Attack(name="plant project state", program="mkdir -p .hermes/hooks", sign=made("ws/.hermes")),
    Attack(
        name="change the guardrails' own code",
        program=(
            f"import sys; sys.path.insert(0, {str(CODE)!r}); from importlib.util import find_spec; "
            "open(find_spec('hermes_tui.domain.approval').origin, 'a').close(); print('REACHED')"
        ),
        python=True,
    ),
)
