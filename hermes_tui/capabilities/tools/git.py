"""`git`: a broker on the host for a few subcommands and flags; nothing of the repository's config runs."""

# ruff: noqa: D417 - the kernel gives `context`; the model never reads of it

from __future__ import annotations

import json
import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from hermes_tui.capabilities.tools._schema import Bounds
from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ArgumentsInvalid, PathRefused, ToolError
from hermes_tui.domain.late import late
from hermes_tui.domain.patterns import later
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    from hermes_tui.capabilities.tools import _git_env
else:
    _git_env = late("hermes_tui.capabilities.tools._git_env")

_CONTROL = later(r"[\x00\ud800-\udfff]")
_DIFF = (
    "--stat --stat=* --numstat --shortstat --name-only --name-status --patch -p --no-patch -s -w -b -M -C -R -W "
    "--ignore-all-space --ignore-space-change --unified=* --word-diff --find-renames --diff-filter=* --summary --raw "
    "--no-color --function-context --minimal --patience --histogram -S?* -G?* -U[0-9]*"
)
_LOG = (
    "--oneline --graph --all --branches --tags --decorate -n -n[0-9]* -[0-9]* --max-count=* --skip=* --since=* "
    "--until=* --after=* --before=* --author=* --grep=* --format=* --pretty=* --first-parent --merges --no-merges "
    "--reverse --follow --date=* -i --abbrev-commit --left-right -L?*"
)
_CLOSED_DIFF = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all")


@frozen(kw_only=False)
class _Command:
    """A subcommand: the flags it may have, what is put before them, and what it does."""

    flags: frozenset[str]
    first: tuple[str, ...] = ()
    effect: Effect = Effect.READ
    reach: Reach = Reach.WORKSPACE

    def allows(self, flag: str) -> bool:
        return any(flag == allowed or ("*" in allowed and fnmatchcase(flag, allowed)) for allowed in self.flags)


def _command(flags: str, *first: str, effect: Effect = Effect.READ, reach: Reach = Reach.WORKSPACE) -> _Command:
    return _Command(frozenset(flags.split()), first, effect, reach)


_COMMANDS = {
    "status": _command(
        "-s -b -sb --short --branch --long --porcelain --porcelain=* -z -uno -uall -unormal --untracked-files=*",
        "--ignore-submodules=all",
    ),
    "diff": _command(f"{_DIFF} --cached --staged --merge-base --relative", *_CLOSED_DIFF),
    "log": _command(f"{_LOG} {_DIFF}", *_CLOSED_DIFF),
    "show": _command(f"{_LOG} {_DIFF}", *_CLOSED_DIFF),
    "blame": _command("-L?* -w -M -C -s -e -l -f -n --porcelain --root --date=* --since=*", "--no-textconv"),
    "ls-files": _command(
        "-c -o -m -d -s -u -z -t -i --cached --others --modified --deleted --stage --unmerged --ignored "
        "--exclude-standard --full-name"
    ),
    "rev-parse": _command("--short --short=* --abbrev-ref --verify --show-toplevel --symbolic-full-name -q --quiet"),
    "branch": _command(
        "--list -l -a --all -r --remotes -v -vv --show-current --merged --no-merged --contains --sort=* --format=*",
        "--list",
    ),
    "shortlog": _command("-s -n -e -sn -sne --summary --numbered --email --since=* --until=* --all --no-merges"),
    "add": _command("-A --all -u --update -v -n --dry-run -N --intent-to-add", effect=Effect.WRITE),
    "commit": _command(
        "-m -am -a --all --amend --no-edit --allow-empty -q --quiet --message=*",
        "--no-verify",
        "--no-gpg-sign",
        effect=Effect.WRITE,
    ),
    "push": _command("", effect=Effect.EXTERNAL, reach=Reach.NETWORK),
    "fetch": _command("", effect=Effect.EXTERNAL, reach=Reach.NETWORK),
}


def _resolve(args: list[str], context: ToolContext) -> ResolvedCall:
    command = _checked(args, context.workspace.root)
    writes = command.effect is Effect.WRITE
    return ResolvedCall(
        tool="git",
        effect=command.effect,
        reach=command.reach,
        summary=" ".join(args),
        targets=(str(_git_env.git_folder(context.workspace.root)),) if writes else (),
        argv=tuple(args),
        undo="git reset takes it back" if writes else "",
    )


@tool(resolve=_resolve, timeout_s=60.0)
async def git(args: Annotated[list[str], Bounds(min_length=1, max_length=100)], context: ToolContext) -> ToolOutcome:
    """Run git: status, diff, log, show, blame, ls-files, rev-parse, branch (list), shortlog, add, commit -m.

    Args:
        args: Words after git, such as ["log", "-n5", "--oneline"].
    """
    command = _checked(args, context.workspace.root)
    if command.reach is Reach.NETWORK:
        raise ToolError(f"git {args[0]} is not done by Hermes.", hint="Ask the operator to run it.", kind="refused")
    root, until = context.workspace.root, context.timeout_s
    foreign = await _git_env.submodules(root, until) if command.effect is Effect.WRITE else ()
    code, raw = 0, b""
    for line in _lines(args, command, foreign):
        code, said = await _git_env.run_git(root, line, until)
        raw += said
        if code != 0:
            break
    output = raw.decode(errors="replace")
    return ToolOutcome(
        output=output or "[no output]",
        data=json.dumps({"exit": code, "output": output}, ensure_ascii=False),
        ok=code == 0,
        error_kind="" if code == 0 else "git",
    )


def _lines(args: list[str], command: _Command, foreign: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return what git is run with; other repositories in the index are left out of what is staged."""
    if not foreign or args[0] not in ("add", "commit"):
        return [_line(args, command)]
    left_out = tuple(f":(top,exclude,literal){path}" for path in foreign)
    if args[0] == "add":
        return [(*_line(args, command), *(() if "--" in args else ("--",)), *left_out)]
    words = _without_staging(args)
    staging = [("add", "--update", "--", *left_out)] if words != args else []
    return [*staging, _line(words, command)]


def _without_staging(args: list[str]) -> list[str]:
    """Return the words of a commit without those that stage; the word after `-m` is a message, whatever it reads."""
    words: list[str] = []
    rest = iter(args)
    for word in rest:
        if word in ("-m", "-am"):
            words += ["-m", next(rest, "")]
        elif word not in ("-a", "--all"):
            words.append(word)
    return words


def _line(args: list[str], command: _Command) -> tuple[str, ...]:
    name, rest = args[0], tuple(args[1:])
    if name == "branch" and "--show-current" in rest:
        return (name, *rest)
    if name == "shortlog" and all(word.startswith("-") for word in rest):
        return (name, *rest, "HEAD")
    return (name, *command.first, *rest)


def _checked(args: list[str], root: Path) -> _Command:
    name = args[0]
    command = _COMMANDS.get(name)
    if command is None:
        raise ArgumentsInvalid(f"git: args: {name[:40]!r} is not offered.", hint=f"Use {', '.join(_COMMANDS)}.")
    if any(_CONTROL.search(word) or len(word) > 10_000 for word in args):
        raise ArgumentsInvalid("git: args: NUL or an overlong word.")
    if command.reach is Reach.NETWORK:
        return command
    words, flags_ended = iter(args[1:]), False
    for word in words:
        if word in ("-m", "-am") and command.allows(word) and not flags_ended and name == "commit":
            next(words, None)
        elif word == "--" and not flags_ended:
            flags_ended = True
        elif word.startswith("-") and not flags_ended:
            _check_flag(name, word, command)
        else:
            _check_place(word, root)
    if name == "commit" and not any(word.startswith(("-m", "-am", "--message=", "--no-edit")) for word in args):
        raise ArgumentsInvalid("git: args: commit needs -m and a message.")
    return command


def _check_flag(name: str, flag: str, command: _Command) -> None:
    if not command.allows(flag):
        flags = " ".join(sorted(command.flags))
        raise ArgumentsInvalid(f"git: args: {name} {flag[:60]!r} is not offered.", hint=f"Offered: {flags}.")


def _check_place(word: str, root: Path) -> None:
    """Refuse what git could take for a path outside: `git diff` compares any two files it is given."""
    steps = word.split("/")
    outside = word.startswith(("/", "~")) or ".." in steps
    if outside or not Path(os.path.realpath(root / word)).is_relative_to(root):
        raise PathRefused(f"git: {word[:80]!r} leads out of the workspace.", hint="Use paths relative to it.")
