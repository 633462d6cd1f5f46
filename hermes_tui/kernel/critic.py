"""What speaks against a call that is about to change something; it can only refuse, never allow.

Plain rules over what the call resolves to: they cost nothing, and no text that a model wrote can argue with them.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.patterns import later
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Effect, Reach, Task, TaskKind, TaskState
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.budget import left
from hermes_tui.kernel.kit import Kit

_SECRET: Final = later(
    r"\bsk-[A-Za-z0-9_-]{16,}|\bghp_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[\w-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAIza[\w-]{35}"
)
_KEPT_SECRETS: Final = later(
    r"(?:^|[\s/'\"=@<])(?:\.env(?:\.\w+)?|\.netrc|\.pgpass|\.npmrc|\.pypirc|id_rsa|id_ed25519|credentials(?:\.json)?"
    r"|\.aws/|\.ssh/|\.gnupg/|\.docker/config\.json|\.kube/config|shadow)(?:$|[\s/'\";|&)>])"
)
_SENDS: Final = later(r"\b(?:curl|wget|nc|ncat|netcat|scp|sftp|rsync|ssh|ftp|telnet|socat|mail|sendmail)\b")
_DUMPS: Final = later(r"(?:^|[|;&(`]|\$\()\s*(?:env|printenv|set|export -p)\s*(?:$|[|;&>)`])")
_PIPED: Final = later(
    r"\b(?:curl|wget|fetch)\b[^|;&]*\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b|\b(?:ba)?sh\s+<\(\s*(?:curl|wget)"
)
_WIPES: Final = (
    later(r"\bfind\s+(?:/|~|\.)\s+(?:[^|;&]*\s)?-delete\b"),
    later(r"\bmkfs(?:\.\w+)?\b|\bdd\b[^|;&]*\bof=/dev/|>\s*/dev/(?:sd|nvme|hd|vd)"),
    later(r":\(\)\s*\{\s*:\|:&\s*\}\s*;\s*:"),
    later(r"\bgit\s+(?:clean\s+-\w*f\w*[dx]|reset\s+--hard|checkout\s+--\s+\.|push\s+(?:[^|;&]*\s)?(?:--force|-f)\b)"),
    later(r"\bchmod\s+(?:-\w+\s+)*-R\s+0?777\s+(?:/|~|\.)|\bchown\s+-R\b[^|;&]*\s/(?:\s|$)"),
)
_ALL: Final = later(r"(?:/|/[^/]+/?|~/?|\.{1,2}/?|\$HOME/?|\$\{HOME\}/?|\$PWD/?|(?:\./|/[^/]*/|/|~/|\$HOME/)?\*)")
"""What `rm -r` is never given: a root, a home, everything in a folder."""
_GUARDS: Final = (
    r"(?:^|[/\s'\"])(?:\.hermes-tui\.yaml|\.git/(?:hooks|config)|\.pre-commit-config\.yaml"
    r"|\.bashrc|\.profile|\.zshrc|authorized_keys)"
)
_GUARDED: Final = later(_GUARDS)
_GUARDED_WRITE: Final = later(rf"(?:>>?|\btee\b|\bcp\b|\bmv\b|\bsed\s+-i)[^|;&]*{_GUARDS}")
COSTLY_SHARE: Final = 0.02
"""With less than this of the money cap left, nothing new is changed that then could not be finished or checked."""


@frozen(kw_only=False)
class _Case:
    """A call on trial, and what it is judged by."""

    kit: Kit
    call: ResolvedCall
    arguments: str
    place: Place

    @property
    def task(self) -> Task | None:
        return self.kit.session.state.graph.tasks.get(self.place.task) if self.place.task is not None else None

    @property
    def text(self) -> str:
        """The command or program as it will run, else the arguments."""
        given: object = json.loads(self.arguments)
        fields = cast("dict[str, object]", given) if isinstance(given, dict) else {}
        found = [fields[name] for name in ("command", "code") if isinstance(fields.get(name), str)]
        return str(found[0]) if found else self.arguments

    def real(self, scopes: tuple[str, ...]) -> set[Path]:
        """Return scopes of a task as real paths."""
        return {Path(os.path.realpath(self.kit.workspace.root / scope)) for scope in scopes}


Rule = Callable[[_Case], str]


def objection(kit: Kit, call: ResolvedCall, arguments: str, place: Place) -> str:
    """Return why a call must not be made, empty if nothing speaks against it; what only reads is not looked at."""
    case = _Case(kit, call, arguments, place)
    return "" if call.effect < Effect.WRITE else next(_objections(case), "")


def is_order(kit: Kit, place: Place) -> bool:
    """Whether a call is a tool task that an operator wrote: an order, not a thought, which is not argued with."""
    graph = kit.session.state.graph
    task = graph.tasks.get(place.task) if place.task is not None else None
    return (
        task is not None and task.kind is TaskKind.TOOL and graph.status[task.id].by in ("goal", "operator", "abandon")
    )


def _objections(case: _Case) -> Iterator[str]:
    for name, rule in _RULES.items():
        if why := rule(case):
            yield f"The critic refused this ({name}): {why}."


def _scope(case: _Case) -> str:
    """Its task may write less than the run."""
    task = case.task
    if task is None or not task.write or case.call.reach in (Reach.NETWORK, Reach.SANDBOX):
        return ""
    allowed = case.real(task.write)
    outside = [path for path in case.call.targets if not any(Path(path).is_relative_to(one) for one in allowed)]
    return f"task {task.id} may only write {', '.join(task.write)}, and this touches {outside[0]}" if outside else ""


def _plan(case: _Case) -> str:
    """The plan says that the task only reads, or another task that runs now owns the file."""
    task = case.task
    if task is None:
        return ""
    if task.kind is not TaskKind.TOOL and task.effect is not None and task.effect < Effect.WRITE:
        return f"the plan says that task {task.id} only {'reads' if task.effect is Effect.READ else 'thinks'}"
    mine = case.real(task.write)
    graph = case.kit.session.state.graph
    for other, status in graph.status.items():
        if other == task.id or status.state is not TaskState.RUNNING:
            continue
        owned = case.real(graph.tasks[other].write) - mine
        taken = [path for path in case.call.targets if any(Path(path).is_relative_to(one) for one in owned)]
        if taken:
            return f"{taken[0]} belongs to task {other}, which runs now"
    return ""


def _cost(case: _Case) -> str:
    """So little money is left that what is begun could not be checked."""
    state = case.kit.session.state
    cap, rest = state.run.limits.usd, left(state).usd
    if cap is None or rest is None or not state.spend.run.usd or rest > cap * COSTLY_SHARE:
        return ""
    return f"only ${max(0.0, rest):.4f} of ${cap:.2f} is left, not enough to check what this changes"


def _secrets(case: _Case) -> str:
    """A key, or a file that holds keys, would leave."""
    call, text = case.call, case.text
    leaves = call.effect is Effect.EXTERNAL or call.reach is Reach.NETWORK or _SENDS.search(text)
    if leaves and _SECRET.search(case.arguments):
        return "it would send a key"
    if leaves and (_KEPT_SECRETS.search(text) or _DUMPS.search(text)):
        return "it would send what holds keys"
    return ""


def _destruction(case: _Case) -> str:
    """It would wipe what nobody asked to wipe, or run what nobody has read."""
    if any(pattern.search(case.text) for pattern in _WIPES) or _removes_all(case.text):
        return "it would wipe more than one thing at once; name the files"
    if _PIPED.search(case.text):
        return "it would run a program straight from the network; fetch it, read it, then run it"
    return ""


def _removes_all(command: str) -> bool:
    """Whether a command removes a root, a home or everything in a folder."""
    return any(_is_deep_removal(_words(simple)) for simple in re.split(r"[;&|\n]+", command))


def _words(simple: str) -> list[str]:
    try:
        words = shlex.split(simple)
    except ValueError:
        words = simple.split()
    while words and words[0] in ("sudo", "command", "exec"):
        words = words[1:]
    return words


def _is_deep_removal(words: list[str]) -> bool:
    if not words or words[0].rpartition("/")[2] != "rm":
        return False
    options = [word for word in words[1:] if word.startswith("-")]
    deep = any(word == "--recursive" or (word[:2] != "--" and set("rR") & set(word)) for word in options)
    return deep and any(_ALL.fullmatch(word) for word in words[1:] if not word.startswith("-"))


def _safeguards(case: _Case) -> str:
    """It would change what guards the operator."""
    found = next((path for path in case.call.targets if _GUARDED.search(path)), "")
    if not found and case.call.reach is Reach.SANDBOX and _GUARDED_WRITE.search(case.text):
        return "it would change what decides what runs without a question"
    return f"{found} decides what runs without a question" if found else ""


_RULES: Final[dict[str, Rule]] = {
    "scope": _scope,
    "plan": _plan,
    "cost": _cost,
    "secrets": _secrets,
    "destruction": _destruction,
    "safeguards": _safeguards,
}
