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

PLANTED: Final = (
    Attack(
        name="plant a hook",
        program=f"{_HOOK} >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit",
        sign=_COMMIT,
    ),
    Attack(
        name="put a config in the repository's place",
        program="git config core.fsmonitor 'touch @base@/git-ran; false'",
        sign=_STATUS,
    ),
    Attack(
        name="append to the repository's config",
        program="printf '[core]\\n\\tfsmonitor = touch @base@/git-ran; false\\n' >>.git/config",
        sign=_STATUS,
    ),
    Attack(
        name="include a config from the workspace",
        program=f"printf '{_MONITOR}' >evil.cfg; git config include.path @root@/evil.cfg",
        sign=_STATUS,
    ),
    Attack(
        name="rename the repository and make another",
        program=f"mv .git old && cp -r old .git; printf '{_MONITOR}' >.git/config",
        sign=_STATUS,
    ),
    Attack(
        name="put a file in the repository's place",
        program=f"cp -r .git src/real && printf '{_MONITOR}' >src/real/config && mv .git old; "
        "echo 'gitdir: src/real' >.git",
        sign=_STATUS,
    ),
    Attack(
        name="put a link in the repository's place",
        program=f"cp -r .git src/real && printf '{_MONITOR}' >src/real/config && mv .git old; ln -s src/real .git",
        sign=_STATUS,
    ),
    Attack(
        name="write the config through a hard link",
        program=f"ln .git/config c && printf '{_MONITOR}' >c",
        sign=_STATUS,
    ),
    Attack(
        name="write the config through a link",
        program=f"ln -s .git g && printf '{_MONITOR}' >g/config",
        sign=_STATUS,
    ),
    Attack(
        name="write the config by its path below /proc",
        program=f"printf '{_MONITOR}' >/proc/self/cwd/.git/config",
        sign=_STATUS,
    ),
    Attack(
        name="unmount it in a namespace of one's own",
        program=f"unshare -rm sh -c 'umount -l .git; printf \"{_MONITOR}\" >.git/config'",
        sign=_STATUS,
    ),
    Attack(
        name="remount the repository writable",
        program=f"mount -o remount,rw,bind @root@/.git 2>/dev/null; printf '{_MONITOR}' >.git/config",
        sign=_STATUS,
    ),
    Attack(
        name="unmount what protects the repository",
        program=f"umount -l @root@/.git 2>/dev/null; printf '{_MONITOR}' >.git/config",
        sign=_STATUS,
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
