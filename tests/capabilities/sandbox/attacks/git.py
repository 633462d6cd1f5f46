"""Making the operator's git execute something."""

from __future__ import annotations

from typing import Final

from tests.capabilities.sandbox.attacks.scene import Attack, git_runs

_STATUS: Final = git_runs("status")
_COMMIT: Final = git_runs("commit", "--allow-empty", "-m", "x")
_HOOK: Final = "printf '#!/bin/sh\\ntouch @base@/git-ran\\n'"
_MONITOR: Final = (
    "[core]\\n\\trepositoryformatversion = 0\\n\\tbare = false\\n\\tfsmonitor = touch @base@/git-ran; false\\n"
)


def _by_status(name: str, program: str) -> Attack:
    """Return an attack that reaches its aim when the operator asks git for the status."""
    return Attack(name=name, program=program, sign=_STATUS)


_INSIDE: Final = git_runs("status", folder="docs")
_BARE: Final = (
    "mkdir -p {0}/objects {0}/refs/heads && echo 'ref: refs/heads/m' >{0}/HEAD && "
    f"printf '{_MONITOR}\\tworktree = .\\n' >{{0}}/config"
)

PLANTED: Final = (
    Attack(name="turn a folder into a repository without a .git", program=_BARE.format("docs"), sign=_INSIDE),
    Attack(
        name="put a repository without a .git in a folder's place",
        program=f"mv docs old && mkdir docs && {_BARE.format('docs')}",
        sign=_INSIDE,
    ),
    Attack(
        name="make a repository of a folder",
        program=f"git init -q docs && printf '{_MONITOR}' >docs/.git/config",
        sign=_INSIDE,
    ),
    Attack(
        name="point a folder at a repository elsewhere",
        program=f"git init -q src/real && printf '{_MONITOR}' >src/real/.git/config && "
        "echo 'gitdir: ../src/real/.git' >docs/.git",
        sign=_INSIDE,
    ),
    Attack(
        name="plant a hook",
        program=f"{_HOOK} >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit",
        sign=_COMMIT,
    ),
    _by_status("put a config in the repository's place", "git config core.fsmonitor 'touch @base@/git-ran; false'"),
    _by_status(
        "append to the repository's config",
        "printf '[core]\\n\\tfsmonitor = touch @base@/git-ran; false\\n' >>.git/config",
    ),
    _by_status(
        "include a config from the workspace", f"printf '{_MONITOR}' >evil.cfg; git config include.path @root@/evil.cfg"
    ),
    _by_status(
        "rename the repository and make another", f"mv .git old && cp -r old .git; printf '{_MONITOR}' >.git/config"
    ),
    _by_status(
        "put a file in the repository's place",
        f"cp -r .git src/real && printf '{_MONITOR}' >src/real/config && mv .git old; echo 'gitdir: src/real' >.git",
    ),
    _by_status(
        "put a link in the repository's place",
        f"cp -r .git src/real && printf '{_MONITOR}' >src/real/config && mv .git old; ln -s src/real .git",
    ),
    _by_status("write the config through a hard link", f"ln .git/config c && printf '{_MONITOR}' >c"),
    _by_status("write the config through a link", f"ln -s .git g && printf '{_MONITOR}' >g/config"),
    _by_status("write the config by its path below /proc", f"printf '{_MONITOR}' >/proc/self/cwd/.git/config"),
    _by_status(
        "unmount it in a namespace of one's own",
        f"unshare -rm sh -c 'umount -l .git; printf \"{_MONITOR}\" >.git/config'",
    ),
    _by_status(
        "remount the repository writable",
        f"mount -o remount,rw,bind @root@/.git 2>/dev/null; printf '{_MONITOR}' >.git/config",
    ),
    _by_status(
        "unmount what protects the repository", f"umount -l @root@/.git 2>/dev/null; printf '{_MONITOR}' >.git/config"
    ),
    Attack(
        name="turn on a filter that the attributes name",
        program="echo '* filter=evil' >.gitattributes; git config filter.evil.clean 'touch @base@/git-ran; cat'",
        sign=git_runs("add", "-A"),
    ),
    Attack(
        name="swap the index for one that leads elsewhere",
        program=f"{_HOOK} >.git/hooks/post-index-change && chmod +x .git/hooks/post-index-change",
        sign=git_runs("add", "-A"),
    ),
)
