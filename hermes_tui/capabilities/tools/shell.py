"""`shell` and `python`: commands in the sandbox."""
# ruff: noqa: D417 - `context` is the kernel's, not the model's

from __future__ import annotations

import json
import shlex
import sys
from typing import Annotated, Final

from annotated_types import Gt, Le

from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.ports import ProcessEnd, ProcessResult, SandboxCommand, ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach

OPERATORS: Final = frozenset(";&|<>$`\n")
LONGEST_S: Final = 3600.0
Timeout = Annotated[float, Gt(0), Le(LONGEST_S)]


def parsed_argv(command: str) -> tuple[str, ...] | None:
    """Return the words of a plain command, None where it uses any shell operator or does not parse."""
    if OPERATORS & set(command):
        return None
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return None


def _reach(context: ToolContext) -> tuple[Effect, Reach]:
    """Confined commands stay inside; unconfined ones may do anything to the host."""
    confines = context.sandbox.level.confines
    return (Effect.WRITE, Reach.SANDBOX) if confines else (Effect.EXTERNAL, Reach.HOST)


def _targets(context: ToolContext) -> tuple[str, ...]:
    return tuple(str(path) for path in context.workspace.write)


def resolve_shell(*, command: str, context: ToolContext, **_others: object) -> ResolvedCall:
    """Say what a shell command may touch: its write scope."""
    effect, reach = _reach(context)
    return ResolvedCall(
        tool="shell",
        effect=effect,
        reach=reach,
        summary=command,
        targets=_targets(context),
        argv=parsed_argv(command),
        undo="files of the write scope",
    )


def resolve_python(*, code: str, context: ToolContext, **_others: object) -> ResolvedCall:
    """Say what a Python program may touch: its write scope."""
    effect, reach = _reach(context)
    return ResolvedCall(
        tool="python",
        effect=effect,
        reach=reach,
        summary=code,
        targets=_targets(context),
        undo="files of the write scope",
    )


@tool(effect=Effect.WRITE, reach=Reach.SANDBOX, timeout_s=600, resolve=resolve_shell)
async def shell(command: str, context: ToolContext, timeout_s: Timeout = 120) -> ToolOutcome:
    """Run a command with /bin/sh in the workspace's root, sandboxed: no network, writes only in the write scope.

    Args:
        command: The command line.
        timeout_s: Seconds until it is killed with everything it started.
    """
    return await _run(("/bin/sh", "-c", command), context, timeout_s)


@tool(effect=Effect.WRITE, reach=Reach.SANDBOX, timeout_s=600, resolve=resolve_python)
async def python(code: str, context: ToolContext, timeout_s: Timeout = 120) -> ToolOutcome:
    """Run a Python program, sandboxed like shell.

    Args:
        code: The program's text.
        timeout_s: Seconds until it is killed.
    """
    return await _run((sys.executable, "-"), context, timeout_s, stdin=code.encode())


async def _run(argv: tuple[str, ...], context: ToolContext, timeout_s: float, stdin: bytes = b"") -> ToolOutcome:
    command = SandboxCommand(
        argv=argv,
        cwd=context.workspace.root,
        write=context.workspace.write,
        env=context.env,
        stdin=stdin,
        timeout_s=min(timeout_s, context.timeout_s),
    )
    return outcome_of(await context.sandbox.run(command))


def outcome_of(result: ProcessResult) -> ToolOutcome:
    """Return what the model reads of a process: exit code, output, how it ended."""
    stdout, stderr = (data.decode("utf-8", errors="replace") for data in (result.stdout, result.stderr))
    ended = f"exit {result.exit_code}" if result.end is ProcessEnd.EXITED else f"stopped: {result.end.value}"
    said = [ended, stdout.rstrip(), f"stderr:\n{stderr.rstrip()}" if stderr.strip() else ""]
    fields = {"exit_code": result.exit_code, "stdout": stdout, "stderr": stderr, "end": result.end.value}
    ok = result.exit_code == 0 and result.end is ProcessEnd.EXITED
    return ToolOutcome(
        output="\n".join(filter(None, said)),
        data=json.dumps(fields),
        ok=ok,
        error_kind="" if ok else f"exit_{result.exit_code}" if result.end is ProcessEnd.EXITED else result.end.value,
    )
