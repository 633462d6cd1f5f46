"""`shell`, `shells` and `python`: commands in the sandbox, in the background too."""
# ruff: noqa: D417 - `context` is the kernel's, not the model's

from __future__ import annotations

import json
import shlex
import sys
from typing import Annotated, Final

from hermes_tui.capabilities.tools._schema import Bounds
from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ArgumentsInvalid, ToolError
from hermes_tui.domain.hosts import plain_host
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.processes import Printed, ProcessEnd, ProcessResult, SandboxCommand
from hermes_tui.domain.tasks import Effect, Reach

OPERATORS: Final = frozenset(";&|<>$`\n")
LONGEST_S: Final = 3600.0
WAIT_S: Final = 300.0
NO_BACKGROUND: Final = "Nothing runs in the background here."
Hosts = Annotated[list[str], Bounds(max_length=20)]
Timeout = Annotated[float, Bounds(gt=0, le=LONGEST_S)]


def parsed_argv(command: str) -> tuple[str, ...] | None:
    """Return the words of a plain command, None where it uses any shell operator or does not parse."""
    if OPERATORS & set(command):
        return None
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return None


def _hosts(network: list[str]) -> tuple[str, ...]:
    """Return the hosts a call asks for, each a plain name, perhaps with a port.

    Raises:
        ArgumentsInvalid: one is not.
    """
    for host in network:
        name, _, port = host.partition(":") if host.count(":") == 1 else (host, "", "")
        if plain_host(name) is None or (port and not port.isdigit()):
            raise ArgumentsInvalid(
                f"network: {host[:80]!r} is no host name.", hint="Such as pypi.org, or pypi.org:443."
            )
    return tuple(dict.fromkeys(host.casefold() for host in network))


def _reach(context: ToolContext, hosts: tuple[str, ...]) -> tuple[Effect, Reach]:
    """Confined commands stay inside, but for hosts they are let out to; unconfined ones may do anything to the host."""
    if not context.sandbox.level.confines:
        return Effect.EXTERNAL, Reach.HOST
    return (Effect.EXTERNAL, Reach.NETWORK) if hosts else (Effect.WRITE, Reach.SANDBOX)


def _known(hosts: tuple[str, ...], context: ToolContext) -> bool:
    """Whether each host is one that config or goal let a run contact; else no rule may answer for the operator."""
    return set(hosts) <= {host.casefold() for host in context.egress}


def _shown(text: str, hosts: tuple[str, ...]) -> str:
    return f"{text}  [network: {', '.join(hosts)}]" if hosts else text


def _targets(context: ToolContext) -> tuple[str, ...]:
    return tuple(str(path) for path in context.workspace.write)


def resolve_shell(
    *, command: str, network: list[str], background: bool, context: ToolContext, **_others: object
) -> ResolvedCall:
    """Say what a shell command may touch: its write scope, and the hosts it asks for."""
    hosts = _hosts(network)
    effect, reach = _reach(context, hosts)
    return ResolvedCall(
        tool="shell",
        effect=effect,
        reach=reach,
        summary=("in the background: " if background else "") + _shown(command, hosts),
        targets=_targets(context),
        argv=parsed_argv(command) if _known(hosts, context) else None,
        undo="files of the write scope",
        hosts=hosts,
    )


def resolve_python(*, code: str, network: list[str], context: ToolContext, **_others: object) -> ResolvedCall:
    """Say what a Python program may touch: its write scope, and the hosts it asks for."""
    hosts = _hosts(network)
    effect, reach = _reach(context, hosts)
    return ResolvedCall(
        tool="python",
        effect=effect,
        reach=reach,
        summary=_shown(code, hosts),
        targets=_targets(context),
        undo="files of the write scope",
        hosts=hosts,
    )


@tool(effect=Effect.WRITE, reach=Reach.SANDBOX, timeout_s=600, resolve=resolve_shell)
async def shell(
    command: str,
    context: ToolContext,
    timeout_s: Timeout = 120,
    network: Hosts = [],  # noqa: B006 - a schema default; never changed
    background: bool = False,  # noqa: FBT001, FBT002 - a signature is the schema
) -> ToolOutcome:
    """Run a command with /bin/sh in the workspace's root, sandboxed: no network, writes only in the write scope.

    Args:
        command: The command line.
        timeout_s: Seconds until it is killed with everything it started.
        network: Hosts it needs, such as pypi.org; needs approval.
        background: Return at once; `shells` reads it. It ends with your run at the latest.
    """
    argv = ("/bin/sh", "-c", command)
    if background:
        return await _begin(_command(argv, context, timeout_s, network), command, context)
    return await _run(argv, context, timeout_s, network)


def resolve_shells(*, id: str, wait_s: float, stop: bool, **_others: object) -> ResolvedCall:  # noqa: A002 - as below
    """Say what is done with which command."""
    what = f"stop {id}" if stop else f"{id}, wait {wait_s:g} s for its end" if wait_s else id or "list"
    return ResolvedCall(tool="shells", effect=Effect.READ, reach=Reach.NONE, summary=what)


@tool(effect=Effect.READ, reach=Reach.NONE, timeout_s=WAIT_S + 30, resolve=resolve_shells)
async def shells(
    context: ToolContext,
    id: str = "",  # noqa: A002 - a signature is the schema
    wait_s: Annotated[float, Bounds(ge=0, le=WAIT_S)] = 0,
    stop: bool = False,  # noqa: FBT001, FBT002 - as above
) -> ToolOutcome:
    """Read what a shell in the background printed since you last did. Without an id: list them.

    Args:
        id: Its name.
        wait_s: Wait so long for its end.
        stop: End it.
    """
    if context.background is None:
        raise ToolError(NO_BACKGROUND, kind="no_background")
    if not id:
        listed = context.background.listed()
        return ToolOutcome(output="\n".join(listed) or "None was begun.", data=json.dumps({"shells": listed}))
    return _printed(await (context.background.stop(id) if stop else context.background.read(id, wait_s)))


@tool(effect=Effect.WRITE, reach=Reach.SANDBOX, timeout_s=600, resolve=resolve_python)
async def python(
    code: str,
    context: ToolContext,
    timeout_s: Timeout = 120,
    network: Hosts = [],  # noqa: B006 - as above
) -> ToolOutcome:
    """Run a Python program, sandboxed like shell.

    Args:
        code: The program's text.
        timeout_s: Seconds until it is killed.
        network: Hosts it needs; needs approval.
    """
    return await _run((sys.executable, "-"), context, timeout_s, network, stdin=code.encode())


async def _run(
    argv: tuple[str, ...], context: ToolContext, timeout_s: float, network: list[str], stdin: bytes = b""
) -> ToolOutcome:
    command = _command(argv, context, min(timeout_s, context.timeout_s), network, stdin)
    return outcome_of(await context.sandbox.run(command))


def _command(
    argv: tuple[str, ...], context: ToolContext, timeout_s: float, network: list[str], stdin: bytes = b""
) -> SandboxCommand:
    return SandboxCommand(
        argv=argv,
        cwd=context.workspace.root,
        write=context.workspace.write,
        env=context.env,
        stdin=stdin,
        timeout_s=timeout_s,
        egress=_hosts(network),
    )


async def _begin(command: SandboxCommand, text: str, context: ToolContext) -> ToolOutcome:
    """Let a command run on, and return the name under which it is found again."""
    if context.background is None:
        raise ToolError(NO_BACKGROUND, kind="no_background")
    effect, reach = _reach(context, command.egress)
    shell_id = await context.background.start(command, text=text, effect=effect, reach=reach)
    lasts = f"for at most {command.timeout_s:g} s"
    said = f"{shell_id} runs in the background {lasts}. `shells` reads what it prints, waits for its end or stops it."
    return ToolOutcome(output=said, data=json.dumps({"shell": shell_id}))


def _printed(new: Printed) -> ToolOutcome:
    """Return what is new of a command in the background; what it may contact is said, so that its source is known."""
    fields: dict[str, object] = {"shell": new.shell_id, "running": new.ok is None, "ok": new.ok, "new": new.text}
    left_out = f"[{new.left_out} bytes before this are in {new.output}]" if new.left_out else ""
    said = [new.standing, left_out, new.text.rstrip() or "Nothing new was printed."]
    return ToolOutcome(
        output="\n".join(filter(None, said)),
        data=json.dumps(fields | ({"contacts": new.hosts} if new.hosts else {})),
    )


def outcome_of(result: ProcessResult) -> ToolOutcome:
    """Return what the model reads of a process: exit code, output, how it ended."""
    stdout, stderr = (data.decode("utf-8", errors="replace") for data in (result.stdout, result.stderr))
    ended = f"exit {result.exit_code}" if result.end is ProcessEnd.EXITED else f"stopped: {result.end.value}"
    contacts = [f"{each.host}:{each.port}" + (f" ({each.refused})" if each.refused else "") for each in result.contacts]
    network = f"network: {'; '.join(contacts)}" if contacts else ""
    said = [ended, network, stdout.rstrip(), f"stderr:\n{stderr.rstrip()}" if stderr.strip() else ""]
    fields: dict[str, object] = {"exit_code": result.exit_code, "stdout": stdout, "stderr": stderr}
    fields |= {"end": result.end.value} | ({"contacts": contacts} if contacts else {})
    ok = result.exit_code == 0 and result.end is ProcessEnd.EXITED
    return ToolOutcome(
        output="\n".join(filter(None, said)),
        data=json.dumps(fields),
        ok=ok,
        error_kind="" if ok else f"exit_{result.exit_code}" if result.end is ProcessEnd.EXITED else result.end.value,
    )
