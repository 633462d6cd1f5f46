"""What is asked of a sandbox, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen


class ProcessEnd(StrEnum):
    """How a process ended."""

    EXITED = "exited"
    DEADLINE = "deadline"
    OUTPUT_LIMIT = "output_limit"


@frozen
class SandboxCommand:
    """One command to run confined.

    `argv` is executed as it is, without a shell. `write` lists absolute real paths it may change; everything else of
    the workspace is read-only. `env` is added to the sandbox's own clean environment. `stdin` is handed over whole.
    `egress` names the hosts it may contact, through Hermes's proxy alone; none is the rule. `heard` is told what it
    prints as it comes, both streams in order of arrival. `stdio` are two descriptors that it gets as input and output,
    for a server that is talked to while it runs; the caller keeps and closes them.
    """

    argv: tuple[str, ...]
    cwd: Path
    write: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    stdin: bytes = b""
    timeout_s: float = 120.0
    output_limit_bytes: int = 10_000_000
    egress: tuple[str, ...] = ()
    heard: Callable[[bytes], None] | None = None
    stdio: tuple[int, int] | None = None


@frozen
class Contact:
    """A host that a command asked the proxy for; `refused` says why it got nothing, empty where it was let through."""

    host: str
    port: int
    refused: str = ""


@frozen
class ProcessResult:
    """What a process left: exit code (128 + n if signal n ended it), output in order of arrival, and how it ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    end: ProcessEnd
    seconds: float
    contacts: tuple[Contact, ...] = ()


@frozen
class SandboxLevel:
    """How strong the sandbox is; `confines` is False for the level at which every command must ask."""

    name: str
    confines: bool
    why: str
    remedy: str = ""

    @property
    def warning(self) -> str:
        """What an operator has to know of it, empty where it confines."""
        if self.confines:
            return ""
        return "No sandbox here: commands run with limits only, so each one asks. hermes doctor says how to raise it."


@frozen
class Printed:
    """What a command in the background printed since an agent last read it, and how it stands.

    `standing` says so in words; `ok` is None while it runs. `left_out` bytes came before `text` and are in `output`, a
    file. `hosts` are those that it was let out to.
    """

    shell_id: str
    standing: str
    text: str
    output: str
    ok: bool | None = None
    left_out: int = 0
    hosts: tuple[str, ...] = ()


class Background(Protocol):
    """The commands that the agents of a session let run in the background, as one call uses them."""

    async def start(self, command: SandboxCommand, *, text: str, effect: Effect, reach: Reach) -> str:
        """Begin a command once that is on disk; return the name it has from now on.

        Raises:
            ToolError: too many run already.
            SandboxUnavailable: it cannot be confined as was judged.
        """
        ...

    async def read(self, shell_id: str, wait_s: float) -> Printed:
        """Return what is new, once the command has ended or so many seconds have passed.

        Raises:
            ToolError: there is none of that name.
        """
        ...

    async def stop(self, shell_id: str) -> Printed:
        """End a command with everything it started; return what was new. One that has ended stays as it is.

        Raises:
            ToolError: there is none of that name.
        """
        ...

    def listed(self) -> tuple[str, ...]:
        """Return a line for each command, the oldest first."""
        ...
